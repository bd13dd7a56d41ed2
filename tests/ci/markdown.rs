//! The summary of a step on GitHub.

use scrutinio::judge::Code;
use scrutinio::report::{MARKDOWN_BYTES, Summary, markdown, markdown_of_error};

use super::record_support::objective;
use super::summaries::{left_out, not_ready, run, summary, with_reason};

#[test]
fn the_summary_of_a_step_reads_well() {
    let objectives = vec![
        objective("citizens", "p90 < 300ms"),
        objective("citizens", "p99 < 300ms"),
        objective("staff", "p50 < 1s"),
    ];
    let summary = summary(run(objectives, vec![left_out()]), false, |_| {});
    let of_error = markdown_of_error(4, "cannot connect to 127.0.0.1:1\n\nhint: start it");
    insta::with_settings!({ snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("markdown", markdown(&summary, None));
        insta::assert_snapshot!("markdown_of_error", of_error);
    });
}

/// GitHub shows a whole summary or nothing of it.
#[test]
fn a_summary_is_never_too_long_and_says_what_it_left_out() {
    let mut long = not_ready();
    let [breached, met] = [0, 1].map(|i| long.objectives[i].clone());
    long.objectives = vec![met; 2_000];
    for (i, objective) in long.objectives.iter_mut().enumerate() {
        objective.scope = format!("citizens.step number {i}");
    }
    long.objectives.push(breached);
    let text = markdown(&long, None);
    assert!(text.len() <= MARKDOWN_BYTES, "{}", text.len());
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("Left out here, to stay under 60 KiB: ") && last.contains(" of the objectives, "),
        "{last}"
    );
    assert!(text.contains("| **breached** | citizens p99 &lt; 300ms |"), "what is not met comes first");
    assert!(text.contains("**breached**: citizens p99 &lt; 300ms: "), "reasons come before all");
    // One reason that alone is too long leaves room for the rest.
    let longer = with_reason(&not_ready(), Code::NoData, &"a name; ".repeat(20_000), None);
    let text = markdown(&longer, None);
    assert!(
        text.len() <= MARKDOWN_BYTES && text.contains("1 of the reasons") && text.contains("### Response"),
        "{}",
        text.len()
    );
    let error = markdown_of_error(2, &"a problem\n".repeat(20_000));
    assert!(error.len() <= MARKDOWN_BYTES && error.contains("of the lines of the error"));
}

#[test]
fn what_comes_from_elsewhere_is_no_markup() {
    let hostile = "</details><img src=x> | @here `x` **b** [l](u)\n# h";
    let mut summary = with_reason(&not_ready(), Code::GeneratorLate, hostile, None);
    (summary.scenario, summary.to) = (hostile.to_owned(), hostile.to_owned());
    summary.objectives[0].text = hostile.to_owned();
    let text = markdown(&Summary { damage: vec![format!("````\n{hostile}")], ..summary }, None);
    let (drawn, page) = text.split_once("<details>").unwrap();
    for markup in ["<img", "</details>", "| @here", " `x`", "**b**", "[l]", "\n# h"] {
        assert!(!drawn.contains(markup), "{markup}: {drawn}");
    }
    // The page is within a fence that nothing in it closes.
    assert!(page.contains("\n`````text\n") && page.trim_end().ends_with("\n`````\n\n</details>"), "{page}");
}

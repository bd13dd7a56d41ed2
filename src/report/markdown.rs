//! A run as Markdown, for the page that GitHub shows of a step: the verdict, its reasons, objectives, quantiles, and the
//! whole page of text, folded. What comes from scenarios and servers is text there, and never markup.

use crate::judge::Standing;
use crate::record::LeftOut;
use crate::unit::Span;

use super::looks;
use super::run::coverage::{no_verdict, not_said};
use super::run::heading::balance;
use super::run::latencies;
use super::run::objectives::{observed, standing_words};
use super::run::verdict::{code_words, family_words, retry_words};
use super::{ReasonSummary, Style, Summary, Told, write_text};

/// The most bytes: of a step GitHub shows a MiB, or nothing.
pub const LARGEST: usize = 60 << 10;
/// Of these the bytes for what was left out.
const LAST_SENTENCE: usize = 512;

/// The page folded into the Markdown.
const PAGE: Style = Style { colour: false, width: 100 };

/// A run's Markdown, at most [`LARGEST`] bytes. `amiss`: why the command does not end well, where neither verdict nor
/// reasons say it.
pub fn markdown(summary: &Summary, amiss: Option<&str>) -> String {
    let mut text = Bounded::default();
    let verdict = summary.verdict.map(|verdict| verdict.name().to_owned());
    let verdict = verdict.unwrap_or_else(|| format!("verdict {}", no_verdict(summary)));
    text.section("lines above", &format!("## scrutinio: {verdict}\n"), heading(summary, amiss), "");
    text.section("reasons", "\n", summary.reasons.iter().map(reason).collect(), "");
    let objectives = objectives(summary);
    if !objectives.is_empty() {
        text.section("objectives", &table_head("### Objectives", &["", "objective", "seen"]), objectives, "");
    }
    let quantiles = latencies::rows(summary).iter().map(|cells| row(cells)).collect();
    text.section("populations", &table_head("### Response", &latencies::COLUMNS), quantiles, "");
    text.folded("lines of the page", "The whole page", &page(summary));
    text.ended()
}

/// The Markdown of a command that came to no result.
pub fn markdown_of_error(exit_code: u8, error: &str) -> String {
    let mut text = Bounded::default();
    text.section(
        "lines above",
        "## scrutinio: no result\n",
        vec![format!("\nIt ended with exit code {exit_code}.\n")],
        "",
    );
    text.folded("lines of the error", "The error", error);
    text.ended()
}

fn heading(summary: &Summary, amiss: Option<&str>) -> Vec<String> {
    let to = if summary.to.is_empty() { String::new() } else { format!(" to {}", escaped(&summary.to)) };
    let elapsed = Span::from_secs_f64(summary.elapsed_s);
    let first = format!("**{}**{to}, {elapsed}: {}", escaped(&summary.scenario), balance(&summary.requests));
    let amiss = amiss.map(|amiss| format!("**{}**", escaped(amiss)));
    let not_said = not_said(summary).map(|text| escaped(&text));
    let looks = looks::told(summary).map(|text| escaped(&text));
    std::iter::once(first).chain(amiss).chain(looks).chain(not_said).map(|line| format!("\n{line}\n")).collect()
}

fn reason(reason: &ReasonSummary) -> String {
    let Told { code, seen, limit, cause, cure, .. } = &reason.told;
    let parts = [("limit", limit), ("cause", cause), ("do", cure)];
    let parts = parts.map(|(name, text)| format!("  - {name}: {}\n", escaped(text)));
    let (family, retry) = (family_words(reason.family), retry_words(reason.retry));
    let (code, seen) = (code_words(*code), escaped(seen));
    format!("- **{code}**: {seen}\n{}  - family: {family}; retry: {retry}\n", parts.concat())
}

/// Those that are not met first, in the scenario's order.
fn objectives(summary: &Summary) -> Vec<String> {
    let (met, others): (Vec<_>, Vec<_>) = summary.objectives.iter().partition(|it| it.result == Standing::Met);
    let judged = others.into_iter().chain(met).map(|objective| {
        let (_, word) = standing_words(objective.result);
        let word = if objective.result == Standing::Met { word.to_owned() } else { format!("**{word}**") };
        let name = format!("{} {}", objective.scope, objective.text);
        format!("| {word} | {} | {} |\n", escaped(&name), escaped(&observed(objective)))
    });
    let left_out = summary.objectives_left_out.iter().map(|left_out| {
        let LeftOut { objective, .. } = left_out;
        let told = left_out.to_string();
        let why = told.strip_prefix(objective.as_str()).unwrap_or(&told).trim_start_matches(": ");
        format!("| left out | {} | {} |\n", escaped(objective), escaped(why))
    });
    judged.chain(left_out).collect()
}

fn page(summary: &Summary) -> String {
    let mut page = Vec::new();
    write_text(summary, None, PAGE, &mut page).expect("text can be written to memory");
    String::from_utf8_lossy(&page).into_owned()
}

fn table_head(title: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    format!("\n{title}\n\n{}|{}\n", row(&columns), "---|".repeat(columns.len()))
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A text that Markdown shows as it is, on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text that does not grow over [`LARGEST`], and says what it left out.
#[derive(Default)]
struct Bounded {
    text: String,
    left_out: Vec<String>,
}

impl Bounded {
    /// A head, as many rows as there is room for, and a foot. `what` the rows are.
    fn section(&mut self, what: &str, head: &str, rows: Vec<String>, foot: &str) {
        let mut room = (LARGEST - LAST_SENTENCE).saturating_sub(self.text.len() + head.len() + foot.len());
        let fits = |row: &&String| {
            let fits = row.len() <= room;
            room = room.saturating_sub(row.len());
            fits
        };
        let kept: Vec<&String> = rows.iter().take_while(fits).collect();
        let more = rows.len() - kept.len();
        if !kept.is_empty() {
            self.text.extend([head].into_iter().chain(kept.iter().map(|row| row.as_str())).chain([foot]));
        }
        if more > 0 {
            self.left_out.push(format!("{more} of the {what}"));
        }
    }

    /// A text of many lines, as it is, which opens at a click.
    fn folded(&mut self, what: &str, title: &str, text: &str) {
        // A fence is longer than any that the text has.
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let lines = text.lines().map(|line| format!("{line}\n")).collect();
        let head = format!("\n<details><summary>{title}</summary>\n\n{fence}text\n");
        self.section(what, &head, lines, &format!("{fence}\n\n</details>\n"));
    }

    /// The whole, with a last sentence about what there was no room for.
    fn ended(mut self) -> String {
        if !self.left_out.is_empty() {
            let left_out = self.left_out.join(", ");
            self.text += &format!("\nLeft out here, to stay under 60 KiB: {left_out}. The run's folder has all.\n");
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escaped("a|b <i> `c` @d [e](f) *g* _h_ ~i~ $j$ \\"), {
            "a\\|b &lt;i&gt; \\`c\\` &#64;d \\[e\\](f) \\*g\\* \\_h\\_ \\~i\\~ \\$j\\$ \\\\"
        });
        assert_eq!(escaped("one\r\ntwo\u{1b}[31m"), "one  two \\[31m");
    }

    #[test]
    fn what_has_no_room_is_counted_and_told() {
        let mut text = Bounded::default();
        text.section("objectives", "head\n", vec!["x".repeat(40_000), "y".repeat(40_000), "z".to_owned()], "foot\n");
        text.folded("lines of the page", "The page", &"a line\n".repeat(20_000));
        let text = text.ended();
        assert!(text.len() <= LARGEST && text.contains("foot\n") && !text.contains("yy"), "{}", text.len());
        assert!(text.contains("</details>") && text.contains("\n```\n"), "a fold that is cut is closed");
        let last = text.lines().last().expect("a line");
        assert!(
            last.starts_with("Left out here, to stay under 60 KiB: 2 of the objectives, ")
                && last.contains("lines of the page"),
            "{last}"
        );
        let mut fenced = Bounded::default();
        fenced.folded("lines of the page", "The page", "a\n````\n## b");
        assert!(fenced.ended().contains("\n`````text\na\n````\n## b\n`````\n"));
    }
}

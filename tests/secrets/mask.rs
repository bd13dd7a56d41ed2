//! The mask by itself: many secrets, each character in some way, in whole texts and in pieces of them.

use std::path::Path;

use proptest::prelude::*;
use scrutinio::scenario::{Mask, Overrides, parse};

use crate::escapes::{Draws, ways};

/// What hides a secret.
fn mask(secret: &str) -> Mask {
    let text = "name: t\nclock: { from: 2026-01-01T00:00, to: 2026-01-01T00:01 }\ntarget: http://127.0.0.1:1\n\
        secrets: { key: { env: KEY } }\n\
        populations: { all: { users: 1, arrivals: { burst: { at: \"00:00\", weight: 100% } }, flow: all } }\n\
        flows: { all: { steps: [{ post: /, text: \"{{secret.key}}\" }] } }";
    let env = |name: &str| (name == "KEY").then(|| secret.to_owned());
    Mask::new(&parse(text, "t", Path::new(""), &Overrides::default(), &env).expect("sound").scenario, &[])
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_is_hidden_with_each_character_in_any_way(seed in any::<u64>()) {
        let mut draws = Draws(seed);
        let secret = draws.secret(true);
        let written = draws.escaped(&secret);
        let text = [b"before=\"", written.as_slice(), b"\" after"].concat();
        prop_assert_eq!(shown(&mask(&secret).hide_bytes(&text)), shown(b"before=\"***\" after"), "{}", shown(&text));
        // As it is where the rest of us made text of it.
        let lossy = String::from_utf8_lossy(&text);
        prop_assert_eq!(mask(&secret).hide(&lossy), "before=\"***\" after", "{}", lossy);
    }

    #[test]
    fn a_piece_shows_at_most_two_characters_of_a_secret_that_reaches_over_its_ends(seed in any::<u64>()) {
        let mut draws = Draws(seed);
        let secret = draws.secret(true);
        let ways: Vec<Vec<u8>> = secret.chars().map(|c| {
            let mut ways = ways(c);
            ways.swap_remove(draws.below(ways.len()))
        }).collect();
        let written = ways.concat();
        let (from, to) = (draws.below(written.len()), draws.below(written.len() + 1));
        // Characters that the piece holds whole.
        let whole = |from: usize, to: usize| {
            let mut at = 0;
            ways.iter().filter(|way| { let first = at; at += way.len(); first >= from && at <= to }).count()
        };
        // The rest of a first character's escape may be that character again.
        let starts = |left: &str| left.is_empty() || from < ways[0].len() && left.len() <= 4;
        let mask = mask(&secret);
        let head = [b"before ", &written[..to]].concat();
        if whole(0, to) >= 3 {
            prop_assert_eq!(shown(&mask.hide_piece(&head)), "before ***", "{}", shown(&head));
        }
        let tail = [&written[from..], b" after"].concat();
        if whole(from, written.len()) >= 3 {
            let left = shown(&mask.hide_piece(&tail));
            prop_assert!(left.strip_suffix("*** after").is_some_and(starts), "{left} of {}", shown(&tail));
        }
        if from < to && whole(from, to) >= 3 {
            let within = &written[from..to];
            let left = shown(&mask.hide_piece(within));
            prop_assert!(left.strip_suffix("***").is_some_and(starts), "{left} of {}", shown(within));
        }
    }

    /// Whatever comes, the mask ends, and shows what has nothing to hide.
    #[test]
    fn what_holds_no_secret_is_left_as_it_is(text in prop::collection::vec(any::<u8>(), 0..600)) {
        let mask = mask("correct horse battery staple");
        prop_assert_eq!(mask.hide_bytes(&text), text.clone());
        prop_assert_eq!(mask.hide_piece(&text), text);
    }
}

#[test]
fn what_one_layer_of_a_service_escapes_may_be_escaped_by_the_next() {
    let mask = mask("a&b<c>\"é+/9");
    for written in [
        // HTML within JSON, as encoders write it that trust no browser.
        r"a\u0026amp;b\u0026lt;c\u0026gt;\u0026quot;\u00e9+/9",
        // A query within a query.
        "a%2526b%253Cc%253E%2522%25C3%25A9%252B%252F9",
        // JSON within HTML, and within JSON.
        r"a&amp;b&lt;c&gt;\&quot;\u00e9+\/9",
        r#"a&b<c>\\\"\\u00e9+\\/9"#,
        // A form within HTML within a query.
        "a%26amp%3Bb%26lt%3Bc%26gt%3B%26quot%3B%26eacute%3B%2B%2F9",
        // UTF-8 that was taken for latin-1.
        "a&b<c>\"Ã©+/9",
        r#"a&b<c>"\u00c3\u00a9+/9"#,
    ] {
        assert_eq!(mask.hide(&format!("[{written}]")), "[***]", "{written}");
    }
}

#[test]
fn a_short_secret_is_hidden_where_it_stands_alone_and_no_page_is_lost_to_it() {
    let (pin, letter) = (mask("4711"), mask("a"));
    assert_eq!(pin.hide("pin=4711&x=%224711%22 order 147112"), "pin=***&x=%22***%22 order 147112");
    assert_eq!(letter.hide("a page that has many a's, and \"a\""), "*** page that has many ***'s, and \"***\"");
}

/// Each way must be tried at most once from each place, or a text could be made that takes for ever.
#[test]
fn a_text_made_to_be_hard_is_read_in_bounds() {
    let secret = "%25".repeat(20);
    let text = "%252525".repeat(5_000);
    let shown = mask(&secret).hide(&text);
    assert!(shown.contains("***") && shown.len() < text.len());
    let text = r"&\u0026%26".repeat(3_000);
    assert_eq!(mask("&&&&&&&&&&&&&&&&&&&&x").hide(&text), text);
}

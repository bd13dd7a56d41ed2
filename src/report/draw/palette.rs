//! The colours of drawings: one table, from which the style sheet and the attributes without one are made.

use std::fmt::Write as _;

use super::chart::BREAK;

/// What something is drawn in, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// One of the series, from 0; more than [`Paint::SERIES`] are told apart no longer and are muted.
    Series(u8),
    /// What is there and not looked at.
    Muted,
    /// Text.
    Ink,
    /// Text that matters less.
    Faint,
    /// Lines that lead the eye.
    Grid,
    /// The page itself.
    Surface,
    /// A stretch that is looked at.
    Shade,
    /// A limit.
    Limit,
    /// Something that happened.
    Event,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// It cannot be said.
    Open,
    /// Counts by their logarithm, from 0 to one less than [`Paint::LEVELS`].
    Heat(u8),
}

/// A colour on a light and on a dark page.
struct Colour {
    class: &'static str,
    light: &'static str,
    dark: &'static str,
}

const fn colour(class: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { class, light, dark }
}

/// All colours. The series are those of Okabe and Ito, moved until each has a contrast of 3 to both pages, and until all
/// eight differ for every kind of colour vision.
const PALETTE: [Colour; 26] = [
    colour("s0", "#0072b2", "#56b4e9"),
    colour("s1", "#d55000", "#ff8f2b"),
    colour("s2", "#00a06a", "#2ad19a"),
    colour("s3", "#c0569c", "#d96bb5"),
    colour("s4", "#513d05", "#f5e9a0"),
    colour("s5", "#18406b", "#4a74ec"),
    colour("s6", "#7a3fd0", "#8a5cc9"),
    colour("s7", "#222222", "#f2f2f2"),
    colour("muted", "#7d8590", "#8a929e"),
    colour("ink", "#1b1f24", "#e6e8eb"),
    colour("faint", "#5a6270", "#a3abb8"),
    colour("grid", "#e3e6ea", "#2c323a"),
    colour("surface", "#ffffff", "#15181d"),
    colour("shade", "#eef1f5", "#222831"),
    colour("limit", "#b00020", "#ff7b7b"),
    colour("event", "#6b4fa0", "#c4b0ff"),
    colour("good", "#1a7f37", "#4cc366"),
    colour("bad", "#c0262d", "#ff6b6b"),
    colour("open", "#8a6100", "#e0b040"),
    colour("h0", "#5998c7", "#2f6f9f"),
    colour("h1", "#4a8bbd", "#3d82b4"),
    colour("h2", "#387bb0", "#4f96c8"),
    colour("h3", "#286aa0", "#67aad9"),
    colour("h4", "#1a588c", "#86bfe6"),
    colour("h5", "#0e4574", "#abd5f1"),
    colour("h6", "#06305a", "#d6ecfa"),
];

impl Paint {
    /// How many series can be told apart.
    pub const SERIES: u8 = 8;
    /// How many levels counts have.
    pub const LEVELS: u8 = 7;

    const fn row(self) -> &'static Colour {
        let row = match self {
            Self::Series(number) if number < Self::SERIES => number,
            Self::Series(_) | Self::Muted => 8,
            Self::Ink => 9,
            Self::Faint => 10,
            Self::Grid => 11,
            Self::Surface => 12,
            Self::Shade => 13,
            Self::Limit => 14,
            Self::Event => 15,
            Self::Good => 16,
            Self::Bad => 17,
            Self::Open => 18,
            Self::Heat(level) if level < Self::LEVELS => 19 + level,
            Self::Heat(_) => 25,
        };
        &PALETTE[row as usize]
    }

    /// The name of its class, and of the style sheet's property `--NAME`.
    pub const fn class(self) -> &'static str {
        self.row().class
    }

    /// The class, and the light colour for pages whose style sheet is not allowed: the class wins where it is.
    pub(super) fn attributes(self) -> String {
        let Colour { class, light, .. } = self.row();
        format!("class=\"{class}\" color=\"{light}\"")
    }

    /// The dashes of a line, which tell series apart without colour; empty where it is whole.
    pub(super) const fn dash(self) -> &'static str {
        match self {
            Self::Series(1) => "8 3",
            Self::Series(2) => "3 2",
            Self::Series(3) => "10 3 2 3",
            Self::Series(4) => "6 4",
            Self::Series(5) => "15 3",
            Self::Series(6) => "2 2 6 2",
            Self::Series(7) => "1 2",
            Self::Limit => "8 4",
            _ => "",
        }
    }
}

/// The style sheet of all drawings: each colour as a property and as a class, dark where the reader's system is, and never on
/// paper.
pub fn style_sheet() -> String {
    let values = |value: fn(&Colour) -> &str| {
        PALETTE.iter().fold(String::new(), |mut text, colour| {
            let _ = write!(text, "--{}:{};", colour.class, value(colour));
            text
        })
    };
    let (light, dark) = (values(|colour| colour.light), values(|colour| colour.dark));
    let mut sheet = format!(
        ":root{{color-scheme:light dark;{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         @media print{{:root{{color-scheme:light}}}}\n\
         .draw{{display:block;width:100%;max-width:1000px;height:auto}}\n\
         .draw.narrow{{display:none;max-width:500px}}\n\
         @media screen and (max-width:{}px){{.draw{{display:none}}.draw.narrow{{display:block}}}}\n\
         .draw text{{font:13px system-ui,sans-serif;font-variant-numeric:tabular-nums}}\n",
        BREAK - 1
    );
    for Colour { class, .. } in &PALETTE {
        let _ = writeln!(sheet, ".draw .{class}{{color:var(--{class})}}");
    }
    sheet
}

//! That colours can be told from the page, and from each other by every kind of colour vision.

use super::Paint;
use super::palette::style_sheet;

type Rgb = [f64; 3];

/// The values of a theme by class: the first `:root` of the style sheet is light, the second dark.
fn theme(dark: bool) -> impl Fn(Paint) -> Rgb {
    let sheet = style_sheet();
    let root = sheet.split(":root{").nth(if dark { 2 } else { 1 }).expect("a theme").to_owned();
    move |paint: Paint| {
        let property = format!("--{}:#", paint.class());
        let at = root.find(&property).expect("the colour of a class") + property.len();
        let hex = u32::from_str_radix(&root[at..at + 6], 16).expect("a colour");
        [hex >> 16, hex >> 8 & 255, hex & 255].map(|part| linear(f64::from(part) / 255.0))
    }
}

/// A part of an sRGB colour as light (WCAG 2.2, relative luminance).
fn linear(part: f64) -> f64 {
    if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

fn luminance([red, green, blue]: Rgb) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

fn all_series() -> impl Iterator<Item = Paint> {
    (0..Paint::SERIES).map(Paint::Series)
}

#[test]
fn the_ratio_is_that_of_the_standard() {
    let grey = [linear(f64::from(0x77) / 255.0); 3];
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast(grey, [1.0; 3]) - 4.478).abs() < 0.001);
}

#[test]
fn text_and_marks_stand_out_from_the_page_in_both_themes() {
    use Paint::{Bad, Event, Faint, Good, Heat, Ink, Limit, Muted, Open, Surface};
    for dark in [false, true] {
        let colour = theme(dark);
        let words = [Ink, Faint, Limit, Event, Good, Bad, Open].map(|paint| (paint, 4.5));
        let marks = all_series().chain((0..Paint::LEVELS).map(Heat)).chain([Muted]).map(|paint| (paint, 3.0));
        for (paint, least) in words.into_iter().chain(marks) {
            let ratio = contrast(colour(paint), colour(Surface));
            assert!(ratio >= least, "{paint:?}, dark: {dark}: {ratio:.2}, {least} at least");
        }
        // Names of lines and regions lie on stretches that are looked at.
        let ratio = contrast(colour(Ink), colour(Paint::Shade));
        assert!(ratio >= 4.5, "{ratio}");
    }
}

#[test]
fn more_is_always_further_from_the_page() {
    for dark in [false, true] {
        let colour = theme(dark);
        let ratios: Vec<f64> =
            (0..Paint::LEVELS).map(|level| contrast(colour(Paint::Heat(level)), colour(Paint::Surface))).collect();
        assert!(ratios.windows(2).all(|pair| pair[1] > pair[0] * 1.1), "{ratios:?}");
    }
}

/// What whole colour blindness of each kind makes of light (Machado, Oliveira and Fernandes 2009, severity 1).
const VISIONS: [[Rgb; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
];

/// A colour in CIELAB under D65, as it is seen.
fn lab(light: Rgb, vision: &[Rgb; 3]) -> Rgb {
    let [red, green, blue] = vision.map(|row| (0..3).map(|i| row[i] * light[i]).sum::<f64>().clamp(0.0, 1.0));
    let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = root((0.412_456 * red + 0.357_576 * green + 0.180_438 * blue) / 0.950_47);
    let y = root(0.212_673 * red + 0.715_152 * green + 0.072_175 * blue);
    let z = root((0.019_334 * red + 0.119_192 * green + 0.950_304 * blue) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn series_differ_for_every_kind_of_colour_vision() {
    for dark in [false, true] {
        let colour = theme(dark);
        for vision in &VISIONS {
            let seen: Vec<Rgb> = all_series().map(|paint| lab(colour(paint), vision)).collect();
            for (i, a) in seen.iter().enumerate() {
                for (j, b) in seen.iter().enumerate().skip(i + 1) {
                    let apart = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
                    // A distance of 2.3 can just be noticed side by side.
                    assert!(apart > 11.0, "series {i} and {j}, dark: {dark}: {apart:.1}");
                }
            }
        }
    }
}

#[test]
fn the_style_sheet_has_every_class_and_is_light_on_paper() {
    let sheet = style_sheet();
    for paint in all_series().chain([Paint::Ink, Paint::Series(200), Paint::Heat(200), Paint::Shade]) {
        assert!(sheet.contains(&format!(".draw .{0}{{color:var(--{0})}}", paint.class())), "{paint:?}");
    }
    assert_eq!(sheet.matches("@media screen and (prefers-color-scheme:dark)").count(), 1);
    assert!(!sheet.contains("@import") && !sheet.contains("url("));
}

#[test]
fn dashes_tell_series_apart() {
    let mut dashes: Vec<&str> = all_series().map(Paint::dash).collect();
    dashes.sort_unstable();
    dashes.dedup();
    assert_eq!(dashes.len(), usize::from(Paint::SERIES));
}

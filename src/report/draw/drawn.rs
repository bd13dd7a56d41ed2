//! What is true of every chart, and what each mark looks like.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::samples::{self, chart, columns, secs};
use super::text::{SIZE, width};
use super::xml::{Element, elements, places, strokes};
use super::*;
use crate::unit::{Instant, Span};

/// The boxes of all texts: left, top, right, bottom.
fn boxes(elements: &[Element]) -> Vec<(f64, f64, f64, f64, String)> {
    let texts = elements.iter().filter(|element| element.name == "text");
    let boxes = texts.map(|text| {
        let (x, y, long) = (text.number("x"), text.number("y"), width(&text.text));
        let left = match text.get("text-anchor") {
            "middle" => x - long / 2.0,
            "end" => x - long,
            _ => x,
        };
        (left, y - SIZE * 0.8, left + long, y + SIZE * 0.2, text.text.clone())
    });
    boxes.collect()
}

/// Holds what is true of every drawing.
fn sound(svg: &str) -> Result<(), TestCaseError> {
    for wrong in ["NaN", "inf", "style=", "<script", "href"] {
        prop_assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
    let elements = elements(svg);
    let (root, title, desc) = (&elements[0], &elements[1], &elements[2]);
    prop_assert_eq!((root.get("role"), title.name.as_str(), desc.name.as_str()), ("img", "title", "desc"));
    prop_assert!(!title.text.is_empty() && !desc.text.is_empty());
    prop_assert_eq!(root.get("aria-labelledby"), format!("{} {}", title.get("id"), desc.get("id")));
    let size: Vec<f64> = root.get("viewBox").split(' ').map(|n| n.parse().expect("a number")).collect();
    let (wide, high) = (size[2], size[3]);
    for path in elements.iter().filter(|element| element.name == "path" && !element.in_pattern) {
        for (x, y) in places(path.get("d")) {
            let within = (-0.1..=wide + 0.1).contains(&x) && (-0.1..=high + 0.1).contains(&y);
            prop_assert!(within, "{x} {y} outside {wide} {high}: {path:?}");
        }
    }
    let boxes = boxes(&elements);
    for (i, (left, top, right, bottom, text)) in boxes.iter().enumerate() {
        let within = *left >= -0.1 && *right <= wide + 0.1 && *top >= -0.1 && *bottom <= high + 0.1;
        prop_assert!(within, "{text} outside: {left} to {right}, {top} to {bottom} of {wide} × {high}");
        for (a, b, c, d, other) in &boxes[i + 1..] {
            let apart = c <= left || right <= a || d <= top || bottom <= b;
            prop_assert!(apart, "{text} on {other} at {left} {top}, {wide} px wide");
        }
    }
    let mut ids: Vec<&str> = elements.iter().map(|element| element.get("id")).filter(|id| !id.is_empty()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    prop_assert_eq!(count, ids.len(), "an id twice");
    Ok(())
}

/// All places of the paths of a class.
fn drawn(svg: &str, class: &str) -> Vec<(f64, f64)> {
    let elements = elements(svg);
    elements.iter().filter(|element| element.is_path(class)).flat_map(|path| places(path.get("d"))).collect()
}

/// The path of a class that has the most of them, as strokes.
fn stroke(svg: &str, class: &str) -> Vec<(f64, f64, bool)> {
    let elements = elements(svg);
    let paths = elements.iter().filter(|element| element.is_path(class)).map(|path| strokes(path.get("d")));
    paths.max_by_key(Vec::len).expect("a path of this class")
}

fn line(values: &[Option<f64>]) -> Vec<Column<f64>> {
    columns(values.len(), 60.0, |i| values[i])
}

fn series<T>(columns: Vec<Column<T>>) -> Series<T> {
    Series { paint: Paint::Series(0), name: "s".to_owned(), columns }
}

fn minute(marks: Vec<Mark>) -> Chart {
    chart("c", Axis::run_time(Instant::ZERO, secs(60), None), Axis::from_zero(10.0, Unit::Number, "y"), marks)
}

#[test]
fn every_mark_is_sound_at_every_width() {
    for chart in samples::all(300) {
        for wide in [200, 344, 360, 481, 600, 800, 960, 1_200] {
            let svg = chart.at_width(wide);
            sound(&svg).unwrap_or_else(|wrong| unreachable!("{} at {wide}: {wrong}", chart.id));
            assert_eq!(svg, chart.at_width(wide), "the same chart, other bytes");
        }
        let both = chart.for_screens();
        sound(&both[..both.find("</svg>").expect("an end") + 6]).expect("a sound chart");
        assert!(both.len() < 40_000, "{}: {} bytes", chart.id, both.len());
    }
}

#[test]
fn each_mark_looks_as_it_did() {
    for chart in samples::all(12) {
        let name = format!("draw_{}", chart.id);
        insta::with_settings!({ snapshot_path => "../../../tests/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, chart.at_width(360));
        });
    }
}

#[test]
fn a_missing_value_is_a_gap_and_not_zero() {
    let values = [Some(5.0), Some(5.0), None, Some(f64::NAN), Some(5.0), Some(5.0), None, Some(5.0)];
    for mark in [Mark::Line(series(line(&values))), Mark::Step(series(line(&values)))] {
        let stroke = stroke(&minute(vec![mark]).at_width(800), "s0");
        assert_eq!(stroke.iter().filter(|(.., lifted)| *lifted).count(), 3);
        let height = stroke[0].1;
        assert!(stroke.iter().all(|(_, y, _)| *y == height), "{stroke:?}");
        // The value alone is a stroke over its column.
        let [.., (from, ..), (to, ..)] = stroke[..] else { unreachable!("{stroke:?}") };
        assert!(to - from >= 1.0);
    }
}

#[test]
fn nothing_at_all_still_gives_axes() {
    for values in [vec![], vec![None; 5]] {
        let between = values.iter().map(|_: &Option<f64>| Column { from: 0.0, to: 1.0, value: None }).collect();
        let marks = vec![Mark::Line(series(line(&values))), Mark::Band(series(between)), Mark::Forest(vec![])];
        let svg = minute(marks).at_width(344);
        sound(&svg).expect("a sound chart");
        assert!(svg.contains(">10</text>") && svg.contains(">30s</text>"), "{svg}");
    }
}

#[test]
fn a_stall_of_one_interval_among_many_sticks_out_of_300_columns() {
    let most = |i: usize| if i == 200 { 2.4 } else { 0.05 };
    let between = columns(300, 10_800.0, |i| Some((0.01, most(i))));
    let x = Axis::run_time(Instant::ZERO, secs(10_800), None);
    let limit = Mark::Limit { of: Side::Y, at: 0.3, name: "limit".to_owned() };
    let band = Mark::Band(series(between));
    let svg = chart("c", x, Axis::log(0.01, 2.4, Unit::Time, ""), vec![band, limit]).at_width(344);
    let height = drawn(&svg, "limit")[0].1;
    let over: Vec<f64> = drawn(&svg, "s0").into_iter().filter(|(_, y)| *y < height).map(|(x, _)| x).collect();
    assert!(over.len() >= 2, "{over:?}");
    let wide = over.iter().copied().fold(0.0, f64::max) - over.iter().copied().fold(f64::MAX, f64::min);
    // The edge is a pixel wide on both sides.
    assert!(wide >= 0.8, "{wide}");
}

#[test]
fn one_column_of_a_strip_a_region_a_bar_and_a_cell_is_a_pixel_wide() {
    let alone = |i: usize| (i == 7_000).then_some(());
    let long = |marks| {
        chart("c", Axis::run_time(Instant::ZERO, secs(10_800), None), Axis::from_zero(1.0, Unit::Number, ""), marks)
    };
    let marks = [
        (
            "bad",
            Mark::Rail { name: String::new(), columns: columns(10_800, 10_800.0, |i| alone(i).map(|()| State::Bad)) },
        ),
        ("muted", Mark::Region { region: Region::NoData, name: String::new(), stretches: vec![(7_000.0, 7_001.0)] }),
        (
            "s3",
            Mark::Stack {
                parts: vec![(Paint::Series(3), String::new())],
                columns: columns(10_800, 10_800.0, |i| alone(i).map(|()| vec![1e-9])),
            },
        ),
        (
            "h0",
            Mark::Heat {
                name: String::new(),
                edges: vec![0.0, 1e-9],
                columns: columns(10_800, 10_800.0, |i| alone(i).map(|()| vec![1])),
            },
        ),
    ];
    for (class, mark) in marks {
        let elements = elements(&long(vec![mark]).at_width(344));
        let filled = elements.iter().rfind(|e| e.is_path(class) && !e.get("fill").is_empty()).expect(class);
        let places = places(filled.get("d"));
        let size = |of: fn(&(f64, f64)) -> f64| {
            let values = places.iter().map(of);
            values.clone().fold(0.0, f64::max) - values.fold(f64::MAX, f64::min)
        };
        assert!(size(|place| place.0) >= 0.9 && size(|place| place.1) >= 0.9, "{class}: {places:?}");
    }
}

#[test]
fn cells_beside_each_other_are_one_and_their_areas_add_up() {
    let cells = columns(4, 60.0, |i| Some(vec![if i < 3 { 9 } else { 0 }, 1]));
    let heat = Mark::Heat { name: "requests".to_owned(), edges: vec![0.0, 5.0, 10.0], columns: cells };
    let svg = minute(vec![heat]).at_width(800);
    let strokes = stroke(&svg, "h0");
    assert_eq!(strokes.len(), 4, "one rectangle of four cells");
    assert_eq!(stroke(&svg, "h6").len(), 7 - 3, "one of three");
}

#[test]
fn hostile_names_are_text() {
    let name = "</script><svg onload=alert(1)>\u{202e}\u{0}]]> & \"a\"";
    let mut chart = minute(vec![
        Mark::Line(Series { name: name.to_owned(), ..series(line(&[Some(1.0); 4])) }),
        Mark::Events(vec![(30.0, name.to_owned())]),
        Mark::Limit { of: Side::Y, at: 3.0, name: name.repeat(5) },
    ]);
    (chart.title, chart.desc) = (name.to_owned(), name.to_owned());
    for wide in [344, 800] {
        let svg = chart.at_width(wide);
        sound(&svg).expect("a sound chart");
        assert!(!svg.contains("<svg onload") && svg.matches("<svg").count() == 1);
    }
}

#[test]
fn without_a_style_sheet_each_colour_has_a_stand_in() {
    for chart in samples::all(12) {
        let svg = chart.for_screens();
        let classes = svg.matches(" class=\"").count() - 2;
        assert_eq!(svg.matches(" color=\"#").count(), classes, "{}", chart.id);
        assert_eq!(svg.matches("display=\"none\"").count(), 1, "the narrow one");
    }
}

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value =
        prop_oneof![8 => (-3.0..12.0f64).prop_map(Some), 2 => Just(None), 1 => proptest::num::f64::ANY.prop_map(Some)];
    proptest::collection::vec(value, 0..80)
}

const WIDTHS: RangeInclusive<u16> = 200..=1_300;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_values_give_a_sound_chart(values in values(), wide in WIDTHS, name in ".{0,30}") {
        let between = line(&values).into_iter().map(|c| Column { from: c.from, to: c.to, value: c.value.map(|v| (v, v + 1.0)) });
        let parts = line(&values).into_iter().map(|c| Column { from: c.from, to: c.to, value: c.value.map(|v| vec![v, 1.0]) });
        let points = values.iter().flatten().map(|value| (*value * 5.0, *value)).collect();
        let svg = minute(vec![
            Mark::Line(Series { name: name.clone(), ..series(line(&values)) }),
            Mark::Step(series(line(&values))),
            Mark::Band(series(between.collect())),
            Mark::Stack { parts: vec![(Paint::Series(1), name.clone()), (Paint::Muted, name.clone())], columns: parts.collect() },
            Mark::Dots { paint: Paint::Series(2), shape: Shape::Diamond, name: name.clone(), points },
            Mark::Events(values.iter().flatten().map(|value| (*value * 6.0, name.clone())).take(20).collect()),
        ]).at_width(wide);
        sound(&svg)?;
    }

    #[test]
    fn any_axes_have_labels_that_keep_apart(
        least in 1e-6..100.0f64, times in 1.0..1e7f64, secs in 0.001..2e5f64, wide in WIDTHS, zero in 1e-4..1e12f64,
    ) {
        let x = Axis::run_time(Instant::ZERO, Instant::ZERO + Span::from_secs_f64(secs), Some(&samples::night(secs)));
        sound(&chart("c", x, Axis::log(least, least * times, Unit::Time, "t"), vec![]).at_width(wide))?;
        let quantile = "p99.999".parse().expect("a quantile");
        sound(&chart("c", Axis::nines(quantile, "q"), Axis::from_zero(zero, Unit::Number, "n"), vec![]).at_width(wide))?;
        let (before, after) = (Span::from_secs_f64(secs / 3.0), Span::from_secs_f64(secs));
        sound(&chart("c", Axis::around(before, after, "a"), Axis::from_zero(zero / 1e12, Unit::Share, ""), vec![]).at_width(wide))?;
        let rows = vec!["a name".repeat(wide as usize % 9); 3];
        sound(&chart("c", Axis::log(least, least * times, Unit::Ratio, "r"), Axis::rows(rows), vec![]).at_width(wide))?;
    }
}

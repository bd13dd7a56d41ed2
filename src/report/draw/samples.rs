//! Charts with every mark, for tests and the gallery: made up by arithmetic, the same each time.

use super::*;
use crate::scenario::Clock;
use crate::unit::{Instant, Span};

/// Numbers from 0 to 1 that look like chance and never change.
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Columns over so many seconds.
pub fn columns<T>(count: usize, secs: f64, mut value: impl FnMut(usize) -> Option<T>) -> Vec<Column<T>> {
    let wide = secs / count as f64;
    (0..count).map(|i| Column { from: i as f64 * wide, to: (i + 1) as f64 * wide, value: value(i) }).collect()
}

fn series<T>(number: u8, name: &str, columns: Vec<Column<T>>) -> Series<T> {
    Series { paint: Paint::Series(number), name: name.to_owned(), columns }
}

pub fn chart(id: &str, x: Axis, y: Axis, marks: Vec<Mark>) -> Chart {
    let (title, desc) = (format!("Chart {id}"), format!("Made up for {id}"));
    Chart { id: id.to_owned(), title, desc, height: 200, x, y, marks }
}

pub fn secs(secs: u64) -> Instant {
    Instant::ZERO + Span::from_secs(secs)
}

/// An election night of 15 hours in so many seconds.
pub fn night(run_secs: f64) -> Clock {
    Clock::kept("2026-10-24T19:00:00+02:00", "Europe/Rome", 54_000.0, (0.0, 54_000.0), 54_000.0 / run_secs)
        .expect("a clock")
}

/// A rush that peaks at two fifths of `count`.
fn rush(i: usize, count: usize) -> f64 {
    let from_peak = (i as f64 / count as f64 - 0.4) * 6.0;
    2_000.0 + 10_000.0 * (-from_peak * from_peak).exp()
}

/// Load with stretches of every kind, and events.
pub fn load(count: usize) -> Chart {
    let mut chance = Chance::new(7);
    let planned = columns(count, 540.0, |i| Some(rush(i, count)));
    let slipped = |i: usize| (count / 2..count * 11 / 20).contains(&i);
    let delivered = columns(count, 540.0, |i| Some(rush(i, count) * if slipped(i) { 0.8 } else { 1.0 }));
    let answered = columns(count, 540.0, |i| {
        (!(count * 7 / 10..count * 18 / 25).contains(&i)).then(|| rush(i, count) * (0.9 + 0.1 * chance.next()))
    });
    let region = |region, name: &str, stretches| Mark::Region { region, name: name.to_owned(), stretches };
    let x = Axis::run_time(Instant::ZERO, secs(540), Some(&night(540.0)));
    let y = Axis::from_zero(12_000.0, Unit::Number, "requests a second");
    let events =
        [(100.0, "one server of three stops"), (170.0, "and starts again"), (480.0, "network slow"), (600.0, "late")];
    chart(
        "load",
        x,
        y,
        vec![
            region(Region::Window, "window of *citizens*", vec![(200.0, 300.0)]),
            region(Region::WarmUp, "warm-up", vec![(0.0, 20.0)]),
            region(Region::Short, "load slipped", vec![(270.0, 297.0), (330.0, 330.2)]),
            region(Region::NoAnswer, "no answer", vec![(378.0, 388.8)]),
            region(Region::NoData, "no data", vec![(510.0, 540.0)]),
            Mark::Step(series(0, "planned", planned)),
            Mark::Step(series(1, "delivered", delivered)),
            Mark::Step(series(2, "answered", answered)),
            Mark::Events(events.map(|(at, name)| (at, name.to_owned())).to_vec()),
        ],
    )
}

/// Response over time with a gap and a stall of one column, failures and a limit.
pub fn response(count: usize) -> Chart {
    let mut chance = Chance::new(3);
    let stall = count / 3;
    let mut value = |i: usize, middle: f64| {
        let gap = (count * 3 / 5..count * 16 / 25).contains(&i);
        let slow = 1.0 + 2.0 * rush(i, count) / 12_000.0;
        (!gap).then(|| middle * slow * (0.8 + 0.4 * chance.next()))
    };
    let p50 = columns(count, 540.0, |i| value(i, 0.006));
    let p99 = columns(count, 540.0, |i| value(i, 0.045));
    let p999 = columns(count, 540.0, |i| value(i, 0.110));
    let between = p99.iter().enumerate().map(|(i, column)| {
        let most = |value: f64| if i == stall { 2.4 } else { value * 1.6 };
        Column { from: column.from, to: column.to, value: column.value.map(|value| (value * 0.7, most(value))) }
    });
    let failed = columns(count, 540.0, |i| match i {
        i if i == stall || (count / 2..count * 13 / 25).contains(&i) => Some(State::Bad),
        i if i % (count / 3) < count / 30 => Some(State::Open),
        i => (i % 3 != 5).then_some(State::Good),
    });
    let between = between.collect();
    let x = Axis::run_time(Instant::ZERO, secs(540), Some(&night(540.0)));
    chart(
        "response",
        x,
        Axis::log(0.004, 2.4, Unit::Time, "response"),
        vec![
            Mark::Rail { name: "p99.9 falls among failures".to_owned(), columns: failed },
            Mark::Band(series(1, "p99 of single seconds", between)),
            Mark::Line(series(0, "p50", p50)),
            Mark::Line(series(1, "p99", p99)),
            Mark::Line(series(2, "p99.9", p999)),
            Mark::Limit { of: Side::Y, at: 0.3, name: "p99 ≤ 300ms".to_owned() },
        ],
    )
}

/// Counts by time and response, with two lines over them.
pub fn heat(count: usize) -> Chart {
    let edges: Vec<f64> = (0..=48).map(|i| 1e-5 * 10f64.powf(f64::from(i) / 8.0)).collect();
    let cells = columns(count, 540.0, |i| {
        let mut counts = vec![0u64; 48];
        let middle = 22.0 + 5.0 * rush(i, count) / 12_000.0;
        for (row, cell) in counts.iter_mut().enumerate() {
            let from_middle = (row as f64 - middle) / 3.0;
            *cell = (rush(i, count) * (-from_middle * from_middle).exp()) as u64;
        }
        if i == count / 3 {
            counts[43] = 1;
        }
        Some(counts)
    });
    let line =
        |row: f64| columns(count, 540.0, |i| Some(1e-5 * 10f64.powf((row + 5.0 * rush(i, count) / 12_000.0) / 8.0)));
    let x = Axis::run_time(Instant::ZERO, secs(540), None);
    chart(
        "heat",
        x,
        Axis::log(1e-5, 10.0, Unit::Time, "response"),
        vec![
            Mark::Heat { name: "requests".to_owned(), edges, columns: cells },
            Mark::Line(series(7, "p50", line(22.0))),
            Mark::Line(series(1, "p99", line(26.0))),
        ],
    )
}

/// Quantiles by nines: lines that end, a staircase of limits, points.
pub fn quantiles() -> Chart {
    let curve = |scale: f64, last: f64| {
        let nines = (0..=94).map(|i| 0.3 + f64::from(i) * 0.05).take_while(|nines| *nines <= last);
        nines.map(|nines| Column::point(1.0 - 10f64.powf(-nines), Some(scale * 1.9f64.powf(nines)))).collect::<Vec<_>>()
    };
    let limits = vec![
        Column { from: 0.5, to: 0.9, value: Some(0.03) },
        Column { from: 0.9, to: 0.99, value: Some(0.1) },
        Column { from: 0.99, to: 0.999, value: Some(0.3) },
        Column { from: 0.999, to: 0.999_99, value: None },
    ];
    let staircase = Series { paint: Paint::Limit, name: "limits".to_owned(), columns: limits };
    let failed = curve(0.02, 2.7).last().and_then(|column| Some((column.from, column.value?)));
    let x = Axis::nines("p99.999".parse().expect("a quantile"), "requests that were at least so fast");
    chart(
        "quantiles",
        x,
        Axis::log(0.004, 1.0, Unit::Time, "response"),
        vec![
            Mark::Step(staircase),
            Mark::Line(series(0, "citizens", curve(0.008, 5.0))),
            Mark::Line(series(1, "officials of the ministry of the interior", curve(0.01, 4.2))),
            Mark::Line(series(2, "press", curve(0.02, 2.7))),
            Mark::Dots {
                paint: Paint::Bad,
                shape: Shape::Cross,
                name: "failed from here on".to_owned(),
                points: failed.into_iter().collect(),
            },
            Mark::Dots {
                paint: Paint::Series(0),
                shape: Shape::Ring,
                name: "service alone".to_owned(),
                points: vec![(0.5, 0.009), (0.9, 0.013), (0.99, 0.024), (0.999, 0.05)],
            },
        ],
    )
}

/// Failures by kind, some of them rare.
pub fn failures(count: usize) -> Chart {
    let mut chance = Chance::new(11);
    let names = ["status 503", "timeout", "connection refused", "wrong answer", "TLS", "too large", "others"];
    let parts =
        (0..).zip(names).map(|(i, name)| (if i == 6 { Paint::Muted } else { Paint::Series(i) }, name.to_owned()));
    let cells = columns(count, 540.0, |i| {
        let busy = (count / 3..count / 2).contains(&i);
        (i % 10 != 9 || busy)
            .then(|| (0..7).map(|k| if busy || i % 25 == k { chance.next() * 0.02 } else { 0.0 }).collect())
    });
    let x = Axis::run_time(Instant::ZERO, secs(540), Some(&night(540.0)));
    chart(
        "failures",
        x,
        Axis::from_zero(0.1, Unit::Share, "not right, of ended requests"),
        vec![Mark::Stack { parts: parts.collect(), columns: cells }],
    )
}

/// Margins of objectives.
pub fn forest() -> Chart {
    let estimate = |value, lower, upper, shape, paint, other| {
        Some(Estimate { value, between: (lower, upper), other, shape, paint })
    };
    let names = [
        "citizens p99 < 300ms",
        "citizens errors < 0.1%",
        "officials p99.9 < 1s",
        "press p50 < 100ms",
        "feed delay p99 < 2s from the head office",
    ];
    chart(
        "forest",
        Axis::log(0.01, 20.0, Unit::Ratio, "observed / allowed"),
        Axis::rows(names.map(str::to_owned).to_vec()),
        vec![
            Mark::Forest(vec![
                estimate(0.04, Some(0.03), Some(0.055), Shape::Disc, Paint::Good, None),
                estimate(3.0, Some(2.1), Some(4.2), Shape::Triangle, Paint::Bad, Some(2.3)),
                estimate(0.8, Some(0.5), Some(1.3), Shape::Diamond, Paint::Open, None),
                estimate(0.3, None, Some(0.9), Shape::Disc, Paint::Good, None),
                None,
            ]),
            Mark::Limit { of: Side::X, at: 1.0, name: "allowed".to_owned() },
        ],
    )
}

/// Two builds side by side.
pub fn dumbbells() -> Chart {
    let names = ["response", "service", "wait for a connection", "first byte", "handshake"];
    chart(
        "dumbbells",
        Axis::log(0.0001, 0.3, Unit::Time, ""),
        Axis::rows(names.map(str::to_owned).to_vec()),
        vec![Mark::Dumbbell {
            ends: [(Paint::Series(0), "p50".to_owned()), (Paint::Series(1), "p99".to_owned())],
            rows: vec![Some((0.006, 0.045)), Some((0.005, 0.04)), Some((0.0001, 0.004)), Some((0.004, 0.031)), None],
        }],
    )
}

/// What was before and after an event.
pub fn recovery() -> Chart {
    let bad = (-30..90).map(|i| {
        let at = f64::from(i);
        let share = if (0.0..9.0).contains(&at) { 0.3 - at * 0.03 } else { 0.001 };
        Column { from: at, to: at + 1.0, value: Some(share) }
    });
    let x = Axis::around(Span::from_secs(30), Span::from_secs(90), "after the event");
    chart(
        "recovery",
        x,
        Axis::from_zero(0.3, Unit::Share, "bad share"),
        vec![
            Mark::Region { region: Region::Window, name: "until recovered".to_owned(), stretches: vec![(0.0, 9.0)] },
            Mark::Step(series(0, "citizens", bad.collect())),
            Mark::Events(vec![(0.0, "one server of three stops".to_owned())]),
            Mark::Limit { of: Side::Y, at: 0.01, name: "allowed 1%".to_owned() },
        ],
    )
}

/// Eight lines that end near each other, and many events.
pub fn crowd() -> Chart {
    let line = |k: u8| {
        columns(40, 0.3, |i| {
            (i % 13 != usize::from(k)).then(|| 50.0 + f64::from(k) * 4.0 + (i as f64 / 4.0).sin() * 20.0)
        })
    };
    let mut marks: Vec<Mark> = (0..8).map(|k| Mark::Line(series(k, &format!("population-{k}"), line(k)))).collect();
    let events = (0..14).map(|i| (f64::from(i) * 0.025 - 0.02, format!("event number {i}")));
    marks.push(Mark::Events(events.collect()));
    let x = Axis::run_time(Instant::ZERO, Instant::ZERO + Span::from_millis(300), None);
    chart("crowd", x, Axis::from_zero(110.0, Unit::Number, "in flight"), marks)
}

/// All of them, time plots with this many columns.
pub fn all(count: usize) -> Vec<Chart> {
    vec![
        load(count),
        response(count),
        heat(count),
        quantiles(),
        failures(count),
        forest(),
        dumbbells(),
        recovery(),
        crowd(),
    ]
}

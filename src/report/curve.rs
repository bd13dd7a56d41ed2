//! A curve over scenario time, drawn with blocks: one column a slice of time, peaks named where they stand.
//!
//! ```text
//!               Sun 23:05
//!    10.4 ┤         ▆▂
//!         │ ▂▃▄▅▅▆▇▇██▇▆▅▃▃▄▆▇▆
//!       0 ┼┬────────┬────────┬─
//!       Sun 12:00  18:00  Mon 00:00
//! ```

use crate::scenario::Clock;
use crate::unit::Span;

/// Columns left of the curve.
const GUTTER: usize = 10;
/// Blocks in eighths of a row.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Rows above its bar in which a peak's name may stand.
const NAME_ROWS: usize = 3;
/// The least columns from one tick to the next.
const TICK_COLUMNS: f64 = 11.0;
/// Distances of ticks in seconds.
const TICKS: [f64; 17] = [
    1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0,
    172_800.0, 604_800.0,
];
/// A window this short has ticks in seconds since its start: labels of scenario time have minutes.
const SHORT: f64 = 300.0;

/// A curve ready to be drawn.
pub(super) struct Chart<'a> {
    /// One value a column, over the clock's window.
    pub columns: Vec<f64>,
    /// Rows of blocks.
    pub rows: usize,
    /// Peaks, the highest first: seconds since the clock's start, and a name. Those without room are left out.
    pub peaks: Vec<(f64, String)>,
    /// Seconds since the clock's start of the first column's start and the last one's end.
    pub from_to: (f64, f64),
    /// Names times.
    pub clock: &'a Clock,
}

/// Columns of a curve in a terminal of this width.
pub(super) const fn columns(width: usize) -> usize {
    width - GUTTER - 1
}

impl Chart<'_> {
    /// The lines, top first.
    pub(super) fn lines(&self) -> Vec<String> {
        let top = self.columns.iter().copied().fold(0.0, f64::max);
        let heights: Vec<usize> = self.columns.iter().map(|value| self.height(*value, top)).collect();
        // One row more than the highest bar: its name stands there.
        let mut cells = vec![vec![' '; heights.len()]; self.rows + 1];
        for (row, line) in cells.iter_mut().rev().take(self.rows).enumerate() {
            for (cell, height) in line.iter_mut().zip(&heights) {
                *cell = BLOCKS[height.saturating_sub(row * 8).min(8)];
            }
        }
        self.peaks.iter().for_each(|(at, name)| self.name(*at, name, &heights, &mut cells));
        let lines = cells.iter().enumerate().map(|(row, line)| {
            let text: String = line.iter().collect();
            let edge = match row {
                0 => " ".repeat(GUTTER),
                1 => format!("{:>w$} ┤", number(top), w = GUTTER - 2),
                _ => format!("{:>w$} │", "", w = GUTTER - 2),
            };
            format!("{edge}{text}").trim_end().to_owned()
        });
        lines.chain(self.axis()).skip_while(String::is_empty).collect()
    }

    /// A value's height in eighths of a row; what is not nothing can be seen.
    fn height(&self, value: f64, top: f64) -> usize {
        let eighths = (value / top * 8.0 * self.rows as f64).round() as usize;
        if value > 0.0 { eighths.max(1) } else { 0 }
    }

    fn column(&self, time: f64) -> usize {
        let (from, to) = self.from_to;
        let column = ((time - from) / (to - from) * self.columns.len() as f64) as usize;
        column.min(self.columns.len().saturating_sub(1))
    }

    /// Writes a peak's name above its bar, if there is room.
    fn name(&self, at: f64, label: &str, heights: &[usize], cells: &mut [Vec<char>]) {
        let column = self.column(at);
        let len = label.chars().count();
        if len + 2 > heights.len() {
            return;
        }
        let start = column.saturating_sub(len / 2).min(heights.len() - len);
        let around = start.saturating_sub(1)..(start + len + 1).min(heights.len());
        let above = cells.len() - 1 - heights[column].div_ceil(8);
        for row in (0..=above).rev().take(NAME_ROWS) {
            if cells[row][around.clone()].iter().all(|cell| *cell == ' ') {
                cells[row].splice(start..start + len, label.chars());
                return;
            }
        }
    }

    /// The axis and its labels.
    fn axis(&self) -> [String; 2] {
        let mut line = vec!['─'; self.columns.len()];
        let mut labels = vec![' '; GUTTER + self.columns.len()];
        let mut free = 0;
        for (time, label) in self.ticks() {
            let column = self.column(time);
            let len = label.chars().count();
            let start = (GUTTER + column).saturating_sub(len / 2).min(labels.len().saturating_sub(len));
            line[column] = '┬';
            if start >= free {
                labels.splice(start..start + len, label.chars());
                free = start + len + 1;
            }
        }
        let (line, labels): (String, String) = (line.into_iter().collect(), labels.into_iter().collect());
        [format!("{:>w$} ┼{line}", 0, w = GUTTER - 2), labels.trim_end().to_owned()]
    }

    /// Round times of day and their names; the day where it changes.
    fn ticks(&self) -> Vec<(f64, String)> {
        let (from, to) = self.from_to;
        let least = (to - from) / self.columns.len() as f64 * TICK_COLUMNS;
        let step = TICKS.into_iter().find(|step| *step >= least).unwrap_or(TICKS[TICKS.len() - 1].max(least));
        let at = &self.clock.from;
        let midnight = f64::from(at.hour()) * 3_600.0 + f64::from(at.minute()) * 60.0 + f64::from(at.second());
        let short = to - from < SHORT;
        let origin = if short { from } else { -midnight };
        let first = ((from - origin) / step).ceil();
        let mut day = String::new();
        let times = (0..).map(|i| origin + (first + f64::from(i)) * step).take_while(|time| *time < to);
        times
            .map(|time| match self.clock.label(time).split_once(' ') {
                _ if short => (time, Span::from_secs_f64(time - from).to_string()),
                Some((of, hour)) if of == day => (time, hour.to_owned()),
                Some((of, hour)) => {
                    day = of.to_owned();
                    (time, format!("{of} {hour}"))
                }
                None => (time, self.clock.label(time)),
            })
            .collect()
    }
}

/// A number to three significant digits: `35.0k`, `10.4`, `0.0967`.
pub(super) fn number(value: f64) -> String {
    let (value, unit) = match value {
        v if v >= 999_500_000.0 => (v / 1e9, "G"),
        v if v >= 999_500.0 => (v / 1e6, "M"),
        v if v >= 9_999.5 => (v / 1e3, "k"),
        v => (v, ""),
    };
    let decimals = if value > 0.0 { (2.0 - value.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(clock: &Clock, columns: Vec<f64>, peaks: &[f64]) -> Vec<String> {
        let from_to = clock.window;
        Chart { columns, rows: 2, peaks: peaks.iter().map(|at| (*at, clock.label(*at))).collect(), from_to, clock }
            .lines()
    }

    fn clock(hours: f64) -> Clock {
        let from = "2016-06-05T07:00[Europe/Rome]".parse().expect("a time");
        let length = hours * 3_600.0;
        Clock { from, length, window: (0.0, length), windowed: false, compress: 1.0, warm_up: 0.0 }
    }

    #[test]
    fn bars_peaks_and_times_stand_where_they_belong() {
        let clock = clock(24.0);
        let columns = (0..24).map(|hour| if hour == 12 { 16.0 } else { f64::from(hour % 8) }).collect();
        let lines = chart(&clock, columns, &[12.5 * 3_600.0, 7.0 * 3_600.0]);
        assert_eq!(
            lines,
            [
                "                  Sun 19:30",
                "      16 ┤            █",
                "         │ ▁▂▃▄▅▆▇ ▁▂▃█▅▆▇ ▁▂▃▄▅▆▇",
                "       0 ┼─────┬───────────┬──────",
                "           Sun 12:00   Mon 00:00",
            ]
        );
    }

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [0.0, 0.09667, 2.915, 16.0, 999.6, 8_123.0, 35_012.0, 1.5e6].map(number);
        assert_eq!(shown, ["0", "0.0967", "2.92", "16", "1000", "8123", "35k", "1.5M"]);
    }

    #[test]
    fn a_short_window_counts_seconds_and_an_empty_curve_draws_nothing() {
        let lines = chart(&clock(1.0 / 60.0), vec![0.0; 40], &[]);
        assert_eq!(lines[0], "       0 ┤");
        assert_eq!(lines[3], "         0s                  30s");
    }
}

//! A table of short cells: the first column to the left, the others to the right.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Style;

/// Rows of cells; the first row is the header.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// Names of columns that are left out where there is no room, the first first.
    giving_way: Vec<&'static str>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|cell| (*cell).to_owned()).collect()], giving_way: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The same, without these columns where there is no room for them; the first is left out first.
    pub(super) fn giving_way(self, columns: &[&'static str]) -> Self {
        Self { giving_way: columns.to_vec(), ..self }
    }

    /// Writes the lines, the header in bold.
    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        for (i, line) in self.lines(style.width).iter().enumerate() {
            writeln!(out, "{}", if i == 0 { style.bold(line) } else { line.clone() })?;
        }
        Ok(())
    }

    /// The lines, columns two blanks apart. Where that is wider than `width`, columns are left out that may be; then the
    /// first column gives way: what has several words goes on below, and a word too long for it is cut.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let mut rows = self.rows.clone();
        for name in &self.giving_way {
            if total(&widths(&rows), GAP) > width
                && let Some(column) = rows[0].iter().position(|cell| cell == name)
            {
                rows.iter_mut().filter(|row| column < row.len()).for_each(|row| drop(row.remove(column)));
            }
        }
        let mut widths = widths(&rows);
        // Names shorter than this no longer tell populations apart.
        let give = widths[0].saturating_sub(SHORTEST);
        let over = |gap: usize, widths: &[usize]| total(widths, gap).saturating_sub(width);
        let gap = if over(GAP, &widths) <= give { GAP } else { 1 };
        widths[0] -= over(gap, &widths).min(give);
        rows.iter().flat_map(|row| lines(row, &widths, gap)).collect()
    }
}

/// Blanks between columns; one, where not even the shortest names leave room for two.
const GAP: usize = 2;
/// The least columns of a name.
const SHORTEST: usize = 8;

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| display_width(cell)).max();
    (0..columns).map(|i| widest(i).unwrap_or(0)).collect()
}

fn total(widths: &[usize], gap: usize) -> usize {
    widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
}

/// A row, and what of its first cell goes on below.
fn lines(row: &[String], widths: &[usize], gap: usize) -> Vec<String> {
    let Some((first, others)) = row.split_first() else { return Vec::new() };
    let mut parts = below(first, widths[0]).into_iter();
    let first = parts.next().unwrap_or_default();
    let begin = line(&[&[first], others].concat(), widths, gap);
    let room = total(widths, gap).saturating_sub(2);
    std::iter::once(begin).chain(parts.map(|part| format!("  {}", shortened(&part, room)))).collect()
}

/// A text as lines, of which all but the first are to stand two columns deeper.
pub(super) fn below(text: &str, width: usize) -> Vec<String> {
    if display_width(text) <= width { vec![text.to_owned()] } else { wrapped(text, width.saturating_sub(2)) }
}

fn line(row: &[String], widths: &[usize], gap: usize) -> String {
    let mut text = String::new();
    for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
        let blanks = |n: usize| " ".repeat(n);
        let cell = shortened(cell, *width);
        let fill = blanks(width - display_width(&cell));
        // Writing to a String cannot fail.
        let _ = match i {
            0 => write!(text, "{cell}{fill}"),
            _ => write!(text, "{}{fill}{cell}", blanks(gap)),
        };
    }
    text.trim_end().to_owned()
}

fn shortened(cell: &str, width: usize) -> String {
    if display_width(cell) <= width {
        return cell.to_owned();
    }
    cell.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Columns that a cell takes: cells are names and durations, whose widest letter (`µ`) takes one.
fn display_width(cell: &str) -> usize {
    cell.chars().count()
}

/// Breaks `text` at blanks into lines of at most `width`; a longer word stands alone.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if display_width(line) + 1 + display_width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_display_width_and_the_name_gives_way() {
        let mut table = Table::new(&["response", "p50"]);
        table.row(vec!["a-rather-long-name".to_owned(), "47.3µs".to_owned()]);
        assert_eq!(table.lines(80), ["response               p50", "a-rather-long-name  47.3µs"]);
        assert_eq!(table.lines(20), ["response         p50", "a-rather-lo…  47.3µs"]);
    }

    #[test]
    fn columns_that_may_are_left_out_before_names_are_cut() {
        let mut table = Table::new(&["response", "p50", "p90", "p99"]).giving_way(&["p90"]);
        table.row(["a-rather-long-name", "1ms", "2ms", "3ms"].map(str::to_owned).to_vec());
        assert_eq!(table.lines(33)[1], "a-rather-long-name  1ms  2ms  3ms");
        assert_eq!(table.lines(32)[1], "a-rather-long-name  1ms  3ms");
        assert_eq!(table.lines(27)[1], "a-rather-long-na…  1ms  3ms");
    }

    #[test]
    fn a_first_cell_of_several_words_goes_on_below() {
        let mut table = Table::new(&["objective", "needs"]);
        table.row(vec!["payroll.desktop input_to_frame p99 < 300ms".to_owned(), "368".to_owned()]);
        assert_eq!(
            table.lines(35),
            [
                "objective                     needs",
                "payroll.desktop                 368",
                "  input_to_frame p99 < 300ms"
            ]
            .map(|line| line.to_owned())
        );
    }
}

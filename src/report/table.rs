//! A table of short cells: the first column to the left, the others to the right.

use std::fmt::Write;

/// Rows of cells; the first row is the header.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, columns two blanks apart, or one where two would be wider than `width`; then the first
    /// column gives way: what has several words goes on below, and a word too long for it is cut.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |i: usize| self.rows.iter().filter_map(|row| row.get(i)).map(|cell| display_width(cell)).max();
        let mut widths: Vec<usize> = (0..columns).map(|i| widest(i).unwrap_or(0)).collect();
        let cells: usize = widths.iter().sum();
        let gap = if cells + 2 * (columns - 1) <= width { 2 } else { 1 };
        let over = (cells + gap * (columns - 1)).saturating_sub(width);
        // Names shorter than eight letters no longer tell populations apart.
        widths[0] = widths[0].saturating_sub(over).max(widths[0].min(8));
        self.rows.iter().flat_map(|row| lines(row, &widths, gap)).collect()
    }
}

/// A row, and what of its first cell goes on below.
fn lines(row: &[String], widths: &[usize], gap: usize) -> Vec<String> {
    let Some((first, others)) = row.split_first() else { return Vec::new() };
    let mut parts = below(first, widths[0]).into_iter();
    let first = parts.next().unwrap_or_default();
    let begin = line(&[&[first], others].concat(), widths, gap);
    std::iter::once(begin).chain(parts.map(|part| format!("  {part}"))).collect()
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
        assert_eq!(table.lines(20), ["response         p50", "a-rather-lon… 47.3µs"]);
    }

    #[test]
    fn a_first_cell_of_several_words_goes_on_below() {
        let mut table = Table::new(&["objective", "needs"]);
        table.row(vec!["payroll.desktop input_to_frame p99 < 300ms".to_owned(), "368".to_owned()]);
        assert_eq!(
            table.lines(34),
            [
                "objective                    needs",
                "payroll.desktop                368",
                "  input_to_frame p99 < 300ms"
            ]
            .map(|line| line.to_owned())
        );
    }
}

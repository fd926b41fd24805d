//! Tables that give way: the widest column wraps first until all of them fit.

use super::line::{TextLine, Tone, width, wrap};

/// Blanks between two columns.
const GAP: usize = 2;
/// No column gets narrower than this.
const NARROWEST: usize = 7;

/// One cell: its text, and what it means.
#[derive(Debug, Clone)]
pub(super) struct TextCell {
    text: String,
    tone: Tone,
}

impl TextCell {
    pub(super) fn new(text: impl Into<String>, tone: Tone) -> TextCell {
        TextCell {
            text: text.into(),
            tone,
        }
    }

    pub(super) fn plain(text: impl Into<String>) -> TextCell {
        TextCell::new(text, Tone::Plain)
    }
}

/// On which side a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    Left,
    Right,
}

/// Rows of cells under the same columns.
#[derive(Debug)]
pub(super) struct TextTable {
    columns: Vec<Alignment>,
    rows: Vec<Vec<TextCell>>,
}

impl TextTable {
    pub(super) fn new(headings: &[(&str, Alignment)]) -> TextTable {
        let heading = |(text, _): &(&str, Alignment)| TextCell::new(*text, Tone::Quiet);
        TextTable {
            columns: headings.iter().map(|(_, side)| *side).collect(),
            rows: vec![headings.iter().map(heading).collect()],
        }
    }

    pub(super) fn push(&mut self, row: Vec<TextCell>) {
        self.rows.push(row);
    }

    pub(super) fn lines(&self, indent: usize, room: usize) -> Vec<TextLine> {
        let widths = self.widths(room.saturating_sub(indent));
        self.rows
            .iter()
            .flat_map(|row| self.row_lines(row, &widths, indent))
            .collect()
    }

    fn widths(&self, room: usize) -> Vec<usize> {
        let natural = |index: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let room = room.saturating_sub(GAP * widths.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }

    fn row_lines(&self, row: &[TextCell], widths: &[usize], indent: usize) -> Vec<TextLine> {
        let columns: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, room)| wrap_cell(&cell.text, *room))
            .collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|number| {
                let mut line = TextLine::of(" ".repeat(indent), Tone::Plain);
                for (index, cell) in row.iter().enumerate() {
                    let text = columns[index].get(number).map_or("", String::as_str);
                    self.push_cell(&mut line, index, text, cell.tone, widths[index]);
                }
                line
            })
            .collect()
    }

    fn push_cell(&self, line: &mut TextLine, index: usize, text: &str, tone: Tone, room: usize) {
        let padding = " ".repeat(room.saturating_sub(width(text)));
        let gap = if index == 0 { 0 } else { GAP };
        line.push(" ".repeat(gap), Tone::Plain);
        if self.columns[index] == Alignment::Right {
            line.push(padding, Tone::Plain);
            line.push(text, tone);
        } else {
            line.push(text, tone);
            line.push(padding, Tone::Plain);
        }
    }
}

/// Wraps a cell and keeps the blanks it begins with: they show what belongs to the row above.
fn wrap_cell(text: &str, room: usize) -> Vec<String> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    wrap(text, room.saturating_sub(indent))
        .into_iter()
        .map(|part| " ".repeat(indent) + &part)
        .collect()
}

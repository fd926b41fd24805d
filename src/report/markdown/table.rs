//! A Markdown table.

/// A cell whose column has nothing to tell.
pub(super) const NOTHING: &str = "–";

/// Rows under a heading. What goes in is Markdown already.
pub(super) struct MarkdownTable {
    text: String,
}

impl MarkdownTable {
    /// An empty table; columns after the first `left` ones hold numbers and are set to the right.
    pub(super) fn new(headings: &[&str], left: usize) -> MarkdownTable {
        let rules = (0..headings.len()).map(|at| if at < left { "---" } else { "---:" });
        let mut table = MarkdownTable {
            text: String::new(),
        };
        table.push(headings.iter().copied());
        table.push(rules);
        table
    }

    /// Adds a row.
    pub(super) fn push(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        self.text.push('|');
        for cell in cells {
            let cell = Some(cell.as_ref()).filter(|cell| !cell.is_empty());
            self.text.push(' ');
            self.text.push_str(cell.unwrap_or(NOTHING));
            self.text.push_str(" |");
        }
        self.text.push('\n');
    }

    /// The table's lines, the blank one included that must stand behind it.
    pub(super) fn into_text(self) -> String {
        self.text + "\n"
    }
}

//! A profile's text as a tree that knows where everything was written.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, join};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(in crate::profile) struct Node {
    pub(in crate::profile) value: Value,
    pub(in crate::profile) place: Origin,
}

/// What a key may hold; numbers stay as they were written.
#[derive(Debug, Clone)]
pub(in crate::profile) enum Value {
    Text(String),
    Number(String),
    Truth(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What messages call it.
    pub(in crate::profile) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Number(_) => "a number",
            Value::Truth(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// A table, its entries in the order in which they were written.
#[derive(Debug, Clone)]
pub(in crate::profile) struct Table {
    pub(in crate::profile) entries: Vec<Entry>,
    pub(in crate::profile) place: Origin,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(in crate::profile) struct Entry {
    pub(in crate::profile) key: String,
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) node: Node,
}

impl Table {
    pub(in crate::profile) fn get(&self, key: &str) -> Option<&Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    pub(in crate::profile) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.node)
    }

    /// The text of a key; `None` when it holds anything else.
    pub(in crate::profile) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Takes a key out.
    pub(in crate::profile) fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
    }
}

/// Reads a text; what could not be understood is among the problems and not in the tree.
pub(in crate::profile) fn parse(file: &str, text: &str) -> (Table, Vec<Diagnostic>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = TreeSource { file, text };
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Diagnostic> = Vec::new();
    for error in errors {
        let start = error.span().map_or(0, |span| span.start);
        let message = format!("not TOML: {}", error.message());
        let problem = InvalidValue::new(message).at(source.place(start, ""));
        // One slip can disturb the parser several times on the same line; the first tells enough.
        let line = |problem: &Diagnostic| match problem.place {
            Origin::File { line, .. } => line,
            _ => 0,
        };
        if problems.iter().all(|known| line(known) != line(&problem)) {
            problems.push(problem);
        }
    }
    let table = source.table(document.get_ref(), "", Origin::file(file));
    (table, problems)
}

struct TreeSource<'a> {
    file: &'a str,
    text: &'a str,
}

impl TreeSource<'_> {
    fn place(&self, offset: usize, key: &str) -> Origin {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Origin::File {
            file: self.file.to_owned(),
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            key: key.to_owned(),
        }
    }

    fn table(&self, table: &DeTable<'_>, path: &str, place: Origin) -> Table {
        let mut written: Vec<_> = table.iter().collect();
        written.sort_by_key(|(key, _)| key.span().start);
        let entries = written
            .into_iter()
            .map(|(key, value)| {
                let path = join(path, key.get_ref());
                let place = self.place(key.span().start, &path);
                Entry {
                    key: key.get_ref().to_string(),
                    node: self.node(value, &path, &place),
                    place,
                }
            })
            .collect();
        Table { entries, place }
    }

    fn node(&self, node: &Spanned<DeValue<'_>>, path: &str, key_place: &Origin) -> Node {
        let mut place = self.place(node.span().start, path);
        let value = match node.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Number(match number.radix() {
                10 => number.as_str().to_owned(),
                radix => i128::from_str_radix(number.as_str(), radix)
                    .map_or_else(|_| number.to_string(), |value| value.to_string()),
            }),
            DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
            DeValue::Boolean(truth) => Value::Truth(*truth),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::List(
                list.iter()
                    .map(|item| self.node(item, path, key_place))
                    .collect(),
            ),
            DeValue::Table(table) => {
                // A table made by dotted keys has no place of its own.
                if node.span().is_empty() {
                    place = key_place.clone();
                }
                Value::Table(self.table(table, path, place.clone()))
            }
        };
        Node { value, place }
    }
}

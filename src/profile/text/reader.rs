//! Reads typed values out of a table, and collects all that is wrong instead of stopping at the first.

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::profile::text::suggest::{advice, list, nearest};
use crate::profile::text::tree::{Entry, Node, Table, Value};

/// What reading a value comes to.
pub type ReadValue<T> = Result<T, InvalidValue>;

/// One table being read.
pub(in crate::profile) struct Reader<'a, 'p> {
    table: &'a Table,
    problems: &'p mut Vec<Diagnostic>,
}

impl<'a, 'p> Reader<'a, 'p> {
    /// Begins to read a table that may have these keys alone.
    pub(in crate::profile) fn new(
        table: &'a Table,
        known: &[&str],
        problems: &'p mut Vec<Diagnostic>,
    ) -> Reader<'a, 'p> {
        for entry in &table.entries {
            if !known.contains(&entry.key.as_str()) {
                problems.push(unknown_key(entry, known));
            }
        }
        Reader { table, problems }
    }

    /// Where the table stands.
    pub(in crate::profile) fn place(&self) -> Origin {
        self.table.place.clone()
    }

    /// A text or a number, read by `parse`.
    pub(in crate::profile) fn scalar<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> ReadValue<T>,
    ) -> Option<Spanned<T>> {
        let node = self.table.get(key)?;
        let reading = match &node.value {
            Value::Text(text) | Value::Number(text) => parse(text),
            other => Err(mismatch("a text or a number", other)),
        };
        self.keep(reading, &node.place)
    }

    /// A text, read by `parse`.
    pub(in crate::profile) fn text<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> ReadValue<T>,
    ) -> Option<Spanned<T>> {
        let node = self.table.get(key)?;
        let reading = as_text(node).and_then(parse);
        self.keep(reading, &node.place)
    }

    /// `true` or `false`.
    pub(in crate::profile) fn bool(&mut self, key: &str) -> Option<Spanned<bool>> {
        let node = self.table.get(key)?;
        let reading = match &node.value {
            Value::Truth(truth) => Ok(*truth),
            other => {
                Err(mismatch("true or false", other).help("true and false stand without quotes"))
            }
        };
        self.keep(reading, &node.place)
    }

    /// A list of texts or numbers, or one alone, each read by `parse`.
    pub(in crate::profile) fn list<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> ReadValue<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let node = self.table.get(key)?;
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut values = Vec::new();
        for item in items {
            let reading = match &item.value {
                Value::Text(text) | Value::Number(text) => parse(text),
                other => Err(mismatch("a text or a number", other)),
            };
            values.extend(self.keep(reading, &item.place).map(|read| read.value));
        }
        (values.len() == items.len()).then(|| Spanned::new(values, node.place.clone()))
    }

    /// A table.
    pub(in crate::profile) fn table(&mut self, key: &str) -> Option<&'a Table> {
        let node = self.table.get(key)?;
        match &node.value {
            Value::Table(table) => Some(table),
            other => {
                let complaint = mismatch("a table", other).help(format!(
                    "write [{}] on a line of its own and its keys below",
                    dotted(&node.place)
                ));
                self.problems.push(complaint.at(node.place.clone()));
                None
            }
        }
    }

    /// A list of tables.
    pub(in crate::profile) fn tables(&mut self, key: &str) -> Vec<&'a Table> {
        let Some(node) = self.table.get(key) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            let complaint = mismatch("a list of tables", &node.value)
                .help(format!("each one begins with [[{}]]", dotted(&node.place)));
            self.problems.push(complaint.at(node.place.clone()));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match &item.value {
                Value::Table(table) => tables.push(table),
                other => self
                    .problems
                    .push(mismatch("a table", other).at(item.place.clone())),
            }
        }
        tables
    }

    /// Any value as it is.
    pub(in crate::profile) fn node(&self, key: &str) -> Option<&'a Node> {
        self.table.get(key)
    }

    /// The problems, for what is not read by this reader.
    pub(in crate::profile) fn problems(&mut self) -> &mut Vec<Diagnostic> {
        self.problems
    }

    fn keep<T>(&mut self, reading: ReadValue<T>, place: &Origin) -> Option<Spanned<T>> {
        match reading {
            Ok(value) => Some(Spanned::new(value, place.clone())),
            Err(complaint) => {
                self.problems.push(complaint.at(place.clone()));
                None
            }
        }
    }
}

/// The text of a value.
pub(in crate::profile) fn as_text(node: &Node) -> ReadValue<&str> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => Err(mismatch("a text in quotes", other)),
    }
}

/// Any text.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
pub(in crate::profile) fn any(text: &str) -> ReadValue<String> {
    Ok(text.to_owned())
}

fn mismatch(wanted: &str, found: &Value) -> InvalidValue {
    InvalidValue::new(format!("{wanted} is wanted here, not {}", found.kind()))
}

fn dotted(place: &Origin) -> &str {
    match place {
        Origin::File { key, .. } => key,
        _ => "",
    }
}

fn unknown_key(entry: &Entry, known: &[&str]) -> Diagnostic {
    let (message, help) = match nearest(&entry.key, known.iter().copied()) {
        Some(_) => ("unknown key", advice(&entry.key, known)),
        None => ("unknown key", format!("known here: {}", list(known))),
    };
    InvalidValue::new(message)
        .help(help)
        .at(entry.place.clone())
}

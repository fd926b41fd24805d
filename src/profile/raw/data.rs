//! `[data.NAME]`, as it was written.

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::profile::raw::top::require;
use crate::profile::text::reader::{Reader, any};
use crate::profile::text::tree::{Table, Value};
use crate::profile::value::word::word;
use crate::template::{Mark, Rows};

/// `[data.NAME]`.
pub(in crate::profile) struct DataFile {
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) name: String,
    pub(in crate::profile) file: Option<Spanned<String>>,
    pub(in crate::profile) rows: Option<Spanned<Rows>>,
}

/// Reads all data files.
pub(in crate::profile) fn read_all(table: &Table, problems: &mut Vec<Diagnostic>) -> Vec<DataFile> {
    let mut files = Vec::new();
    for entry in &table.entries {
        if !is_name(&entry.key) {
            let complaint = InvalidValue::new(format!(
                "`{}` cannot be the name of data",
                entry.key
            ))
            .help(
                "use letters, digits, _ and -, and not a name that marks have already, such as env",
            );
            problems.push(complaint.at(entry.place.clone()));
        } else if let Value::Table(table) = &entry.node.value {
            files.push(read(&entry.key, table, problems));
        } else {
            let complaint = InvalidValue::new("data is a table").help(format!(
                "write [data.{}] and file = \"rows.csv\" below",
                entry.key
            ));
            problems.push(complaint.at(entry.node.place.clone()));
        }
    }
    files
}

fn is_name(name: &str) -> bool {
    let column = Mark::parse(&format!("{name}.column"));
    matches!(column, Some(Mark::Column { data, .. }) if data == name)
}

fn read(name: &str, table: &Table, problems: &mut Vec<Diagnostic>) -> DataFile {
    let mut reader = Reader::new(table, &["file", "rows"], problems);
    require(&mut reader, "file", "\"rows.csv\"");
    let names = Rows::NAMES.map(|(name, _)| name);
    DataFile {
        place: reader.place(),
        name: name.to_owned(),
        file: reader.text("file", any),
        rows: reader.text("rows", |text| {
            let found = Rows::NAMES.iter().find(|(name, _)| *name == text);
            word(
                text,
                "way to take rows",
                &names,
                found.map(|(_, rows)| *rows),
            )
        }),
    }
}

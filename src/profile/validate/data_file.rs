//! Reads data files: CSV, or JSON objects.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Map, Value};

use crate::profile::raw::source::reason;
use crate::profile::text::text_file::read_text;
use crate::template::{DataTable, Rows};

/// Reads a file by its ending: `.jsonl`, `.ndjson` and `.json` hold objects, all others are CSV with a heading.
///
/// # Errors
/// What is wrong with it, with the line where that is known.
pub(in crate::profile) fn read(name: &str, path: &Path, rows: Rows) -> Result<DataTable, String> {
    let text = read_text(path).map_err(|error| reason(&error))?;
    let ending = path.extension().map(OsStr::to_ascii_lowercase);
    let (columns, cells) = match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("jsonl" | "ndjson" | "json") => objects(&text)?,
        _ => csv(&text)?,
    };
    DataTable::new(name, rows, columns, cells).map_err(|error| error.to_string())
}

type Cells = (Vec<String>, Vec<Vec<Option<Value>>>);

fn csv(text: &str) -> Result<Cells, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|error| csv_error(&error))?;
    let columns: Vec<String> = heading.iter().map(|name| name.trim().to_owned()).collect();
    let mut cells = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(&error))?;
        cells.push(record.iter().map(|cell| Some(Value::from(cell))).collect());
    }
    Ok((columns, cells))
}

fn csv_error(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} fields, and the heading has {expected_len}")
        }
        _ => error.to_string(),
    }
}

fn objects(text: &str) -> Result<Cells, String> {
    let mut objects: Vec<Map<String, Value>> = Vec::new();
    if text.trim_start().starts_with('[') {
        objects = serde_json::from_str(text)
            .map_err(|error| format!("it is not a list of JSON objects: {error}"))?;
    } else {
        for (line, number) in text.lines().zip(1..) {
            if !line.trim().is_empty() {
                let object = serde_json::from_str(line)
                    .map_err(|_| format!("line {number} is not a JSON object"))?;
                objects.push(object);
            }
        }
    }
    let mut columns: Vec<String> = Vec::new();
    for object in &objects {
        for name in object.keys() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    let row =
        |mut object: Map<String, Value>| columns.iter().map(|name| object.remove(name)).collect();
    let cells = objects.into_iter().map(row).collect();
    Ok((columns, cells))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_as(ending: &str, bytes: &[u8]) -> Result<Cells, String> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(format!("rows.{ending}"));
        std::fs::write(&path, bytes).unwrap();
        let table = read("rows", &path, Rows::Once)?;
        let columns = 0..table.columns().len();
        let cells = columns.map(|at| table.column(at).map(Option::<&Value>::cloned).collect());
        Ok((table.columns().to_vec(), cells.collect()))
    }

    #[test]
    fn csv_may_have_a_mark_quotes_over_lines_and_any_line_ends() {
        let text = b"\xef\xbb\xbftitle , note\r\n\"a \"\"b\"\"\",\"two\r\nlines, one\"\r\nc,\r\n";
        let (columns, cells) = read_as("csv", text).unwrap();
        assert_eq!(columns, ["title", "note"]);
        let cell = |text: &str| Some(json!(text));
        assert_eq!(cells[0], [cell("a \"b\""), cell("c")]);
        assert_eq!(cells[1], [cell("two\r\nlines, one"), cell("")]);
    }

    #[test]
    fn json_keeps_its_types() {
        let lines = b"{\"a\":1,\"b\":[true]}\r\n\n{\"b\":null,\"c\":\"x\"}\n";
        let (columns, cells) = read_as("jsonl", lines).unwrap();
        assert_eq!(columns, ["a", "b", "c"]);
        assert_eq!(cells[0], [Some(json!(1)), None]);
        assert_eq!(cells[1], [Some(json!([true])), Some(json!(null))]);
        let (columns, _) = read_as("json", b"[{\"a\":1}]").unwrap();
        assert_eq!(columns, ["a"]);
    }

    #[test]
    fn what_is_not_data_is_named_by_its_line() {
        let wrong = [
            read_as("csv", b""),
            read_as("csv", b"a,b\n"),
            read_as("csv", b"a,b\n1,2\n3\n"),
            read_as("csv", b"a,a\n1,2\n"),
            read_as("csv", b"a\n\xff\n"),
            read_as("jsonl", b"{\"a\":1}\n[1]\n"),
            read_as("json", b"[{\"a\":1}, 2]"),
        ];
        let wrong: Vec<String> = wrong.into_iter().map(Result::unwrap_err).collect();
        insta::assert_snapshot!(wrong.join("\n"), @r"
        it has no row
        it has no row
        line 3 has 1 fields, and the heading has 2
        two of its columns are called `a`
        it is not UTF-8 text
        line 2 is not a JSON object
        it is not a list of JSON objects: invalid type: integer `2`, expected a map at line 1 column 11
        ");
    }
}

//! Marks that are filled in: whether they name something, and whether it can stand where they do.

use crate::diagnostic::InvalidValue;
use crate::profile::value::marks::nearest_mark;
use crate::profile::value::quantity::ReadValue;
use crate::template::{DataTable, Mark, MarkUse, Place, Template, is_header_text};

/// What the marks of a text may name. Environment variables may always be named.
#[derive(Clone, Copy, Default)]
pub(in crate::profile) struct Known<'a> {
    /// Those of [`Mark::FIXED`] that there are.
    pub(in crate::profile) fixed: &'a [&'static str],
    /// Data files.
    pub(in crate::profile) tables: &'a [DataTable],
    /// Data files that could not be read, which is reported already.
    pub(in crate::profile) unread: &'a [String],
    /// What was taken before, by name.
    pub(in crate::profile) taken: &'a [String],
    /// What is taken later, by name, with the step that takes it.
    pub(in crate::profile) later: &'a [(String, String)],
}

/// Checks the marks of a text that stands in a place.
pub(in crate::profile) fn check(text: &str, place: Place, known: &Known<'_>) -> ReadValue<()> {
    let template = Template::parse(text);
    for mark in template.marks() {
        known.check(mark)?;
        if let Mark::Column { data, column } = &mark.mark {
            known.check_rows(data, column, place)?;
        }
    }
    let misplaced = match place {
        Place::Json => template.json_within_string(),
        _ => template.marks().find(|mark| mark.is_json),
    };
    misplaced.map_or(Ok(()), |mark| Err(not_a_value(mark, place)))
}

fn not_a_value(mark: &MarkUse, place: Place) -> InvalidValue {
    let wrong = InvalidValue::new(format!(
        "`{{{}}}` can only be a whole value of JSON",
        mark.source
    ));
    let plain = mark.source.trim_end_matches(":json");
    wrong.help(match place {
        Place::Json => format!("let nothing else stand in its string, or write `{{{plain}}}`"),
        _ => format!("write `{{{plain}}}` here"),
    })
}

impl Known<'_> {
    fn check(&self, mark: &MarkUse) -> ReadValue<()> {
        match &mark.mark {
            Mark::Env(_) => Ok(()),
            Mark::Random(low, high) if low > high => Err(InvalidValue::new(format!(
                "`{{{}}}` has its highest number first",
                mark.source
            ))
            .help(format!("write {{random({high},{low})}}"))),
            Mark::Random(..) if self.fixed.iter().any(|name| name.starts_with("random")) => Ok(()),
            Mark::Column { data, column } => self.check_column(mark, data, column),
            Mark::Taken(name) if self.taken.contains(name) => Ok(()),
            Mark::Taken(name) => Err(match self.later.iter().find(|(later, _)| later == name) {
                Some((_, step)) => InvalidValue::new(format!(
                    "`{{{name}}}` is taken by `{step}`, which comes later"
                ))
                .help("a value can be used by the steps behind the one that takes it"),
                None => self.unknown(mark),
            }),
            _ if self.fixed.contains(&plain(mark)) => Ok(()),
            _ => Err(self.unknown(mark)),
        }
    }

    fn check_column(&self, mark: &MarkUse, data: &str, column: &str) -> ReadValue<()> {
        if self.unread.iter().any(|name| name == data) {
            return Ok(());
        }
        let Some(table) = self.tables.iter().find(|table| table.name() == data) else {
            return Err(self.unknown(mark));
        };
        if table.columns().iter().any(|known| known == column) {
            return Ok(());
        }
        let columns: Vec<&str> = table.columns().iter().map(String::as_str).collect();
        let wrong = InvalidValue::new(format!("the data `{data}` has no column `{column}`"));
        Err(wrong.help(match nearest_mark(column, &columns) {
            Some(meant) => format!("did you mean `{{{data}.{meant}}}`?"),
            None => format!("its columns: {}", columns.join(", ")),
        }))
    }

    /// Whether every row has a value that can stand there.
    fn check_rows(&self, data: &str, column: &str, place: Place) -> ReadValue<()> {
        let Some(table) = self.tables.iter().find(|table| table.name() == data) else {
            return Ok(());
        };
        let at = table.columns().iter().position(|known| known == column);
        for (row, value) in at.into_iter().flat_map(|at| table.column(at)).zip(1..) {
            let (value, row): (Option<&serde_json::Value>, usize) = (row, value);
            let wrong = match value.map(|value| (value, value.as_str())) {
                None => Some("has no value"),
                Some((_, Some(text))) if place == Place::Header && !is_header_text(text) => {
                    Some("has characters that no header may have")
                }
                Some((_, Some("." | ".."))) if place == Place::Url => {
                    Some("would lead to another path")
                }
                Some(_) => None,
            };
            if let Some(wrong) = wrong {
                return Err(InvalidValue::new(format!(
                    "row {row} of the data `{data}`: `{column}` {wrong}"
                )));
            }
        }
        Ok(())
    }

    fn unknown(&self, mark: &MarkUse) -> InvalidValue {
        let name = plain(mark);
        let wrong = InvalidValue::new(format!(
            "`{{{}}}` is not filled in here, it would be sent as it stands",
            mark.source
        ));
        let columns = self.tables.iter().flat_map(|table| {
            let named = table.columns().iter();
            named.map(|column| format!("{}.{column}", table.name()))
        });
        let mut all: Vec<String> = self.fixed.iter().map(|&name| name.to_owned()).collect();
        all.extend(columns);
        all.extend(self.taken.iter().cloned());
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        if let Some(meant) = nearest_mark(name, &names) {
            return wrong.help(format!("did you mean `{{{meant}}}`?"));
        }
        let shown: Vec<String> = all.iter().map(|name| format!("{{{name}}}")).collect();
        wrong.help(format!(
            "filled in here: {}, {{env.NAME}}; the text itself is written {{{{{name}}}",
            shown.join(", ")
        ))
    }
}

/// What stands in the braces, without the way in which it is inserted.
fn plain(mark: &MarkUse) -> &str {
    mark.source.strip_suffix(":json").unwrap_or(&mark.source)
}

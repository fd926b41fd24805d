//! The figures that a target reports about itself, and why others are missing.

use serde_json::Value;

use super::polling::{CollectedReading, PartialCounter, ReadFigures, enter};
use crate::client::{json_field, json_number};
use crate::profile::{Field, FigureSource};
use crate::record::figure;
use crate::requirement::Source;

/// Figures that only rise: what is not there before they have counted is 0.
const COUNTERS: [&str; 6] = [
    figure::CACHE_HITS,
    figure::CACHE_MISSES,
    figure::QUERIES,
    figure::FAILED_QUERIES,
    figure::TIMED_QUERIES,
    figure::QUERY_TIME,
];

/// What the documents of one look hold.
#[derive(Default)]
pub(super) struct Found {
    pub(super) figures: ReadFigures,
    pub(super) problems: Vec<String>,
    partial: Vec<PartialCounter>,
    pub(super) unanswered: Vec<String>,
}

impl Found {
    /// Enters a figure, or why it is not known.
    pub(super) fn figure(&mut self, wanted: &FigureSource<Field>, documents: &[Option<Value>]) {
        let name = &wanted.name;
        let mut wrong: Vec<(String, bool)> = Vec::new();
        let mut is_answered = true;
        for field in &wanted.from {
            let Some(Some(document)) = documents.get(field.page) else {
                is_answered = false;
                continue;
            };
            match json_number(document, &field.field) {
                Some(value) if value >= 0.0 => return enter(&mut self.figures, name, Some(value)),
                Some(_) => wrong.push((format!("`{}` is negative", field.field), false)),
                None => {
                    let is_absent = json_field(document, &field.field).is_none();
                    wrong.push((parent_or_self(document, &field.field), is_absent));
                }
            }
        }
        if !is_answered {
            self.unanswered.push(name.clone());
        }
        let is_absent = wrong.iter().all(|(_, is_absent)| *is_absent);
        if !is_answered && is_absent {
            // It may stand on the page that did not answer, which is reported already.
            return;
        }
        let Some((why, _)) = wrong.into_iter().next() else {
            return;
        };
        if is_absent && COUNTERS.contains(&name.as_str()) {
            self.partial.push(PartialCounter {
                figure: name.clone(),
                counted: 0.0,
                lacks: vec![why],
                declaration: (!wanted.absent_is_zero).then(|| {
                    format!("[evidence.target.figures] {name} = {{ fields = [...], absent = 0 }}")
                }),
            });
        } else {
            self.problems.push(why);
        }
    }

    pub(super) fn into_glimpse(self, glimpse: &mut CollectedReading) {
        const SOURCE: Source = Source::Target;
        glimpse.figures.push((SOURCE, self.figures));
        let of_target = |what| (SOURCE, what);
        glimpse
            .problems
            .extend(self.problems.into_iter().map(of_target));
        glimpse
            .unanswered
            .extend(self.unanswered.into_iter().map(|name| (SOURCE, name)));
        glimpse
            .partial
            .extend(self.partial.into_iter().map(|one| (SOURCE, one)));
    }
}

/// What stands in the place of a number, or of the first part of its path that leads nowhere.
fn parent_or_self(document: &Value, path: &str) -> String {
    let mut known = document;
    for (at, _) in path.match_indices('.').chain([(path.len(), "")]) {
        let part = &path[..at];
        match json_field(document, part) {
            None => {
                let within = if matches!(known, Value::Object(fields) if fields.is_empty()) {
                    ", the object around it being empty"
                } else {
                    ""
                };
                return format!("`{part}` is not there{within}");
            }
            Some(found) => known = found,
        }
    }
    format!("`{path}` is {}", kind(known))
}

/// What messages call a value that is not a number.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null or NaN",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text and no number",
        Value::Array(_) => "an array",
        Value::Object(fields) if fields.is_empty() => "an empty object",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(page: usize, field: &str) -> Field {
        Field {
            page,
            field: field.to_owned(),
        }
    }

    fn wanted(name: &str, from: Vec<Field>) -> FigureSource<Field> {
        FigureSource {
            name: name.to_owned(),
            from,
            absent_is_zero: false,
        }
    }

    fn figures_and_problems(document: Value) -> (Vec<(String, f64)>, Vec<String>) {
        let places = vec![field(0, "data.database.rate"), field(0, "database.rate")];
        let mut found = Found::default();
        found.figure(&wanted("cache", places), &[Some(document)]);
        (found.figures.into_iter().collect(), found.problems)
    }

    #[test]
    fn a_counter_that_is_not_there_is_partial_and_one_whose_page_is_silent_unanswered() {
        let both = || vec![field(0, "a.misses"), field(1, "misses")];
        let table = [
            // Partial counters, unanswered figures, problems.
            (
                "cache_misses",
                [Some(json!({"a": {}})), Some(json!({}))],
                [1, 0, 0],
            ),
            ("cache_misses", [Some(json!({"a": {}})), None], [0, 1, 0]),
            ("cpu_percent", [None, Some(json!({}))], [0, 1, 0]),
            (
                "cache_misses",
                [Some(json!({"a": {"misses": -1}})), None],
                [0, 1, 1],
            ),
            ("cache_misses", [None, None], [0, 1, 0]),
            (
                "cache_misses",
                [Some(json!({"a": {"misses": "?"}})), Some(json!({}))],
                [0, 0, 1],
            ),
            (
                "cache_misses",
                [Some(json!({})), Some(json!({"misses": 3}))],
                [0, 0, 0],
            ),
            ("cpu_percent", [Some(json!({})), Some(json!({}))], [0, 0, 1]),
        ];
        for (name, documents, expected) in table {
            let mut found = Found::default();
            found.figure(&wanted(name, both()), &documents);
            let counts = [
                found.partial.len(),
                found.unanswered.len(),
                found.problems.len(),
            ];
            assert_eq!(counts, expected, "{name} in {documents:?}");
        }
    }

    #[test]
    fn whatever_a_target_tells_is_a_number_or_a_problem() {
        let good = [
            json!({"data": {"database": {"rate": 61.5}}}),
            json!({"data": {"database": {"rate": "61.5"}}}),
            json!({"data": {"database": {}}, "database": {"rate": 61.5}}),
            json!({"data": null, "database": {"rate": 61.5}}),
        ];
        for document in good {
            let (figures, missing) = figures_and_problems(document);
            assert_eq!(figures, [("cache".to_owned(), 61.5)]);
            assert!(missing.is_empty(), "{missing:?}");
        }
        let bad = [
            (
                json!({"data": {"database": {}}}),
                "`data.database.rate` is not there, the object around it being empty",
            ),
            (
                json!({"data": {}}),
                "`data.database` is not there, the object around it being empty",
            ),
            (
                json!({"data": {"database": []}}),
                "`data.database.rate` is not there",
            ),
            (
                json!({"data": {"database": {"rate": null}}}),
                "`data.database.rate` is null or NaN",
            ),
            (
                json!({"data": {"database": {"rate": "n/a"}}}),
                "`data.database.rate` is a text and no number",
            ),
            (
                json!({"data": {"database": {"rate": -1}}}),
                "`data.database.rate` is negative",
            ),
            (json!([1]), "`data` is not there"),
        ];
        for (document, expected) in bad {
            let (figures, missing) = figures_and_problems(document);
            assert!(figures.is_empty());
            assert_eq!(missing, [expected]);
        }
    }
}

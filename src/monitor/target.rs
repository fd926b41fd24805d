//! What the target tells of itself, whatever it makes of that.

use serde_json::Value;

use super::rounds::{Figures, Glimpse, Looker, enter};
use crate::client::{ControlClient, json_field, json_number};
use crate::profile::{Field, TargetPages};
use crate::record::EndpointFigures;
use crate::requirement::Source;

/// More endpoints than these are not kept: the slowest are what matters.
const MOST_ENDPOINTS: usize = 200;

/// Looks at the target's own pages.
pub(super) struct TargetLooker {
    client: ControlClient,
    pages: TargetPages,
    /// What it told of its endpoints at the last look that had them.
    pub(super) endpoints: Vec<EndpointFigures>,
}

impl TargetLooker {
    pub(super) fn new(client: ControlClient, pages: TargetPages) -> TargetLooker {
        TargetLooker {
            client,
            pages,
            endpoints: Vec::new(),
        }
    }
}

impl Looker for TargetLooker {
    const SOURCE: Source = Source::Target;

    async fn look(&mut self) -> Result<Glimpse, String> {
        let mut documents = Vec::new();
        let mut glimpse = Glimpse::default();
        for path in &self.pages.paths {
            let asked = self
                .client
                .get_json(path, self.pages.auth, self.pages.timeout);
            let document = asked.await;
            if let Err(error) = &document {
                let shown = path.split('?').next().unwrap_or_default();
                glimpse
                    .problems
                    .push((Source::Target, format!("{shown}: {error}")));
            }
            documents.push(document.ok());
        }
        if documents.iter().all(Option::is_none) {
            return Ok(glimpse);
        }
        let (figures, missing) = figures(&self.pages.figures, &documents);
        glimpse
            .problems
            .extend(missing.map(|what| (Source::Target, what)));
        glimpse.figures.push((Source::Target, figures));
        match self.endpoints_of(&documents) {
            Some(Ok(endpoints)) => self.endpoints = endpoints,
            Some(Err(what)) => glimpse.problems.push((Source::Target, what)),
            None => {}
        }
        Ok(glimpse)
    }
}

impl TargetLooker {
    fn endpoints_of(
        &self,
        documents: &[Option<Value>],
    ) -> Option<Result<Vec<EndpointFigures>, String>> {
        let table = self.pages.endpoints.as_ref()?;
        let document = documents.get(table.at.page)?.as_ref()?;
        let found = json_field(document, &table.at.field);
        let Some(Value::Object(entries)) = found else {
            let kind = found.map_or("not there", kind);
            return Some(Err(format!("`{}` is {kind}", table.at.field)));
        };
        let mut endpoints: Vec<EndpointFigures> = entries
            .iter()
            .map(|(name, entry)| EndpointFigures {
                name: name.clone(),
                mean_ms: json_number(entry, &table.mean),
                p95_ms: json_number(entry, &table.p95),
                requests: json_number(entry, &table.requests),
            })
            .collect();
        let slowness = |one: &EndpointFigures| one.p95_ms.or(one.mean_ms).unwrap_or(-1.0);
        endpoints.sort_by(|a, b| slowness(b).total_cmp(&slowness(a)));
        endpoints.truncate(MOST_ENDPOINTS);
        Some(Ok(endpoints))
    }
}

/// The figures that are told, and one problem for each that is not.
fn figures(
    wanted: &[(String, Vec<Field>)],
    documents: &[Option<Value>],
) -> (Figures, impl Iterator<Item = String>) {
    let mut figures = Figures::new();
    let mut missing = Vec::new();
    for (name, fields) in wanted {
        let told = fields.iter().filter_map(|field| {
            let document = documents.get(field.page)?.as_ref()?;
            Some((field, document))
        });
        let mut why = None;
        for (field, document) in told {
            match json_number(document, &field.field) {
                Some(value) if value >= 0.0 => {
                    enter(&mut figures, name, Some(value));
                    break;
                }
                Some(_) => why = why.or(Some(format!("`{}` is negative", field.field))),
                None => {
                    let kind = parent_or_self(document, &field.field);
                    why = why.or(Some(kind));
                }
            }
        }
        if !figures.contains_key(name) {
            missing.extend(why);
        }
    }
    (figures, missing.into_iter())
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

/// What messages call a value that is no number.
fn kind(value: &Value) -> &'static str {
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

    fn told(document: Value) -> (Vec<(String, f64)>, Vec<String>) {
        let field = |field: &str| Field {
            page: 0,
            field: field.to_owned(),
        };
        let wanted = vec![(
            "cache".to_owned(),
            vec![field("data.database.rate"), field("database.rate")],
        )];
        let documents = [Some(document)];
        let (figures, missing) = figures(&wanted, &documents);
        (figures.into_iter().collect(), missing.collect())
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
            let (figures, missing) = told(document);
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
            let (figures, missing) = told(document);
            assert!(figures.is_empty());
            assert_eq!(missing, [expected]);
        }
    }
}

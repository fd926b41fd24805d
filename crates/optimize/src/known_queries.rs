//! The queries that a known service makes, read from a file.

use serde::Deserialize;
use thiserror::Error;

/// `AgentOS`'s own.
const AGENTOS: &str = include_str!("../fixtures/indexes/agentos.toml");

/// A query that a service is known to make.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownQuery {
    /// The table that it looks into.
    pub table: String,
    /// The columns that it needs.
    pub columns: Vec<String>,
    /// The query, with `$1` for values.
    pub query: String,
    /// When it is asked.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    query: Vec<KnownQuery>,
}

/// A file that is not of this form.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct KnownQueriesError(#[from] toml::de::Error);

/// `AgentOS`'s queries.
///
/// # Panics
/// Never: a test reads the same file.
pub fn agentos() -> Vec<KnownQuery> {
    parse(AGENTOS).expect("the file that is built in is of the form")
}

/// Reads such a file.
///
/// # Errors
/// When it is not of the form.
pub fn parse(text: &str) -> Result<Vec<KnownQuery>, KnownQueriesError> {
    Ok(toml::from_str::<File>(text)?.query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Column, TableFacts};
    use crate::workload::{candidates, uses};

    /// Each query is one that an index could serve, of the columns that it names.
    #[test]
    fn every_query_of_agentos_asks_for_an_index_of_its_columns() {
        for known in agentos() {
            let column = |name: &String| Column {
                name: name.clone(),
                is_ordered: true,
                ..Column::default()
            };
            let table = TableFacts {
                oid: 1,
                schema: "public".to_owned(),
                name: known.table.clone(),
                columns: known.columns.iter().map(column).collect(),
                ..TableFacts::default()
            };
            let used = uses(&known.query, std::slice::from_ref(&table)).expect("a statement");
            let found: Vec<_> = used
                .iter()
                .flat_map(|one| candidates(one, &table, &[]))
                .collect();
            let whole = found.iter().any(|one| {
                let mut columns: Vec<&String> = one.columns.iter().map(|(name, _)| name).collect();
                let mut wanted: Vec<&String> = known.columns.iter().collect();
                columns.sort();
                wanted.sort();
                columns == wanted
            });
            assert!(whole, "{known:?}: {found:?}");
        }
    }

    /// Only these are filtered and ordered by in its code: an index on anything else would never be used.
    #[test]
    fn agentos_is_asked_for_columns_that_its_code_filters_by() {
        let known = agentos();
        let asked: Vec<(&str, Vec<&str>)> = known
            .iter()
            .map(|one| {
                let columns = one.columns.iter().map(String::as_str);
                (one.table.as_str(), columns.collect())
            })
            .collect();
        assert_eq!(
            asked,
            [
                ("agents", vec!["organization_id", "created_at"]),
                (
                    "agents",
                    vec!["organization_id", "type", "is_active_version"]
                ),
            ]
        );
    }

    #[test]
    fn what_is_not_of_the_form_is_told() {
        for text in [
            "",
            "[[query]]\ntable = \"a\"",
            "[[query]]\ntable = 1",
            "nonsense",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! What the planner is to be asked: the costly statements, foreign keys, and what a known service is known to ask.

use crate::facts::{Facts, ForeignKey, TableFacts};
use crate::known_queries::KnownQuery;
use crate::name::quoted;
use crate::planner_query::PlannerQuery;

/// As many of the costly statements.
const MOST: usize = 40;

/// The queries, those with counted costs first.
pub fn planner_queries(facts: &Facts, known: &[KnownQuery]) -> Vec<PlannerQuery> {
    let statements = facts.statements.iter().flatten().take(MOST);
    let mut all: Vec<PlannerQuery> = statements
        .map(|statement| PlannerQuery {
            text: statement.text.clone(),
            total_ms: Some(statement.total_ms),
            calls: statement.calls,
            whose: None,
        })
        .collect();
    // A key that points to a partitioned table is there once for each partition.
    let mut keys: Vec<&ForeignKey> = Vec::new();
    for key in &facts.foreign_keys {
        let is_same =
            |other: &&ForeignKey| other.table == key.table && other.columns == key.columns;
        if !keys.iter().any(is_same) {
            keys.push(key);
        }
    }
    all.extend(keys.into_iter().filter_map(|key| of_key(key, facts)));
    let known = known.iter().filter(|one| is_there(one, facts));
    all.extend(known.map(|one| PlannerQuery {
        text: one.query.clone(),
        total_ms: None,
        calls: 0.0,
        whose: Some(one.why.clone()),
    }));
    all
}

/// What the server asks itself when a row that is pointed to goes away.
fn of_key(key: &ForeignKey, facts: &Facts) -> Option<PlannerQuery> {
    let (table, referenced) = (facts.table(key.table)?, facts.table(key.referenced)?);
    let conditions = key.columns.iter().enumerate();
    let conditions: Vec<String> = conditions
        .map(|(place, column)| format!("{} = ${}", quoted(column), place + 1))
        .collect();
    let verb = if key.cascades {
        "also deletes or changes its rows here"
    } else {
        "is refused while rows here reference it"
    };
    Some(PlannerQuery {
        text: format!(
            "SELECT 1 FROM {} WHERE {}",
            table.sql(),
            conditions.join(" AND ")
        ),
        total_ms: None,
        calls: 0.0,
        whose: Some(format!(
            "foreign key {}: deleting a row of {} {verb}, so the server searches for them",
            key.name,
            referenced.shown()
        )),
    })
}

fn is_there(known: &KnownQuery, facts: &Facts) -> bool {
    let has = |table: &TableFacts| {
        known
            .columns
            .iter()
            .all(|name| table.column(name).is_some())
    };
    let mut same = facts
        .tables
        .iter()
        .filter(|table| table.name == known.table);
    same.any(has)
}

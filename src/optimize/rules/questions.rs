//! What the planner is to be asked: the costly statements, foreign keys, and what a known service is known to ask.

use crate::optimize::curated::Known;
use crate::optimize::facts::{Facts, ForeignKey, Table};
use crate::optimize::name::quoted;
use crate::optimize::question::Question;

/// As many of the costly statements.
const MOST: usize = 40;

/// The questions, those with counted costs first.
pub fn questions(facts: &Facts, known: &[Known]) -> Vec<Question> {
    let statements = facts.statements.iter().flatten().take(MOST);
    let mut all: Vec<Question> = statements
        .map(|statement| Question {
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
    all.extend(known.map(|one| Question {
        text: one.query.clone(),
        total_ms: None,
        calls: 0.0,
        whose: Some(one.why.clone()),
    }));
    all
}

/// What the server asks itself when a row that is pointed to goes away.
fn of_key(key: &ForeignKey, facts: &Facts) -> Option<Question> {
    let (table, referenced) = (facts.table(key.table)?, facts.table(key.referenced)?);
    let conditions = key.columns.iter().enumerate();
    let conditions: Vec<String> = conditions
        .map(|(place, column)| format!("{} = ${}", quoted(column), place + 1))
        .collect();
    let verb = if key.cascades {
        "takes its rows here along"
    } else {
        "is refused while rows here point to it"
    };
    Some(Question {
        text: format!(
            "SELECT 1 FROM {} WHERE {}",
            table.sql(),
            conditions.join(" AND ")
        ),
        total_ms: None,
        calls: 0.0,
        whose: Some(format!(
            "foreign key {}: a row deleted from {} {verb}, and the server has to look for them",
            key.name,
            referenced.shown()
        )),
    })
}

fn is_there(known: &Known, facts: &Facts) -> bool {
    let has = |table: &Table| {
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

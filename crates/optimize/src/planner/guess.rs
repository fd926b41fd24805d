//! Without hypothetical indexes: a rule of thumb.

use super::choose::{MOST, OpenQuery};
use crate::facts::{Facts, TableFacts};
use crate::planner_query::Advice;
use crate::workload::Candidate;

/// Without the planner's word, only a value that few rows have is a reason.
const FEW_ROWS: f64 = 0.05;

/// Without the planner's word: the first candidate of a table that is read from end to end for few of its rows.
pub(super) fn unproved(open: &[OpenQuery], facts: &Facts) -> Vec<Advice> {
    let mut found: Vec<Advice> = Vec::new();
    for one in open {
        let fit = one.candidates.iter().find(|candidate| {
            facts.table(candidate.table).is_some_and(|table| {
                one.before.scanned.contains(&table.name) && is_selective(candidate, table)
            })
        });
        let Some(candidate) = fit else { continue };
        // Of two, of which one begins with the other's columns, the longer one stands for both.
        if let Some(longer) = found
            .iter_mut()
            .find(|other| candidate.is_begun_by(&other.candidate))
        {
            longer.serves.push((one.at, None));
            continue;
        }
        let shorter = found.extract_if(.., |other| other.candidate.is_begun_by(candidate));
        let mut serves: Vec<_> = shorter.flat_map(|other| other.serves).collect();
        serves.push((one.at, None));
        let advice = Advice {
            candidate: candidate.clone(),
            bytes: None,
            serves,
        };
        found.push(advice);
    }
    found.truncate(MOST);
    found
}

fn is_selective(candidate: &Candidate, table: &TableFacts) -> bool {
    let first = candidate.columns.first();
    let column = first.and_then(|(name, _)| table.column(name));
    candidate.free > 0
        && column
            .and_then(|column| column.selectivity(table.rows()?))
            .is_some_and(|share| share < FEW_ROWS)
}

//! Figures of the whole.

use crate::connection::excerpt::excerpts;
use crate::facts::{Facts, StatementFacts};
use crate::plan::{Overview, StatementLine, TableLine};

const MOST_TABLES: usize = 10;
/// By time in all, by time of each call and by blocks read.
const MOST_STATEMENTS: [usize; 3] = [8, 3, 3];
/// As much of a statement is shown.
pub(super) const LONGEST: usize = 120;

pub(super) fn overview(facts: &Facts) -> Overview {
    let mut tables: Vec<TableLine> = facts
        .tables
        .iter()
        .map(|table| TableLine {
            name: table.shown(),
            rows: table.rows(),
            bytes: table.heap_bytes,
            index_bytes: facts.indexes_of(table.oid).map(|index| index.bytes).sum(),
            seq_scans: table.seq_scans,
            index_scans: table.index_scans,
            dead: facts.dead_share(table).map(|share| 100.0 * share),
        })
        .collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes + table.index_bytes));
    tables.truncate(MOST_TABLES);
    Overview {
        bytes: facts.server.bytes,
        hit_ratio: facts.counters.hit_ratio(),
        tables,
        statements: facts.statements.as_deref().map(costly),
    }
}

fn costly(statements: &[StatementFacts]) -> Vec<StatementLine> {
    let all: f64 = statements.iter().map(|one| one.total_ms).sum();
    let orders: [fn(&StatementFacts) -> f64; 3] = [
        |one| one.total_ms,
        StatementFacts::mean_ms,
        |one| one.blocks_read,
    ];
    let mut chosen: Vec<&StatementFacts> = Vec::new();
    for (of, most) in orders.into_iter().zip(MOST_STATEMENTS) {
        let mut sorted: Vec<&StatementFacts> =
            statements.iter().filter(|one| of(one) > 0.0).collect();
        sorted.sort_by(|a, b| of(b).total_cmp(&of(a)));
        for one in sorted.into_iter().take(most) {
            if !chosen.iter().any(|other| other.id == one.id) {
                chosen.push(one);
            }
        }
    }
    chosen.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    let texts: Vec<&str> = chosen.iter().map(|one| one.text.as_str()).collect();
    let line = |(one, text): (&&StatementFacts, String)| StatementLine {
        id: one.id.clone(),
        text,
        calls: one.calls,
        total_ms: one.total_ms,
        mean_ms: one.mean_ms(),
        blocks_read: one.blocks_read,
        share: 100.0 * one.total_ms / all.max(1e-9),
    };
    let texts = excerpts(&texts, LONGEST);
    chosen.iter().zip(texts).map(line).collect()
}

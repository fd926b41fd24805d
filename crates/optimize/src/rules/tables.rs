//! Tables to vacuum or analyze, and space that is empty.

use super::bloat;
use super::format::{bytes, number, span};
use crate::facts::{Facts, Index, TableFacts};
use crate::plan::{ChangeKind, Finding, OptimizerPlan, Proof, Proposal, Risk};

/// Dead rows beyond this share of all are past what autovacuum lets grow by default.
const MOST_DEAD: f64 = 0.2;
/// The same of rows that changed since the last look.
const MOST_CHANGED: f64 = 0.2;
/// Fewer rows do not matter.
const LEAST_ROWS: f64 = 1_000.0;
/// The same where rows were not counted, in bytes.
const LEAST_UNCOUNTED: u64 = 1 << 20;
/// Below this, empty space does not matter.
const LEAST_BYTES: u64 = 10 << 20;
/// Half of it empty is far more than a table needs to breathe.
const MOST_EMPTY: f64 = 0.5;

pub(super) fn propose(facts: &Facts, plan: &mut OptimizerPlan) {
    for table in &facts.tables {
        if table.no_autovacuum {
            plan.findings.push(Finding::new(
                format!("autovacuum is off for {}", table.shown()),
                format!(
                    "ALTER TABLE {} RESET (autovacuum_enabled), unless something else vacuums it",
                    table.sql()
                ),
            ));
        }
        let dead = facts.dead_share(table).filter(|share| *share > MOST_DEAD);
        if let Some(share) = dead.filter(|_| table.dead >= LEAST_ROWS) {
            plan.proposals.push(vacuum(table, share));
        } else if let Some(why) = unanalyzed(table) {
            plan.proposals.push(analyze(table, why));
        } else {
            spacious(table, plan);
        }
    }
    for index in facts
        .indexes
        .iter()
        // The server builds no exclusion constraint's anew without making others wait.
        .filter(|index| index.is_valid && !index.is_exclusion && index.bytes >= LEAST_BYTES)
    {
        let Some(table) = facts.table(index.table) else {
            continue;
        };
        // What is to be dropped is not built anew before.
        let object = index.sql();
        if plan.proposals.iter().any(|one| one.object == object) {
            continue;
        }
        if let Some(empty) = bloat::of_index(index, table).filter(|empty| *empty > MOST_EMPTY) {
            plan.proposals.push(rebuild(index, table, empty));
        }
    }
}

fn rebuild(index: &Index, table: &TableFacts, empty: f64) -> Proposal {
    Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::Reindex,
        object: index.sql(),
        table: Some(table.sql()),
        what: format!("rebuild index {}", index.shown()),
        why: vec![format!(
            "about {:.0} % of its {} is empty, judging by the width of its columns",
            100.0 * empty,
            bytes(index.bytes)
        )],
        sql: vec![format!("REINDEX INDEX CONCURRENTLY {}", index.sql())],
        undo: Vec::new(),
        risk: Risk::Medium,
        price: "the same space again while it is built; blocks no writes".to_owned(),
        gain: format!("about {}", bytes((index.bytes as f64 * empty) as u64)),
        proof: Proof::Estimate,
        role: None,
    }
}

fn vacuum(table: &TableFacts, share: f64) -> Proposal {
    // Not "never": a reset forgets it.
    let last = table.vacuumed_s.map_or_else(
        || "no vacuum of it is recorded".to_owned(),
        |ago| format!("it was last vacuumed {} ago", span(ago)),
    );
    let share = 100.0 * share;
    Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::Vacuum,
        object: table.sql(),
        table: None,
        what: format!("vacuum {}", table.shown()),
        why: vec![format!(
            "{} rows are dead ({share:.0} %); {last}",
            number(table.dead)
        )],
        sql: vec![format!("VACUUM (ANALYZE) {}", table.sql())],
        undo: Vec::new(),
        risk: Risk::Low,
        price: format!("reads {}; blocks no writes", bytes(table.heap_bytes)),
        gain: "scans read fewer rows, and the planner's statistics are up to date".to_owned(),
        proof: Proof::Counted,
        role: None,
    }
}

fn unanalyzed(table: &TableFacts) -> Option<String> {
    let is_large = match table.rows() {
        Some(rows) => rows >= LEAST_ROWS,
        None => table.heap_bytes >= LEAST_UNCOUNTED,
    };
    // Neither may be known of a table that was analysed before a reset, and whose statistics the role may not see.
    let has_none = table.has_statistics == Some(false)
        || (table.has_statistics.is_none()
            && table.planner_rows.is_none()
            && table.analyzed_s.is_none());
    if is_large && has_none {
        return Some("it has no statistics, so the planner guesses".to_owned());
    }
    let rows = table.rows().filter(|_| is_large)?;
    let since = table.analyzed_s.map_or_else(
        || "counters were reset".to_owned(),
        |ago| format!("it was last analyzed, {} ago", span(ago)),
    );
    (table.changed >= LEAST_ROWS && table.changed > MOST_CHANGED * rows).then(|| {
        format!(
            "{} rows changed since {since}, and it has {}",
            number(table.changed),
            number(rows),
        )
    })
}

fn analyze(table: &TableFacts, why: String) -> Proposal {
    Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::Analyze,
        object: table.sql(),
        table: None,
        what: format!("analyze {}", table.shown()),
        why: vec![why],
        sql: vec![format!("ANALYZE {}", table.sql())],
        undo: Vec::new(),
        risk: Risk::Low,
        price: "reads a sample of its rows; blocks no writes".to_owned(),
        gain: "plans that fit the current rows".to_owned(),
        proof: Proof::Counted,
        role: None,
    }
}

fn spacious(table: &TableFacts, plan: &mut OptimizerPlan) {
    let empty = bloat::of_table(table).filter(|empty| *empty > MOST_EMPTY);
    if let Some(empty) = empty.filter(|_| table.heap_bytes >= LEAST_BYTES) {
        plan.findings.push(Finding::new(
            format!(
                "about {:.0} % of {}'s {} is empty, judging by the width of its columns",
                100.0 * empty,
                table.shown(),
                bytes(table.heap_bytes)
            ),
            "new rows will fill it; if sequential scans are slow, pg_repack frees the space while the service \
             runs (VACUUM FULL locks the table meanwhile)",
        ));
    }
}

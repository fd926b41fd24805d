//! Indexes to drop: invalid, duplicate, redundant or unused ones.

use super::RuleThresholds;
use super::format::{bytes, number, span};
use crate::facts::{Facts, Index, TableFacts};
use crate::name::{dropping, literal};
use crate::plan::{ChangeKind, Finding, OptimizerPlan, Proof, Proposal, Risk};

/// A smaller one that is unused costs next to nothing.
const SMALLEST: u64 = 1 << 20;
/// An index of a few pages is that of a table with hardly a row: dropping it gains nothing that could be measured, and
/// whether queries need it can't be known yet.
const FEW_PAGES: u64 = 64 << 10;
/// As many indexes are named in a finding.
const NAMED: usize = 5;

pub(super) fn propose(facts: &Facts, rules: RuleThresholds, plan: &mut OptimizerPlan) {
    let mut gone: Vec<u32> = Vec::new();
    for index in facts
        .indexes
        .iter()
        .filter(|index| !index.is_valid && !index.is_building)
    {
        gone.push(index.oid);
        if !is_built_anew(index, plan) {
            broken(facts, index, plan);
        }
    }
    // Those that another one was dropped for have its work to do.
    let mut stays: Vec<u32> = Vec::new();
    let mut small: Vec<String> = Vec::new();
    for index in facts.indexes.iter().filter(|index| is_droppable(index)) {
        let others = facts.indexes_of(index.table);
        let mut others = others
            .filter(|other| other.oid != index.oid && other.is_valid && !gone.contains(&other.oid));
        let found = others.find_map(|other| redundant(index, other).map(|found| (other, found)));
        if let Some((other, (why, risk))) = found.filter(|_| !stays.contains(&index.oid)) {
            gone.push(index.oid);
            stays.push(other.oid);
            if index.bytes >= FEW_PAGES {
                plan.proposals.push(drop(facts, index, vec![why], risk));
            } else if risk == Risk::Low {
                small.push(format!("{} (of {})", index.shown(), other.name));
            }
        }
    }
    if !small.is_empty() {
        plan.findings.push(Finding::new(
            format!("duplicate indexes that are nearly empty: {}", named(&small)),
            "dropping them now gains nothing, but they will grow with their tables: leave them out of the schema",
        ));
    }
    let mut unused: Vec<&Index> = Vec::new();
    for index in facts.indexes.iter().filter(|index| is_droppable(index)) {
        // The server's own look-ups, when a row that is pointed to goes away, are not counted.
        let is_used = index.scans > 0.0
            || index.is_unique
            || stays.contains(&index.oid)
            || facts.is_last_of_a_key(index);
        if !is_used && !gone.contains(&index.oid) && index.bytes >= SMALLEST {
            unused.push(index);
        }
    }
    propose_unused(facts, &unused, rules, plan);
}

/// The first few, and how many more there are.
fn named(names: &[String]) -> String {
    let first = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Why an index is of no use beside another one.
fn redundant(index: &Index, other: &Index) -> Option<(String, Risk)> {
    if is_double(index, other) {
        let why = format!("{} has the same columns in the same order", other.name);
        return Some((why, Risk::Low));
    }
    stands_for(other, index).then(|| {
        let why = format!(
            "{} begins with the same columns, and can serve every query that uses this one ({} index scans \
             counted); it \
             is {}, and this one {}",
            other.name,
            number(index.scans),
            bytes(other.bytes),
            bytes(index.bytes)
        );
        (why, Risk::High)
    })
}

/// Whether nothing rests on it.
fn is_droppable(index: &Index) -> bool {
    index.is_valid && !index.is_needed
}

/// Whether what is to be created takes its name, and drops it before.
fn is_built_anew(index: &Index, plan: &OptimizerPlan) -> bool {
    let mut created = plan.proposals.iter();
    created.any(|one| one.kind == ChangeKind::CreateIndex && one.object == index.sql())
}

fn broken(facts: &Facts, index: &Index, plan: &mut OptimizerPlan) {
    let why = "it is invalid, left behind by a failed build: every write maintains it, and no query can use it";
    if index.is_needed {
        plan.findings.push(Finding::new(
            format!("index {} is invalid", index.shown()),
            "a constraint, a replica identity or an extension depends on it: rebuild it with REINDEX INDEX \
             CONCURRENTLY",
        ));
        return;
    }
    if facts.server.is_replica {
        // What is built on the primary is invalid here until it is done, and its progress is not shown here.
        plan.findings.push(Finding::new(
            format!("index {} is invalid", index.shown()),
            "this is a standby: the primary may be building it. Run this on the primary, which shows what is \
             being built",
        ));
        return;
    }
    plan.proposals.push(Proposal {
        // It is not missed, and a build of it has failed before.
        undo: Vec::new(),
        price: "none: no query can use it".to_owned(),
        ..drop(
            facts,
            index,
            vec![
                why.to_owned(),
                format!("its definition: {}", index.definition),
            ],
            Risk::Medium,
        )
    });
}

/// Drops those that were not used for long enough, and names the others.
fn propose_unused(
    facts: &Facts,
    unused: &[&Index],
    rules: RuleThresholds,
    plan: &mut OptimizerPlan,
) {
    if unused.is_empty() {
        return;
    }
    let names: Vec<String> = unused.iter().map(|index| index.shown()).collect();
    let size = bytes(unused.iter().map(|index| index.bytes).sum());
    let mut tell = |why: String, advice: String| {
        let what = format!(
            "indexes without an index scan ({size}): {}; {why}",
            named(&names)
        );
        plan.findings.push(Finding::new(what, advice));
    };
    let enough = span(rules.unused_after_s);
    let counted = match facts.counted_s() {
        _ if facts.server.is_replica => {
            return tell(
                "a standby counts only its own queries".to_owned(),
                "the primary or another standby may use them: run this on each of them before you drop one".to_owned(),
            );
        }
        None => {
            return tell(
                "it is not known since when index scans are counted".to_owned(),
                format!("note idx_scan of pg_stat_user_indexes now, and again in {enough}"),
            );
        }
        Some(counted) if counted < rules.unused_after_s => {
            return tell(
                format!("index scans have been counted for {}", span(counted)),
                format!("run this again once they have been counted for {enough}"),
            );
        }
        Some(counted) => counted,
    };
    for index in unused {
        let why = format!(
            "no index scan in the {} counted; a standby may use it, or a job that runs less often, and an index \
             that was \
             built recently looks the same",
            span(counted)
        );
        plan.proposals
            .push(drop(facts, index, vec![why], Risk::High));
    }
}

fn drop(facts: &Facts, index: &Index, why: Vec<String>, risk: Risk) -> Proposal {
    let mut undo = vec![again(&index.definition)];
    if let Some(comment) = &index.comment {
        undo.push(format!(
            "COMMENT ON INDEX {} IS {}",
            index.sql(),
            literal(comment)
        ));
    }
    let table = facts.table(index.table);
    let shown = table.map_or_else(String::new, |table| format!(" on {}", table.shown()));
    Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::DropIndex,
        object: index.sql(),
        table: table.map(TableFacts::sql),
        what: format!("drop index {}{shown}", index.name),
        why,
        sql: vec![dropping(&index.sql())],
        undo,
        risk,
        price: "it must be rebuilt if a query needs it after all".to_owned(),
        gain: format!(
            "{} and its share of every write to the table",
            bytes(index.bytes)
        ),
        proof: Proof::Counted,
        role: None,
    }
}

/// The statement that made it, without making others wait.
fn again(definition: &str) -> String {
    for (plain, concurrently) in [
        ("CREATE INDEX ", "CREATE INDEX CONCURRENTLY IF NOT EXISTS "),
        (
            "CREATE UNIQUE INDEX ",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ",
        ),
    ] {
        if let Some(rest) = definition.strip_prefix(plain) {
            return format!("{concurrently}{rest}");
        }
    }
    definition.to_owned()
}

/// Whether `other` is the same, and the one to stay: what is needed stays, then what keeps rows apart, then the older.
/// What keeps rows apart is a duplicate only of what keeps the same rows apart, and at once.
fn is_double(index: &Index, other: &Index) -> bool {
    let keeps_apart = other.is_unique
        && other.is_nulls_equal == index.is_nulls_equal
        && other.is_deferrable <= index.is_deferrable;
    let same = (keeps_apart || !index.is_unique)
        && index.method == other.method
        && index.options == other.options
        && index.columns == other.columns
        && index.order == other.order
        && index.included == other.included
        && index.expressions == other.expressions
        && index.predicate == other.predicate;
    let rank = |one: &Index| (!one.is_needed, !one.is_unique, one.oid);
    same && rank(other) < rank(index)
}

/// Whether every query that `index` serves could use `other`, which has more columns.
fn stands_for(other: &Index, index: &Index) -> bool {
    let count = index.columns.len();
    let plain =
        |one: &Index| one.method == "btree" && one.expressions.is_none() && one.predicate.is_none();
    !index.is_unique
        && plain(index)
        && plain(other)
        && other.columns.len() > count
        && other.columns[..count] == index.columns
        && other.order.len() > count
        && other.order[..count] == index.order
        && index.included.iter().all(|name| {
            other.included.contains(name) || other.columns.contains(&Some(name.clone()))
        })
}

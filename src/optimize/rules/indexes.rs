//! Indexes that are no use: broken ones, doubles, those that another one stands for, those that nobody uses.

use super::Rules;
use super::words::{bytes, number, span};
use crate::optimize::facts::{Facts, Index, Table};
use crate::optimize::name::{dropping, literal};
use crate::optimize::plan::{Finding, Kind, Plan, Proof, Proposal, Risk};

/// A smaller one is no matter.
const SMALLEST: u64 = 1 << 20;

pub(super) fn propose(facts: &Facts, rules: Rules, plan: &mut Plan) {
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
    for index in facts.indexes.iter().filter(|index| is_droppable(index)) {
        let others = facts.indexes_of(index.table);
        let mut others = others
            .filter(|other| other.oid != index.oid && other.is_valid && !gone.contains(&other.oid));
        let found = others.find_map(|other| redundant(index, other).map(|found| (other, found)));
        if let Some((other, (why, risk))) = found.filter(|_| !stays.contains(&index.oid)) {
            gone.push(index.oid);
            stays.push(other.oid);
            plan.proposals.push(drop(facts, index, vec![why], risk));
        }
    }
    for index in facts.indexes.iter().filter(|index| is_droppable(index)) {
        // Nobody counts what the server itself looks for when a row that is pointed to goes away.
        let is_used = index.scans > 0.0
            || index.is_unique
            || stays.contains(&index.oid)
            || facts.is_last_of_a_key(index);
        if !is_used && !gone.contains(&index.oid) && index.bytes >= SMALLEST {
            unused(facts, index, rules, plan);
        }
    }
}

/// Why an index is no use beside another one.
fn redundant(index: &Index, other: &Index) -> Option<(String, Risk)> {
    if is_double(index, other) {
        let why = format!("{} is of the same columns in the same order", other.name);
        return Some((why, Risk::Low));
    }
    stands_for(other, index).then(|| {
        let why = format!(
            "{} begins with the same columns, and stands for it wherever it is used ({} times so far); it is {}, and \
             this one {}",
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

/// Whether what is to be created takes its name, and sweeps it away before.
fn is_built_anew(index: &Index, plan: &Plan) -> bool {
    let mut created = plan.proposals.iter();
    created.any(|one| one.kind == Kind::CreateIndex && one.object == index.sql())
}

fn broken(facts: &Facts, index: &Index, plan: &mut Plan) {
    let why = "it is invalid, as one is left by a build that failed: every write keeps it, and no query may use it";
    if index.is_needed {
        plan.findings.push(Finding::new(
            format!("index {} is invalid", index.name),
            "something rests on it: REINDEX INDEX CONCURRENTLY builds it anew",
        ));
        return;
    }
    plan.proposals.push(Proposal {
        // Nobody misses it, and a build of it has failed before.
        undo: Vec::new(),
        price: "nothing: no query could use it".to_owned(),
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

fn unused(facts: &Facts, index: &Index, rules: Rules, plan: &mut Plan) {
    let counted = facts.server.counted_s.unwrap_or(0.0);
    if counted < rules.unused_after_s {
        plan.findings.push(Finding::new(
            format!(
                "index {} ({}) was not used in the {} that have been counted",
                index.name,
                bytes(index.bytes),
                span(counted)
            ),
            format!(
                "look again when {} have been counted",
                span(rules.unused_after_s)
            ),
        ));
        return;
    }
    let why = format!(
        "it was not used in the {} that have been counted; a replica may use it, a job may that runs more seldom, and one \
         that was built only lately looks the same",
        span(counted)
    );
    plan.proposals
        .push(drop(facts, index, vec![why], Risk::High));
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
        kind: Kind::DropIndex,
        object: index.sql(),
        table: table.map(Table::sql),
        what: format!("drop index {}{shown}", index.name),
        why,
        sql: vec![dropping(&index.sql())],
        undo,
        risk,
        price: "it has to be built again if somebody needs it after all".to_owned(),
        gain: format!(
            "{} and its part of every write to the table",
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
/// What keeps rows apart is no double but of what keeps the same rows apart, and at once.
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

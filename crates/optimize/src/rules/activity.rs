//! What is to be known of the moment and of the counters.

use super::format::{bytes, number, span};
use crate::facts::{Facts, ServerFacts};
use crate::plan::{Finding, OptimizerPlan};

/// `AgentOS`'s target, and a usual one.
const LEAST_HITS: f64 = 95.0;
/// A transaction that is open for longer keeps dead rows from being swept.
const LONG_S: f64 = 300.0;
/// More connections leave no room for a burst.
const MOST_USED: f64 = 0.8;
/// Temporary files of this size do not matter.
const LEAST_TEMP: f64 = (1_u64 << 30) as f64;

pub(super) fn tell(facts: &Facts, plan: &mut OptimizerPlan) {
    server(facts, plan);
    transactions(facts, plan);
    connections(facts, plan);
}

/// Its version and its counters.
fn server(facts: &Facts, plan: &mut OptimizerPlan) {
    let mut tell = |what: String, advice: &str| plan.findings.push(Finding::new(what, advice));
    if facts.server.major() < ServerFacts::OLDEST_MAJOR {
        tell(
            format!(
                "PostgreSQL {} is older than version 13, the oldest one supported here",
                facts.server.version_name
            ),
            "it no longer gets security fixes: upgrade it",
        );
    }
    let counters = &facts.counters;
    if let Some(hits) = counters.hit_ratio().filter(|hits| *hits < LEAST_HITS) {
        tell(
            format!(
                "{hits:.1} % of blocks were found in shared buffers; the target is {LEAST_HITS} %"
            ),
            "add missing indexes first; then raise shared_buffers, or add memory",
        );
    }
    if counters.temp_bytes >= LEAST_TEMP {
        tell(
            format!(
                "sorts and joins wrote {} to {} temporary files",
                bytes(counters.temp_bytes as u64),
                number(counters.temp_files)
            ),
            "raise work_mem for the statements that write them (temp_blks_written in pg_stat_statements)",
        );
    }
    if counters.deadlocks > 0.0 {
        tell(
            format!("{} deadlocks", number(counters.deadlocks)),
            "take locks in the same order in every transaction; the server's log names the statements",
        );
    }
}

/// Transactions that are open for long, and those that wait.
fn transactions(facts: &Facts, plan: &mut OptimizerPlan) {
    let mut tell = |what: String, advice: &str| plan.findings.push(Finding::new(what, advice));
    for one in facts.transactions.iter().filter(|one| one.open_s >= LONG_S) {
        tell(
            format!(
                "a transaction has been open for {} (process {}, {}, {})",
                span(one.open_s),
                one.pid,
                one.state.as_deref().unwrap_or("state unknown"),
                one.application
                    .as_deref()
                    .filter(|name| !name.is_empty())
                    .unwrap_or("no application name")
            ),
            "rows that died since then cannot be vacuumed anywhere in the database: end it, and set \
             idle_in_transaction_session_timeout",
        );
    }
    for wait in &facts.waits {
        let by: Vec<String> = wait.blocked_by.iter().map(ToString::to_string).collect();
        tell(
            format!(
                "process {} has waited for a lock for {}, held by {}",
                wait.pid,
                span(wait.waits_s),
                by.join(", ")
            ),
            "see in pg_stat_activity what the holders are doing; CREATE INDEX CONCURRENTLY would wait for them too",
        );
    }
}

fn connections(facts: &Facts, plan: &mut OptimizerPlan) {
    let connections = facts.connections;
    if f64::from(connections.used) > MOST_USED * f64::from(connections.most) && connections.most > 0
    {
        plan.findings.push(Finding::new(
            format!(
                "{} of {} connections are in use, {} of them idle in a transaction",
                connections.used, connections.most, connections.idle_in_transaction
            ),
            "use a connection pooler such as PgBouncer",
        ));
    }
}

//! The server's settings against its machine's memory.

use super::format::bytes;
use crate::facts::{Facts, Setting};
use crate::name::literal;
use crate::plan::{ChangeKind, Finding, OptimizerPlan, Proof, Proposal, Risk};

/// PostgreSQL's documentation ("Resource Consumption") calls a quarter of the memory a reasonable start.
const BUFFERS: f64 = 0.25;
/// Beyond this from that start it is worth telling.
const FEW_BUFFERS: f64 = 0.15;
/// More leaves the system's own cache too little.
const MANY_BUFFERS: f64 = 0.5;
/// What the planner may think is cached: half to three quarters of the memory.
const CACHE: f64 = 0.75;
const LITTLE_CACHE: f64 = 0.5;
/// Every connection may take its share of sorting at once; beyond this they may use up the memory.
const MOST_WORK: f64 = 0.5;
/// As the server calls it.
const COMMAND_LINE: &str = "command line";
/// A machine with less is not a server.
const LEAST_MEMORY: u64 = 1 << 30;

pub(super) fn propose(facts: &Facts, plan: &mut OptimizerPlan) {
    switches(facts, plan);
    if let Some(memory) = facts.memory.filter(|memory| *memory >= LEAST_MEMORY) {
        buffers(facts, memory, plan);
        cache(facts, memory, plan);
        work(facts, memory, plan);
    } else if facts.memory.is_none() {
        plan.unseen.push(
            "the memory of the database's machine: give --server-memory to have settings checked against it"
                .to_owned(),
        );
    }
    random(facts, plan);
}

fn switches(facts: &Facts, plan: &mut OptimizerPlan) {
    for name in ["autovacuum", "track_counts"] {
        if let Some(setting) = facts.setting(name).filter(|setting| setting.is_off()) {
            let why = "dead rows are not vacuumed, and the planner's statistics become outdated";
            set(facts, setting, "on", why, Risk::Low, plan);
        }
    }
    for name in ["fsync", "full_page_writes"] {
        if facts.setting(name).is_some_and(Setting::is_off) {
            plan.findings.push(Finding::new(
                format!("{name} is off"),
                "a crash of the machine can corrupt the database; use it only for data that may be lost",
            ));
        }
    }
}

fn buffers(facts: &Facts, memory: u64, plan: &mut OptimizerPlan) {
    let Some((setting, size)) = sized(facts, "shared_buffers") else {
        return;
    };
    let share = size as f64 / memory as f64;
    // Who has all its data in the buffers needs no more.
    let is_enough = facts.server.bytes.is_some_and(|bytes| bytes < size);
    if share < FEW_BUFFERS && !is_enough {
        let wanted = megabytes(memory as f64 * BUFFERS);
        let why = format!(
            "it is {}, {:.0} % of the machine's {}",
            bytes(size),
            100.0 * share,
            bytes(memory)
        );
        set(facts, setting, &wanted, &why, Risk::High, plan);
    } else if share > MANY_BUFFERS {
        plan.findings.push(Finding::new(
            format!(
                "shared_buffers is {:.0} % of the machine's memory",
                100.0 * share
            ),
            "above one half, too little is left for the system's cache and the connections",
        ));
    }
}

fn cache(facts: &Facts, memory: u64, plan: &mut OptimizerPlan) {
    let Some((setting, size)) = sized(facts, "effective_cache_size") else {
        return;
    };
    let share = size as f64 / memory as f64;
    // A database that it covers anyway gains nothing by more.
    let is_enough = share < LITTLE_CACHE && facts.server.bytes.is_some_and(|bytes| bytes < size);
    if !(LITTLE_CACHE..=1.0).contains(&share) && !is_enough {
        let wanted = megabytes(memory as f64 * CACHE);
        let why = format!(
            "the planner assumes {} of cache on a machine with {}; the setting reserves no memory, and affects \
             the estimated cost of index scans",
            bytes(size),
            bytes(memory)
        );
        set(facts, setting, &wanted, &why, Risk::High, plan);
    }
}

fn work(facts: &Facts, memory: u64, plan: &mut OptimizerPlan) {
    let Some((_, size)) = sized(facts, "work_mem") else {
        return;
    };
    let most = size as f64 * f64::from(facts.connections.most);
    if most > MOST_WORK * memory as f64 {
        plan.findings.push(Finding::new(
            format!(
                "work_mem × max_connections is {} on a machine with {}",
                bytes(most as u64),
                bytes(memory)
            ),
            "if many connections sort at once, the memory runs out: lower one of them, or use a connection pooler",
        ));
    }
}

/// Where the data lie in memory, reading here and there costs no more than reading on.
fn random(facts: &Facts, plan: &mut OptimizerPlan) {
    let is_default = facts
        .setting("random_page_cost")
        .and_then(Setting::number)
        .is_some_and(|cost| cost >= 4.0);
    let fits = facts
        .memory
        .zip(facts.server.bytes)
        .is_some_and(|(memory, size)| size < memory / 2);
    if is_default && fits {
        plan.findings.push(Finding::new(
            "random_page_cost is 4, which suits spinning disks, but the database fits in memory",
            "1.1 suits that and solid-state disks: try SET random_page_cost = 1.1 with the expensive statements first",
        ));
    }
}

fn sized<'a>(facts: &'a Facts, name: &str) -> Option<(&'a Setting, u64)> {
    let setting = facts.setting(name)?;
    Some((setting, setting.bytes()?))
}

fn megabytes(bytes: f64) -> String {
    format!("{:.0}MB", bytes / f64::from(1 << 20))
}

/// A proposal where the role may change settings, and a finding elsewhere.
fn set(
    facts: &Facts,
    setting: &Setting,
    value: &str,
    why: &str,
    risk: Risk,
    plan: &mut OptimizerPlan,
) {
    let Setting { name, .. } = setting;
    if setting.source == COMMAND_LINE {
        // What is written to a file would change nothing.
        plan.findings.push(Finding::new(
            format!("{name}: {why}"),
            format!("it is set on the server's command line: change it there to {value}"),
        ));
        return;
    }
    if !facts.server.is_superuser {
        let advice = format!(
            "ALTER SYSTEM SET {name} = {}, as a superuser",
            literal(value)
        );
        plan.findings
            .push(Finding::new(format!("{name}: {why}"), advice));
        return;
    }
    let reload = "SELECT pg_reload_conf()".to_owned();
    let before = match &setting.altered {
        Some(value) => format!("ALTER SYSTEM SET {name} = {}", literal(value)),
        None => format!("ALTER SYSTEM RESET {name}"),
    };
    plan.proposals.push(Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::Setting,
        object: name.clone(),
        table: None,
        what: format!("set {name} to {value}"),
        why: vec![why.to_owned()],
        sql: vec![
            format!("ALTER SYSTEM SET {name} = {}", literal(value)),
            reload.clone(),
        ],
        undo: vec![before, reload],
        risk,
        price: if setting.needs_restart() {
            "takes effect when the server restarts".to_owned()
        } else {
            "takes effect at once, for all databases of the server".to_owned()
        },
        gain: "unknown until it is tried: --verify measures it".to_owned(),
        proof: Proof::Estimate,
        role: None,
    });
}

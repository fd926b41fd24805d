//! `agentos-perf optimize`: what a database could do better, and doing it.

mod apply;
mod connection;
mod flags;

use std::io;
use std::process::ExitCode;

use tokio::runtime::Runtime;

pub use flags::OptimizeArgs;

use crate::connection::DatabaseUrl;
use crate::harness::{note, print as to_stdout};
use crate::monitor::machine;
use crate::optimize::plan::OptimizerPlan;
use crate::optimize::planner::{AskError, Planner, advise};
use crate::optimize::planner_query::{PlannerAnswers, PlannerQuery};
use crate::optimize::read::read;
use crate::optimize::rules::{RuleThresholds, planner_queries, propose};
use crate::optimize::{known_queries, redis, render};
use flags::{OptimizeOptions, PlanFormat};

/// Something is proposed, and `--check` asked for that.
const PROPOSED: u8 = 3;
/// Not everything was carried out.
const FAILED: u8 = 1;
/// What was asked for can't be done.
const USAGE: u8 = 2;

/// Reads, proposes, and carries out what was asked for. Exit code 0, 1 when something was not carried out, 2 when the
/// database can't be read, 3 with `--check` when something is proposed.
pub fn run(args: &OptimizeArgs) -> ExitCode {
    let wanted = match args.validated(&|name| std::env::var(name).ok()) {
        Ok(wanted) => wanted,
        Err(wrong) => {
            for line in wrong {
                note(format_args!("error: {line}"));
            }
            return ExitCode::from(USAGE);
        }
    };
    if flags::shows_password(std::env::args()) {
        note(
            "warning: all users of this machine can read a password on the command line; keep it in PGPASSWORD, \
             ~/.pgpass or DATABASE_URL",
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => optimized(&wanted, &runtime),
        Err(error) => {
            note(format_args!("error: cannot start the runtime: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

fn optimized(wanted: &OptimizeOptions, runtime: &Runtime) -> ExitCode {
    let plan = match runtime.block_on(looked_at(wanted)) {
        Ok(plan) => plan,
        Err(told) => {
            note(format_args!("error: {told}"));
            return ExitCode::from(USAGE);
        }
    };
    if let Err(error) = print(&plan, wanted.output) {
        note(format_args!(
            "error: cannot write to standard output: {error}"
        ));
        return ExitCode::from(FAILED);
    }
    if let (Some(_), Some(database)) = (&wanted.apply, &wanted.database) {
        return apply::run(wanted, database, &plan, runtime);
    }
    if wanted.check && !plan.proposals.is_empty() {
        return ExitCode::from(PROPOSED);
    }
    ExitCode::SUCCESS
}

async fn looked_at(wanted: &OptimizeOptions) -> Result<OptimizerPlan, String> {
    let mut plan = match &wanted.database {
        Some(url) => of_database(url, wanted).await?,
        None => OptimizerPlan::default(),
    };
    if let Some(address) = &wanted.redis {
        let facts = redis::read(address, wanted.insecure).await;
        let facts = facts.map_err(|error| format!("Redis: {error}"))?;
        let own = facts.version.clone();
        let own = own.unwrap_or_else(|| "Redis of unknown version".to_owned());
        plan.server = if plan.server.is_empty() {
            own
        } else {
            format!("{} and {own}", plan.server)
        };
        plan.findings.extend(redis::findings(&facts));
        plan.unseen.extend(facts.unseen);
    }
    Ok(plan)
}

async fn of_database(url: &DatabaseUrl, wanted: &OptimizeOptions) -> Result<OptimizerPlan, String> {
    let place = url.place().map_or_else(String::new, |place| {
        format!("{} at {}:{}", place.database, place.host, place.port)
    });
    let read = tokio::time::timeout(wanted.patience, plan(url, wanted));
    let read = read
        .await
        .unwrap_or_else(|_| Err("it does not respond".to_owned()));
    read.map_err(|told| format!("database {place}: {told}"))
}

async fn plan(url: &DatabaseUrl, wanted: &OptimizeOptions) -> Result<OptimizerPlan, String> {
    let database = url.connect_directly(wanted.insecure).await?;
    let memory = match wanted.memory {
        Some(memory) => Some(memory),
        None if url.is_local() && is_here(&database.client).await => Some(machine().memory),
        None => None,
    };
    let facts = read(&database.client, memory).await;
    let facts = facts.map_err(|error| error.to_string())?;
    let known = if wanted.known_queries {
        known_queries::agentos()
    } else {
        Vec::new()
    };
    let planner_queries = planner_queries(&facts, &known);
    let asked = asked(&database.client, &facts, &planner_queries).await;
    let asked = asked.map_err(|error| error.to_string())?;
    let rules = RuleThresholds {
        unused_after_s: wanted.unused_after.as_secs_f64(),
    };
    Ok(propose(&facts, &planner_queries, &asked, rules))
}

/// Whether the server is a process of this machine: a port may be forwarded to another one.
async fn is_here(client: &tokio_postgres::Client) -> bool {
    let asked = client.query_one("SELECT /* agentos-perf */ pg_backend_pid()", &[]);
    let Ok(row) = asked.await else {
        return false;
    };
    let pid: i32 = row.try_get(0).unwrap_or(0);
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    name.is_ok_and(|name| name.trim() == "postgres")
}

async fn asked(
    client: &tokio_postgres::Client,
    facts: &crate::optimize::facts::Facts,
    planner_queries: &[PlannerQuery],
) -> Result<PlannerAnswers, AskError> {
    let planner = match Planner::begin(client, facts.server.major()).await {
        Ok(planner) => planner,
        // Without a transaction nothing is asked, and the rest is worth telling.
        Err(AskError::Refused(said)) => {
            return Ok(PlannerAnswers {
                blind: Some(said),
                ..PlannerAnswers::default()
            });
        }
        Err(gone) => return Err(gone),
    };
    let asked = advise(&planner, planner_queries, facts).await?;
    planner.end().await?;
    Ok(asked)
}

fn print(plan: &OptimizerPlan, output: PlanFormat) -> io::Result<()> {
    let text = match output {
        PlanFormat::Text => render::text(plan),
        PlanFormat::Json => render::json(plan),
        PlanFormat::Sql => render::sql(plan),
        PlanFormat::Markdown => render::markdown(plan),
    };
    to_stdout(&text)
}

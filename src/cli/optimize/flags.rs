//! What was asked for, and what is wrong with it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};

use super::connection;
use crate::connection::{DatabaseUrl, RedisAddress};
use crate::diagnostic::InvalidValue;
use crate::harness::{BeforeAndAfter, default_folder};
use crate::optimize::apply::ApplyLimits;
use crate::profile::{parse_duration, parse_size};
use crate::report::file_stamp;

/// Find improvements to a PostgreSQL database and apply them
///
/// Reads the server's catalogs and counters, asks its planner which indexes it would use, and prints a numbered
/// plan. Nothing is changed without --apply. The exit code is 1 if a change was not applied, 2 if the database cannot
/// be read, and 3 with --check if something is proposed.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags are switches")]
pub struct OptimizeArgs {
    /// postgres://USER@HOST:PORT/NAME; keep the password in PGPASSWORD, ~/.pgpass or a service file (PGSERVICE)
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// redis://[:PASSWORD@]HOST:PORT of a Redis server to inspect, also without a database
    #[arg(long, value_name = "URL", env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,
    /// Accept any certificate of the database and of Redis
    #[arg(long)]
    insecure: bool,
    /// Format of the plan
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
    /// Exit with code 3 if something is proposed
    #[arg(long, conflicts_with = "apply")]
    check: bool,
    /// Apply the proposals, except those of high risk
    #[arg(long)]
    apply: bool,
    /// Apply only these proposals, by number or id; those of high risk by id only
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "apply")]
    only: Vec<String>,
    /// Load the service before and after, report the difference, and revert everything if it got worse
    #[arg(long, requires = "apply", requires = "target_url")]
    verify: bool,
    /// With --verify: the service in front of the database
    #[arg(long, value_name = "URL")]
    target_url: Option<String>,
    /// With --verify: the profile whose scenarios are run
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// With --verify, after `--`: flags of the tests, such as --scenarios, --duration or --users-file
    #[arg(last = true, value_name = "FLAG")]
    flags: Vec<OsString>,
    /// How long a change may wait for a lock on its table
    #[arg(long, value_name = "TIME", default_value = "5s")]
    lock_timeout: String,
    /// How long a change may take
    #[arg(long, value_name = "TIME", default_value = "1h")]
    statement_timeout: String,
    /// File for the undo script [default: target/perf/optimize/undo-DATE.sql]
    #[arg(long, value_name = "FILE")]
    undo_file: Option<PathBuf>,
    /// Memory of the database's machine, such as 16GiB; detected if it is this machine
    #[arg(long, value_name = "SIZE")]
    server_memory: Option<String>,
    /// How long an index must not have been used to be called unused
    #[arg(long, value_name = "TIME", default_value = "7d")]
    unused_after: String,
    /// Leave out the queries that AgentOS is known to make
    #[arg(long, alias = "no-curated")]
    no_known_queries: bool,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For a terminal
    Text,
    /// Everything, for programs
    Json,
    /// A script for psql
    Sql,
    /// For a pull request
    Markdown,
}

/// What was asked for, all of it right.
pub(super) struct OptimizeOptions {
    /// `None` when the cache alone is to be looked at.
    pub(super) database: Option<DatabaseUrl>,
    pub(super) redis: Option<RedisAddress>,
    pub(super) insecure: bool,
    pub(super) output: PlanFormat,
    pub(super) check: bool,
    /// What is to be carried out; `None` for nothing.
    pub(super) apply: Option<Selection>,
    pub(super) limits: ApplyLimits,
    pub(super) undo_file: PathBuf,
    pub(super) memory: Option<u64>,
    pub(super) unused_after: Duration,
    pub(super) known_queries: bool,
    /// The load that proves it; `None` when it is not to be proved.
    pub(super) proof: Option<BeforeAndAfter>,
    /// How long the reading may take.
    pub(super) patience: Duration,
}

/// Which proposals are carried out.
pub(super) enum Selection {
    /// All but those of high risk.
    Harmless,
    /// These numbers and ids.
    Only(Vec<String>),
}

impl OptimizeArgs {
    /// All that is wrong, at once.
    pub(super) fn validated(
        &self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<OptimizeOptions, Vec<String>> {
        let mut wrong = Vec::new();
        let mut time = |flag: &str, text: &str| {
            parse_duration(text).unwrap_or_else(|complaint| {
                wrong.push(format!("--{flag}: {complaint}"));
                Duration::ZERO
            })
        };
        let limits = ApplyLimits {
            lock: time("lock-timeout", &self.lock_timeout),
            statement: time("statement-timeout", &self.statement_timeout),
        };
        let unused_after = time("unused-after", &self.unused_after);
        let memory = self.server_memory.as_deref().and_then(|text| {
            parse_size(text)
                .map_err(|complaint| wrong.push(format!("--server-memory: {complaint}")))
                .ok()
        });
        let proof = self
            .proof()
            .map_err(|more| wrong.extend(more))
            .ok()
            .flatten();
        let redis = self
            .redis_url
            .as_deref()
            .map(RedisAddress::parse)
            .transpose();
        let redis = redis
            .map_err(|complaint| wrong.push(format!("--redis-url: {}", complaint_line(complaint))))
            .ok()
            .flatten();
        let database = self
            .database(redis.is_some(), variable)
            .map_err(|more| wrong.push(more))
            .ok()
            .flatten();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(OptimizeOptions {
            database,
            redis,
            insecure: self.insecure,
            output: self.format,
            check: self.check,
            apply: self.apply.then(|| self.selection()),
            limits,
            undo_file: self.undo_file.clone().unwrap_or_else(undo_file),
            memory,
            unused_after,
            known_queries: !self.no_known_queries,
            proof,
            patience: Duration::from_secs(300),
        })
    }
}

impl OptimizeArgs {
    /// The database; `None` where a cache is looked at alone, and not changed.
    fn database(
        &self,
        has_cache: bool,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<DatabaseUrl>, String> {
        let url = self.database_url.as_deref();
        if has_cache && !self.apply && !connection::is_named(url, variable) {
            return Ok(None);
        }
        connection::database(url, variable).map(Some)
    }

    fn selection(&self) -> Selection {
        if self.only.is_empty() {
            Selection::Harmless
        } else {
            Selection::Only(self.only.clone())
        }
    }

    fn proof(&self) -> Result<Option<BeforeAndAfter>, Vec<String>> {
        let Some(target) = self.target_url.as_ref().filter(|_| self.verify) else {
            let is_idle =
                !self.flags.is_empty() || self.profile.is_some() || self.target_url.is_some();
            let told = "--target-url, --profile and flags after `--` require --verify";
            return if is_idle {
                Err(vec![told.to_owned()])
            } else {
                Ok(None)
            };
        };
        BeforeAndAfter::new(target, self.profile.as_deref(), &self.flags).map(Some)
    }
}

/// Whether a word of the command line is a URL with a password.
pub(super) fn shows_password(words: impl Iterator<Item = String>) -> bool {
    let mut urls = words.filter_map(|word| {
        let (_, rest) = word.split_once("://")?;
        let (who, _) = rest.split_once('@')?;
        Some(who.contains(':'))
    });
    urls.any(|has_password| has_password)
}

/// A complaint in one line.
pub(super) fn complaint_line(complaint: InvalidValue) -> String {
    match complaint.help {
        Some(help) => format!("{}; {help}", complaint.message),
        None => complaint.message,
    }
}

fn undo_file() -> PathBuf {
    let now = crate::load::millis(SystemTime::now());
    default_folder()
        .join("optimize")
        .join(format!("undo-{}.sql", file_stamp(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_on_the_command_line_are_seen() {
        let table = [
            ("--database-url=postgres://me:secret@db/app", true),
            ("redis://:secret@cache", true),
            ("postgres://me@db:5432/app", false),
            ("http://host:8000", false),
            ("optimize", false),
        ];
        for (word, wanted) in table {
            assert_eq!(
                shows_password([word.to_owned()].into_iter()),
                wanted,
                "{word}"
            );
        }
    }
}

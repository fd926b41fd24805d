//! The one connection that changes things, and a second one that watches it.

use std::time::Duration;

use tokio::sync::watch;
use tokio_postgres::Client;

use super::{ApplyError, ApplyEvent, ApplyLimits, progress};
use crate::connection::{Database, DatabaseUrl, error_message, first_text, is_gone};
use crate::name::literal;

/// Held while a database is changed. The letters of the name in a number, so that no other program uses it by chance.
const KEY: i64 = 0x7065_7266_6f70_7469;
/// From one look at the progress to the next.
const LOOK: Duration = Duration::from_millis(500);

/// For what only helps.
const PATIENCE: Duration = Duration::from_secs(5);
/// Before version 15 counters come some time after what they count.
const LOOKS: u32 = 6;

/// How a statement ended that was not carried out.
pub(super) enum Ended {
    Refused(String),
    Gone(String),
    Interrupted,
}

/// What there is of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexState {
    Absent,
    Valid,
    Invalid,
    /// The server does not tell.
    Unknown,
}

pub(super) struct ChangeSession {
    database: Database,
    limits: ApplyLimits,
    /// For progress alone: without it there is none.
    watching: Option<Database>,
    pid: i32,
}

impl ChangeSession {
    /// Connects and makes sure to be alone.
    pub(super) async fn begin(
        url: &DatabaseUrl,
        insecure: bool,
        limits: ApplyLimits,
    ) -> Result<ChangeSession, ApplyError> {
        let database = url.connect_directly(insecure).await;
        let database = database.map_err(ApplyError::Connect)?;
        let millis = |span: Duration| span.as_millis();
        let set = format!(
            "SET search_path = pg_catalog; SET lock_timeout = {}; SET statement_timeout = {}; SET \
             idle_in_transaction_session_timeout = 0; \
             SET client_min_messages = error",
            millis(limits.lock),
            millis(limits.statement)
        );
        let connect = |error: tokio_postgres::Error| ApplyError::Connect(error_message(&error));
        database.client.batch_execute(&set).await.map_err(connect)?;
        let alone = format!("SELECT /* agentos-perf */ pg_try_advisory_lock({KEY})");
        if value(&database.client, &alone)
            .await
            .map_err(connect)?
            .as_deref()
            != Some("t")
        {
            return Err(ApplyError::Busy { key: KEY });
        }
        let pid = value(
            &database.client,
            "SELECT /* agentos-perf */ pg_backend_pid()",
        )
        .await
        .map_err(connect)?;
        Ok(ChangeSession {
            pid: pid.and_then(|pid| pid.parse().ok()).unwrap_or(0),
            watching: url.connect_directly(insecure).await.ok(),
            database,
            limits,
        })
    }

    /// Runs one statement to its end, or until it is to stop; reports its progress.
    pub(super) async fn run(
        &self,
        statement: &str,
        stop: &mut watch::Receiver<bool>,
        tell: &mut dyn FnMut(ApplyEvent<'_>),
    ) -> Result<(), Ended> {
        if *stop.borrow() {
            return Err(Ended::Interrupted);
        }
        // As a simple query it is a transaction of its own, which some of them must be.
        let running = self.database.client.batch_execute(statement);
        tokio::pin!(running);
        let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        let (mut is_stopped, mut may_stop) = (false, true);
        loop {
            tokio::select! {
                ended = &mut running => return match ended {
                    Ok(()) => Ok(()),
                    Err(error) if is_gone(&error) => Err(Ended::Gone(error_message(&error))),
                    Err(_) if is_stopped => Err(Ended::Interrupted),
                    Err(error) => Err(Ended::Refused(error_message(&error))),
                },
                changed = stop.changed(), if may_stop && !is_stopped => {
                    may_stop = changed.is_ok();
                    is_stopped = *stop.borrow();
                    if is_stopped {
                        let _ = tokio::time::timeout(PATIENCE, self.database.cancel()).await;
                    }
                }
                // A session that only watches blocks no other.
                _ = looks.tick() => drop(tokio::time::timeout(LOOK, self.look(tell)).await),
            }
        }
    }

    /// The same for what waits for the transactions of others without holding up anybody: the limit for locks is held
    /// against the table's own, and what is all but built is not thrown away for a report that takes a while.
    pub(super) async fn run_concurrently(
        &self,
        table: &str,
        statement: &str,
        stop: &mut watch::Receiver<bool>,
        tell: &mut dyn FnMut(ApplyEvent<'_>),
    ) -> Result<(), Ended> {
        let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; COMMIT");
        if let Err(ended) = self.run(&lock, stop, tell).await {
            self.plainly("ROLLBACK").await;
            // A materialized view can't be locked by itself.
            let is_view = |said: &str| {
                said.contains("is not a table") || said.contains("cannot lock relation")
            };
            if !matches!(&ended, Ended::Refused(said) if is_view(said)) {
                return Err(ended);
            }
        }
        self.plainly("SET lock_timeout = 0").await;
        let ended = self.run(statement, stop, tell).await;
        let limit = format!("SET lock_timeout = {}", self.limits.lock.as_millis());
        self.plainly(&limit).await;
        ended
    }

    /// What there is of an index.
    pub(super) async fn state(&self, index: &str) -> IndexState {
        let query = format!(
            "SELECT /* agentos-perf */ indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass({})",
            literal(index)
        );
        match value(&self.database.client, &query).await {
            Err(_) => IndexState::Unknown,
            Ok(None) => IndexState::Absent,
            Ok(Some(valid)) if valid == "t" => IndexState::Valid,
            Ok(Some(_)) => IndexState::Invalid,
        }
    }

    /// Whether a setting is what the files say: one that was given on the command line stands above them.
    pub(super) async fn is_in_files(&self, setting: &str) -> bool {
        let query = format!(
            "SELECT /* agentos-perf */ source FROM pg_settings WHERE name = {}",
            literal(setting)
        );
        let source = value(&self.database.client, &query).await;
        source.is_ok_and(|source| source.is_some_and(|source| source != "command line"))
    }

    /// Whether the server follows another one.
    pub(super) async fn is_standby(&self) -> bool {
        let query = "SELECT /* agentos-perf */ pg_is_in_recovery()";
        self.first(query).await.as_deref() == Some("t")
    }

    /// The server's clock, in seconds since 1970; 0 when it does not tell.
    pub(super) async fn now(&self) -> f64 {
        let query = "SELECT /* agentos-perf */ extract(epoch FROM clock_timestamp())";
        let now = self.first(query).await;
        now.and_then(|now| now.parse().ok()).unwrap_or(0.0)
    }

    /// Whether a table was analysed after a moment of the server's clock.
    pub(super) async fn is_analyzed_since(&self, table: &str, since: f64) -> bool {
        let query = format!(
            "SELECT /* agentos-perf */ current_setting('track_counts') = 'off' OR last_analyze >= \
             to_timestamp({since}) \
             FROM pg_stat_all_tables WHERE relid = to_regclass({})",
            literal(table)
        );
        for _ in 0..LOOKS {
            match value(&self.database.client, &query).await {
                Ok(Some(done)) if done == "t" => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
            tokio::time::sleep(LOOK).await;
        }
        false
    }

    /// The first column of the first row of an answer; `None` where there is none, or no answer.
    pub(super) async fn first(&self, query: &str) -> Option<String> {
        value(&self.database.client, query).await.ok().flatten()
    }

    /// Runs a statement that tidies up; whether it succeeded.
    pub(super) async fn plainly(&self, statement: &str) -> bool {
        self.database.client.batch_execute(statement).await.is_ok()
    }

    async fn look(&self, tell: &mut dyn FnMut(ApplyEvent<'_>)) {
        if let Some(watching) = &self.watching
            && let Some((phase, percent)) = progress::of(&watching.client, self.pid).await
        {
            tell(ApplyEvent::GoesOn(phase, percent));
        }
    }
}

/// The first column of the first row.
async fn value(client: &Client, query: &str) -> Result<Option<String>, tokio_postgres::Error> {
    Ok(first_text(&client.simple_query(query).await?))
}

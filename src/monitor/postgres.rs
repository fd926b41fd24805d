//! `PostgreSQL`: its own statistics, looked at from within one open transaction.
//!
//! A transaction that stays open counts neither as committed nor as rolled back, so the looks themselves
//! do not show in what they see.

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::SourceEntry;
use super::collectors::{EvidenceSources, Gathered, SELDOM};
use super::log_reader::LogReader;
use super::polling::{CollectedReading, Collector, ReadFigures, Rounds, enter, follow};
use super::statements::{StatementCounters, Statements};
use crate::connection::{DatabaseUrl, error_message};
use crate::record::{Statement, figure};
use crate::requirement::Source;

/// Begins the transaction. Nothing of it may be cut off by the server's own limits for idle ones, and no
/// look may hang on a lock.
const BEGIN: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '1500ms'; \
     SET LOCAL idle_in_transaction_session_timeout = 0";

/// The comment marks what is not the target's. How sessions ended is reported from version 14 on, and read so that
/// older ones answer, too.
const DATABASE: &str = "SELECT /* agentos-perf */ pg_stat_clear_snapshot(); SELECT /* agentos-perf */ \
     xact_commit + xact_rollback AS queries, xact_rollback AS rolled_back, deadlocks, conflicts, \
     (to_jsonb(s) ->> 'sessions_fatal')::bigint + (to_jsonb(s) ->> 'sessions_killed')::bigint AS ended_sessions, \
     blks_hit AS blocks_hit, blks_read AS blocks_read, numbackends AS connections, \
     (SELECT count(*) FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event_type = 'Lock') AS lock_waits \
     FROM pg_stat_database s WHERE datname = current_database()";

/// Statements that do work, the target's alone.
const STATEMENTS: &str = "SELECT /* agentos-perf */ hashtextextended(s.query, 0) AS key, sum(s.calls) AS calls, \
     sum(s.total_exec_time) AS total, sum(s.calls * (s.stddev_exec_time ^ 2 + s.mean_exec_time ^ 2)) AS squares, \
     max(left(s.query, 2000)) AS text FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
     WHERE d.datname = current_database() AND s.queryid IS NOT NULL AND s.query NOT LIKE '%/* agentos-perf */%' \
     AND s.query !~* '^(begin|start transaction|commit|end|rollback|abort|savepoint|release|set|reset|discard|deallocate|listen|unlisten)\\M' \
     GROUP BY 1";

pub(super) const ENTRY: SourceEntry = SourceEntry {
    gather: |watched, rounds| Box::pin(gather(watched, rounds)),
};

async fn gather(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let Some(url) = watched.given.get::<DatabaseUrl>().cloned() else {
        return Gathered::default();
    };
    let rounds = Rounds {
        every: SELDOM,
        ..rounds
    };
    let mut looker = PostgresLooker::new(url, watched.destination.insecure);
    let mut gathered = Gathered::of(follow(&mut looker, rounds).await);
    gathered.observed.statements = looker.statements();
    gathered
}

/// Looks at the statistics over one kept connection.
struct PostgresLooker {
    url: DatabaseUrl,
    insecure: bool,
    /// Away while a look is under way.
    session: Option<PostgresSession>,
    statements: Statements,
    /// What counts errors in the server's log, or why there is none; nothing until the first look.
    log: Option<Result<LogReader, String>>,
    /// Transactions rolled back until the first look.
    rolled_back: Option<f64>,
}

struct PostgresSession {
    client: Client,
    /// Whether `pg_stat_statements` can be read.
    has_statements: bool,
}

impl PostgresLooker {
    fn new(url: DatabaseUrl, insecure: bool) -> PostgresLooker {
        PostgresLooker {
            url,
            insecure,
            session: None,
            statements: Statements::default(),
            log: None,
            rolled_back: None,
        }
    }

    /// The statements between the first look and the last.
    fn statements(&self) -> Vec<Statement> {
        self.statements.differences()
    }

    /// Errors in the server's log. Why it cannot be read is worth saying where it would tell what the rollbacks do not.
    async fn logged_errors(
        &mut self,
        client: &Client,
        figures: &mut ReadFigures,
        problems: &mut Vec<(Source, String)>,
    ) -> Result<(), String> {
        let rolled_back = figures.get(figure::ROLLBACKS).copied();
        self.rolled_back = self.rolled_back.or(rolled_back);
        match &mut self.log {
            Some(Ok(reader)) => {
                let errors = reader.look(client).await?;
                enter(
                    figures,
                    figure::LOGGED_ERRORS,
                    errors.map(|errors| errors as f64),
                );
            }
            Some(Err(why)) if rolled_back > self.rolled_back => {
                let what = format!("its log cannot be read for errors: {why}");
                problems.push((Source::Postgres, what));
                self.log = None;
            }
            _ => {}
        }
        Ok(())
    }

    async fn connect(
        &mut self,
        problems: &mut Vec<(Source, String)>,
    ) -> Result<PostgresSession, String> {
        let client = self.url.connect(self.insecure).await?.client;
        // Asked for before the transaction, which an error would end.
        let asked = client.simple_query(STATEMENTS).await;
        if let Err(error) = &asked {
            let what = format!(
                "pg_stat_statements cannot be read ({}), so query times are missing: add it to \
                 shared_preload_libraries, and CREATE EXTENSION pg_stat_statements",
                error_message(error)
            );
            problems.push((Source::Postgres, what));
        }
        match &mut self.log {
            Some(Ok(reader)) => reader.pass_over(&client).await?,
            Some(Err(_)) => {}
            None => self.log = Some(LogReader::new(&client).await),
        }
        client
            .batch_execute(BEGIN)
            .await
            .map_err(|error| error_message(&error))?;
        Ok(PostgresSession {
            client,
            has_statements: asked.is_ok(),
        })
    }
}

impl Collector for PostgresLooker {
    const SOURCE: Source = Source::Postgres;

    async fn look(&mut self) -> Result<CollectedReading, String> {
        let mut glimpse = CollectedReading::default();
        let session = match self.session.take() {
            Some(session) => session,
            None => self.connect(&mut glimpse.problems).await?,
        };
        let mut figures = ReadFigures::new();
        for row in rows(&session.client, DATABASE).await? {
            for name in [
                figure::QUERIES,
                figure::ROLLBACKS,
                figure::DEADLOCKS,
                figure::CONFLICTS,
                figure::ENDED_SESSIONS,
                figure::BLOCKS_HIT,
                figure::BLOCKS_READ,
                figure::CONNECTIONS,
                figure::LOCK_WAITS,
            ] {
                enter(&mut figures, name, number(&row, name));
            }
        }
        let problems = &mut glimpse.problems;
        self.logged_errors(&session.client, &mut figures, problems)
            .await?;
        if session.has_statements {
            let rows = rows(&session.client, STATEMENTS).await?;
            let counted: Vec<StatementCounters> = rows.iter().filter_map(counted).collect();
            let calls: f64 = counted.iter().map(|one| one.calls).sum();
            let time: f64 = counted.iter().map(|one| one.total_ms).sum();
            enter(&mut figures, figure::TIMED_QUERIES, Some(calls));
            enter(&mut figures, figure::QUERY_TIME, Some(time));
            self.statements.look(counted);
        }
        self.session = Some(session);
        glimpse.figures.push((Source::Postgres, figures));
        Ok(glimpse)
    }
}

pub(super) async fn rows(client: &Client, query: &str) -> Result<Vec<SimpleQueryRow>, String> {
    let messages = client.simple_query(query).await;
    let messages = messages.map_err(|error| error_message(&error))?;
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(row).collect())
}

fn counted(row: &SimpleQueryRow) -> Option<StatementCounters> {
    Some(StatementCounters {
        key: row.try_get("key").ok()??.to_owned(),
        text: row.try_get("text").ok()??.to_owned(),
        calls: number(row, "calls")?,
        total_ms: number(row, "total")?,
        squares: number(row, "squares")?,
    })
}

fn number(row: &SimpleQueryRow, name: &str) -> Option<f64> {
    row.try_get(name).ok()??.parse().ok()
}

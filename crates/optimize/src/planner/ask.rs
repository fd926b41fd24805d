//! A transaction in which the planner is asked, and that is rolled back.

use thiserror::Error;
use tokio_postgres::Client;

use super::explained::Explained;
use crate::connection::{error_message, first_text, is_gone};
use crate::name::{literal, quoted};

/// Since this version `EXPLAIN` itself makes plans for any value.
const GENERIC: u32 = 16;

/// Where statements look for their tables, unlike what is asked of the catalogs.
const THEIR_NAMES: &str = "SET LOCAL search_path TO DEFAULT";

/// Why the planner could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AskError {
    /// The server refused.
    #[error("{0}")]
    Refused(String),
    /// The connection was lost.
    #[error("the connection to the database was lost: {0}")]
    Gone(String),
}

/// The planner, in a transaction that changes nothing.
pub struct Planner<'a> {
    client: &'a Client,
    is_generic: bool,
    /// The schema of `HypoPG`; `None` without it.
    hypo: Option<String>,
    /// Why there is none.
    without: Option<String>,
}

impl<'a> Planner<'a> {
    /// Begins. Where `HypoPG` is there for the taking it is, until the transaction is rolled back.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn begin(client: &'a Client, major: u32) -> Result<Planner<'a>, AskError> {
        let mut planner = Planner {
            client,
            is_generic: major >= GENERIC,
            hypo: None,
            without: None,
        };
        planner.command("BEGIN READ WRITE").await?;
        // A schema of its own: there need not be one where it would go, nor may it be written to.
        let create = "CREATE SCHEMA agentos_perf_hypopg; \
             CREATE EXTENSION IF NOT EXISTS hypopg SCHEMA agentos_perf_hypopg";
        match planner.within(create).await {
            Ok(_) => {}
            Err(AskError::Gone(said)) => return Err(AskError::Gone(said)),
            Err(AskError::Refused(said)) => planner.without = Some(said),
        }
        planner
            .command("SET TRANSACTION READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan")
            .await?;
        if !planner.is_generic {
            // Partitions that the values at hand do not touch would be missing in a prepared statement's plan.
            planner
                .command("SET LOCAL enable_partition_pruning = off")
                .await?;
        }
        let schema = "SELECT /* agentos-perf */ n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
             WHERE e.extname = 'hypopg'";
        planner.hypo = planner.text(schema).await?;
        Ok(planner)
    }

    /// Ends; nothing of it stays.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn end(self) -> Result<(), AskError> {
        if self.hypo.is_some() {
            // Those are kept for the connection, not for the transaction.
            let _ = self.forget_all().await;
        }
        self.command("ROLLBACK").await
    }

    /// Why the planner can't be asked about indexes that do not exist; `None` when it can.
    pub fn blind(&self) -> Option<&str> {
        let why = self.without.as_deref().unwrap_or("HypoPG is not installed");
        self.hypo.is_none().then_some(why)
    }

    /// Creates a hypothetical index; returns its name and its size in bytes.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn suppose(&self, sql: &str) -> Result<(String, u64), AskError> {
        let schema = quoted(self.hypo.as_deref().unwrap_or_default());
        let query = format!(
            "SELECT /* agentos-perf */ indexname || ' ' || {schema}.hypopg_relation_size(indexrelid) \
             FROM {schema}.hypopg_create_index({})",
            literal(sql)
        );
        let made = self.within(&query).await?.unwrap_or_default();
        let (name, bytes) = made.rsplit_once(' ').unwrap_or((&made, "0"));
        Ok((name.to_owned(), bytes.parse().unwrap_or(0)))
    }

    /// Lets the planner forget all of them.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn forget_all(&self) -> Result<(), AskError> {
        let schema = quoted(self.hypo.as_deref().unwrap_or_default());
        self.within(&format!(
            "SELECT /* agentos-perf */ {schema}.hypopg_reset()::text"
        ))
        .await?;
        Ok(())
    }

    /// The plan of a statement with `$1` for values.
    ///
    /// # Errors
    /// When the server refuses, for want of a right or because it can't tell the types of values, or because it is
    /// not one statement.
    pub async fn explain(&self, text: &str) -> Result<Explained, AskError> {
        self.command("SAVEPOINT perf_explain").await?;
        let answer = self.explained(text).await;
        // A statement that is prepared outlives a savepoint.
        let tidy = "ROLLBACK TO perf_explain; RELEASE perf_explain; DEALLOCATE ALL";
        self.command(tidy).await?;
        let answer = answer?.unwrap_or_default();
        Explained::parse(&answer)
            .ok_or_else(|| AskError::Refused("its answer is not a plan".to_owned()))
    }

    async fn explained(&self, text: &str) -> Result<Option<String>, AskError> {
        self.command(THEIR_NAMES).await?;
        // The text is foreign. Sent like this the server takes one statement and no second one behind it, whatever
        // the text looks like to a parser. A comment at its end would hide what comes behind it.
        let prepare = format!("PREPARE perf_statement AS {text}\n");
        let prepared = self.client.execute(&prepare, &[]).await;
        prepared.map_err(|error| refused(&error))?;
        if self.is_generic {
            return self
                .text(&format!("EXPLAIN (FORMAT JSON, GENERIC_PLAN) {text}\n"))
                .await;
        }
        // Before, a prepared statement shows what is planned for any value.
        let count = "SELECT /* agentos-perf */ pg_catalog.cardinality(parameter_types)::pg_catalog.text \
             FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) 'perf_statement'";
        let count = self.text(count).await?;
        let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(0);
        let values = vec!["NULL"; count].join(", ");
        let values = if count == 0 {
            String::new()
        } else {
            format!("({values})")
        };
        self.text(&format!(
            "EXPLAIN (FORMAT JSON) EXECUTE perf_statement{values}"
        ))
        .await
    }

    /// Asks so that a refusal leaves the transaction as it was.
    async fn within(&self, query: &str) -> Result<Option<String>, AskError> {
        self.command("SAVEPOINT perf").await?;
        let answer = self.text(query).await;
        let tidy = if answer.is_ok() {
            "RELEASE perf"
        } else {
            "ROLLBACK TO perf; RELEASE perf"
        };
        self.command(tidy).await?;
        answer
    }

    async fn command(&self, command: &str) -> Result<(), AskError> {
        self.client
            .batch_execute(command)
            .await
            .map_err(|error| refused(&error))
    }

    /// The first column of the first row.
    async fn text(&self, query: &str) -> Result<Option<String>, AskError> {
        let messages = self.client.simple_query(query).await;
        let messages = messages.map_err(|error| refused(&error))?;
        Ok(first_text(&messages))
    }
}

fn refused(error: &tokio_postgres::Error) -> AskError {
    if is_gone(error) {
        return AskError::Gone(error_message(error));
    }
    AskError::Refused(error_message(error))
}

//! From a server's catalogs to facts.

mod activity;
mod catalog;
mod session;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Client;

pub use session::ReadError;
pub(crate) use session::carefully;

use super::facts::{CounterAges, Facts, ServerFacts, Setting, StatementFacts, TableFacts};
use super::name::quoted;

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

#[derive(Deserialize)]
struct ReadTimes {
    schema: String,
    name: String,
}

#[derive(Deserialize)]
struct Created {
    created_s: Option<f64>,
}

#[derive(Deserialize)]
struct StatementsAge {
    counted_s: Option<f64>,
}

#[derive(Deserialize)]
struct Altered {
    name: String,
    setting: Option<String>,
}

/// Reads all there is to know. `memory` is that of the database's machine in bytes, if it is known.
///
/// # Errors
/// When what everything rests on can't be read: the server itself, its tables and indexes. What else can't be read
/// is listed in [`Facts::unseen`].
pub async fn read(client: &Client, memory: Option<u64>) -> Result<Facts, ReadError> {
    carefully(client).await?;
    let mut server: ServerFacts =
        session::row(client, "the server's version", activity::SERVER).await?;
    let mut seen = CatalogReader {
        client,
        unseen: Vec::new(),
    };
    server.counted_s = counted_s(&mut seen).await?;
    let mut facts = Facts {
        memory,
        settings: settings(&mut seen).await?,
        counters: seen
            .one("the database's counters", activity::COUNTERS)
            .await?,
        connections: seen.one("connections", activity::CONNECTIONS).await?,
        tables: session::rows(client, "the tables", catalog::TABLES).await?,
        indexes: session::rows(client, "the indexes", catalog::INDEXES).await?,
        taken: taken(client).await?,
        foreign_keys: seen.some("foreign keys", catalog::FOREIGN_KEYS).await?,
        transactions: seen
            .some("open transactions", activity::TRANSACTIONS)
            .await?,
        waits: seen.some("waits for locks", activity::WAITS).await?,
        statements: None,
        statements_counted_s: None,
        server,
        unseen: Vec::new(),
    };
    (facts.statements, facts.statements_counted_s) = statements(&mut seen).await?;
    facts.unseen = seen.unseen;
    hidden(&mut facts);
    Ok(facts)
}

/// What is reported in place of an error.
struct CatalogReader<'a> {
    client: &'a Client,
    unseen: Vec<String>,
}

impl CatalogReader<'_> {
    async fn some<T: DeserializeOwned>(
        &mut self,
        what: &'static str,
        query: &str,
    ) -> Result<Vec<T>, ReadError> {
        match session::rows(self.client, what, query).await {
            // A server that is gone is not a gap in what may be seen.
            Err(error @ ReadError::Refused { gone: true, .. }) => Err(error),
            Err(error) => {
                self.unseen.push(error.to_string());
                Ok(Vec::new())
            }
            Ok(rows) => Ok(rows),
        }
    }

    async fn one<T: DeserializeOwned + Default>(
        &mut self,
        what: &'static str,
        query: &str,
    ) -> Result<T, ReadError> {
        Ok(self.some(what, query).await?.pop().unwrap_or_default())
    }
}

async fn counted_s(seen: &mut CatalogReader<'_>) -> Result<Option<f64>, ReadError> {
    let mut ages: CounterAges = seen.one("the age of counters", activity::AGES).await?;
    // Few roles may ask this, and others lose little.
    let created = session::rows::<Created>(seen.client, "its folder", activity::CREATED).await;
    ages.created_s = created.ok().and_then(|mut rows| rows.pop()?.created_s);
    Ok(ages.counted_s())
}

async fn taken(client: &Client) -> Result<Vec<(String, String)>, ReadError> {
    let names = session::rows::<ReadTimes>(client, "names", catalog::TAKEN).await?;
    Ok(names
        .into_iter()
        .map(|one| (one.schema, one.name))
        .collect())
}

async fn settings(seen: &mut CatalogReader<'_>) -> Result<Vec<Setting>, ReadError> {
    let mut settings: Vec<Setting> = seen.some("settings", activity::SETTINGS).await?;
    // Without the right to see files, the previous value of an altered setting is unknown.
    let altered =
        session::rows::<Altered>(seen.client, "altered settings", activity::ALTERED).await;
    for one in altered.unwrap_or_default() {
        if let Some(setting) = settings.iter_mut().find(|setting| setting.name == one.name) {
            setting.altered = one.setting;
        }
    }
    Ok(settings)
}

/// The costly ones, and for how long they have been counted.
async fn statements(
    seen: &mut CatalogReader<'_>,
) -> Result<(Option<Vec<StatementFacts>>, Option<f64>), ReadError> {
    let schemas: Vec<Schema> = seen.some("extensions", activity::STATEMENTS_SCHEMA).await?;
    let Some(Schema { schema }) = schemas.first() else {
        seen.unseen.push(
            "there is no pg_stat_statements, so expensive statements are unknown: add it to \
             shared_preload_libraries, restart the server, and run CREATE EXTENSION pg_stat_statements"
                .to_owned(),
        );
        return Ok((None, None));
    };
    let before = seen.unseen.len();
    let query = activity::statements(&quoted(schema));
    let found = seen.some("pg_stat_statements", &query).await?;
    // The view is that of version 1.9 of the extension, which a database that was upgraded need not have.
    let query = activity::statements_counted(&quoted(schema));
    let counted =
        session::rows::<StatementsAge>(seen.client, "pg_stat_statements_info", &query).await;
    let counted = counted.ok().and_then(|mut rows| rows.pop()?.counted_s);
    Ok(((seen.unseen.len() == before).then_some(found), counted))
}

/// Reports what an answer left out without saying so.
fn hidden(facts: &mut Facts) {
    let role = &facts.server.role;
    if !facts.server.is_monitor && !facts.server.is_superuser {
        facts.unseen.push(format!(
            "{role} sees neither the sessions nor the statements of other roles: GRANT pg_monitor TO {}",
            quoted(role)
        ));
    }
    let is_blind = |table: &&TableFacts| table.has_statistics.is_none() && table.heap_bytes > 0;
    let blind = facts.tables.iter().filter(is_blind).count();
    if blind > 0 {
        facts.unseen.push(format!(
            "{role} may not read {blind} of {} tables, so their column statistics are hidden and their queries \
             cannot be planned: GRANT pg_read_all_data TO {} (version 14 and later), or SELECT on the tables",
            facts.tables.len(),
            quoted(role)
        ));
    }
}

//! From a server's catalogs to facts.

mod activity;
mod catalog;
mod session;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Client;

pub use session::ReadError;
pub(crate) use session::carefully;

use super::facts::{Facts, Server, Setting};
use super::name::quoted;

/// The oldest server whose catalogs are known.
pub const OLDEST: u32 = 13;

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

#[derive(Deserialize)]
struct Taken {
    schema: String,
    name: String,
}

#[derive(Deserialize)]
struct Altered {
    name: String,
    setting: Option<String>,
}

/// Reads all there is to know. `memory` is that of the database's machine in bytes, if it is known.
///
/// # Errors
/// When what everything rests on can't be read: the server itself, its tables and indexes. What else can't be read is
/// told in [`Facts::unseen`].
pub async fn read(client: &Client, memory: Option<u64>) -> Result<Facts, ReadError> {
    carefully(client).await?;
    let server: Server = session::row(client, "the server's version", activity::SERVER).await?;
    let mut seen = Seen {
        client,
        unseen: Vec::new(),
    };
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
        server,
        unseen: Vec::new(),
    };
    facts.statements = statements(&mut seen).await?;
    facts.unseen = seen.unseen;
    hidden(&mut facts);
    Ok(facts)
}

/// What is told in place of an error.
struct Seen<'a> {
    client: &'a Client,
    unseen: Vec<String>,
}

impl Seen<'_> {
    async fn some<T: DeserializeOwned>(
        &mut self,
        what: &'static str,
        query: &str,
    ) -> Result<Vec<T>, ReadError> {
        match session::rows(self.client, what, query).await {
            // A server that is gone is no gap in what may be seen.
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

async fn taken(client: &Client) -> Result<Vec<(String, String)>, ReadError> {
    let names = session::rows::<Taken>(client, "names", catalog::TAKEN).await?;
    Ok(names
        .into_iter()
        .map(|one| (one.schema, one.name))
        .collect())
}

async fn settings(seen: &mut Seen<'_>) -> Result<Vec<Setting>, ReadError> {
    let mut settings: Vec<Setting> = seen.some("settings", activity::SETTINGS).await?;
    // Without the right to see files, nobody knows what a setting that is altered was before.
    let altered =
        session::rows::<Altered>(seen.client, "altered settings", activity::ALTERED).await;
    for one in altered.unwrap_or_default() {
        if let Some(setting) = settings.iter_mut().find(|setting| setting.name == one.name) {
            setting.altered = one.setting;
        }
    }
    Ok(settings)
}

async fn statements(
    seen: &mut Seen<'_>,
) -> Result<Option<Vec<super::facts::Statement>>, ReadError> {
    let schemas: Vec<Schema> = seen.some("extensions", activity::STATEMENTS_SCHEMA).await?;
    let Some(Schema { schema }) = schemas.first() else {
        seen.unseen.push(
            "there is no pg_stat_statements, so nobody knows which statements cost most: add it to \
             shared_preload_libraries, start the server again, and CREATE EXTENSION pg_stat_statements"
                .to_owned(),
        );
        return Ok(None);
    };
    let before = seen.unseen.len();
    let query = activity::statements(&quoted(schema));
    let found = seen.some("pg_stat_statements", &query).await?;
    Ok((seen.unseen.len() == before).then_some(found))
}

/// Tells what an answer left out without saying so.
fn hidden(facts: &mut Facts) {
    let role = &facts.server.role;
    if !facts.server.is_monitor && !facts.server.is_superuser {
        facts.unseen.push(format!(
            "{role} sees neither what others do nor their statements: GRANT pg_monitor TO {}",
            quoted(role)
        ));
    }
    let blind = facts.tables.iter().filter(|table| {
        table.rows > 0.0
            && table.analyzed_s.is_some()
            && table.columns.iter().all(|column| column.distinct.is_none())
    });
    let blind = blind.count();
    if blind > 0 {
        facts.unseen.push(format!(
            "{role} may not read {blind} of {} tables, so their columns' statistics are hidden and the planner can't be \
             asked about them: GRANT pg_read_all_data TO {} (version 14 and later), or SELECT on the tables",
            facts.tables.len(),
            quoted(role)
        ));
    }
}

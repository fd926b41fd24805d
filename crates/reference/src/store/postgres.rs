use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use serde_json::Value;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use super::seed::{Cell, EMPTY, TABLES, seeds};
use super::{DataError, PROBE};
use crate::error::chain;
use crate::statistics::Queries;
use crate::{ServeError, SigningSecret};

/// Queries at once; the server's own default is a hundred connections, for everybody.
const CONNECTIONS: usize = 8;
/// How long a connection may take to be had.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a database that answers may take to say so.
const PROBE_PATIENCE: Duration = Duration::from_secs(2);

/// A database server.
pub(crate) struct Postgres {
    pool: Pool,
    queries: Arc<Queries>,
}

impl Postgres {
    /// Connects and fills what is empty.
    pub(super) async fn open(
        url: &SigningSecret,
        queries: Arc<Queries>,
    ) -> Result<Self, ServeError> {
        // What the parser says might quote a part of the password.
        let mut config: Config = std::str::from_utf8(url.expose())
            .ok()
            .and_then(|url| url.parse().ok())
            .ok_or(ServeError::DatabaseUrl)?;
        config.connect_timeout(PATIENCE);
        let place = place(&config);
        let failed = |why: String| ServeError::Unusable {
            server: "PostgreSQL",
            place: place.clone(),
            why,
        };
        let manager = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(config, NoTls, manager))
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .build()
            .map_err(|error| failed(chain(&error)))?;
        let mut connection = pool.get().await.map_err(|error| failed(chain(&error)))?;
        seed(&mut connection)
            .await
            .map_err(|error| failed(chain(&error)))?;
        drop(connection);
        Ok(Self { pool, queries })
    }

    /// All rows that the query gives for its one parameter.
    pub(super) async fn list(
        &self,
        query: &'static str,
        parameter: &str,
        read: fn(&Row) -> Result<Value, tokio_postgres::Error>,
    ) -> Result<Vec<Value>, DataError> {
        let mut begun = Instant::now();
        let rows = async {
            let connection = self.pool.get().await.map_err(|error| chain(&error))?;
            // Waiting for a connection is not a time of the query.
            begun = Instant::now();
            rows(&connection, query, parameter)
                .await
                .map_err(|error| chain(&error))
        }
        .await;
        self.queries.record(query, begun.elapsed(), rows.is_ok());
        let failed = |why| DataError { query, why };
        rows.map_err(failed)?
            .iter()
            .map(|row| read(row).map_err(|error| failed(chain(&error))))
            .collect()
    }

    pub(super) async fn probe(&self) -> bool {
        let asked = async {
            let connection = self.pool.get().await.ok()?;
            let begun = Instant::now();
            let answer = connection.batch_execute(PROBE).await;
            self.queries.record(PROBE, begun.elapsed(), answer.is_ok());
            answer.ok()
        };
        matches!(timeout(PROBE_PATIENCE, asked).await, Ok(Some(())))
    }
}

async fn rows(
    connection: &Object,
    query: &str,
    parameter: &str,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = connection.prepare_cached(query).await?;
    connection.query(&statement, &[&parameter]).await
}

/// Where it is, without user and password.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}")
}

async fn seed(connection: &mut Object) -> Result<(), tokio_postgres::Error> {
    let transaction = connection.transaction().await?;
    // Two servers that start at once would create the same tables.
    transaction
        .batch_execute("SELECT pg_advisory_xact_lock(hashtext('agentos-reference'))")
        .await?;
    transaction.batch_execute(TABLES).await?;
    let empty: bool = transaction.query_one(EMPTY, &[]).await?.try_get(0)?;
    if empty {
        for table in seeds() {
            let insert = transaction.prepare(table.insert).await?;
            for row in &table.rows {
                let cells: Vec<&(dyn ToSql + Sync)> = row.iter().map(cell).collect();
                transaction.execute(&insert, &cells).await?;
            }
        }
    }
    transaction.commit().await
}

fn cell(cell: &Cell) -> &(dyn ToSql + Sync) {
    match cell {
        Cell::Text(text) => text,
        Cell::Whole(whole) => whole,
        Cell::Number(number) => number,
        Cell::Flag(flag) => flag,
    }
}

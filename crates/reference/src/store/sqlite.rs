use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{fs, io};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, ToSql, params_from_iter};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::seed::{Cell, EMPTY, TABLES, seeds};
use super::{DataError, PROBE};
use crate::statistics::Queries;
use crate::{ServeError, SigningSecret};

/// Queries at once; a `SQLite` read takes microseconds, so few are enough.
const CONNECTIONS: usize = 4;

/// A database file.
pub(crate) struct Sqlite {
    pool: Arc<SqlitePool>,
    permits: Semaphore,
    queries: Arc<Queries>,
}

impl Sqlite {
    /// Opens the file, or a temporary one, and fills what is empty.
    pub(super) async fn open(
        path: Option<PathBuf>,
        queries: Arc<Queries>,
    ) -> Result<Self, ServeError> {
        let opened = spawn_blocking(move || Self::open_blocking(path, queries)).await;
        opened.map_err(|error| ServeError::Runtime(io::Error::other(error)))?
    }

    fn open_blocking(path: Option<PathBuf>, queries: Arc<Queries>) -> Result<Self, ServeError> {
        let (path, temporary) = if let Some(path) = path {
            (path, None)
        } else {
            let folder = TemporaryFolder::create()?;
            (folder.0.join("agentos.sqlite"), Some(folder))
        };
        let failed = |source| ServeError::Database {
            path: path.clone(),
            source,
        };
        let mut connection = connect(&path).map_err(failed)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(failed)?;
        seed(&mut connection).map_err(failed)?;
        let idle = Mutex::new(vec![connection]);
        Ok(Self {
            pool: Arc::new(SqlitePool {
                path,
                idle,
                _temporary: temporary,
            }),
            permits: Semaphore::new(CONNECTIONS),
            queries,
        })
    }

    /// All rows that the query gives for its one parameter.
    pub(super) async fn list(
        &self,
        query: &'static str,
        parameter: String,
        read: fn(&Row<'_>) -> rusqlite::Result<Value>,
    ) -> Result<Vec<Value>, DataError> {
        self.query(query, move |connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_map([parameter], read)?.collect()
        })
        .await
    }

    pub(super) async fn probe(&self) -> bool {
        let answer = self.query(PROBE, |connection| {
            connection
                .prepare_cached(PROBE)?
                .query_row([], |row| row.get::<_, i64>(0))
        });
        answer.await.is_ok()
    }

    async fn query<T, F>(&self, query: &'static str, run: F) -> Result<T, DataError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let failed = |why: &dyn ToString| DataError {
            query,
            why: why.to_string(),
        };
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|error| failed(&error))?;
        let (pool, queries) = (Arc::clone(&self.pool), Arc::clone(&self.queries));
        let done = spawn_blocking(move || {
            let connection = pool.take()?;
            let begun = Instant::now();
            let result = run(&connection);
            queries.record(query, begun.elapsed(), result.is_ok());
            pool.give_back(connection);
            result
        });
        match done.await {
            Ok(result) => result.map_err(|error| failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

struct SqlitePool {
    // Dropped in this order: files are closed before their folder goes.
    idle: Mutex<Vec<Connection>>,
    path: PathBuf,
    _temporary: Option<TemporaryFolder>,
}

impl SqlitePool {
    fn take(&self) -> rusqlite::Result<Connection> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.map_or_else(|| connect(&self.path), Ok)
    }

    fn give_back(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> Result<Self, ServeError> {
        // The name cannot be guessed, so no attacker can be there first with a link.
        let name = String::from_utf8_lossy(&SigningSecret::random().expose()[..16]).into_owned();
        let path = std::env::temp_dir().join(format!("agentos-reference-{name}"));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(ServeError::TemporaryFolder { path, source }),
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system that cleans its temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn seed(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    if transaction.query_row(EMPTY, [], |row| row.get(0))? {
        for table in seeds() {
            let mut insert = transaction.prepare(table.insert)?;
            for row in &table.rows {
                insert.execute(params_from_iter(row))?;
            }
        }
    }
    transaction.commit()
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Whole(whole) => whole.to_sql(),
            Self::Number(number) => number.to_sql(),
            Self::Flag(flag) => flag.to_sql(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_temporary_database_is_removed() {
        let store = Sqlite::open_blocking(None, Arc::default()).unwrap();
        let folder = store.pool.path.parent().unwrap().to_owned();
        assert!(folder.exists());
        drop(store);
        assert!(!folder.exists());
    }

    #[test]
    fn a_database_is_seeded_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.sqlite");
        for _ in 0..2 {
            let store = Sqlite::open_blocking(Some(path.clone()), Arc::default()).unwrap();
            let connection = store.pool.take().unwrap();
            let users: u32 = connection
                .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
                .unwrap();
            assert_eq!(users, 100);
        }
        assert!(path.exists());
    }

    #[test]
    fn a_database_in_no_folder_is_an_error_that_names_it() {
        let path = PathBuf::from("/no/such/folder/file.sqlite");
        let error = Sqlite::open_blocking(Some(path), Arc::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("/no/such/folder/file.sqlite"), "{error}");
    }
}

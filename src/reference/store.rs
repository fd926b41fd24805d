use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::auth::User;
use super::seed::seed;
use super::statistics::Queries;
use super::{ServeError, options::Secret};

/// Queries at once; a `SQLite` read takes microseconds, so few are enough.
const CONNECTIONS: usize = 4;

const AGENTS: &str = "SELECT id, name, description, type, status, success_rate, total_executions, \
     avg_response_time, created_at, organization_id FROM agents WHERE organization_id = ?1 ORDER BY name";
const WORKFLOWS: &str = "SELECT id, name, description, status, steps, total_executions, success_rate, \
     created_at, organization_id FROM workflows WHERE organization_id = ?1 ORDER BY name";
const USER: &str =
    "SELECT id, email, full_name, role, is_active, created_at FROM users WHERE id = ?1";
const PROBE: &str = "SELECT 1";

/// A query that failed.
#[derive(Debug, Error)]
#[error("{query}: {why}")]
pub(super) struct StoreError {
    query: &'static str,
    why: String,
}

/// The database.
pub(super) struct Store {
    pool: Arc<Pool>,
    permits: Semaphore,
    queries: Arc<Queries>,
}

impl Store {
    /// Opens the file, or a temporary one, and fills what is empty. Blocks.
    pub(super) fn open(path: Option<&Path>, queries: Arc<Queries>) -> Result<Self, ServeError> {
        let (path, temporary) = if let Some(path) = path {
            (path.to_owned(), None)
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
            pool: Arc::new(Pool {
                path,
                idle,
                _temporary: temporary,
            }),
            permits: Semaphore::new(CONNECTIONS),
            queries,
        })
    }

    /// The organization's agents, as JSON.
    pub(super) async fn agents(&self, organization: String) -> Result<Bytes, StoreError> {
        self.query(AGENTS, move |connection| {
            rows(connection, AGENTS, &organization, agent)
        })
        .await
    }

    /// The organization's workflows, as JSON.
    pub(super) async fn workflows(&self, organization: String) -> Result<Bytes, StoreError> {
        self.query(WORKFLOWS, move |connection| {
            rows(connection, WORKFLOWS, &organization, workflow)
        })
        .await
    }

    /// The user of a token, as JSON. Whoever signed it may name users that were never seeded.
    pub(super) async fn user(&self, user: User) -> Result<Bytes, StoreError> {
        self.query(USER, move |connection| {
            let known = connection
                .prepare_cached(USER)?
                .query_row([&user.id], |row| profile(row, &user.organization))
                .optional()?;
            Ok(json_bytes(&known.unwrap_or_else(|| stranger(&user))))
        })
        .await
    }

    /// Whether the database answers.
    pub(super) async fn probe(&self) -> bool {
        self.query(PROBE, |connection| {
            connection
                .prepare_cached(PROBE)?
                .query_row([], |row| row.get::<_, i64>(0))?;
            Ok(Bytes::new())
        })
        .await
        .is_ok()
    }

    async fn query<F>(&self, query: &'static str, run: F) -> Result<Bytes, StoreError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<Bytes> + Send + 'static,
    {
        let failed = |why: &dyn ToString| StoreError {
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

struct Pool {
    // Dropped in this order: files are closed before their folder goes.
    idle: Mutex<Vec<Connection>>,
    path: PathBuf,
    _temporary: Option<TemporaryFolder>,
}

impl Pool {
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
        // The name cannot be guessed, so nobody can be there first with a link.
        let name = String::from_utf8_lossy(&Secret::random().expose()[..16]).into_owned();
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

fn rows(
    connection: &Connection,
    query: &str,
    organization: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<Value>,
) -> rusqlite::Result<Bytes> {
    let mut statement = connection.prepare_cached(query)?;
    let rows: Vec<Value> = statement
        .query_map([organization], read)?
        .collect::<Result<_, _>>()?;
    Ok(json_bytes(&Value::Array(rows)))
}

fn agent(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "id": row.get::<_, String>("id")?,
        "name": row.get::<_, String>("name")?,
        "description": row.get::<_, String>("description")?,
        "type": row.get::<_, String>("type")?,
        "status": row.get::<_, String>("status")?,
        "success_rate": row.get::<_, f64>("success_rate")?,
        "total_executions": row.get::<_, i64>("total_executions")?,
        "avg_response_time": row.get::<_, f64>("avg_response_time")?,
        "created_at": row.get::<_, String>("created_at")?,
        "organization_id": row.get::<_, String>("organization_id")?,
    }))
}

fn workflow(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "id": row.get::<_, String>("id")?,
        "name": row.get::<_, String>("name")?,
        "description": row.get::<_, String>("description")?,
        "status": row.get::<_, String>("status")?,
        "steps": row.get::<_, i64>("steps")?,
        "total_executions": row.get::<_, i64>("total_executions")?,
        "success_rate": row.get::<_, f64>("success_rate")?,
        "created_at": row.get::<_, String>("created_at")?,
        "organization_id": row.get::<_, String>("organization_id")?,
    }))
}

fn profile(row: &Row<'_>, organization: &str) -> rusqlite::Result<Value> {
    Ok(json!({
        "id": row.get::<_, String>("id")?,
        "email": row.get::<_, String>("email")?,
        "full_name": row.get::<_, String>("full_name")?,
        "role": row.get::<_, String>("role")?,
        "organization_id": organization,
        "is_active": row.get::<_, bool>("is_active")?,
        "created_at": row.get::<_, String>("created_at")?,
    }))
}

fn stranger(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": format!("{}@example.com", user.id),
        "full_name": user.id,
        "role": "member",
        "organization_id": user.organization,
        "is_active": true,
        "created_at": "2025-01-01T00:00:00Z",
    })
}

fn json_bytes(value: &Value) -> Bytes {
    value.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{DEMO_ORGANIZATION, DEMO_USER};

    fn temporary() -> Store {
        Store::open(None, Arc::default()).unwrap()
    }

    fn parsed(bytes: Result<Bytes, StoreError>) -> Value {
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn an_organization_sees_its_own() {
        let store = temporary();
        let agents = parsed(store.agents(DEMO_ORGANIZATION.into()).await);
        assert_eq!(agents.as_array().unwrap().len(), 25);
        assert!(agents[0]["success_rate"].is_number());
        let workflows = parsed(store.workflows(DEMO_ORGANIZATION.into()).await);
        assert_eq!(workflows.as_array().unwrap().len(), 15);
        assert_eq!(parsed(store.agents("other".into()).await), json!([]));
    }

    #[tokio::test]
    async fn a_user_is_who_the_token_names() {
        let store = temporary();
        let user = |id: &str| User {
            id: id.into(),
            organization: "o".into(),
        };
        assert_eq!(parsed(store.user(user(DEMO_USER)).await)["role"], "admin");
        let stranger = parsed(store.user(user("nobody")).await);
        assert_eq!(stranger["id"], "nobody");
        assert_eq!(stranger["organization_id"], "o");
    }

    #[test]
    fn a_temporary_database_is_removed() {
        let store = temporary();
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
            let store = Store::open(Some(&path), Arc::default()).unwrap();
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
        let path = Path::new("/no/such/folder/file.sqlite");
        let error = Store::open(Some(path), Arc::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("/no/such/folder/file.sqlite"), "{error}");
    }
}

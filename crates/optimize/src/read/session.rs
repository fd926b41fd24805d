//! Asking a server: each answer comes as one JSON text and is read into plain data.

use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio_postgres::Client;

use crate::connection::{error_message, first_text, is_gone};

/// Nothing is changed, nothing waits for a lock, and nothing takes long. Names are those of the catalog whatever the
/// database's own tables, functions and operators are called, and what the server writes of others is with its schema.
const CAREFULLY: &str = "SET search_path = pg_catalog; SET default_transaction_read_only = on; \
     SET statement_timeout = '30s'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = 0";

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The server refused, or the connection broke.
    #[error("{what} cannot be read: {said}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// What the server said.
        said: String,
        /// Whether the connection was lost.
        gone: bool,
    },
    /// The answer is not of the form that this version has.
    #[error("{what} have an unknown form: {said}; please report this with the server's version")]
    Form {
        /// What was asked for.
        what: &'static str,
        /// What does not fit.
        said: String,
    },
}

/// Makes sure that no query changes anything.
pub(crate) async fn carefully(client: &Client) -> Result<(), ReadError> {
    let set = client.batch_execute(CAREFULLY).await;
    set.map_err(|error| refused("the session's settings", &error))
}

/// The rows of a query, by the names of its columns.
pub(super) async fn rows<T: DeserializeOwned>(
    client: &Client,
    what: &'static str,
    query: &str,
) -> Result<Vec<T>, ReadError> {
    let query =
        format!("SELECT /* agentos-perf */ coalesce(json_agg(x), '[]')::text FROM ({query}) x");
    let messages = client.simple_query(&query).await;
    let messages = messages.map_err(|error| refused(what, &error))?;
    let form = |said: String| ReadError::Form { what, said };
    let text = first_text(&messages).ok_or_else(|| form("it is not UTF-8".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| form(error.to_string()))
}

/// The one row of a query.
pub(super) async fn row<T: DeserializeOwned>(
    client: &Client,
    what: &'static str,
    query: &str,
) -> Result<T, ReadError> {
    let mut all = rows(client, what, query).await?;
    let none = || ReadError::Form {
        what,
        said: "there is none".to_owned(),
    };
    all.pop().ok_or_else(none)
}

fn refused(what: &'static str, error: &tokio_postgres::Error) -> ReadError {
    ReadError::Refused {
        what,
        said: error_message(error),
        gone: is_gone(error),
    }
}

//! The database: `SQLite` by default, PostgreSQL when asked for.

#[cfg(feature = "servers")]
mod postgres;
mod rows;
mod seed;
mod sqlite;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use thiserror::Error;

pub use seed::{DEMO_ORGANIZATION, DEMO_USER};

use super::auth::AuthenticatedUser;
use super::statistics::Queries;
use super::{Options, ServeError};

// Both databases read `$1`.
const AGENTS: &str = "SELECT id, name, description, type, status, success_rate, total_executions, \
     avg_response_time, created_at, organization_id FROM agents WHERE organization_id = $1 ORDER BY name";
const WORKFLOWS: &str = "SELECT id, name, description, status, steps, total_executions, success_rate, \
     created_at, organization_id FROM workflows WHERE organization_id = $1 ORDER BY name";
const USER: &str =
    "SELECT id, email, full_name, role, is_active, created_at FROM users WHERE id = $1";
const PROBE: &str = "SELECT 1";

/// A query that failed.
#[derive(Debug, Error)]
#[error("{query}: {why}")]
pub(super) struct DataError {
    query: &'static str,
    why: String,
}

/// The database.
pub(super) enum Store {
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "servers")]
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens what the options name and fills what is empty.
    pub(super) async fn open(options: &Options, queries: Arc<Queries>) -> Result<Self, ServeError> {
        #[cfg(feature = "servers")]
        if let Some(url) = &options.database_url {
            let postgres = postgres::Postgres::open(url, queries).await?;
            return Ok(Self::Postgres(postgres));
        }
        let sqlite = sqlite::Sqlite::open(options.database.clone(), queries).await?;
        Ok(Self::Sqlite(sqlite))
    }

    /// The organization's agents, as JSON.
    pub(super) async fn agents(&self, organization: String) -> Result<Bytes, DataError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite
                    .list(AGENTS, organization, |row| rows::agent(row))
                    .await
            }
            #[cfg(feature = "servers")]
            Self::Postgres(postgres) => postgres.list(AGENTS, &organization, rows::agent).await,
        }
        .map(|rows| json_bytes(&rows))
    }

    /// The organization's workflows, as JSON.
    pub(super) async fn workflows(&self, organization: String) -> Result<Bytes, DataError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite
                    .list(WORKFLOWS, organization, |row| rows::workflow(row))
                    .await
            }
            #[cfg(feature = "servers")]
            Self::Postgres(postgres) => {
                postgres
                    .list(WORKFLOWS, &organization, rows::workflow)
                    .await
            }
        }
        .map(|rows| json_bytes(&rows))
    }

    /// The user of a token, as JSON. It may name users that were never seeded.
    pub(super) async fn user(&self, user: AuthenticatedUser) -> Result<Bytes, DataError> {
        let known = match self {
            Self::Sqlite(sqlite) => {
                sqlite
                    .list(USER, user.id.clone(), |row| rows::profile(row))
                    .await
            }
            #[cfg(feature = "servers")]
            Self::Postgres(postgres) => postgres.list(USER, &user.id, rows::profile).await,
        }?;
        let mut profile = known.into_iter().next();
        if let Some(profile) = &mut profile {
            profile["organization_id"] = json!(user.organization);
        }
        Ok(profile
            .unwrap_or_else(|| stranger(&user))
            .to_string()
            .into())
    }

    /// Whether the database answers.
    pub(super) async fn probe(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.probe().await,
            #[cfg(feature = "servers")]
            Self::Postgres(postgres) => postgres.probe().await,
        }
    }
}

fn stranger(user: &AuthenticatedUser) -> Value {
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

fn json_bytes(rows: &[Value]) -> Bytes {
    json!(rows).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningSecret;

    async fn temporary() -> Store {
        let options = Options::new(SigningSecret::random());
        Store::open(&options, Arc::default()).await.unwrap()
    }

    fn parsed(bytes: Result<Bytes, DataError>) -> Value {
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn an_organization_sees_its_own() {
        let store = temporary().await;
        let agents = parsed(store.agents(DEMO_ORGANIZATION.into()).await);
        assert_eq!(agents.as_array().unwrap().len(), 25);
        assert!(agents[0]["success_rate"].is_number());
        let workflows = parsed(store.workflows(DEMO_ORGANIZATION.into()).await);
        assert_eq!(workflows.as_array().unwrap().len(), 15);
        assert_eq!(parsed(store.agents("other".into()).await), json!([]));
    }

    #[tokio::test]
    async fn a_user_is_who_the_token_names() {
        let store = temporary().await;
        let user = |id: &str| AuthenticatedUser {
            id: id.into(),
            organization: "o".into(),
        };
        let known = parsed(store.user(user(DEMO_USER)).await);
        assert_eq!(known["role"], "admin");
        assert_eq!(known["is_active"], true);
        assert_eq!(known["organization_id"], "o");
        let stranger = parsed(store.user(user("nobody")).await);
        assert_eq!(stranger["id"], "nobody");
        assert_eq!(stranger["organization_id"], "o");
    }
}

use std::time::Duration;

use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, RedisResult, cmd};

use super::{CacheKey, FRESH_FOR};
use crate::error::chain;
use crate::{ServeError, SigningSecret};

const PREFIX: &str = "agentos";
/// A cache that takes longer is not a help.
const PATIENCE: Duration = Duration::from_secs(1);

/// A cache server.
pub(super) struct Redis(ConnectionManager);

impl Redis {
    pub(super) async fn open(url: &SigningSecret) -> Result<Self, ServeError> {
        // What the parser says might quote a part of the password.
        let client = std::str::from_utf8(url.expose())
            .ok()
            .and_then(|url| Client::open(url).ok())
            .ok_or(ServeError::RedisUrl)?;
        let place = client.get_connection_info().addr().to_string();
        // The next request tries again: none waits for several attempts.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let opened = async {
            let redis = Self(ConnectionManager::new_with_config(client, config).await?);
            redis.ping().await.map(|()| redis)
        };
        opened
            .await
            .map_err(|error: RedisError| ServeError::Unusable {
                server: "Redis",
                place,
                why: chain(&error),
            })
    }

    /// One look-up, which the server itself counts as a hit or a miss.
    pub(super) async fn get(&self, key: &CacheKey) -> RedisResult<Option<Bytes>> {
        let body: Option<Vec<u8>> = cmd("GET")
            .arg(name(key))
            .query_async(&mut self.0.clone())
            .await?;
        Ok(body.map(Bytes::from))
    }

    pub(super) async fn put(&self, key: &CacheKey, body: &Bytes) -> RedisResult<()> {
        cmd("SETEX")
            .arg(name(key))
            .arg(FRESH_FOR.as_secs())
            .arg(&body[..])
            .query_async(&mut self.0.clone())
            .await
    }

    pub(super) async fn ping(&self) -> RedisResult<()> {
        cmd("PING").exec_async(&mut self.0.clone()).await
    }
}

/// The lengths keep names apart that contain colons themselves.
fn name(key: &CacheKey) -> String {
    match key {
        CacheKey::Agents { organization } => format!("{PREFIX}:agents:{organization}"),
        CacheKey::Workflows { organization } => format!("{PREFIX}:workflows:{organization}"),
        CacheKey::User { id, organization } => {
            format!("{PREFIX}:user:{}:{organization}:{id}", organization.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_a_name() {
        let user = |organization: &str, id: &str| {
            name(&CacheKey::User {
                id: id.into(),
                organization: organization.into(),
            })
        };
        assert_eq!(user("org-1", "user-1"), "agentos:user:5:org-1:user-1");
        assert_ne!(user("a:b", "c"), user("a", "b:c"));
    }
}

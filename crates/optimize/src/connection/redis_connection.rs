//! A connection to Redis that has given its password.
//!
//! It is this and no crate because all that is wanted are a few commands that only read, with an end in time and in
//! bytes for whatever answers, and TLS as databases are asked over it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::redis_address::RedisAddress;
use super::redis_error::RedisError;
use super::redis_stream::{RedisConnector, RedisTransport};
use super::resp::{Reply, read_reply, write_command};

const CONNECT: Duration = Duration::from_secs(2);
/// Far more than anything that is asked for.
const MOST_BYTES: usize = 4 << 20;
const CHUNK: usize = 1 << 16;
/// Of a refusal, in letters.
const MOST_TOLD: usize = 120;

/// A connection that has given its password.
pub struct RedisConnection {
    stream: Box<dyn RedisTransport>,
    /// What came and is not read yet.
    received: Vec<u8>,
}

impl RedisConnection {
    /// Connects and gives the password, if there is one.
    ///
    /// # Errors
    /// When it can't be made in two seconds, or the password is refused.
    pub async fn open(
        address: &RedisAddress,
        insecure: bool,
    ) -> Result<RedisConnection, RedisError> {
        let connector = RedisConnector::new(address, insecure)?;
        RedisConnection::open_by(&connector, address).await
    }

    /// The same by a connector that is kept for many.
    ///
    /// # Errors
    /// As [`RedisConnection::open`].
    pub async fn open_by(
        connector: &RedisConnector,
        address: &RedisAddress,
    ) -> Result<RedisConnection, RedisError> {
        let mut connection = RedisConnection {
            stream: connector.connect(CONNECT).await?,
            received: Vec::new(),
        };
        let words = address.credentials();
        if !words.is_empty() {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            if let Reply::Refused(why) = connection.ask(&words, CONNECT).await? {
                return Err(RedisError::Refused(without_echo(&why)));
            }
        }
        Ok(connection)
    }

    /// One command and its answer, which may be that it is refused.
    ///
    /// # Errors
    /// When there is no whole answer in time. The connection is of no use then.
    pub async fn ask(&mut self, words: &[&[u8]], within: Duration) -> Result<Reply, RedisError> {
        let mut replies = self.ask_all(&[words], within).await?;
        replies.pop().ok_or(RedisError::Closed)
    }

    /// Commands, sent together, and an answer to each, in their order.
    ///
    /// # Errors
    /// As for one.
    pub async fn ask_all(
        &mut self,
        commands: &[&[&[u8]]],
        within: Duration,
    ) -> Result<Vec<Reply>, RedisError> {
        timeout(within, self.exchange(commands))
            .await
            .unwrap_or(Err(RedisError::Silent(within)))
    }

    async fn exchange(&mut self, commands: &[&[&[u8]]]) -> Result<Vec<Reply>, RedisError> {
        let mut out = Vec::new();
        for words in commands {
            write_command(&mut out, words);
        }
        self.stream
            .write_all(&out)
            .await
            .map_err(RedisError::Broken)?;
        self.stream.flush().await.map_err(RedisError::Broken)?;
        let mut replies = Vec::with_capacity(commands.len());
        while replies.len() < commands.len() {
            replies.push(self.reply().await?);
        }
        Ok(replies)
    }

    async fn reply(&mut self) -> Result<Reply, RedisError> {
        loop {
            if let Some((reply, length)) = read_reply(&self.received, MOST_BYTES)? {
                self.received.drain(..length);
                return Ok(reply);
            }
            let have = self.received.len();
            self.received.resize(have + CHUNK, 0);
            let read = self.stream.read(&mut self.received[have..]).await;
            self.received
                .truncate(have + read.as_ref().map_or(0, |read| *read));
            if read.map_err(RedisError::Broken)? == 0 {
                return Err(RedisError::Closed);
            }
        }
    }
}

/// What may be shown of a refusal: a server that does not know a command repeats what it was sent.
fn without_echo(why: &str) -> String {
    if why.starts_with("WRONGPASS") || why.contains("invalid password") {
        return "WRONGPASS: the user or the password is wrong".to_owned();
    }
    if why.contains("without any password configured") {
        return "it has no password, and the URL has one".to_owned();
    }
    let code = why.split(' ').next().unwrap_or_default();
    let is_code = (1..=20).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase());
    format!(
        "{}: it does not take the password",
        if is_code { code } else { "AUTH" }
    )
}

/// As much of a refusal as is shown.
pub fn shortened(why: &str) -> String {
    why.chars().take(MOST_TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_refusal_repeats_the_password() {
        let table = [
            (
                "WRONGPASS invalid username-password pair or user is disabled.",
                "WRONGPASS: the user or the password is wrong",
            ),
            (
                "ERR invalid password",
                "WRONGPASS: the user or the password is wrong",
            ),
            (
                "ERR AUTH <password> called without any password configured for the default user.",
                "it has no password, and the URL has one",
            ),
            (
                "ERR unknown command `AUTH`, with args beginning with: `hunter2`, ",
                "ERR: it does not take the password",
            ),
            ("hunter2", "AUTH: it does not take the password"),
            ("", "AUTH: it does not take the password"),
        ];
        for (why, told) in table {
            assert_eq!(without_echo(why), told, "{why}");
        }
    }
}

//! Asks a Redis, with commands that only read: `INFO`, `CONFIG GET`, `SLOWLOG LEN`, and what `walk` asks of keys.
//! What it doesn't allow is unseen and no error.

use std::time::Duration;

use super::facts::RedisFacts;
use super::info::{self, SETTINGS};
use super::text::refusal;
use super::walk;
use crate::connection::{RedisAddress, RedisConnection, RedisError, Reply};

/// How long an answer may take. All of these are quick: what is slower stands behind something else.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// Looks at a Redis: at its own counters and at some of its keys. Without a number in the address it looks at the keys
/// of the database that has most of them.
///
/// It takes some seconds, and 25 of them with a server that is as slow as can be borne. Asking for the expiry of a key counts as a hit over there, for 10,000 of them at
/// most; where `MEMORY USAGE` is not allowed, up to 1,000 keys count as used just now (`LRU`).
///
/// # Errors
/// When there is no connection, the password is refused, the database is not there, or what answers is not Redis, is
/// silent or breaks off.
pub async fn read(address: &RedisAddress, insecure: bool) -> Result<RedisFacts, RedisError> {
    let mut connection = RedisConnection::open(address, insecure).await?;
    let mut facts = read_info(&mut connection).await?;
    read_settings(&mut connection, &mut facts).await?;
    read_slow_log(&mut connection, &mut facts).await?;
    choose_database(&mut connection, address, &mut facts).await?;
    walk::sample(&mut connection, &mut facts).await;
    Ok(facts)
}

async fn read_info(connection: &mut RedisConnection) -> Result<RedisFacts, RedisError> {
    match connection.ask(&[b"INFO"], ANSWER).await? {
        Reply::Text(bytes) => {
            info::facts(&String::from_utf8_lossy(&bytes)).ok_or(RedisError::NoCounters)
        }
        Reply::Refused(why) if is_forbidden(&why) => {
            let mut facts = RedisFacts::default();
            facts
                .unseen
                .push(unseen("memory, hits and evictions", "INFO", &why));
            Ok(facts)
        }
        Reply::Refused(why) if why.starts_with("NOAUTH") => Err(RedisError::Refused(
            "it requires a password: redis://:PASSWORD@HOST:PORT".to_owned(),
        )),
        Reply::Refused(why) => Err(RedisError::Refused(refusal(&why))),
        _ => Err(RedisError::Garbled),
    }
}

async fn read_settings(
    connection: &mut RedisConnection,
    facts: &mut RedisFacts,
) -> Result<(), RedisError> {
    let words = SETTINGS.map(|name| [b"CONFIG".as_slice(), b"GET", name.as_bytes()]);
    let commands: Vec<&[&[u8]]> = words.iter().map(<[_; 3]>::as_slice).collect();
    let replies = connection.ask_all(&commands, ANSWER).await?;
    let mut refused = None;
    for (name, reply) in SETTINGS.iter().zip(&replies) {
        match reply {
            Reply::Refused(why) => refused = refused.or(Some(why)),
            // A name and its value; nothing for a setting that this version does not have.
            Reply::List(pair) => {
                if let [_, value] = pair.as_slice() {
                    info::enter(facts, name, value.text().unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    if let Some(why) = refused {
        let lost = "settings that INFO does not report (activedefrag, save)";
        facts.unseen.push(unseen(lost, "CONFIG GET", why));
    }
    Ok(())
}

async fn read_slow_log(
    connection: &mut RedisConnection,
    facts: &mut RedisFacts,
) -> Result<(), RedisError> {
    match connection.ask(&[b"SLOWLOG", b"LEN"], ANSWER).await? {
        Reply::Refused(why) => {
            let lost = "the number of slow commands";
            facts.unseen.push(unseen(lost, "SLOWLOG LEN", &why));
        }
        reply => facts.slow_commands = reply.number().and_then(|number| number.try_into().ok()),
    }
    Ok(())
}

async fn choose_database(
    connection: &mut RedisConnection,
    address: &RedisAddress,
    facts: &mut RedisFacts,
) -> Result<(), RedisError> {
    // Of those with equally many keys, the first.
    let fullest = facts.databases.iter().rev().max_by_key(|one| one.keys);
    let fullest = fullest.map_or(0, |one| one.number);
    let number = address.database().unwrap_or(fullest);
    if number == 0 {
        return Ok(());
    }
    let text = number.to_string();
    let reply = connection.ask(&[b"SELECT", text.as_bytes()], ANSWER).await;
    match reply? {
        Reply::Refused(why) if address.database().is_some() => Err(RedisError::Refused(format!(
            "database {number}: {}",
            refusal(&why)
        ))),
        Reply::Refused(why) => {
            let lost = format!("the keys of database {number}");
            facts.unseen.push(unseen(&lost, "SELECT", &why));
            Ok(())
        }
        _ => {
            facts.database = number;
            Ok(())
        }
    }
}

/// Whether a command is forbidden to this user, rather than unavailable for the moment.
fn is_forbidden(why: &str) -> bool {
    why.starts_with("NOPERM") || why.starts_with("ERR unknown command")
}

/// What is lost because a command is refused, and what would help.
pub(super) fn unseen(lost: &str, command: &str, why: &str) -> String {
    let help = if why.starts_with("NOPERM") && !why.contains("key") {
        let rule = command.to_lowercase().replace(' ', "|");
        format!("; `ACL SETUSER NAME +{rule}` allows it")
    } else {
        String::new()
    };
    format!("{lost}: {command} is refused ({}){help}", refusal(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unseen_says_what_would_help() {
        let table = [
            (
                "NOPERM this user has no permissions to run the 'config|get' command",
                "CONFIG GET",
                "x: CONFIG GET is refused (NOPERM this user has no permissions to run the 'config|get' command); \
                 `ACL SETUSER NAME +config|get` allows it",
            ),
            (
                "ERR unknown command 'CONFIG', with args\x1b[2J",
                "CONFIG GET",
                "x: CONFIG GET is refused (ERR unknown command 'CONFIG', with args\\x1b[2J)",
            ),
            (
                "NOPERM this user has no permissions to access one of the keys used as arguments",
                "TTL",
                "x: TTL is refused (NOPERM this user has no permissions to access one of the keys used as arguments)",
            ),
        ];
        for (why, command, expected) in table {
            assert_eq!(unseen("x", command, why), expected);
        }
    }

    #[test]
    fn forbidden_is_not_for_the_moment() {
        let table = [
            ("NOPERM this user", true),
            ("ERR unknown command 'INFO'", true),
            ("LOADING Redis is loading the dataset in memory", false),
            ("NOAUTH Authentication required.", false),
            ("ERR max number of clients reached", false),
        ];
        for (why, expected) in table {
            assert_eq!(is_forbidden(why), expected, "{why}");
        }
    }
}

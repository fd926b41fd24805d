//! Walks through some keys of a database: never all at once, and neither many nor for long.

use std::time::Duration;

use tokio::time::Instant;

use super::facts::RedisFacts;
use super::read::{ANSWER, unseen};
use super::sample::{Sampler, Size};
use crate::monitor::{RedisConnection, RedisError, Reply};

/// As many keys are looked at. `SCAN` goes by the hash of a key, so that the first ones are like any others.
const MOST_KEYS: usize = 10_000;
/// As long is looked at them.
const LONGEST: Duration = Duration::from_secs(5);
/// As many keys at once hold nobody up: the server takes far less than a millisecond for them.
const AT_ONCE: usize = 100;
/// Asking for the length of a key counts as using it, so that it is done for some alone.
const MOST_LENGTHS: usize = 1000;

/// How sizes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizing {
    Bytes,
    Elements,
    Not,
}

/// Looks at keys of the selected database. What goes wrong ends the look; what was seen until then stays.
pub(super) async fn sample(connection: &mut RedisConnection, facts: &mut RedisFacts) {
    let mut walk = Walk {
        connection,
        sampler: Sampler::default(),
        sizing: Sizing::Bytes,
        lengths: 0,
        unseen: Vec::new(),
        is_refused: false,
    };
    let walked = walk.walk().await;
    if walked.is_ok() && walk.sizing == Sizing::Bytes {
        // Without it the biggest keys only lack a word.
        let _ = walk.ask_kinds().await;
    }
    facts.unseen.append(&mut walk.unseen);
    let complete = match walked {
        Ok(complete) => complete,
        Err(error) => {
            let met = walk.sampler.met();
            facts.unseen.push(format!(
                "more than {met} keys: the look at them ended early, because {error}"
            ));
            false
        }
    };
    if !walk.is_refused {
        facts.sample = Some(walk.sampler.finish(complete));
    }
}

struct Walk<'a> {
    connection: &'a mut RedisConnection,
    sampler: Sampler,
    sizing: Sizing,
    lengths: usize,
    unseen: Vec<String>,
    /// Whether there is no walking at all.
    is_refused: bool,
}

impl Walk<'_> {
    /// Whether it came around.
    async fn walk(&mut self) -> Result<bool, RedisError> {
        let until = Instant::now() + LONGEST;
        let mut cursor = b"0".to_vec();
        loop {
            let count = AT_ONCE.to_string();
            let words: [&[u8]; 4] = [b"SCAN", &cursor, b"COUNT", count.as_bytes()];
            let (next, mut keys) = match self.connection.ask(&words, ANSWER).await? {
                Reply::Refused(why) => {
                    self.is_refused = self.sampler.met() == 0;
                    self.unseen.push(unseen("keys", "SCAN", &why));
                    return Ok(false);
                }
                reply => page(reply).ok_or(RedisError::Garbled)?,
            };
            let is_enough =
                |walk: &Walk<'_>| walk.sampler.met() >= MOST_KEYS || Instant::now() >= until;
            // A page is as long as the server likes.
            keys.retain(|key| self.sampler.is_new(key));
            let mut pages = keys.chunks(AT_ONCE).peekable();
            while let Some(some) = pages.next() {
                self.look(some).await?;
                if pages.peek().is_some() && is_enough(self) {
                    return Ok(false);
                }
            }
            if next == b"0" {
                return Ok(true);
            }
            if is_enough(self) {
                return Ok(false);
            }
            cursor = next;
        }
    }

    async fn look(&mut self, keys: &[Vec<u8>]) -> Result<(), RedisError> {
        let expiries = self.ask_each(keys, &[b"TTL"], &[]).await?;
        let lasting: Vec<Option<bool>> = expiries
            .iter()
            .map(|reply| reply.number().map(|seconds| seconds == -1))
            .collect();
        if let Some(Reply::Refused(why)) = expiries.iter().find(|one| is_refused(one)) {
            self.tell_once("whether keys expire", "TTL", why);
        }
        let mut sizes = vec![(None, None); keys.len()];
        if self.sizing == Sizing::Bytes {
            sizes = self.ask_bytes(keys, &expiries).await?;
        }
        if self.sizing == Sizing::Elements {
            sizes = self.ask_elements(keys).await?;
        }
        for (at, key) in keys.iter().enumerate() {
            // Gone in the meantime.
            if expiries[at].number() == Some(-2) {
                continue;
            }
            let (kind, size) = &sizes[at];
            self.sampler.add(key, lasting[at], kind.as_deref(), *size);
        }
        Ok(())
    }

    /// Bytes of each key. Where the command is refused and the key is not, lengths are asked for from then on.
    async fn ask_bytes(
        &mut self,
        keys: &[Vec<u8>],
        expiries: &[Reply],
    ) -> Result<Vec<(Option<String>, Option<Size>)>, RedisError> {
        // Of a collection it looks at a few elements and reckons with their mean.
        let sizes = self
            .ask_each(keys, &[b"MEMORY", b"USAGE"], &[b"SAMPLES", b"5"])
            .await?;
        let both = sizes.iter().zip(expiries);
        let mut refused = both.filter(|(size, expiry)| is_refused(size) && !is_refused(expiry));
        if let Some((Reply::Refused(why), _)) = refused.next() {
            self.tell_once("bytes of keys", "MEMORY USAGE", why);
            self.sizing = Sizing::Elements;
            // Newer servers can be told not to count it as use; others refuse.
            let words: [&[u8]; 3] = [b"CLIENT", b"NO-TOUCH", b"ON"];
            self.connection.ask(&words, ANSWER).await?;
        }
        let bytes = sizes.iter().map(|reply| (None, number(reply)));
        Ok(bytes
            .map(|(kind, bytes)| (kind, bytes.map(Size::Bytes)))
            .collect())
    }

    async fn ask_elements(
        &mut self,
        keys: &[Vec<u8>],
    ) -> Result<Vec<(Option<String>, Option<Size>)>, RedisError> {
        let kinds = self.ask_each(keys, &[b"TYPE"], &[]).await?;
        if let Some(Reply::Refused(why)) = kinds.iter().find(|one| is_refused(one)) {
            self.tell_once("lengths of keys", "TYPE", why);
        }
        let mut sizes = vec![(None, None); keys.len()];
        let mut asked = Vec::new();
        let mut words: Vec<[&[u8]; 2]> = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let kind = kinds[at].text();
            if let Some(command) = kind.and_then(length_of) {
                sizes[at].0 = kind.map(str::to_owned);
                asked.push(at);
                words.push([command, key]);
            }
        }
        let commands: Vec<&[&[u8]]> = words.iter().map(<[_; 2]>::as_slice).collect();
        let replies = self.connection.ask_all(&commands, ANSWER).await?;
        if let Some(Reply::Refused(why)) = replies.iter().find(|one| is_refused(one)) {
            self.tell_once("lengths of some keys", "STRLEN, LLEN, SCARD…", why);
        }
        for (at, reply) in asked.into_iter().zip(&replies) {
            let is_string = sizes[at].0.as_deref() == Some("string");
            let size = if is_string {
                Size::Bytes
            } else {
                Size::Elements
            };
            sizes[at].1 = number(reply).map(size);
        }
        self.lengths += keys.len();
        if self.lengths >= MOST_LENGTHS {
            self.sizing = Sizing::Not;
        }
        Ok(sizes)
    }

    /// What the biggest keys are.
    async fn ask_kinds(&mut self) -> Result<(), RedisError> {
        let biggest = self.sampler.biggest.iter();
        let keys: Vec<Vec<u8>> = biggest.map(|big| big.key.clone()).collect();
        let kinds = self.ask_each(&keys, &[b"TYPE"], &[]).await?;
        for (big, kind) in self.sampler.biggest.iter_mut().zip(&kinds) {
            big.kind = kind.text().map(str::to_owned);
        }
        Ok(())
    }

    async fn ask_each(
        &mut self,
        keys: &[Vec<u8>],
        before: &[&[u8]],
        after: &[&[u8]],
    ) -> Result<Vec<Reply>, RedisError> {
        let words: Vec<Vec<&[u8]>> = keys
            .iter()
            .map(|key| [before, &[key.as_slice()], after].concat())
            .collect();
        let commands: Vec<&[&[u8]]> = words.iter().map(Vec::as_slice).collect();
        self.connection.ask_all(&commands, ANSWER).await
    }

    fn tell_once(&mut self, lost: &str, command: &str, why: &str) {
        let told = self.unseen.iter();
        if !told.clone().any(|one| one.starts_with(&format!("{lost}:"))) {
            self.unseen.push(unseen(lost, command, why));
        }
    }
}

/// The next cursor and some keys.
fn page(reply: Reply) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let Reply::List(parts) = reply else {
        return None;
    };
    let Ok([Reply::Text(cursor), Reply::List(keys)]) = <[Reply; 2]>::try_from(parts) else {
        return None;
    };
    let keys = keys.into_iter().map(|key| match key {
        Reply::Text(key) => Some(key),
        _ => None,
    });
    Some((cursor, keys.collect::<Option<_>>()?))
}

/// What tells the length of such a key; `None` for what modules have brought.
fn length_of(kind: &str) -> Option<&'static [u8]> {
    Some(match kind {
        "string" => b"STRLEN",
        "list" => b"LLEN",
        "set" => b"SCARD",
        "zset" => b"ZCARD",
        "hash" => b"HLEN",
        "stream" => b"XLEN",
        _ => return None,
    })
}

fn is_refused(reply: &Reply) -> bool {
    matches!(reply, Reply::Refused(_))
}

fn number(reply: &Reply) -> Option<u64> {
    reply.number()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_walk() {
        let text = |text: &str| Reply::Text(text.as_bytes().to_vec());
        let list = Reply::List;
        let good = list(vec![text("7"), list(vec![text("a"), text("b")])]);
        let keys = vec![b"a".to_vec(), b"b".to_vec()];
        assert_eq!(page(good), Some((b"7".to_vec(), keys)));
        let empty = list(vec![text("0"), list(Vec::new())]);
        assert_eq!(page(empty), Some((b"0".to_vec(), Vec::new())));
        let wrong = [
            text("OK"),
            Reply::Nothing,
            list(Vec::new()),
            list(vec![text("0")]),
            list(vec![text("0"), text("a")]),
            list(vec![Reply::Number(0), list(Vec::new())]),
            list(vec![text("0"), list(vec![Reply::Number(1)])]),
            list(vec![text("0"), list(Vec::new()), text("more")]),
        ];
        for reply in wrong {
            assert_eq!(page(reply.clone()), None, "{reply:?}");
        }
    }
}

//! Walks through some keys of a database: never all at once, and neither many nor for long.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::facts::RedisFacts;
use super::read::{ANSWER, unseen};
use super::sample::Sampler;
use super::sizes::{Sizes, ask_each};
use crate::connection::{RedisConnection, RedisError, Reply};

/// As many keys are looked at. `SCAN` goes by the hash of a key, so that the first ones are like any others.
const MOST_KEYS: usize = 10_000;
/// As long is looked at them.
const LONGEST: Duration = Duration::from_secs(5);
/// So many keys at once block no client: the server takes far less than a millisecond for them.
const AT_ONCE: usize = 100;
/// Looks at keys of the selected database. What goes wrong ends the look; what was seen until then stays.
pub(super) async fn sample(connection: &mut RedisConnection, facts: &mut RedisFacts) {
    let mut walk = Walk {
        connection,
        sampler: Sampler::default(),
        sizes: Sizes::default(),
        unseen: Vec::new(),
        is_refused: false,
        refused: 0,
        why: None,
    };
    // The last page may come late, each of its answers just in time.
    let most = LONGEST + ANSWER;
    let walked = timeout(most, walk.walk()).await;
    let walked = walked.unwrap_or(Err(RedisError::Silent(most)));
    if walked.is_ok() {
        // Without it the biggest keys only lack a word.
        let _ = walk.ask_kinds().await;
    }
    facts.unseen.append(&mut walk.unseen);
    facts.unseen.append(&mut walk.sizes.unseen);
    if let Some(why) = &walk.why {
        let (refused, met) = (walk.refused, walk.sampler.met());
        let lost = format!("whether {refused} of {met} keys expire");
        facts.unseen.push(unseen(&lost, "TTL", why));
    }
    let complete = match walked {
        Ok(complete) => complete,
        Err(error) => {
            let met = walk.sampler.met();
            facts.unseen.push(format!(
                "more than {met} keys: sampling ended early: {error}"
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
    sizes: Sizes,
    unseen: Vec<String>,
    /// Whether there is no walking at all.
    is_refused: bool,
    /// For how many keys it is unknown whether they expire, and why.
    refused: usize,
    why: Option<String>,
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
        let expiries = ask_each(self.connection, keys, &[b"TTL"], &[]).await?;
        for reply in &expiries {
            if let Reply::Refused(why) = reply {
                self.refused += 1;
                self.why.get_or_insert_with(|| why.clone());
            }
        }
        let sizes = self.sizes.ask(self.connection, keys, &expiries).await?;
        for ((key, expiry), (kind, size)) in keys.iter().zip(&expiries).zip(sizes) {
            // -2 for one that is gone by now, -1 for one that stays.
            let seconds = expiry.number();
            if seconds != Some(-2) {
                let lasting = seconds.map(|seconds| seconds == -1);
                self.sampler.add(key, lasting, kind.as_deref(), size);
            }
        }
        Ok(())
    }

    /// What the biggest keys are, where it is not known yet.
    async fn ask_kinds(&mut self) -> Result<(), RedisError> {
        let biggest = self.sampler.biggest.iter_mut();
        let mut nameless: Vec<_> = biggest.filter(|big| big.kind.is_none()).collect();
        let keys: Vec<Vec<u8>> = nameless.iter().map(|big| big.key.clone()).collect();
        let kinds = ask_each(self.connection, &keys, &[b"TYPE"], &[]).await?;
        for (big, kind) in nameless.iter_mut().zip(&kinds) {
            big.kind = kind.text().map(str::to_owned);
        }
        Ok(())
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

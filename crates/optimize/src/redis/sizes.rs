//! How big keys are: in bytes, or in elements where bytes are not reported.

use super::read::{ANSWER, unseen};
use super::sample::Size;
use crate::connection::{RedisConnection, RedisError, Reply};

/// Asking for the length of a key counts as using it, so that it is done for some alone.
const MOST_LENGTHS: usize = 1000;

/// Such as `hash`, and how big; each as far as known.
pub(super) type MeasuredKey = (Option<String>, Option<Size>);

/// How sizes are asked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Way {
    #[default]
    Bytes,
    Elements,
    Not,
}

/// Asks how big keys are.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    way: Way,
    lengths: usize,
    /// What could not be seen.
    pub(super) unseen: Vec<String>,
}

impl Sizes {
    /// What is known of each key. `expiries` say which ones are forbidden altogether.
    pub(super) async fn ask(
        &mut self,
        connection: &mut RedisConnection,
        keys: &[Vec<u8>],
        expiries: &[Reply],
    ) -> Result<Vec<MeasuredKey>, RedisError> {
        let bytes = match self.way {
            Way::Bytes => self.bytes(connection, keys, expiries).await?,
            Way::Elements | Way::Not => vec![(None, None); keys.len()],
        };
        match self.way {
            Way::Elements => self.elements(connection, keys).await,
            Way::Bytes | Way::Not => Ok(bytes),
        }
    }

    /// Where the command is refused and the key is not, lengths are asked for from then on.
    async fn bytes(
        &mut self,
        connection: &mut RedisConnection,
        keys: &[Vec<u8>],
        expiries: &[Reply],
    ) -> Result<Vec<MeasuredKey>, RedisError> {
        // Of a collection it looks at a few elements and reckons with their mean.
        let after: [&[u8]; 2] = [b"SAMPLES", b"5"];
        let sizes = ask_each(connection, keys, &[b"MEMORY", b"USAGE"], &after).await?;
        let mut both = sizes.iter().zip(expiries);
        let refused = both.find(|(size, expiry)| is_refused(size) && !is_refused(expiry));
        if let Some((Reply::Refused(why), _)) = refused {
            self.tell_once("bytes of keys", "MEMORY USAGE", why);
            self.way = Way::Elements;
            // Newer servers can be told not to count it as use; others refuse.
            let words: [&[u8]; 3] = [b"CLIENT", b"NO-TOUCH", b"ON"];
            connection.ask(&words, ANSWER).await?;
        }
        let sizes = sizes.iter();
        Ok(sizes
            .map(|reply| (None, number(reply).map(Size::Bytes)))
            .collect())
    }

    async fn elements(
        &mut self,
        connection: &mut RedisConnection,
        keys: &[Vec<u8>],
    ) -> Result<Vec<MeasuredKey>, RedisError> {
        let kinds = ask_each(connection, keys, &[b"TYPE"], &[]).await?;
        let mut measured = vec![(None, None); keys.len()];
        let mut asked = Vec::new();
        let mut words: Vec<[&[u8]; 2]> = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            if let Reply::Refused(why) = kind {
                self.tell_once("lengths of keys", "TYPE", why);
            }
            if let Some(command) = kind.text().and_then(length_of) {
                measured[at].0 = kind.text().map(str::to_owned);
                asked.push(at);
                words.push([command, &keys[at]]);
            }
        }
        let commands: Vec<&[&[u8]]> = words.iter().map(<[_; 2]>::as_slice).collect();
        let lengths = connection.ask_all(&commands, ANSWER).await?;
        for ((at, length), [command, _]) in asked.into_iter().zip(&lengths).zip(&words) {
            if let Reply::Refused(why) = length {
                let command = String::from_utf8_lossy(command);
                self.tell_once("lengths of some keys", &command, why);
            }
            let is_string = *command == b"STRLEN";
            let size = if is_string {
                Size::Bytes
            } else {
                Size::Elements
            };
            measured[at].1 = number(length).map(size);
        }
        self.lengths += keys.len();
        if self.lengths >= MOST_LENGTHS {
            self.way = Way::Not;
        }
        Ok(measured)
    }

    fn tell_once(&mut self, lost: &str, command: &str, why: &str) {
        let beginning = format!("{lost}: ");
        if !self.unseen.iter().any(|one| one.starts_with(&beginning)) {
            self.unseen.push(unseen(lost, command, why));
        }
    }
}

/// The same of each key: a command of some words, the key and some more words.
pub(super) async fn ask_each(
    connection: &mut RedisConnection,
    keys: &[Vec<u8>],
    before: &[&[u8]],
    after: &[&[u8]],
) -> Result<Vec<Reply>, RedisError> {
    let words: Vec<Vec<&[u8]>> = keys
        .iter()
        .map(|key| [before, &[key.as_slice()], after].concat())
        .collect();
    let commands: Vec<&[&[u8]]> = words.iter().map(Vec::as_slice).collect();
    connection.ask_all(&commands, ANSWER).await
}

/// The command that returns the length of such a key; `None` for what modules have brought.
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

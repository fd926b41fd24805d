//! The protocol of Redis, RESP 2: commands out, answers in; without I/O.

use super::redis_error::RedisError;

/// Longer than a status, an error or a number ever is.
const LONGEST_LINE: usize = 4096;
/// Lists in lists deeper than any answer has them.
const DEEPEST: usize = 8;

/// An answer, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Text; keys and values are any bytes.
    Text(Vec<u8>),
    /// A whole number.
    Number(i64),
    /// That there is nothing.
    Nothing,
    /// Several of them.
    List(Vec<Reply>),
    /// The server does not do what it was asked, and why: its own words, which may be anything.
    Refused(String),
}

impl Reply {
    /// Its text; `None` when it is something else or no text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Reply::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Its number; `None` when it is something else.
    pub fn number(&self) -> Option<i64> {
        match self {
            Reply::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Appends a command to what is to be sent.
pub(super) fn write_command(out: &mut Vec<u8>, words: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// The answer at the beginning of some bytes and how many of them it takes; `None` while it is not whole.
/// No more than `most` bytes are awaited.
///
/// # Errors
/// When the bytes are not a reply, or it is longer.
pub fn read_reply(bytes: &[u8], most: usize) -> Result<Option<(Reply, usize)>, RedisError> {
    let mut reader = RespReader { bytes, at: 0, most };
    let reply = reader.reply(0)?;
    if reply.is_none() && bytes.len() >= most {
        return Err(RedisError::Endless);
    }
    Ok(reply.map(|reply| (reply, reader.at)))
}

struct RespReader<'a> {
    bytes: &'a [u8],
    at: usize,
    most: usize,
}

impl RespReader<'_> {
    fn reply(&mut self, depth: usize) -> Result<Option<Reply>, RedisError> {
        let Some(&kind) = self.bytes.get(self.at) else {
            return Ok(None);
        };
        if !b"+-$:*".contains(&kind) || depth > DEEPEST {
            return Err(RedisError::Garbled);
        }
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        Ok(Some(match kind {
            b'+' => Reply::Text(line.as_bytes().to_vec()),
            b'-' => Reply::Refused(line.to_owned()),
            b':' => Reply::Number(line.parse().map_err(|_| RedisError::Garbled)?),
            _ if line == "-1" => Reply::Nothing,
            _ => {
                let length: usize = line.parse().map_err(|_| RedisError::Garbled)?;
                if length > self.most {
                    return Err(RedisError::Endless);
                }
                let whole = match kind {
                    b'$' => self.body(length)?.map(Reply::Text),
                    _ => self.list(length, depth)?.map(Reply::List),
                };
                let Some(whole) = whole else {
                    return Ok(None);
                };
                whole
            }
        }))
    }

    /// What stands behind the sign, up to the end of the line.
    fn line(&mut self) -> Result<Option<&str>, RedisError> {
        let rest = &self.bytes[self.at + 1..];
        let looked_at = &rest[..rest.len().min(LONGEST_LINE)];
        let Some(end) = looked_at.windows(2).position(|pair| pair == b"\r\n") else {
            return if rest.len() >= LONGEST_LINE {
                Err(RedisError::Garbled)
            } else {
                Ok(None)
            };
        };
        self.at += 1 + end + 2;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| RedisError::Garbled)?;
        Ok(Some(line))
    }

    /// So many bytes and the end of their line.
    fn body(&mut self, length: usize) -> Result<Option<Vec<u8>>, RedisError> {
        let end = self.at + length;
        let Some(ending) = self.bytes.get(end..end + 2) else {
            return Ok(None);
        };
        if ending != b"\r\n" {
            return Err(RedisError::Garbled);
        }
        let body = self.bytes[self.at..end].to_vec();
        self.at = end + 2;
        Ok(Some(body))
    }

    fn list(&mut self, length: usize, depth: usize) -> Result<Option<Vec<Reply>>, RedisError> {
        // Grows with what is there, not with what is promised.
        let mut list = Vec::new();
        for _ in 0..length {
            let Some(one) = self.reply(depth + 1)? else {
                return Ok(None);
            };
            list.push(one);
        }
        Ok(Some(list))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 1 << 16;

    type Told = Option<(Reply, usize)>;

    fn text(text: &str) -> Reply {
        Reply::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn replies_are_whole_or_awaited() {
        let scan = Reply::List(vec![text("17"), Reply::List(vec![text("a"), text("b")])]);
        let table: [(&[u8], Told); 18] = [
            (b"", None),
            (b"+PON", None),
            (b"+PONG\r\n", Some((text("PONG"), 7))),
            (b"+PONG\r\n+PO", Some((text("PONG"), 7))),
            (b"+\r\n", Some((text(""), 3))),
            (b"$5\r\nhel", None),
            (b"$5\r\nhello\r", None),
            (b"$5\r\nhello\r\n", Some((text("hello"), 11))),
            (b"$2\r\n\r\n\r\n", Some((text("\r\n"), 8))),
            (b"$2\r\n\xff\x00\r\n", Some((Reply::Text(vec![255, 0]), 8))),
            (b"$0\r\n\r\n", Some((text(""), 6))),
            (b"$-1\r\n", Some((Reply::Nothing, 5))),
            (b"*-1\r\n", Some((Reply::Nothing, 5))),
            (b":-2\r\n", Some((Reply::Number(-2), 5))),
            (
                b"-NOAUTH no\r\n",
                Some((Reply::Refused("NOAUTH no".to_owned()), 12)),
            ),
            (b"*0\r\n", Some((Reply::List(Vec::new()), 4))),
            (b"*2\r\n$2\r\n17\r\n*2\r\n$1\r\na\r\n", None),
            (
                b"*2\r\n$2\r\n17\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
                Some((scan, 30)),
            ),
        ];
        for (bytes, expected) in table {
            let read = read_reply(bytes, MOST).expect("nothing wrong with it");
            assert_eq!(read, expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_no_redis_says() {
        let nested = b"*1\r\n".repeat(100);
        let line = [b"+".as_slice(), &[b'x'; 5000]].concat();
        let garbled: [&[u8]; 10] = [
            b"HTTP/1.1 400\r\n",
            b"\x15\x03\x03\x00\x02",
            b"+\xff\r\n",
            b":x\r\n",
            b":\r\n",
            b"$-2\r\n",
            b"$x\r\n",
            b"$1\r\nabc",
            &nested,
            &line,
        ];
        for bytes in garbled {
            let read = read_reply(bytes, MOST);
            assert!(matches!(read, Err(RedisError::Garbled)), "{read:?}");
        }
        for bytes in [b"$65537\r\n", b"*65537\r\n"] {
            let read = read_reply(bytes, MOST);
            assert!(matches!(read, Err(RedisError::Endless)), "{read:?}");
        }
        let endless = [b"*9999\r\n".as_slice(), &b"+x\r\n".repeat(30)].concat();
        let read = read_reply(&endless, 100);
        assert!(matches!(read, Err(RedisError::Endless)), "{read:?}");
    }

    #[test]
    fn a_command_is_sent_byte_for_byte() {
        let mut out = b"before".to_vec();
        write_command(&mut out, &[b"TTL", b"a\r\n\xff"]);
        assert_eq!(out, b"before*2\r\n$3\r\nTTL\r\n$4\r\na\r\n\xff\r\n");
    }

    fn any_reply() -> impl Strategy<Value = Reply> {
        let leaf = prop_oneof![
            any::<Vec<u8>>().prop_map(Reply::Text),
            any::<i64>().prop_map(Reply::Number),
            Just(Reply::Nothing),
            "[ -~]{0,20}".prop_map(Reply::Refused),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop::collection::vec(inner, 0..6).prop_map(Reply::List)
        })
    }

    fn written(reply: &Reply, out: &mut Vec<u8>) {
        match reply {
            Reply::Text(bytes) => {
                out.extend(format!("${}\r\n", bytes.len()).bytes());
                out.extend(bytes);
                out.extend(b"\r\n");
            }
            Reply::Number(number) => out.extend(format!(":{number}\r\n").bytes()),
            Reply::Nothing => out.extend(b"$-1\r\n"),
            Reply::Refused(why) => out.extend(format!("-{why}\r\n").bytes()),
            Reply::List(list) => {
                out.extend(format!("*{}\r\n", list.len()).bytes());
                for one in list {
                    written(one, out);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_wherever_it_is_cut(reply in any_reply()) {
            let mut bytes = Vec::new();
            written(&reply, &mut bytes);
            for cut in 0..bytes.len() {
                prop_assert!(matches!(read_reply(&bytes[..cut], MOST), Ok(None)));
            }
            let length = bytes.len();
            bytes.extend(b"+next");
            let read = read_reply(&bytes, MOST).expect("nothing wrong with it");
            prop_assert_eq!(read, Some((reply, length)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), sign in "[-+$:*]") {
            let _ = read_reply(&[sign.as_bytes(), &bytes].concat(), MOST);
        }
    }
}

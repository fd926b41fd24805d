//! What a message says, and whose answer a frame of a WebSocket is: pure.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::json::field_text;
use crate::plan::Socket;

/// How many fields are distinguished in one pass.
const FIELDS: usize = 64;

/// Whose answer a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyKind {
    /// To the message that is waited for.
    Mine,
    /// To a message that was given up.
    Late,
    /// To none.
    None,
}

/// A number, written out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    bytes: [u8; 20],
    begin: usize,
}

impl Digits {
    pub(super) fn of(number: u64) -> Digits {
        let mut digits = Digits {
            bytes: [0; 20],
            begin: 20,
        };
        let mut left = number;
        loop {
            digits.begin -= 1;
            digits.bytes[digits.begin] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return digits;
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.begin..]).unwrap_or_default()
    }
}

/// Holds a frame against the message with this id; no reply is awaited for an empty id.
pub(super) fn matching(text: &str, socket: &Socket, id: &str) -> ReplyKind {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if socket.reply.is_empty() && socket.matching.is_empty() {
        return if !id.is_empty() && text.contains(id) {
            ReplyKind::Mine
        } else {
            ReplyKind::None
        };
    }
    if is_flat(text, socket) {
        scanned(text, socket, id)
    } else {
        parsed(text, socket, id)
    }
}

/// Whether all that counts are fields of an object, and not of objects within it.
fn is_flat(text: &str, socket: &Socket) -> bool {
    let is_name = |field: &str| !field.as_bytes().contains(&b'.');
    let is_space = |c: char| matches!(c, ' ' | '\n' | '\r' | '\t');
    text.trim_start_matches(is_space).starts_with('{')
        && socket.reply.len() < FIELDS
        && socket.reply.iter().all(|(field, _)| is_name(field))
        && is_name(&socket.matching)
}

/// By a tree of all that the frame says. A frame may hold several messages, as an array of objects: then it is the reply
/// that any of them is.
fn parsed(text: &str, socket: &Socket, id: &str) -> ReplyKind {
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        return ReplyKind::None;
    };
    let whole = reply_of(&frame, text, socket, id);
    let Value::Array(messages) = &frame else {
        return whole;
    };
    let objects = messages.iter().filter(|message| message.is_object());
    let each = objects.map(|message| reply_of(message, &message.to_string(), socket, id));
    each.fold(whole, |best, reply| match (best, reply) {
        (ReplyKind::Mine, _) | (_, ReplyKind::Mine) => ReplyKind::Mine,
        (ReplyKind::Late, _) | (_, ReplyKind::Late) => ReplyKind::Late,
        (ReplyKind::None, ReplyKind::None) => ReplyKind::None,
    })
}

/// By one message; `text` is the same, written out.
fn reply_of(frame: &Value, text: &str, socket: &Socket, id: &str) -> ReplyKind {
    let says = |(field, wanted): &(String, String)| {
        field_text(frame, field).is_some_and(|text| text == *wanted)
    };
    if !socket.reply.iter().all(says) {
        return ReplyKind::None;
    }
    let repeated = match socket.matching.as_str() {
        "" => text.contains(id).then(|| id.to_owned()),
        field => field_text(frame, field),
    };
    match repeated {
        Some(repeated) if !id.is_empty() && is_same(&repeated, id) => ReplyKind::Mine,
        _ => ReplyKind::Late,
    }
}

/// The same in one pass that keeps nothing: for what [`is_flat`].
///
/// But for a field of the name that `serde_json` takes for its own raw values: to a tree its text is JSON.
fn scanned(text: &str, socket: &Socket, id: &str) -> ReplyKind {
    let mut scan = Scan {
        socket,
        id,
        says: 0,
        repeats: false,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(&mut scan).and_then(|()| json.end());
    let all = (1 << socket.reply.len()) - 1;
    if read.is_err() || scan.says != all {
        return ReplyKind::None;
    }
    let repeats = match socket.matching.as_str() {
        "" => text.contains(id),
        _ => scan.repeats,
    };
    if repeats && !id.is_empty() {
        ReplyKind::Mine
    } else {
        ReplyKind::Late
    }
}

/// Services may repeat a whole number as a real one: `7` comes back as `7.0`. An id may also stand in a longer text, which
/// is repeated as it is: `workflow:7`.
fn is_same(repeated: &str, id: &str) -> bool {
    if repeated == id || repeated.strip_suffix(".0").is_some_and(|whole| whole == id) {
        return true;
    }
    let is_text =
        repeated.contains(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
    is_text && !id.is_empty() && is_within(repeated, id)
}

/// Whether a longer text has the id in it, and not only as a part of another number.
fn is_within(text: &str, id: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    text.match_indices(id).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + id.len()..]);
        !is_digit(before.chars().next_back()) && !is_digit(after.chars().next())
    })
}

/// What was found so far; of fields that come again, the last one counts.
struct Scan<'a> {
    socket: &'a Socket,
    id: &'a str,
    /// Which of the reply's fields say what they should, one bit each.
    says: u64,
    repeats: bool,
}

impl<'de> Visitor<'de> for &mut Scan<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<(), M::Error> {
        while let Some(Leaf::Text(name)) = fields.next_key()? {
            let value: Leaf<'_> = fields.next_value()?;
            for (at, (field, wanted)) in self.socket.reply.iter().enumerate() {
                if name == *field {
                    let bit = 1 << at;
                    self.says &= !bit;
                    self.says |= if value.is(|text| text == wanted) {
                        bit
                    } else {
                        0
                    };
                }
            }
            if name == self.socket.matching {
                self.repeats = value.is(|text| is_same(text, self.id));
            }
        }
        Ok(())
    }
}

/// A value as far as it has a text. It is read to its end as a tree would be, so that the same is not JSON.
enum Leaf<'a> {
    Text(Cow<'a, str>),
    Whole(u64),
    Number(Number),
    Truth(bool),
    Other,
}

impl Leaf<'_> {
    fn is(&self, same: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Leaf::Text(text) => same(text),
            Leaf::Whole(number) => same(Digits::of(*number).as_str()),
            Leaf::Number(number) => same(&number.to_string()),
            Leaf::Truth(truth) => same(if *truth { "true" } else { "false" }),
            Leaf::Other => false,
        }
    }
}

impl<'de> Deserialize<'de> for Leaf<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeafVisitor)
    }
}

struct LeafVisitor;

impl<'de> Visitor<'de> for LeafVisitor {
    type Value = Leaf<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Leaf<'de>, E> {
        Ok(Number::from_f64(number).map_or(Leaf::Other, Leaf::Number))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Truth(truth))
    }

    fn visit_unit<E>(self) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Leaf<'de>, A::Error> {
        while items.next_element::<Leaf<'_>>()?.is_some() {}
        Ok(Leaf::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Leaf<'de>, A::Error> {
        while fields.next_entry::<Leaf<'_>, Leaf<'_>>()?.is_some() {}
        Ok(Leaf::Other)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn socket(reply: &[(&str, &str)], matching: &str) -> Socket {
        let own = |(field, text): &(&str, &str)| ((*field).to_owned(), (*text).to_owned());
        Socket {
            users: 1,
            every_min: Duration::ZERO,
            every_max: Duration::ZERO,
            path: String::new(),
            message: "{id}".to_owned(),
            reply: reply.iter().map(own).collect(),
            matching: matching.to_owned(),
            auth: false,
            connect_timeout: Duration::ZERO,
            reply_timeout: Duration::ZERO,
            frame_bytes: 0,
        }
    }

    #[test]
    fn replies_are_told_by_what_the_profile_says() {
        use ReplyKind::{Late, Mine, None};
        let pong = socket(&[("type", "pong")], "timestamp");
        let deep = socket(&[], "meta.id");
        let typed = socket(&[("type", "pong")], "");
        let any = socket(&[], "");
        for (socket, frame, id, expected) in [
            (&pong, r#"{"type":"pong","timestamp":7}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":7.0}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":"7"}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":77}"#, "7", Late),
            (&pong, r#"{"type":"pong","timestamp":7}"#, "", Late),
            (&pong, r#"{"type":"pong","timestamp":"run:7/a"}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":"run:77"}"#, "7", Late),
            (
                &pong,
                r#"{"type":"pong","timestamp":"run:17 77"}"#,
                "7",
                Late,
            ),
            (&pong, r#"{"type":"pong","timestamp":7.5}"#, "7", Late),
            (&pong, r#"{"type":"pong","timestamp":"1.7"}"#, "7", Late),
            (&pong, r#"{"type":"pong"}"#, "7", Late),
            (&pong, r#"{"type":"ping","timestamp":7}"#, "7", None),
            (&pong, r#"["pong",7]"#, "7", None),
            (
                &pong,
                "\u{feff}{\"type\":\"pong\",\"timestamp\":7}",
                "7",
                Mine,
            ),
            (&any, "\u{feff}echo x7", "x7", Mine),
            (&pong, r#"[{"type":"pong","timestamp":7}]"#, "7", Mine),
            (
                &pong,
                "\u{feff} [{\"type\":\"news\"},{\"type\":\"pong\",\"timestamp\":6},{\"type\":\"pong\",\"timestamp\":7}]",
                "7",
                Mine,
            ),
            // The id of another message in the frame is not this one's.
            (
                &pong,
                r#"[{"type":"news","timestamp":7},{"type":"pong","timestamp":6}]"#,
                "7",
                Late,
            ),
            (&pong, r#"[{"type":"news","timestamp":7}]"#, "7", None),
            (&pong, r#"[[{"type":"pong","timestamp":7}]]"#, "7", None),
            (&pong, "[]", "7", None),
            (&deep, r#"[{"meta":{"id":7}}]"#, "7", Mine),
            (&deep, r#"[{"meta":{}},{"meta":{"id":8}}]"#, "7", Late),
            (
                &typed,
                r#"[{"type":"news"},{"type":"pong","echo":"x7"}]"#,
                "x7",
                Mine,
            ),
            (
                &typed,
                r#"[{"type":"pong"},{"type":"news","echo":"x7"}]"#,
                "x7",
                Late,
            ),
            (&pong, "pong 7", "7", None),
            (&deep, r#"{"meta":{"id":7}}"#, "7", Mine),
            (&typed, r#"{"type":"pong","echo":"x7"}"#, "x7", Mine),
            (&typed, r#"{"type":"pong"}"#, "x7", Late),
            (&any, "echo x7", "x7", Mine),
            (&any, "echo", "x7", None),
            (&any, "echo", "", None),
        ] {
            assert_eq!(matching(frame, socket, id), expected, "{frame} for {id}");
        }
    }

    #[test]
    fn what_is_no_json_to_a_tree_is_none_to_a_scan() {
        let typed = socket(&[("type", "pong")], "id");
        let nested = |depth: usize| {
            let (open, shut) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"type":"pong","x":{open}{shut},"id":7}}"#)
        };
        let mut odd: Vec<String> = [
            r#"{"type":"pong","x":1e999,"id":7}"#,
            r#"{"type":"pong","x":"\ud800","id":7}"#,
            r#"{"type":"pong","x":"\q","id":7}"#,
            r#"{"type":"pong","x":01,"id":7}"#,
            r#"{"type":"pong","x":[1,],"id":7}"#,
            r#"{"type":"pong","id":7,}"#,
            r#"{"type":"pong","id":7} {"#,
            r#"{"type":"pong","id":7"#,
            "{\"type\":\"pong\",\"x\":\"\n\",\"id\":7}",
        ]
        .map(str::to_owned)
        .to_vec();
        odd.push(nested(127));
        for frame in odd {
            assert_eq!(parsed(&frame, &typed, "7"), ReplyKind::None, "{frame}");
            assert_eq!(scanned(&frame, &typed, "7"), ReplyKind::None, "{frame}");
        }
        assert_eq!(scanned(&nested(126), &typed, "7"), ReplyKind::Mine);
        assert_eq!(parsed(&nested(126), &typed, "7"), ReplyKind::Mine);
    }

    fn leaf() -> impl Strategy<Value = String> {
        let known = [
            "7",
            "7.0",
            "-7",
            "7e0",
            "70e-1",
            "18446744073709551615",
            "18446744073709551616",
            "-0",
            "0.1",
            "1e400",
            "true",
            "false",
            "null",
            "\"7\"",
            "\"7.0\"",
            "\"pong\"",
            "\"p\\u006fng\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"true\"",
            "[]",
            "{}",
            "{\"type\":\"pong\"}",
            "[{\"id\":7},null]",
            "nul",
            "\"",
            "NaN",
        ];
        prop_oneof![
            6 => select(known.map(str::to_owned).to_vec()),
            1 => any::<f64>().prop_map(|number| number.to_string()),
            1 => any::<i64>().prop_map(|number| number.to_string()),
            1 => "[a-z\"\\\\{}\\[\\]:, 7]{0,8}",
        ]
    }

    fn json() -> impl Strategy<Value = String> {
        let name = select(vec!["type", "id", "typ\\u0065", "x", "", "0"]);
        let field = (name, leaf()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        let fields = prop::collection::vec(field, 0..5)
            .prop_map(|fields| fields.join(","))
            .boxed();
        prop_oneof![
            8 => fields.clone().prop_map(|fields| format!("{{{fields}}}")),
            1 => fields.clone().prop_map(|fields| format!(" \n{{ {fields} }}\t")),
            1 => fields.prop_map(|fields| format!("{{{fields}")),
            1 => leaf(),
            1 => leaf().prop_map(|leaf| format!("[{leaf}]")),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4000,
            rng_seed: RngSeed::Fixed(7),
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_scan_tells_what_a_tree_tells(
            frame in json(),
            reply in prop::collection::vec(
                (select(vec!["type", "id", "", "0", "x"]), select(vec!["pong", "7", "true", "-7", "0.1"])),
                0..3,
            ),
            field in select(vec!["id", "type", "", "0", "x"]),
            id in select(vec!["7", "", "18446744073709551615", "-7"]),
        ) {
            let socket = socket(&reply, field);
            if !reply.is_empty() || !field.is_empty() {
                let expected = parsed(&frame, &socket, id);
                prop_assert_eq!(matching(&frame, &socket, id), expected);
                if is_flat(&frame, &socket) {
                    prop_assert_eq!(scanned(&frame, &socket, id), expected);
                }
            }
        }

        #[test]
        fn digits_are_those_of_the_number(number: u64) {
            for number in [number, number >> 40, number % 10, 0, u64::MAX] {
                let digits = Digits::of(number);
                prop_assert_eq!(digits.as_str(), number.to_string());
            }
        }
    }
}

//! Fields of a JSON body, found without a tree of all that it holds: however long or deep it is, nothing is kept of it but
//! what is looked for.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::client::json::without_odd_numbers;
use crate::profile::without_mark;

/// A body that is JSON.
pub(super) struct JsonBody<'a>(Cow<'a, str>);

impl<'a> JsonBody<'a> {
    /// Reads a body; bare `NaN` and `Infinity` are null, as for all that is read from the target. `None` when it is not JSON.
    pub(super) fn read(body: &'a [u8]) -> Option<JsonBody<'a>> {
        let text = std::str::from_utf8(without_mark(body)).ok()?;
        if is_json(text) {
            return Some(JsonBody(Cow::Borrowed(text)));
        }
        let repaired = without_odd_numbers(text);
        is_json(&repaired).then_some(JsonBody(Cow::Owned(repaired)))
    }

    /// What stands at a dotted path, as [`json_field`](crate::client::json_field) finds it, written as the target wrote it.
    pub(super) fn field(&self, path: &str) -> Option<&RawValue> {
        find(&self.0, path)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn find<'a>(json: &'a str, path: &str) -> Option<&'a RawValue> {
    let mut json = serde_json::Deserializer::from_str(json);
    Search { path }.deserialize(&mut json).ok()?
}

/// Looks for a path in one document or in one value of it.
struct Search<'p> {
    path: &'p str,
}

impl<'p> Search<'p> {
    /// The rest of the path behind a name; empty when the name is all of it. The shorter the name, the better.
    fn behind(&self, name: &str) -> Option<&'p str> {
        let rest = self.path.strip_prefix(name)?;
        if rest.is_empty() {
            return Some("");
        }
        rest.strip_prefix('.')
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Self::Value, M::Error> {
        // The name that is the whole path wins, then the shortest one that leads somewhere.
        let mut best: Option<(usize, &RawValue)> = None;
        while let Some(Name(name)) = fields.next_key()? {
            let Some(rest) = self.behind(&name) else {
                fields.next_value::<IgnoredAny>()?;
                continue;
            };
            let is_whole = name.len() == self.path.len();
            let rank = if is_whole { 0 } else { 1 + name.len() };
            let value: &RawValue = fields.next_value()?;
            let found = if is_whole {
                Some(value)
            } else {
                find(value.get(), rest)
            };
            match best {
                Some((known, _)) if known < rank => {}
                _ => best = found.map(|found| (rank, found)).or(best),
            }
        }
        Ok(best.map(|(_, value)| value))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Self::Value, S::Error> {
        let (first, rest) = self.path.split_once('.').unwrap_or((self.path, ""));
        let is_last = first.len() == self.path.len();
        let wanted = first.parse::<usize>().ok();
        let mut found = None;
        let mut index = 0;
        loop {
            if wanted == Some(index) {
                let Some(value) = items.next_element::<&RawValue>()? else {
                    return Ok(None);
                };
                found = if is_last {
                    Some(value)
                } else {
                    find(value.get(), rest)
                };
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            index += 1;
        }
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A field's name, borrowed where nothing in it is escaped.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field's name")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

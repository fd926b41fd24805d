//! What is made of keys that were looked at; without I/O.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::facts::{BigKey, KeyGroup, KeySample};
use super::text::{LONGEST, key, pattern, shown};
use crate::connection::excerpt::short_names;

/// Names of keys may be anything: as many groups are kept apart.
const MOST_GROUPS: usize = 200;
/// What all other groups are called together.
pub(super) const OTHERS: &str = "others";
/// As many big keys are kept.
const MOST_BIG: usize = 10;
/// An element is held to be so many bytes big where both must stand in one order.
const ELEMENT: u64 = 100;

/// How big a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// In bytes.
    Bytes(u64),
    /// In elements, where bytes are not reported.
    Elements(u64),
}

impl Size {
    /// Bytes, or what elements may take.
    fn rank(self) -> u64 {
        match self {
            Size::Bytes(bytes) => bytes,
            Size::Elements(elements) => elements.saturating_mul(ELEMENT),
        }
    }
}

/// One of the biggest keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Big {
    /// As it is.
    pub(super) key: Vec<u8>,
    pub(super) kind: Option<String>,
    pub(super) size: Size,
}

/// Gathers keys.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    /// The hashes of keys: a walk through a table that grows or shrinks comes across some of them twice.
    met: HashSet<u64>,
    groups: HashMap<String, KeyGroup>,
    others: KeyGroup,
    /// The biggest first.
    pub(super) biggest: Vec<Big>,
    keys: u64,
    lasting: u64,
    sized: u64,
}

impl Sampler {
    /// Whether a key was not met before.
    pub(super) fn is_new(&mut self, key: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.met.insert(hasher.finish())
    }

    /// How many keys were met.
    pub(super) fn met(&self) -> usize {
        self.met.len()
    }

    /// A key, and what is known of it.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        lasting: Option<bool>,
        kind: Option<&str>,
        size: Option<Size>,
    ) {
        if let Some(size) = size {
            self.sized += 1;
            self.rank(key, kind, size);
        }
        let Some(lasting) = lasting else {
            return;
        };
        self.keys += 1;
        self.lasting += u64::from(lasting);
        let group = self.group(pattern(key));
        group.keys += 1;
        if lasting {
            group.lasting += 1;
            if let Some(Size::Bytes(bytes)) = size {
                group.lasting_bytes = group.lasting_bytes.saturating_add(bytes);
            }
        }
    }

    fn group(&mut self, pattern: String) -> &mut KeyGroup {
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&pattern) {
            return &mut self.others;
        }
        self.groups.entry(pattern).or_default()
    }

    fn rank(&mut self, key: &[u8], kind: Option<&str>, size: Size) {
        let at = self
            .biggest
            .partition_point(|big| big.size.rank() >= size.rank());
        if at < MOST_BIG {
            let big = Big {
                key: key.to_vec(),
                kind: kind.map(str::to_owned),
                size,
            };
            self.biggest.insert(at, big);
            self.biggest.truncate(MOST_BIG);
        }
    }

    /// What was gathered.
    pub(super) fn finish(self, complete: bool) -> KeySample {
        let named = self.groups.into_iter();
        let mut groups: Vec<KeyGroup> = named
            .map(|(pattern, group)| KeyGroup { pattern, ..group })
            .collect();
        if self.others.keys > 0 {
            groups.push(KeyGroup {
                pattern: OTHERS.to_owned(),
                ..self.others
            });
        }
        groups.sort_by(|a, b| {
            let most = (b.lasting, b.keys).cmp(&(a.lasting, a.keys));
            most.then_with(|| a.pattern.cmp(&b.pattern))
        });
        let patterns: Vec<String> = groups.iter().map(|one| one.pattern.clone()).collect();
        for (group, pattern) in groups.iter_mut().zip(short_names(&patterns, LONGEST)) {
            group.pattern = pattern;
        }
        KeySample {
            keys: self.keys,
            lasting: self.lasting,
            groups,
            sized: self.sized,
            biggest: shown_big(self.biggest),
            complete,
        }
    }
}

fn shown_big(biggest: Vec<Big>) -> Vec<BigKey> {
    let names: Vec<String> = biggest.iter().map(|big| key(&big.key)).collect();
    let names = short_names(&names, LONGEST);
    let line = |(big, key): (Big, String)| {
        let (bytes, elements) = match big.size {
            Size::Bytes(bytes) => (Some(bytes), None),
            Size::Elements(elements) => (None, Some(elements)),
        };
        BigKey {
            key,
            kind: big.kind.map(|kind| shown(kind.as_bytes())),
            bytes,
            elements,
        }
    };
    biggest.into_iter().zip(names).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(pattern: &str, keys: u64, lasting: u64, lasting_bytes: u64) -> KeyGroup {
        KeyGroup {
            pattern: pattern.to_owned(),
            keys,
            lasting,
            lasting_bytes,
        }
    }

    #[test]
    fn keys_are_counted_by_what_they_are_called() {
        let mut sampler = Sampler::default();
        for n in 0..10 {
            let key = format!("session:{n}");
            sampler.add(
                key.as_bytes(),
                Some(n < 3),
                None,
                Some(Size::Bytes(100 + n)),
            );
        }
        sampler.add(b"config", Some(true), None, None);
        sampler.add(b"secret:1", None, None, Some(Size::Bytes(5)));
        sampler.add(b"secret:2", None, None, None);
        let sample = sampler.finish(true);
        assert_eq!((sample.keys, sample.lasting, sample.sized), (11, 4, 11));
        let expected = [group("session:*", 10, 3, 303), group("*", 1, 1, 0)];
        assert_eq!(sample.groups, expected);
        assert!(sample.complete);
    }

    #[test]
    fn a_key_is_met_once() {
        let mut sampler = Sampler::default();
        assert!(sampler.is_new(b"a"));
        assert!(sampler.is_new(b"b"));
        assert!(!sampler.is_new(b"a"));
        assert_eq!(sampler.met(), 2);
    }

    #[test]
    fn the_biggest_are_kept_in_their_order() {
        let mut sampler = Sampler::default();
        for n in [5_u64, 90, 3, 70, 1, 80, 2, 60, 4, 50, 40, 30, 20, 10, 100] {
            let size = if n == 100 {
                Size::Elements(n)
            } else {
                Size::Bytes(n)
            };
            sampler.add(
                format!("k\n{n}").as_bytes(),
                Some(false),
                Some("hash"),
                Some(size),
            );
        }
        let biggest = sampler.finish(false).biggest;
        let sizes: Vec<Option<u64>> = biggest.iter().map(|big| big.bytes).collect();
        let expected = [90, 80, 70, 60, 50, 40, 30, 20, 10].map(Some);
        assert_eq!(sizes[0], None);
        assert_eq!(sizes[1..], expected);
        assert_eq!(biggest[0].elements, Some(100));
        assert_eq!(biggest[1].key, "k\\n90");
        assert_eq!(biggest[1].kind.as_deref(), Some("hash"));
    }

    #[test]
    fn groups_are_bounded_however_keys_are_called() {
        let mut sampler = Sampler::default();
        for n in 0..1000 {
            sampler.add(format!("x{n}:1").as_bytes(), Some(true), None, None);
            sampler.add(b"often:1", Some(true), None, None);
        }
        let sample = sampler.finish(false);
        assert_eq!(sample.groups.len(), MOST_GROUPS + 1);
        assert_eq!(sample.groups[0].pattern, "often:*");
        assert_eq!(sample.groups[1].pattern, OTHERS);
        let total: u64 = sample.groups.iter().map(|group| group.keys).sum();
        assert_eq!(total, sample.keys);
    }

    #[test]
    fn long_names_that_differ_at_their_end_look_different() {
        let mut sampler = Sampler::default();
        let long = "tenant:eu-central:".repeat(6);
        for (n, end) in ["page", "cart", "page"].iter().enumerate() {
            let key = format!("{long}{end}:{n}");
            sampler.add(key.as_bytes(), Some(true), None, Some(Size::Bytes(9)));
        }
        let sample = sampler.finish(true);
        let patterns: Vec<(&str, u64)> = sample
            .groups
            .iter()
            .map(|group| (group.pattern.as_str(), group.keys))
            .collect();
        assert_eq!(
            patterns,
            [
                (
                    "tenant:eu-central:te … t:eu-central:tenant:eu-central:page:*",
                    2
                ),
                (
                    "tenant:eu-central:te … t:eu-central:tenant:eu-central:cart:*",
                    1
                )
            ]
        );
        let ends: HashSet<&str> = sample
            .biggest
            .iter()
            .filter_map(|big| big.key.rsplit_once("central:"))
            .map(|(_, end)| end)
            .collect();
        assert_eq!(ends, HashSet::from(["page:0", "cart:1", "page:2"]));
        let shown = sample.biggest.iter().map(|big| big.key.chars().count());
        assert!(shown.max() <= Some(LONGEST));
    }

    #[test]
    fn nothing_at_all() {
        let empty = Sampler::default().finish(true);
        let expected = KeySample {
            complete: true,
            ..KeySample::default()
        };
        assert_eq!(empty, expected);
    }
}

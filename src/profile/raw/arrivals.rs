//! The kinds of arrivals, and the keys that go with some of them alone.

use std::time::Duration;

use crate::diagnostic::Spanned;
use crate::plan::{ArrivalKeys, ArrivalKind, Rate};
use crate::profile::raw::search;
use crate::profile::text::reader::Reader;
use crate::profile::value::quantity;

/// What may stand behind `arrivals = `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::profile) enum ArrivalWord {
    /// One load, by a model of arrivals.
    Model(ArrivalKind),
    /// A search by ever more users.
    Steps,
    /// A search by rates.
    Capacity,
}

impl ArrivalWord {
    /// Every one, those of one load first.
    pub(in crate::profile) fn all() -> impl Iterator<Item = ArrivalWord> {
        let models = ArrivalKind::ALL.iter().copied().map(ArrivalWord::Model);
        models.chain([ArrivalWord::Steps, ArrivalWord::Capacity])
    }

    pub(in crate::profile) fn parse(name: &str) -> Option<ArrivalWord> {
        ArrivalWord::all().find(|word| word.name() == name)
    }

    pub(in crate::profile) fn name(self) -> &'static str {
        match self {
            ArrivalWord::Model(kind) => kind.name(),
            ArrivalWord::Steps => "steps",
            ArrivalWord::Capacity => "capacity",
        }
    }

    /// Whether it is many loads instead of one.
    pub(in crate::profile) fn is_search(self) -> bool {
        !matches!(self, ArrivalWord::Model(_))
    }

    /// The keys that go with this kind and not with every other.
    pub(in crate::profile) fn keys(self) -> Vec<&'static str> {
        match self {
            ArrivalWord::Model(kind) => kind.keys().iter().map(|key| key.name).collect(),
            ArrivalWord::Steps => vec!["steps", "think_time", "ramp_up", "break_when", "recovery"],
            ArrivalWord::Capacity => vec!["rate", "connections", "ramp_up", "precision", "holds"],
        }
    }

    /// Whether a key goes with some kinds alone, but not with this one.
    pub(in crate::profile) fn rejects(self, key: &str) -> bool {
        !self.keys().contains(&key) && !ArrivalWord::with_key(key).is_empty()
    }

    /// The kinds that a key goes with, where it goes with some alone.
    pub(in crate::profile) fn with_key(key: &str) -> Vec<&'static str> {
        ArrivalWord::all()
            .filter(|word| word.keys().contains(&key))
            .map(ArrivalWord::name)
            .collect()
    }
}

/// Makes the table of the models' own keys, and how each is read, from one list.
macro_rules! arrival_table {
    ($($key:ident: $of:ty = $read:expr;)*) => {
        /// What a scenario says of its arrivals; `None` for keys that are missing or were misread.
        pub(in crate::profile) struct ArrivalTable {
            $(pub(in crate::profile) $key: Option<Spanned<$of>>,)*
        }

        impl ArrivalTable {
            /// The keys.
            pub(in crate::profile) const KEYS: &[&str] = &[$(stringify!($key)),*];

            pub(in crate::profile) fn read(reader: &mut Reader<'_, '_>) -> ArrivalTable {
                ArrivalTable {
                    $($key: $read(reader, stringify!($key)),)*
                }
            }

            /// Whether a key has a value.
            pub(in crate::profile) fn has(&self, key: &str) -> bool {
                match key {
                    $(stringify!($key) => self.$key.is_some(),)*
                    _ => false,
                }
            }

            /// The values, for a model to be made of; `timeout` is what a request may take.
            pub(in crate::profile) fn values(&self, timeout: Duration) -> ArrivalKeys {
                ArrivalKeys {
                    $($key: self.$key.as_ref().map(|at| at.value.clone()),)*
                    timeout,
                }
            }
        }
    };
}

arrival_table! {
    users: u32 = |reader: &mut Reader<'_, '_>, key| reader.scalar(key, quantity::users);
    think_time: (Duration, Duration) = |reader: &mut Reader<'_, '_>, key| reader.scalar(key, quantity::think_time);
    rate: Rate = |reader: &mut Reader<'_, '_>, _| search::single_rate(reader);
    connections: u32 = |reader: &mut Reader<'_, '_>, key| reader.scalar(key, quantity::connections);
    every: Duration = |reader: &mut Reader<'_, '_>, key| reader.scalar(key, quantity::lasting);
}

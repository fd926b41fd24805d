//! The server and its settings.

use serde::Deserialize;

/// The server, its database and who asks.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ServerFacts {
    /// Such as 150008.
    pub version: u32,
    /// As it calls itself.
    pub version_name: String,
    /// The database.
    pub database: String,
    /// Its size in bytes; `None` without the right to ask.
    pub bytes: Option<u64>,
    /// Who asks.
    pub role: String,
    /// Whether everything is allowed to it.
    pub is_superuser: bool,
    /// Whether it may see what others do.
    pub is_monitor: bool,
    /// Whether the server only follows another one and can't be changed.
    pub is_replica: bool,
    /// For how long the counters have counted at least, in seconds; `None` when it is not known.
    #[serde(default)]
    pub counted_s: Option<f64>,
}

/// What is known of the age of a database's counters, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct CounterAges {
    /// Since they were reset; up to version 14 every database has this.
    pub reset_s: Option<f64>,
    /// Since a crash discarded the counters of the whole server, or since it was made.
    pub discarded_s: Option<f64>,
    /// Since the oldest event that they have recorded, or the oldest session of the database began.
    pub seen_s: Option<f64>,
    /// Since the database was created.
    #[serde(default)]
    pub created_s: Option<f64>,
}

impl CounterAges {
    /// For how long they have counted at least; `None` when it is not known.
    ///
    /// The start of the server says nothing: a database may be younger, and a crash discards counters without one.
    pub fn counted_s(&self) -> Option<f64> {
        if self.reset_s.is_some() {
            return self.reset_s;
        }
        let begun = self.discarded_s.zip(self.created_s);
        let begun = begun.map(|(discarded, created)| discarded.min(created));
        match (begun, self.seen_s) {
            (Some(begun), Some(seen)) => Some(begun.max(seen)),
            (begun, seen) => begun.or(seen),
        }
    }
}

impl ServerFacts {
    /// The oldest server whose catalogs are known.
    pub const OLDEST_MAJOR: u32 = 13;

    /// Such as 15.
    pub fn major(&self) -> u32 {
        self.version / 10_000
    }
}

/// A setting of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// In its unit.
    pub setting: String,
    /// Such as `8kB`; `None` for plain numbers and words.
    pub unit: Option<String>,
    /// When a change takes effect: `postmaster` needs a restart.
    pub context: String,
    /// Where the value comes from.
    pub source: String,
    /// What it is set to in `postgresql.auto.conf`, if it is.
    #[serde(default)]
    pub altered: Option<String>,
}

impl Setting {
    /// The value in bytes; `None` when it is none.
    pub fn bytes(&self) -> Option<u64> {
        let unit = match self.unit.as_deref()? {
            "B" => 1,
            "kB" => 1 << 10,
            "8kB" => 8 << 10,
            "16kB" => 16 << 10,
            "MB" => 1 << 20,
            "16MB" => 16 << 20,
            _ => return None,
        };
        self.setting.parse::<u64>().ok()?.checked_mul(unit)
    }

    /// The value as a number.
    pub fn number(&self) -> Option<f64> {
        self.setting.parse().ok()
    }

    /// Whether it is a switch that is off.
    pub fn is_off(&self) -> bool {
        self.setting == "off"
    }

    /// Whether a change waits for the server's next start.
    pub fn needs_restart(&self) -> bool {
        self.context == "postmaster"
    }
}

/// Counters of the database, since their last reset.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct DatabaseCounters {
    /// Blocks found in the server's buffers.
    pub blocks_hit: f64,
    /// Blocks asked of the system.
    pub blocks_read: f64,
    /// Bytes of temporary files.
    pub temp_bytes: f64,
    /// Temporary files.
    pub temp_files: f64,
    /// Deadlocks.
    pub deadlocks: f64,
}

impl DatabaseCounters {
    /// The share of blocks that were found in the buffers, in percent; `None` when too few were asked for to say.
    pub fn hit_ratio(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all >= 10_000.0).then(|| 100.0 * self.blocks_hit / all)
    }
}

/// Who is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct ConnectionCounts {
    /// To all databases, clients alone.
    pub used: u32,
    /// As many as the server takes.
    pub most: u32,
    /// Those that hold a transaction open and do nothing.
    pub idle_in_transaction: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_no_older_than_a_reset_a_crash_or_their_database() {
        let of = |reset_s, discarded_s, created_s, seen_s| {
            let ages = CounterAges {
                reset_s,
                discarded_s,
                seen_s,
                created_s,
            };
            ages.counted_s()
        };
        let table = [
            (
                "reset",
                of(Some(5.0), Some(900.0), Some(900.0), Some(2.0)),
                Some(5.0),
            ),
            (
                "never reset",
                of(None, Some(900.0), Some(900.0), None),
                Some(900.0),
            ),
            (
                "restored lately",
                of(None, Some(900.0), Some(60.0), Some(50.0)),
                Some(60.0),
            ),
            (
                "after a crash",
                of(None, Some(30.0), Some(900.0), None),
                Some(30.0),
            ),
            (
                "of another tablespace",
                of(None, Some(900.0), None, Some(70.0)),
                Some(70.0),
            ),
            ("nothing is known", of(None, Some(900.0), None, None), None),
        ];
        for (what, counted, wanted) in table {
            assert_eq!(counted, wanted, "{what}");
        }
    }
}

//! The server and its settings.

use serde::Deserialize;

/// The server, its database and who asks.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Server {
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
    /// For how long the counters have counted at least, in seconds; `None` when nobody knows.
    pub counted_s: Option<f64>,
}

impl Server {
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

/// Counters of the database, since they were last set back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct Counters {
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

impl Counters {
    /// The share of blocks that were found in the buffers, in percent; `None` when too few were asked for to say.
    pub fn hit_ratio(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all >= 10_000.0).then(|| 100.0 * self.blocks_hit / all)
    }
}

/// Who is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Connections {
    /// To all databases, clients alone.
    pub used: u32,
    /// As many as the server takes.
    pub most: u32,
    /// Those that hold a transaction open and do nothing.
    pub idle_in_transaction: u32,
}

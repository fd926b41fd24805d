//! What is known of a Redis: plain data. Names of keys and words of the server in it are fit to be shown.

use serde::Serialize;

/// Everything that was read. What the server did not tell is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RedisFacts {
    /// The server and its version, such as `Redis 7.0.15`.
    pub version: Option<String>,
    /// For how long it has been up, in seconds.
    pub uptime_s: Option<f64>,
    /// Its memory.
    pub memory: RedisMemory,
    /// What it has counted since it started, or since it was reset.
    pub counters: RedisCounters,
    /// Who is connected.
    pub clients: RedisClients,
    /// What it writes to disk.
    pub persistence: Persistence,
    /// How many commands its slow log holds.
    pub slow_commands: Option<u64>,
    /// Its databases that hold keys.
    pub databases: Vec<RedisDatabase>,
    /// The number of the database that was sampled.
    pub database: u32,
    /// Keys of it that were looked at; `None` when it could not be done.
    pub sample: Option<KeySample>,
    /// What could not be seen, and why.
    pub unseen: Vec<String>,
}

/// Memory, in bytes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RedisMemory {
    /// What its data and buffers take.
    pub used: Option<u64>,
    /// The most that they ever took.
    pub peak: Option<u64>,
    /// The limit; 0 when there is none.
    pub max: Option<u64>,
    /// What the system gives the process.
    pub rss: Option<u64>,
    /// What the machine has.
    pub machine: Option<u64>,
    /// What the system gives for each byte that is used.
    pub fragmentation: Option<f64>,
    /// What is thrown out at the limit, such as `allkeys-lru`.
    pub policy: Option<String>,
    /// Whether it puts its memory in order by itself.
    pub defragments: Option<bool>,
}

/// Counters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RedisCounters {
    /// Keys that were asked for and there.
    pub hits: Option<u64>,
    /// Keys that were asked for and not there.
    pub misses: Option<u64>,
    /// Keys that were thrown out for want of memory.
    pub evicted: Option<u64>,
    /// Keys that lived out their time.
    pub expired: Option<u64>,
    /// Connections that were rejected as one too many.
    pub rejected: Option<u64>,
}

/// Clients.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RedisClients {
    /// Those connected.
    pub connected: Option<u64>,
    /// Those that wait for something to come.
    pub blocked: Option<u64>,
    /// As many as may be connected.
    pub most: Option<u64>,
}

/// What is written to disk.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Persistence {
    /// Whether the last snapshot (RDB) was written.
    pub snapshot_ok: Option<bool>,
    /// How long ago the last snapshot was written, or the server started, in seconds.
    pub snapshot_age_s: Option<f64>,
    /// Changes that are in no snapshot yet.
    pub changes: Option<u64>,
    /// Whether snapshots are made by themselves.
    pub snapshots: Option<bool>,
    /// Whether there is a log of changes (AOF).
    pub log: Option<bool>,
    /// Whether it was written the last time.
    pub log_ok: Option<bool>,
    /// Whether it was rewritten the last time.
    pub log_rewrite_ok: Option<bool>,
    /// For how long the last fork held everything up, in milliseconds.
    pub fork_ms: Option<f64>,
}

/// A database with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RedisDatabase {
    /// Its number.
    pub number: u32,
    /// Its keys.
    pub keys: u64,
    /// Those with an expiry.
    pub expiring: u64,
}

/// Keys that were looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct KeySample {
    /// Keys of which it is known whether they expire.
    pub keys: u64,
    /// Those that don't.
    pub lasting: u64,
    /// The same by what they are called, those with most lasting keys first.
    pub groups: Vec<KeyGroup>,
    /// Keys of which the size is known.
    pub sized: u64,
    /// The biggest of these, the biggest first.
    pub biggest: Vec<BigKey>,
    /// Whether every key of the database was looked at.
    pub complete: bool,
}

/// Keys that are called alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct KeyGroup {
    /// Such as `session:*`.
    pub pattern: String,
    /// How many were looked at.
    pub keys: u64,
    /// Those without an expiry.
    pub lasting: u64,
    /// Bytes that those without an expiry take, as far as known.
    pub lasting_bytes: u64,
}

/// A key that is big.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BigKey {
    /// Its name.
    pub key: String,
    /// Such as `hash`.
    pub kind: Option<String>,
    /// What it takes; `None` when the server does not tell.
    pub bytes: Option<u64>,
    /// The number of its elements, where its bytes are not reported.
    pub elements: Option<u64>,
}

impl RedisFacts {
    /// The database that was sampled.
    pub fn sampled(&self) -> Option<&RedisDatabase> {
        let mut databases = self.databases.iter();
        databases.find(|one| one.number == self.database)
    }
}

//! What is known of a database: plain data, from its own catalogs.

mod activity;
mod index;
mod server;
mod statement;
mod table;

pub use activity::{LockWait, Transaction};
pub use index::{ForeignKey, Index};
pub use server::{ConnectionCounts, CounterAges, DatabaseCounters, ServerFacts, Setting};
pub use statement::StatementFacts;
pub use table::{Column, TableFacts};

/// Everything that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The server, its database and who asks.
    pub server: ServerFacts,
    /// Memory of the database's machine in bytes; `None` if it is another machine and was not given.
    pub memory: Option<u64>,
    /// The settings that matter.
    pub settings: Vec<Setting>,
    /// Counters of the database.
    pub counters: DatabaseCounters,
    /// Who is connected.
    pub connections: ConnectionCounts,
    /// The tables that hold rows themselves; partitions are tables of their own.
    pub tables: Vec<TableFacts>,
    /// Their indexes.
    pub indexes: Vec<Index>,
    /// Names, each behind its schema, that a new index may not have.
    pub taken: Vec<(String, String)>,
    /// Their foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// The costly statements; `None` without `pg_stat_statements`.
    pub statements: Option<Vec<StatementFacts>>,
    /// For how long those have been counted, in seconds; `None` when it is not known.
    pub statements_counted_s: Option<f64>,
    /// Transactions that are open.
    pub transactions: Vec<Transaction>,
    /// Who waits for a lock.
    pub waits: Vec<LockWait>,
    /// What could not be seen, and what would help.
    pub unseen: Vec<String>,
}

impl Facts {
    /// A table by its object id.
    pub fn table(&self, oid: u32) -> Option<&TableFacts> {
        self.tables.iter().find(|table| table.oid == oid)
    }

    /// A setting by its name.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// For how long the counters of the database have counted at least, in seconds; `None` when it is not known, or when
    /// they do not count.
    pub fn counted_s(&self) -> Option<f64> {
        let counts = !self.setting("track_counts").is_some_and(Setting::is_off);
        self.server.counted_s.filter(|_| counts)
    }

    /// How often a table is written to in a second; `None` when it is not known. A standby does not count what it
    /// replays.
    pub fn writes_each_s(&self, table: &TableFacts) -> Option<f64> {
        let counted = self.counted_s().filter(|_| !self.server.is_replica)?;
        Some(table.writes / counted.max(1.0))
    }

    /// The share of a table's rows that are dead, in [0, 1]; `None` when nothing counts them.
    pub fn dead_share(&self, table: &TableFacts) -> Option<f64> {
        let counts = !self.setting("track_counts").is_some_and(Setting::is_off);
        let share = table.dead_share();
        share.filter(|_| counts && !self.server.is_replica)
    }

    /// Whether a foreign key depends on this index alone to find its rows.
    pub fn is_last_of_a_key(&self, index: &Index) -> bool {
        let serves = |one: &Index, key: &ForeignKey| {
            let columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
            one.is_valid && one.begins_with(&columns, columns.len())
        };
        let mut keys = self.foreign_keys.iter();
        keys.any(|key| {
            key.table == index.table
                && serves(index, key)
                && !self
                    .indexes_of(index.table)
                    .any(|other| other.oid != index.oid && serves(other, key))
        })
    }

    /// The indexes of a table.
    pub fn indexes_of(&self, table: u32) -> impl Iterator<Item = &Index> {
        self.indexes
            .iter()
            .filter(move |index| index.table == table)
    }
}

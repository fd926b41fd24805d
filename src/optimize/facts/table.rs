//! Tables and their columns.

use serde::Deserialize;

use crate::optimize::name::qualified;

/// A table that holds rows itself.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Table {
    /// Its object id.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Rows, as the planner believes.
    pub rows: f64,
    /// Rows that are there, as counted.
    pub live: f64,
    /// Rows that are dead and not swept away.
    pub dead: f64,
    /// Rows that changed since the table was last analysed.
    pub changed: f64,
    /// Size of its rows alone, in bytes.
    pub heap_bytes: u64,
    /// Scans of the whole table.
    pub seq_scans: f64,
    /// Rows that those read.
    pub seq_rows: f64,
    /// Scans by an index.
    pub index_scans: f64,
    /// Rows inserted, updated and deleted.
    pub writes: f64,
    /// Seconds since it was last vacuumed; `None` if never.
    pub vacuumed_s: Option<f64>,
    /// Seconds since it was last analysed; `None` if never.
    pub analyzed_s: Option<f64>,
    /// Whether it is an extension's own: an index on it would be in no dump.
    pub is_extensions: bool,
    /// Whether autovacuum was switched off for it.
    pub no_autovacuum: bool,
    /// Who may change its indexes, where whoever asks may not.
    pub owner: Option<String>,
    /// Whether whoever asks may sweep and analyse it all the same.
    pub may_sweep: bool,
    /// Percent of each page to be filled.
    pub fillfactor: f64,
    /// Whether rows can be told from outside: its statistics by column can be read.
    pub columns: Vec<Column>,
}

impl Table {
    /// As SQL names it.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// As people name it: without the schema that everybody uses.
    pub fn shown(&self) -> String {
        if self.schema == "public" {
            self.name.clone()
        } else {
            format!("{}.{}", self.schema, self.name)
        }
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as `format_type` gives it.
    pub kind: String,
    /// Whether a B-tree can order it.
    pub is_ordered: bool,
    /// Different values: above 0 their number, below 0 their share of the rows; `None` when not analysed or not
    /// allowed to be seen.
    pub distinct: Option<f64>,
    /// The share of rows without a value.
    pub nulls: Option<f64>,
    /// Bytes of a value on average.
    pub width: Option<f64>,
}

impl Column {
    /// The share of rows that one value has on average, in [0, 1].
    pub fn selectivity(&self, rows: f64) -> Option<f64> {
        let distinct = match self.distinct? {
            share if share < 0.0 => -share * rows,
            number => number,
        };
        Some((1.0 / distinct.max(1.0)).min(1.0))
    }
}

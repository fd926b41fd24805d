//! Tables and their columns.

use serde::Deserialize;

use crate::name::{qualified, shown};

/// Bytes of a page. Rows of more than a quarter of one are stored elsewhere in part.
const PAGE: f64 = 8192.0;

/// A table that holds rows itself.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct TableFacts {
    /// Its object id.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Rows as the planner estimates them: their density at the last vacuum or analyse on the pages of today; `None`
    /// when there was none.
    pub planner_rows: Option<f64>,
    /// Whether the planner has statistics of its columns; `None` when the role may not see them.
    pub has_statistics: Option<bool>,
    /// Live rows, as counted since the counters began; see [`TableFacts::rows`].
    pub live: f64,
    /// Dead rows that were not vacuumed, counted likewise.
    pub dead: f64,
    /// Rows that changed since the table was last analysed, counted likewise.
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
    /// Seconds since it was last vacuumed; `None` if not since the counters began.
    pub vacuumed_s: Option<f64>,
    /// Seconds since it was last analysed; `None` if not since the counters began.
    pub analyzed_s: Option<f64>,
    /// Whether it is an extension's own: an index on it would be in no dump.
    pub is_extensions: bool,
    /// Whether autovacuum was switched off for it.
    pub no_autovacuum: bool,
    /// Who may change its indexes, if the connecting role may not.
    pub owner: Option<String>,
    /// Whether the connecting role may vacuum and analyze it all the same.
    pub may_vacuum: bool,
    /// Percent of each page to be filled.
    pub fillfactor: f64,
    /// Its columns, with their statistics if these can be read.
    pub columns: Vec<Column>,
}

impl TableFacts {
    /// As SQL names it.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// As people name it.
    pub fn shown(&self) -> String {
        shown(&self.schema, &self.name)
    }

    /// How many live rows it has; `None` when it is not known.
    ///
    /// The count of live rows is only a count of changes until a vacuum or an analyse corrects it: after a reset or a
    /// crash, and on a standby, it begins at 0 however many rows there are. Until then the planner's estimate is better,
    /// and where there is neither, the count is believed when it fills the table's pages.
    pub fn rows(&self) -> Option<f64> {
        if self.is_counted() {
            return Some(self.live);
        }
        let fills_pages = self.live + self.dead >= self.heap_bytes as f64 / PAGE;
        // The pages on which the estimate rests hold the dead rows as well.
        let planner = self.planner_rows;
        let live = planner.map(|rows| (rows - self.dead).max(self.live));
        live.or(fills_pages.then_some(self.live))
    }

    /// The share of its rows that are dead, in [0, 1]; `None` when it is not known.
    pub fn dead_share(&self) -> Option<f64> {
        Some(self.dead / (self.rows()? + self.dead).max(1.0))
    }

    /// Whether a vacuum or an analyse has counted its rows since the counters began.
    fn is_counted(&self) -> bool {
        self.vacuumed_s.is_some() || self.analyzed_s.is_some()
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

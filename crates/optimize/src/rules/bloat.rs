//! How much of a table or an index is empty, from the widths of its columns.
//!
//! The arithmetic is that of PostgreSQL's storage (documentation, "Database Page Layout"): pages of 8 KiB with a
//! header of 24 bytes; a row's header of 23 bytes, filled up to 24, and a pointer of 4; index entries with a header of 8.
//! Equal keys that share an entry (version 13 and later) make an index smaller than this says, so that less is called
//! empty than is.

use crate::facts::{Index, TableFacts};

const PAGE: f64 = 8192.0;
const PAGE_HEADER: f64 = 24.0;
const POINTER: f64 = 4.0;
const ROW_HEADER: f64 = 24.0;
const ENTRY_HEADER: f64 = 8.0;
/// B-trees leave a tenth of each leaf empty.
const LEAF_FILL: f64 = 0.9;
const LEAF_SPECIAL: f64 = 16.0;

/// The share of a table that is empty, in [0, 1]; `None` when its rows or its columns' widths are not
/// known.
pub(super) fn of_table(table: &TableFacts) -> Option<f64> {
    let widths = table
        .columns
        .iter()
        .map(|column| Some(column.width? * (1.0 - column.nulls.unwrap_or(0.0))));
    let width: f64 = widths.sum::<Option<f64>>()?;
    let row = POINTER + ROW_HEADER + aligned(width);
    let usable = (PAGE - PAGE_HEADER) * table.fillfactor / 100.0;
    empty(table.rows()?, row, usable, table.heap_bytes)
}

/// The share of a B-tree of plain columns that is empty, in [0, 1]; `None` when it is another, or rows or
/// widths are not known.
pub(super) fn of_index(index: &Index, table: &TableFacts) -> Option<f64> {
    if index.method != "btree" || index.predicate.is_some() || index.expressions.is_some() {
        return None;
    }
    let keys = index.columns.iter().map(|name| name.as_deref());
    let carried = index.included.iter().map(|name| Some(name.as_str()));
    let widths = keys.chain(carried).map(|name| table.column(name?)?.width);
    let width: f64 = widths.sum::<Option<f64>>()?;
    let entry = POINTER + ENTRY_HEADER + aligned(width);
    let usable = (PAGE - PAGE_HEADER - LEAF_SPECIAL) * LEAF_FILL;
    empty(table.rows()?, entry, usable, index.bytes)
}

fn aligned(width: f64) -> f64 {
    (width / 8.0).ceil() * 8.0
}

fn empty(rows: f64, each: f64, usable: f64, bytes: u64) -> Option<f64> {
    let per_page = (usable / each).floor();
    if per_page < 1.0 || bytes == 0 {
        // Rows that are wider than a page are stored elsewhere.
        return None;
    }
    let needed = (rows / per_page).ceil() * PAGE;
    Some((1.0 - needed / bytes as f64).max(0.0))
}

//! Indexes and the keys that need some.

use serde::Deserialize;

use crate::name::{qualified, shown};

/// An index.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the catalog has as many")]
pub struct Index {
    /// Its object id.
    pub oid: u32,
    /// Its table's object id.
    pub table: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub definition: String,
    /// Its key columns in order; `None` for an expression.
    pub columns: Vec<Option<String>>,
    /// The columns that it only carries.
    pub included: Vec<String>,
    /// How its key is ordered: operator classes, collations and directions, as the catalog writes them.
    pub order: Vec<String>,
    /// What else makes it another index than one of the same key, where its method has such.
    pub options: Option<String>,
    /// The expressions of its key, as SQL.
    pub expressions: Option<String>,
    /// Its condition, as SQL.
    pub predicate: Option<String>,
    /// Such as `btree`.
    pub method: String,
    /// Whether no two rows may have the same key.
    pub is_unique: bool,
    /// Whether that is looked at no earlier than at a transaction's end, if requested.
    pub is_deferrable: bool,
    /// Whether rows without a value are the same to it.
    pub is_nulls_equal: bool,
    /// Whether it keeps rows apart by another operator than equality.
    pub is_exclusion: bool,
    /// Whether queries may use it.
    pub is_valid: bool,
    /// Whether it is being built at this moment.
    pub is_building: bool,
    /// Whether something rests on it, or would be lost with it: a constraint, an order of rows, a replica, an extension,
    /// a partitioned parent, statistics.
    pub is_needed: bool,
    /// Its size in bytes.
    pub bytes: u64,
    /// How often it was used.
    pub scans: f64,
    /// What was written about it.
    pub comment: Option<String>,
}

impl Index {
    /// As SQL names it.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// As people name it.
    pub fn shown(&self) -> String {
        shown(&self.schema, &self.name)
    }

    /// Whether its key begins with these columns, the first `free` of them in any order.
    pub fn begins_with(&self, columns: &[&str], free: usize) -> bool {
        if self.method != "btree"
            || self.predicate.is_some()
            || !(self.is_valid || self.is_building)
            || self.columns.len() < columns.len()
        {
            return false;
        }
        let own: Vec<&str> = self.columns[..columns.len()]
            .iter()
            .map(|column| column.as_deref().unwrap_or_default())
            .collect();
        let free = free.min(columns.len());
        let (mut any, mut wanted) = (own[..free].to_vec(), columns[..free].to_vec());
        any.sort_unstable();
        wanted.sort_unstable();
        any == wanted && own[free..] == columns[free..]
    }
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ForeignKey {
    /// The table's object id.
    pub table: u32,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The object id of the table that it points to.
    pub referenced: u32,
    /// Whether a row that is deleted over there takes rows here along, or changes them.
    pub cascades: bool,
}

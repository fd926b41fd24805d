//! Rows that requests are filled in from.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::draw::{mix, text_seed};
use super::values::RequestMarks;

/// Which row a request is filled in from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Each row once: there must be enough of them.
    Once,
    /// One after the other, from the beginning again when they are used up.
    #[default]
    InTurn,
    /// Any of them, drawn from the seed and the request's number.
    AtRandom,
    /// The same row for all requests of a user.
    ByUser,
}

impl Rows {
    /// The ways as profiles write them.
    pub const NAMES: [(&'static str, Rows); 4] = [
        ("once", Rows::Once),
        ("in_turn", Rows::InTurn),
        ("at_random", Rows::AtRandom),
        ("by_user", Rows::ByUser),
    ];
}

/// Why a table is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// It has no row.
    #[error("it has no row")]
    Empty,
    /// Two columns have one name.
    #[error("two of its columns are called `{0}`")]
    SameColumn(String),
}

/// A data file. It serialises without its rows, but with what tells them from others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataTable {
    /// What marks call it.
    name: String,
    /// Which row a request takes.
    rows: Rows,
    columns: Vec<String>,
    digest: String,
    #[serde(skip)]
    cells: Arc<[Option<Value>]>,
}

impl DataTable {
    /// Rows of values, one for each column; `None` where a row has none.
    ///
    /// # Errors
    /// Without a row, or when two columns have the same name.
    pub fn new(
        name: impl Into<String>,
        rows: Rows,
        columns: Vec<String>,
        cells: Vec<Vec<Option<Value>>>,
    ) -> Result<DataTable, DataError> {
        if cells.is_empty() {
            return Err(DataError::Empty);
        }
        let twice = |at: &usize| columns[..*at].contains(&columns[*at]);
        if let Some(at) = (0..columns.len()).find(twice) {
            return Err(DataError::SameColumn(columns[at].clone()));
        }
        let width = columns.len();
        let mut all = Vec::with_capacity(cells.len() * width);
        for mut row in cells {
            row.resize(width, None);
            all.append(&mut row);
        }
        Ok(DataTable {
            name: name.into(),
            rows,
            digest: digest(&all),
            columns,
            cells: all.into(),
        })
    }

    /// What marks call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which row a request takes.
    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// The names of its columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.cells.len() / self.columns.len().max(1)
    }

    /// Never: a table has a row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The values of a column, row by row; `None` where a row has none.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Option<&Value>> {
        let all = self.cells.iter().skip(column);
        all.step_by(self.columns.len().max(1)).map(Option::as_ref)
    }

    /// The value of a column in the row of a request.
    pub(super) fn value(&self, column: usize, marks: &RequestMarks) -> Option<&Value> {
        let at = self.row(marks) * self.columns.len() + column;
        self.cells.get(at)?.as_ref()
    }

    /// The row of a request, from 0. One that is asked before the load takes the last ones, which no other takes of a
    /// table whose rows are used once.
    pub fn row(&self, marks: &RequestMarks) -> usize {
        let count = self.len() as u64;
        let row = match (self.rows, marks.asked_before_load()) {
            (Rows::ByUser, _) => marks.user % count,
            (_, Some(before)) => count - 1 - before % count,
            (Rows::Once | Rows::InTurn, None) => marks.number % count,
            (Rows::AtRandom, None) => {
                let drawn = mix(text_seed(marks.seed, &self.name), marks.number);
                ((u128::from(drawn) * u128::from(count)) >> 64) as u64
            }
        };
        row as usize
    }
}

fn digest(cells: &[Option<Value>]) -> String {
    let mut hash = Sha256::new();
    for cell in cells {
        let text = cell.as_ref().map(Value::to_string).unwrap_or_default();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let mut name = String::with_capacity(16);
    for byte in hash.finalize().iter().take(8) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

//! Indexes that could serve a use.

use super::Use;
use crate::facts::{Index, TableFacts};
use crate::name::quoted;

/// A wider key is seldom worth its writes.
const MOST_COLUMNS: usize = 4;
/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;
/// A B-tree takes keys up to 2,704 bytes; far shorter ones make it large already.
const WIDEST: f64 = 500.0;

/// An index that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The table's object id.
    pub table: u32,
    /// Its columns, and whether each descends.
    pub columns: Vec<(String, bool)>,
    /// How many of the first equal a value, and may be in any order.
    pub free: usize,
}

impl Candidate {
    /// Its columns as SQL writes them.
    pub fn key(&self) -> String {
        let columns = self.columns.iter();
        let columns: Vec<String> = columns
            .map(|(name, descends)| {
                let direction = if *descends { " DESC" } else { "" };
                format!("{}{direction}", quoted(name))
            })
            .collect();
        columns.join(", ")
    }

    /// A name for it, the first or a further one of the same length at most.
    pub fn name(&self, table: &TableFacts, number: usize) -> String {
        let mut name = table.name.clone();
        for (column, _) in &self.columns {
            name = format!("{name}_{column}");
        }
        let number = if number > 1 {
            number.to_string()
        } else {
            String::new()
        };
        let end = format!("_perf_idx{number}");
        while name.len() > LONGEST_NAME - end.len() {
            name.pop();
        }
        name + &end
    }

    /// The statement that makes it, without the name of what it is made on being looked for elsewhere.
    pub fn sql(&self, table: &TableFacts, concurrently: bool) -> String {
        let concurrently = if concurrently { "CONCURRENTLY " } else { "" };
        let name = quoted(&self.name(table, 1));
        format!(
            "CREATE INDEX {concurrently}{name} ON {} ({})",
            table.sql(),
            self.key()
        )
    }

    /// Whether one that exists does as well.
    pub fn is_served_by(&self, index: &Index) -> bool {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        // An index is read in either direction, so that only mixed directions need one of their own.
        index.table == self.table && !self.is_mixed() && index.begins_with(&columns, self.free)
    }

    /// Whether another candidate does as well.
    pub fn is_begun_by(&self, other: &Candidate) -> bool {
        let count = self.columns.len();
        self.table == other.table
            && count <= other.columns.len()
            && self.columns == other.columns[..count]
    }

    fn is_mixed(&self) -> bool {
        self.columns.iter().any(|(_, down)| *down) && self.columns.iter().any(|(_, down)| !*down)
    }
}

/// The indexes that could serve a use of a table and that no existing one stands for.
///
/// Columns that equal a value come first, those that tell rows apart best before others; behind them what the answer
/// is ordered by, or one column that lies between values. Columns of a join equal a value once the other table's row
/// is known.
pub fn candidates(one: &Use, table: &TableFacts, indexes: &[Index]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (mut columns, free) in keys(one, table) {
        columns.truncate(MOST_COLUMNS);
        if columns.is_empty() || !columns.iter().all(|(name, _)| is_fit(name, table)) {
            continue;
        }
        // All descending is all ascending, read backwards.
        if columns[free.min(columns.len())..]
            .iter()
            .all(|(_, down)| *down)
        {
            for (_, down) in &mut columns {
                *down = false;
            }
        }
        let candidate = Candidate {
            table: table.oid,
            free: free.min(columns.len()),
            columns,
        };
        let is_there = indexes.iter().any(|index| candidate.is_served_by(index));
        let is_known = found.iter().any(|other| other.columns == candidate.columns);
        if !is_there && !is_known {
            found.push(candidate);
        }
    }
    found
}

/// A column and whether it is read backwards.
type KeyColumn = (String, bool);

/// The keys that would serve a use, each with how many of its first columns may stand in any order.
fn keys(one: &Use, table: &TableFacts) -> Vec<(Vec<KeyColumn>, usize)> {
    let mut equal = sorted(&one.equal, table);
    equal.truncate(MOST_COLUMNS);
    let joined: Vec<String> = sorted(&one.join, table);
    let plain = |columns: &[String]| -> Vec<KeyColumn> {
        columns.iter().map(|name| (name.clone(), false)).collect()
    };
    let mut keys: Vec<(Vec<KeyColumn>, usize)> = Vec::new();
    let order: Vec<KeyColumn> = one
        .order
        .iter()
        .filter(|(name, _)| !equal.contains(name))
        .cloned()
        .collect();
    keys.push(([plain(&equal), order].concat(), equal.len()));
    for range in &one.range {
        let key = [equal.clone(), vec![range.clone()]].concat();
        keys.push((plain(&key), equal.len()));
    }
    keys.push((plain(&equal), equal.len()));
    // A single column that tells rows apart well is smaller, and serves others too.
    keys.extend(
        equal
            .iter()
            .take(2)
            .map(|name| (plain(std::slice::from_ref(name)), 1)),
    );
    for join in &joined {
        // It is not known how many rows a join asks for.
        keys.push((plain(std::slice::from_ref(join)), 0));
        if !equal.is_empty() && !equal.contains(join) {
            let both = [vec![join.clone()], equal.clone()].concat();
            keys.push((plain(&both), 0));
        }
    }
    keys
}

/// The columns that tell rows apart best first.
fn sorted(columns: &[String], table: &TableFacts) -> Vec<String> {
    let mut sorted = columns.to_vec();
    let share = |name: &String| {
        let column = table.column(name);
        column
            .and_then(|column| column.selectivity(table.rows()?))
            .unwrap_or(0.5)
    };
    sorted.sort_by(|a, b| share(a).total_cmp(&share(b)));
    sorted
}

fn is_fit(name: &str, table: &TableFacts) -> bool {
    table
        .column(name)
        .is_some_and(|column| column.is_ordered && column.width.is_none_or(|width| width < WIDEST))
}

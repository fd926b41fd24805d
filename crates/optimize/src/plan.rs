//! The plan: proposals and findings.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Everything that came of a look at a database.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct OptimizerPlan {
    /// The database.
    pub database: String,
    /// The server, as it calls itself.
    pub server: String,
    /// For how long its counters have counted at least, in seconds; `None` when it is not known.
    pub counted_s: Option<f64>,
    /// Figures of the whole.
    pub overview: Overview,
    /// What could be changed, the most worthwhile first.
    pub proposals: Vec<Proposal>,
    /// What is to be known and can't be changed by a statement.
    pub findings: Vec<Finding>,
    /// What could not be seen, and what would help.
    pub unseen: Vec<String>,
}

/// Figures of the whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Overview {
    /// The size of the database in bytes; `None` without the right to ask.
    pub bytes: Option<u64>,
    /// The share of blocks that were found in the server's buffers, in percent; `None` when too few were asked for.
    pub hit_ratio: Option<f64>,
    /// The largest tables.
    pub tables: Vec<TableLine>,
    /// The statements that cost most; `None` without `pg_stat_statements`.
    pub statements: Option<Vec<StatementLine>>,
}

/// A table in few figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableLine {
    /// Its name.
    pub name: String,
    /// Live rows; `None` when it is not known.
    pub rows: Option<f64>,
    /// The size of its rows in bytes.
    pub bytes: u64,
    /// The size of its indexes in bytes.
    pub index_bytes: u64,
    /// Scans of the whole table.
    pub seq_scans: f64,
    /// Scans by an index.
    pub index_scans: f64,
    /// The share of its rows that are dead, in percent; `None` when it is not known.
    pub dead: Option<f64>,
}

/// A statement in few figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementLine {
    /// The first of its `queryid`s in `pg_stat_statements`.
    pub id: String,
    /// An excerpt that no other statement here has.
    pub text: String,
    /// How often it was called.
    pub calls: f64,
    /// All its time, in milliseconds.
    pub total_ms: f64,
    /// Milliseconds for each call.
    pub mean_ms: f64,
    /// Blocks asked of the system.
    pub blocks_read: f64,
    /// Its share of the time of all that are known, in percent.
    pub share: f64,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// Counted from 1 in each plan.
    pub number: usize,
    /// The same for the same change, independent of other proposals: for scripts.
    pub id: String,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The index, table or setting, as SQL names it.
    pub object: String,
    /// The table whose index it is; `None` for what is not an index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What it does, in a line.
    pub what: String,
    /// Why, a sentence each.
    pub why: Vec<String>,
    /// The statements, in their order; each is a transaction of its own.
    pub sql: Vec<String>,
    /// What takes it back, in its order; empty when nothing must.
    pub undo: Vec<String>,
    /// How much can go wrong.
    pub risk: Risk,
    /// What can go wrong, and what it costs.
    pub price: String,
    /// What is to be gained.
    pub gain: String,
    /// Who says so.
    pub proof: Proof,
    /// Who must apply it, where the current role may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// An index that is missing.
    CreateIndex,
    /// A table that is to be swept.
    Vacuum,
    /// A table whose statistics are to be made.
    Analyze,
    /// An index that is to be rebuilt.
    Reindex,
    /// A setting of the server.
    Setting,
    /// An index that is of no use.
    DropIndex,
}

/// How much can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing is blocked or lost.
    Low,
    /// It costs something that may be felt.
    Medium,
    /// It needs a decision: it is applied only when its number is named.
    High,
}

/// Who says that a change is worthwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The planner, asked with the change in place.
    Planner,
    /// Counters of the server.
    Counted,
    /// A rule of thumb, which nothing has confirmed.
    Estimate,
}

/// What is to be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What follows, and what to do.
    pub advice: String,
}

impl Finding {
    /// What was found, and what to do.
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding {
            what: what.into(),
            advice: advice.into(),
        }
    }
}

impl OptimizerPlan {
    /// What was looked at.
    pub fn subject(&self) -> String {
        if self.database.is_empty() {
            self.server.clone()
        } else {
            format!("{} of {}", self.database, self.server)
        }
    }

    /// Puts the proposals in their order and numbers them.
    pub fn numbered(mut self) -> OptimizerPlan {
        // The order within a kind is that of worth, which the rules have made.
        self.proposals.sort_by_key(|proposal| proposal.kind);
        for (index, proposal) in self.proposals.iter_mut().enumerate() {
            proposal.number = index + 1;
            proposal.id = id(&proposal.sql);
        }
        self
    }

    /// Those to be applied: all that need no thought and no other role, or the ones that are named.
    ///
    /// # Errors
    /// When there is none of a number or an id, when another role must do what is named, or when something that needs
    /// thought is named by its number: that is another's in another plan.
    pub fn chosen(&self, only: Option<&[String]>) -> Result<Vec<&Proposal>, ChoiceError> {
        let Some(only) = only else {
            let ours = self.proposals.iter().filter(|one| one.role.is_none());
            return Ok(ours.filter(|one| one.risk < Risk::High).collect());
        };
        let mut chosen: Vec<&Proposal> = Vec::new();
        for name in only {
            let is = |one: &&Proposal| one.id == *name || one.number.to_string() == *name;
            let found = self.proposals.iter().find(is);
            let one =
                found.ok_or_else(|| ChoiceError::Unknown(name.clone(), self.proposals.len()))?;
            if one.risk == Risk::High && one.id != *name {
                return Err(ChoiceError::ByNumber(
                    one.number,
                    one.what.clone(),
                    one.id.clone(),
                ));
            }
            if let Some(role) = &one.role {
                return Err(ChoiceError::Others(
                    one.number,
                    one.what.clone(),
                    role.clone(),
                ));
            }
            chosen.push(one);
        }
        chosen.sort_by_key(|one| one.number);
        chosen.dedup_by_key(|one| one.number);
        Ok(chosen)
    }
}

/// What can't be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChoiceError {
    /// There is none of that number or id.
    #[error("there is no proposal {0}; the plan has {1}")]
    Unknown(String, usize),
    /// Of high risk, and named by its number.
    #[error(
        "{0} ({1}) is of high risk, and numbers change from one plan to the next: name it by its id, {2}"
    )]
    ByNumber(usize, String, String),
    /// Another role must do it.
    #[error("{0} ({1}): the table belongs to {2}: run it as that role")]
    Others(usize, String, String),
}

/// Of letters and digits, beginning with a letter, so that it is not a number.
fn id(sql: &[String]) -> String {
    let digest = Sha256::digest(sql.join(";").as_bytes());
    let hex = digest.iter().take(3).map(|byte| format!("{byte:02x}"));
    format!("p{}", hex.collect::<String>())
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        })
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proof::Planner => "planned with a hypothetical index",
            Proof::Counted => "server counters",
            Proof::Estimate => "rule of thumb",
        })
    }
}

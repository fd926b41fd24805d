//! Applies the chosen changes one after another, so that none is left half done.

mod change;
mod dead_rows;
mod orphaned_indexes;
mod progress;
mod session;
mod undo;

use std::path::Path;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::watch;

use super::plan::Proposal;
use crate::connection::DatabaseUrl;
use session::{ChangeSession, Ended};

pub use undo::{UndoError, script};

/// How long a statement may wait and take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyLimits {
    /// For a lock, behind which other sessions queue up.
    pub lock: Duration,
    /// In all.
    pub statement: Duration,
}

/// What happens while changes are applied.
#[derive(Debug, Clone)]
pub enum ApplyEvent<'a> {
    /// A change begins.
    Begins(&'a Proposal),
    /// Progress: what the server does, and how much of it is done, in percent.
    GoesOn(String, Option<f64>),
    /// What remains to be done, which is not an error.
    Stays(String),
    /// It is done and was read back.
    Done(&'a Proposal, Duration),
    /// It was not done, and the next one begins.
    Failed(&'a ApplyError),
}

/// What came of the chosen changes.
#[derive(Debug, Default)]
pub struct Applied {
    /// How many were done.
    pub done: usize,
    /// Why others were not, in their order.
    pub failed: Vec<ApplyError>,
    /// How many were not tried, as the last failure would have met them as well.
    pub untried: usize,
}

/// Why a change was not applied. Earlier changes stay.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// No connection.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// Another run is changing the database.
    #[error(
        "another run is changing this database; nothing was changed. Wait until it ends: it is the session that \
         holds the advisory lock {key} in pg_locks"
    )]
    Busy {
        /// The lock's key.
        key: i64,
    },
    /// A standby takes no changes.
    #[error(
        "the server is a standby and cannot be changed; nothing was changed. Connect to its primary"
    )]
    Standby,
    /// The undo script could not be written, without which nothing is changed.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The server refused a change.
    #[error("{number}. {what}: {said}; {left}{advice}")]
    Refused {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What the server said.
        said: String,
        /// What is left of it.
        left: String,
        /// What to do.
        advice: &'static str,
    },
    /// The server accepted it, but it is not in effect.
    #[error(
        "{number}. {what}: the server accepted it, but it is not in effect when read back; {advice}"
    )]
    NotThere {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// An index that was invalid in the plan is valid now.
    #[error("{number}. {what}: the index is valid now and was kept; make a new plan")]
    Mended {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
    },
    /// Ctrl-C.
    #[error("interrupted at {number}. {what}; {left}run it again to continue")]
    Interrupted {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What is left of it.
        left: String,
    },
    /// The connection was lost.
    #[error(
        "the connection was lost at {number}. {what} ({said}); it is not known whether the server finished it: \
         run it again, which finds the remains"
    )]
    Gone {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What is known.
        said: String,
    },
}

impl ApplyError {
    /// Whether all further changes would fail likewise.
    fn ends_all(&self) -> bool {
        match self {
            ApplyError::Refused { said, .. } => {
                // A disk that is full would be filled again by the next, and others write to it as well.
                said.contains("No space left") || said.contains("read-only transaction")
            }
            ApplyError::NotThere { .. } | ApplyError::Mended { .. } => false,
            _ => true,
        }
    }
}

/// Applies the chosen changes in order, after writing the undo script to `undo_file`. A change that fails does not\n/// keep the next one from being tried, unless that would fail as well.
///
/// `stop` ends the statement that is running when it becomes true.
///
/// # Errors
/// When nothing could be tried.
pub async fn apply(
    url: &DatabaseUrl,
    insecure: bool,
    chosen: &[&Proposal],
    undo_file: &Path,
    limits: ApplyLimits,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(ApplyEvent<'_>),
) -> Result<Applied, ApplyError> {
    let session = ChangeSession::begin(url, insecure, limits).await?;
    if session.is_standby().await {
        return Err(ApplyError::Standby);
    }
    undo::write(undo_file, chosen)?;
    let mut applied = Applied::default();
    for (at, proposal) in chosen.iter().enumerate() {
        tell(ApplyEvent::Begins(proposal));
        let begun = Instant::now();
        match change::make(&session, proposal, stop, tell).await {
            Ok(()) => {
                applied.done += 1;
                tell(ApplyEvent::Done(proposal, begun.elapsed()));
            }
            Err(error) => {
                tell(ApplyEvent::Failed(&error));
                let is_end = error.ends_all();
                applied.failed.push(error);
                if is_end {
                    applied.untried = chosen.len() - at - 1;
                    break;
                }
            }
        }
    }
    Ok(applied)
}

/// Reverts the applied changes, the last one first.
///
/// # Errors
/// With the first change that could not be reverted.
pub async fn revert(
    url: &DatabaseUrl,
    insecure: bool,
    carried_out: &[&Proposal],
    limits: ApplyLimits,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), ApplyError> {
    let session = ChangeSession::begin(url, insecure, limits).await?;
    for proposal in carried_out.iter().rev() {
        change::revert(&session, proposal, stop).await?;
    }
    Ok(())
}

/// Runs `ANALYZE` on the whole database.
///
/// # Errors
/// When it is refused or interrupted.
pub async fn analyze(
    url: &DatabaseUrl,
    insecure: bool,
    limits: ApplyLimits,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), String> {
    let session = ChangeSession::begin(url, insecure, limits).await;
    let session = session.map_err(|error| error.to_string())?;
    match session.run("ANALYZE", stop, &mut |_| {}).await {
        Ok(()) => Ok(()),
        Err(Ended::Interrupted) => Err("interrupted".to_owned()),
        Err(Ended::Refused(said) | Ended::Gone(said)) => Err(said),
    }
}

//! Carrying out what was chosen, one change after another, so that whatever happens nothing is half done.

mod change;
mod leftovers;
mod progress;
mod session;
mod swept;
mod undo;

use std::path::Path;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::watch;

use super::plan::Proposal;
use crate::monitor::DatabaseUrl;
use session::{Ended, Session};

pub use undo::{UndoError, script};

/// How long a statement may wait and take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a lock: nobody queues up behind a wait that is longer.
    pub lock: Duration,
    /// In all.
    pub statement: Duration,
}

/// What is told while it goes on.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A change begins.
    Begins(&'a Proposal),
    /// It goes on: what the server does, and how much of it is done, in percent.
    GoesOn(String, Option<f64>),
    /// What it could not do, which is no error.
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

/// Why something was not carried out. What was done before stays, each change whole.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// No connection.
    #[error("no connection to the database: {0}")]
    Connect(String),
    /// Somebody else is at it.
    #[error(
        "another run changes this database at this moment; nothing was changed. Wait for its end: it is the session \
             that holds the advisory lock {key} in pg_locks"
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
    /// Nothing is changed without a way back.
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
    /// It was done, and isn't there.
    #[error(
        "{number}. {what}: the server took it, and it is not done when it is read back; {advice}"
    )]
    NotThere {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// What was broken when it was looked at is so no more.
    #[error("{number}. {what}: it is valid by now, and stays; look again")]
    Mended {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
    },
    /// Ctrl-C.
    #[error("interrupted at {number}. {what}; {left}run it again to go on")]
    Interrupted {
        /// The proposal.
        number: usize,
        /// What it was to do.
        what: String,
        /// What is left of it.
        left: String,
    },
    /// There is a server no more.
    #[error(
        "the connection broke at {number}. {what} ({said}); whether the server finished it is not known: run it again, \
             which finds what is left of it"
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

/// Carries out the chosen changes in their order, after the way back was written to `undo_file`. One that fails does not
/// keep the next from being tried, unless that would fail as well.
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
    limits: Limits,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Applied, ApplyError> {
    let session = Session::begin(url, insecure, limits).await?;
    if session.is_standby().await {
        return Err(ApplyError::Standby);
    }
    undo::write(undo_file, chosen)?;
    let mut applied = Applied::default();
    for (at, proposal) in chosen.iter().enumerate() {
        tell(Event::Begins(proposal));
        let begun = Instant::now();
        match change::make(&session, proposal, stop, tell).await {
            Ok(()) => {
                applied.done += 1;
                tell(Event::Done(proposal, begun.elapsed()));
            }
            Err(error) => {
                tell(Event::Failed(&error));
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

/// Takes back what was carried out, the last first.
///
/// # Errors
/// With the first that could not be taken back.
pub async fn take_back(
    url: &DatabaseUrl,
    insecure: bool,
    carried_out: &[&Proposal],
    limits: Limits,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), ApplyError> {
    let session = Session::begin(url, insecure, limits).await?;
    for proposal in carried_out.iter().rev() {
        change::take_back(&session, proposal, stop).await?;
    }
    Ok(())
}

/// Makes the planner's statistics of the whole database anew.
///
/// # Errors
/// When it is refused or interrupted.
pub async fn analyze(
    url: &DatabaseUrl,
    insecure: bool,
    limits: Limits,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), String> {
    let session = Session::begin(url, insecure, limits).await;
    let session = session.map_err(|error| error.to_string())?;
    match session.run("ANALYZE", stop, &mut |_| {}).await {
        Ok(()) => Ok(()),
        Err(Ended::Interrupted) => Err("interrupted".to_owned()),
        Err(Ended::Refused(said) | Ended::Gone(said)) => Err(said),
    }
}

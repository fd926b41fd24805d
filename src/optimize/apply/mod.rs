//! Carrying out what was chosen, one change after another, so that whatever happens nothing is half done.

mod leftovers;
mod progress;
mod session;
mod undo;

use std::path::Path;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::watch;

use super::plan::{Kind, Proposal};
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
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A change begins.
    Begins(&'a Proposal),
    /// It goes on: what the server does, and how much of it is done, in percent.
    GoesOn(String, Option<f64>),
    /// It is done and was read back.
    Done(&'a Proposal, Duration),
}

/// Why not everything was carried out. What was done before stays, each change whole.
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
        "{number}. {what}: the server took it, and it is not done when it is read back; run it as the owner of the table, \
             and see what the server's log says"
    )]
    NotThere {
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

/// Carries out the chosen changes in their order, after the way back was written to `undo_file`.
///
/// `stop` ends the statement that is running when it becomes true.
///
/// # Errors
/// With the first change that was not carried out, and what is left of it.
pub async fn apply(
    url: &DatabaseUrl,
    insecure: bool,
    chosen: &[&Proposal],
    undo_file: &Path,
    limits: Limits,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ApplyError> {
    let session = Session::begin(url, insecure, limits).await?;
    undo::write(undo_file, chosen)?;
    for proposal in chosen {
        tell(Event::Begins(proposal));
        let begun = Instant::now();
        carry_out(&session, proposal, stop, tell).await?;
        tell(Event::Done(proposal, begun.elapsed()));
    }
    Ok(())
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
        for statement in &proposal.undo {
            let ended = session.run(statement, stop, &mut |_| {}).await;
            ended.map_err(|ended| failed(proposal, ended, String::new()))?;
        }
    }
    Ok(())
}

async fn carry_out(
    session: &Session,
    proposal: &Proposal,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ApplyError> {
    let built = leftovers::built(proposal);
    if let Some(index) = &built {
        // Of a run that was killed: the statement would find the name taken.
        leftovers::drop(session, index).await;
    }
    let since = session.now().await;
    for statement in &proposal.sql {
        if let Err(ended) = session.run(statement, stop, tell).await {
            let left = match &built {
                Some(index) if !matches!(ended, Ended::Gone(_)) => {
                    leftovers::left(session, index).await
                }
                _ => String::new(),
            };
            return Err(failed(proposal, ended, left));
        }
    }
    let object = &proposal.object;
    let is_there = match proposal.kind {
        Kind::CreateIndex | Kind::Reindex => session.is_valid(object).await == Some(true),
        Kind::DropIndex => session.is_valid(object).await.is_none(),
        // Who may not is only warned by the server.
        Kind::Vacuum | Kind::Analyze => session.is_analyzed_since(object, since).await,
        Kind::Setting => true,
    };
    if is_there {
        return Ok(());
    }
    Err(ApplyError::NotThere {
        number: proposal.number,
        what: proposal.what.clone(),
    })
}

fn failed(proposal: &Proposal, ended: Ended, left: String) -> ApplyError {
    let (number, what) = (proposal.number, proposal.what.clone());
    match ended {
        Ended::Interrupted => ApplyError::Interrupted { number, what, left },
        Ended::Gone(said) => ApplyError::Gone { number, what, said },
        Ended::Refused(said) => ApplyError::Refused {
            number,
            what,
            advice: advice(&said),
            said,
            left,
        },
    }
}

fn advice(said: &str) -> &'static str {
    let table = [
        (
            "lock timeout",
            "somebody holds a lock that it needs: end that transaction, or give --lock-timeout more",
        ),
        ("statement timeout", "give --statement-timeout more"),
        ("No space left", "make room on the server's disk"),
        (
            "permission denied for schema",
            "its owner needs the right to create there too: GRANT CREATE ON SCHEMA",
        ),
        ("permission denied", "run it as the owner of the table"),
        ("must be owner", "run it as the owner of the table"),
        (
            "read-only",
            "the server takes no changes: name the one that does",
        ),
    ];
    let known = table.iter().find(|(words, _)| said.contains(words));
    known.map_or("see what the server's log says", |(_, advice)| advice)
}

//! One change: applied, read back, or cleaned up.

use tokio::sync::watch;

use super::session::{ChangeSession, Ended, IndexState};
use super::{ApplyError, ApplyEvent, dead_rows, orphaned_indexes};
use crate::plan::{ChangeKind, Proposal};

/// In statements that wait for other transactions without blocking them.
const CONCURRENTLY: &str = " CONCURRENTLY ";

/// Applies it, and checks the result.
pub(super) async fn make(
    session: &ChangeSession,
    proposal: &Proposal,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(ApplyEvent<'_>),
) -> Result<(), ApplyError> {
    for index in orphaned_indexes::names(proposal) {
        // Of a run that was killed: the statement would find the name taken.
        orphaned_indexes::drop_invalid(session, &index).await;
    }
    let is_broken = proposal.kind == ChangeKind::DropIndex && proposal.undo.is_empty();
    if is_broken && session.state(&proposal.object).await == IndexState::Valid {
        return Err(ApplyError::Mended {
            number: proposal.number,
            what: proposal.what.clone(),
        });
    }
    let since = session.now().await;
    for statement in &proposal.sql {
        if let Err(ended) = run(session, proposal, statement, stop, tell).await {
            let left = match ended {
                Ended::Gone(_) => String::new(),
                _ => orphaned_indexes::remains(session, proposal).await,
            };
            return Err(failed(proposal, ended, left));
        }
    }
    let object = &proposal.object;
    let is_there = match proposal.kind {
        ChangeKind::CreateIndex | ChangeKind::Reindex => {
            session.state(object).await == IndexState::Valid
        }
        ChangeKind::DropIndex => session.state(object).await == IndexState::Absent,
        // Who may not is only warned by the server.
        ChangeKind::Vacuum | ChangeKind::Analyze => session.is_analyzed_since(object, since).await,
        ChangeKind::Setting => session.is_in_files(object).await,
    };
    read_back(proposal, is_there)?;
    if proposal.kind == ChangeKind::Vacuum
        && let Some(stays) = dead_rows::remaining(session, object).await
    {
        tell(ApplyEvent::Stays(stays));
    }
    Ok(())
}

/// Reverts it, and checks the result.
pub(super) async fn revert(
    session: &ChangeSession,
    proposal: &Proposal,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), ApplyError> {
    let object = &proposal.object;
    if proposal.kind == ChangeKind::DropIndex {
        // Half dropped, it would be taken for one that is there.
        orphaned_indexes::drop_invalid(session, object).await;
    }
    for statement in &proposal.undo {
        let ended = run(session, proposal, statement, stop, &mut |_| {}).await;
        ended.map_err(|ended| failed(proposal, ended, String::new()))?;
    }
    let is_back = match proposal.kind {
        ChangeKind::CreateIndex => session.state(object).await == IndexState::Absent,
        ChangeKind::DropIndex if !proposal.undo.is_empty() => {
            session.state(object).await == IndexState::Valid
        }
        _ => true,
    };
    read_back(proposal, is_back)
}

async fn run(
    session: &ChangeSession,
    proposal: &Proposal,
    statement: &str,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(ApplyEvent<'_>),
) -> Result<(), Ended> {
    match &proposal.table {
        Some(table) if statement.contains(CONCURRENTLY) => {
            session.run_concurrently(table, statement, stop, tell).await
        }
        _ => session.run(statement, stop, tell).await,
    }
}

fn read_back(proposal: &Proposal, is_done: bool) -> Result<(), ApplyError> {
    if is_done {
        return Ok(());
    }
    Err(ApplyError::NotThere {
        number: proposal.number,
        what: proposal.what.clone(),
        advice: match proposal.kind {
            ChangeKind::Vacuum | ChangeKind::Analyze => "run it as the owner of the table",
            ChangeKind::Setting => {
                "it is set on the server's command line, which overrides its files"
            }
            _ => "see the server's log",
        },
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
            "another transaction holds a lock that it needs: end it, or raise --lock-timeout",
        ),
        ("statement timeout", "raise --statement-timeout"),
        ("No space left", "free space on the server's disk"),
        (
            "permission denied for schema",
            "its owner also needs the privilege to create in the schema: GRANT CREATE ON SCHEMA",
        ),
        ("permission denied", "run it as the owner of the table"),
        ("must be owner", "run it as the owner of the table"),
        (
            "index row size",
            "some values are too long for a B-tree, so leave this index out: index a prefix or a hash of the column \
             instead, if you query it by equality",
        ),
        (
            "index row requires",
            "some values are too long for a B-tree, so leave this index out: index a prefix or a hash of the column \
             instead, if you query it by equality",
        ),
        (
            "read-only",
            "the server is read-only: connect to the primary",
        ),
    ];
    let known = table.iter().find(|(words, _)| said.contains(words));
    known.map_or("see the server's log", |(_, advice)| advice)
}

//! One change: made, read back, or swept away.

use tokio::sync::watch;

use super::session::{Ended, Session, State};
use super::{ApplyError, Event, leftovers, swept};
use crate::optimize::plan::{Kind, Proposal};

/// What waits for others' transactions, and holds up nobody.
const CONCURRENTLY: &str = " CONCURRENTLY ";

/// Makes it, and makes sure that it is made.
pub(super) async fn make(
    session: &Session,
    proposal: &Proposal,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ApplyError> {
    for index in leftovers::of(proposal) {
        // Of a run that was killed: the statement would find the name taken.
        leftovers::sweep(session, &index).await;
    }
    let is_broken = proposal.kind == Kind::DropIndex && proposal.undo.is_empty();
    if is_broken && session.state(&proposal.object).await == State::Valid {
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
                _ => leftovers::told(session, proposal).await,
            };
            return Err(failed(proposal, ended, left));
        }
    }
    let object = &proposal.object;
    let is_there = match proposal.kind {
        Kind::CreateIndex | Kind::Reindex => session.state(object).await == State::Valid,
        Kind::DropIndex => session.state(object).await == State::Absent,
        // Who may not is only warned by the server.
        Kind::Vacuum | Kind::Analyze => session.is_analyzed_since(object, since).await,
        Kind::Setting => session.is_in_files(object).await,
    };
    read_back(proposal, is_there)?;
    if proposal.kind == Kind::Vacuum
        && let Some(stays) = swept::what_stays(session, object).await
    {
        tell(Event::Stays(stays));
    }
    Ok(())
}

/// Takes it back, and makes sure of it.
pub(super) async fn take_back(
    session: &Session,
    proposal: &Proposal,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), ApplyError> {
    let object = &proposal.object;
    if proposal.kind == Kind::DropIndex {
        // Half dropped, it would be taken for one that is there.
        leftovers::sweep(session, object).await;
    }
    for statement in &proposal.undo {
        let ended = run(session, proposal, statement, stop, &mut |_| {}).await;
        ended.map_err(|ended| failed(proposal, ended, String::new()))?;
    }
    let is_back = match proposal.kind {
        Kind::CreateIndex => session.state(object).await == State::Absent,
        Kind::DropIndex if !proposal.undo.is_empty() => session.state(object).await == State::Valid,
        _ => true,
    };
    read_back(proposal, is_back)
}

async fn run(
    session: &Session,
    proposal: &Proposal,
    statement: &str,
    stop: &mut watch::Receiver<bool>,
    tell: &mut dyn FnMut(Event<'_>),
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
            Kind::Vacuum | Kind::Analyze => "run it as the owner of the table",
            Kind::Setting => {
                "it is given on the server's command line, which stands above its files"
            }
            _ => "see what the server's log says",
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
            "the server takes no changes: name the one that does",
        ),
    ];
    let known = table.iter().find(|(words, _)| said.contains(words));
    known.map_or("see what the server's log says", |(_, advice)| advice)
}

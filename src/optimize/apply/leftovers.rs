//! Indexes that a build that failed has left behind: invalid, and kept by every write.

use super::session::Session;
use crate::optimize::plan::{Kind, Proposal};

/// The index that a proposal makes, as SQL names it.
pub(super) fn created(proposal: &Proposal) -> Option<String> {
    let undo = proposal
        .undo
        .first()
        .filter(|_| proposal.kind == Kind::CreateIndex)?;
    name(undo)
}

/// The index that a proposal drops.
pub(super) fn dropped(proposal: &Proposal) -> Option<String> {
    let sql = proposal
        .sql
        .first()
        .filter(|_| proposal.kind == Kind::DropIndex)?;
    name(sql)
}

fn name(statement: &str) -> Option<String> {
    let name = statement.strip_prefix("DROP INDEX CONCURRENTLY IF EXISTS ")?;
    Some(name.to_owned())
}

/// Drops an index if it is invalid; tells whether none is left.
pub(super) async fn drop(session: &Session, index: &str) -> bool {
    if session.is_valid(index).await != Some(false) {
        return true;
    }
    let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
    session.plainly(&sql).await && session.is_valid(index).await.is_none()
}

/// What is left after a build that failed, as a message goes on.
pub(super) async fn left(session: &Session, index: &str) -> String {
    if drop(session, index).await {
        "nothing of it is left; ".to_owned()
    } else {
        format!("the invalid index {index} is left, and the next run drops it; ")
    }
}

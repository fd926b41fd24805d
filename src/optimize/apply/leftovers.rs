//! Indexes that a build that failed has left behind: invalid, and kept by every write.

use super::session::Session;
use crate::optimize::plan::{Kind, Proposal};

/// The index that a proposal builds, as SQL names it while it is built.
pub(super) fn built(proposal: &Proposal) -> Option<String> {
    match proposal.kind {
        Kind::CreateIndex => Some(proposal.object.clone()),
        Kind::Reindex => Some(anew(&proposal.object)),
        _ => None,
    }
}

/// What the server calls an index that is to take another one's place, until it does.
fn anew(index: &str) -> String {
    match index.strip_suffix('"') {
        Some(name) => format!("{name}_ccnew\""),
        None => format!("{index}_ccnew"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_an_indexs_place_has_a_name_of_its_own() {
        assert_eq!(anew("public.t_a"), "public.t_a_ccnew");
        assert_eq!(anew("public.\"T a\""), "public.\"T a_ccnew\"");
    }
}

//! Invalid indexes that a failed build has left behind, and that every write maintains.

use super::session::{ChangeSession, IndexState};
use crate::name::dropping;
use crate::plan::{ChangeKind, Proposal};

/// What a build leaves when it fails, as SQL names it.
pub(super) fn names(proposal: &Proposal) -> Vec<String> {
    match proposal.kind {
        ChangeKind::CreateIndex => vec![proposal.object.clone()],
        // What is to take an index's place, until it does; and the one that it took the place of.
        ChangeKind::Reindex => ["_ccnew", "_ccold"]
            .map(|end| with(&proposal.object, end))
            .to_vec(),
        _ => Vec::new(),
    }
}

fn with(index: &str, end: &str) -> String {
    match index.strip_suffix('"') {
        Some(name) => format!("{name}{end}\""),
        None => format!("{index}{end}"),
    }
}

/// Drops an index if it is invalid; returns whether none is left.
pub(super) async fn drop_invalid(session: &ChangeSession, index: &str) -> bool {
    match session.state(index).await {
        IndexState::Absent | IndexState::Valid => true,
        IndexState::Unknown => false,
        IndexState::Invalid => {
            session.plainly(&dropping(index)).await
                && session.state(index).await == IndexState::Absent
        }
    }
}

/// What is left of a change that failed, as the rest of a message.
pub(super) async fn remains(session: &ChangeSession, proposal: &Proposal) -> String {
    if proposal.kind == ChangeKind::DropIndex {
        return match session.state(&proposal.object).await {
            IndexState::Valid => "the index is unchanged; ".to_owned(),
            IndexState::Absent => "the index is gone; ".to_owned(),
            IndexState::Invalid | IndexState::Unknown => {
                "the index may be half dropped and is then not used: run it again, or run the undo script; ".to_owned()
            }
        };
    }
    let mut left = Vec::new();
    for index in names(proposal) {
        if !drop_invalid(session, &index).await {
            left.push(index);
        }
    }
    match (proposal.kind, left.as_slice()) {
        (ChangeKind::CreateIndex | ChangeKind::Reindex, []) => {
            "it left nothing behind; ".to_owned()
        }
        (_, []) => String::new(),
        (_, left) => format!(
            "the invalid index {} may remain, and the next run drops it; ",
            left.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_an_indexs_place_has_a_name_of_its_own() {
        assert_eq!(with("public.t_a", "_ccnew"), "public.t_a_ccnew");
        assert_eq!(with("public.\"T a\"", "_ccold"), "public.\"T a_ccold\"");
    }
}

//! Indexes that a build that failed has left behind: invalid, and kept by every write.

use super::session::{Session, State};
use crate::optimize::name::dropping;
use crate::optimize::plan::{Kind, Proposal};

/// What a build leaves when it fails, as SQL names it.
pub(super) fn of(proposal: &Proposal) -> Vec<String> {
    match proposal.kind {
        Kind::CreateIndex => vec![proposal.object.clone()],
        // What is to take an index's place, until it does; and the one that it took the place of.
        Kind::Reindex => ["_ccnew", "_ccold"]
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

/// Drops an index if it is invalid; tells whether none is left.
pub(super) async fn sweep(session: &Session, index: &str) -> bool {
    match session.state(index).await {
        State::Absent | State::Valid => true,
        State::Unknown => false,
        State::Invalid => {
            session.plainly(&dropping(index)).await && session.state(index).await == State::Absent
        }
    }
}

/// What is left of a change that failed, as a message goes on.
pub(super) async fn told(session: &Session, proposal: &Proposal) -> String {
    if proposal.kind == Kind::DropIndex {
        return match session.state(&proposal.object).await {
            State::Valid => "the index is as it was; ".to_owned(),
            State::Absent => "the index is gone; ".to_owned(),
            State::Invalid | State::Unknown => {
                "the index may be out of use and half dropped: run it again, or take it back with the file; ".to_owned()
            }
        };
    }
    let mut left = Vec::new();
    for index in of(proposal) {
        if !sweep(session, &index).await {
            left.push(index);
        }
    }
    match (proposal.kind, left.as_slice()) {
        (Kind::CreateIndex | Kind::Reindex, []) => "nothing of it is left; ".to_owned(),
        (_, []) => String::new(),
        (_, left) => format!(
            "the invalid index {} may be left, and the next run drops it; ",
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

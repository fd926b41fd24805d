//! Things by their identifiers, of which each belongs to an organization.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than any load leaves behind; a user who makes more than this without removing any is refused.
const MOST: usize = 200_000;

/// Things of one kind.
pub(super) struct Kept<T> {
    made: AtomicU64,
    things: Mutex<HashMap<String, (String, T)>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            made: AtomicU64::new(0),
            things: Mutex::default(),
        }
    }
}

impl<T> Kept<T> {
    fn things(&self) -> MutexGuard<'_, HashMap<String, (String, T)>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a thing under a new identifier; `None` when there is no room.
    pub(super) fn add(&self, kind: &str, organization: &str, thing: T) -> Option<String> {
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("{kind}-{number}");
        self.put(&id, organization, thing).then_some(id)
    }

    /// Keeps a thing under this identifier, unless one is there already; whether there was room.
    pub(super) fn put(&self, id: &str, organization: &str, thing: T) -> bool {
        let mut things = self.things();
        let has_room = things.len() < MOST;
        if has_room {
            let entry = things.entry(id.to_owned());
            entry.or_insert_with(|| (organization.to_owned(), thing));
        }
        has_room
    }

    /// What `look` finds in a thing of this organization; `None` when there is no such thing.
    pub(super) fn with<R>(
        &self,
        id: &str,
        organization: &str,
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut things = self.things();
        let (owner, thing) = things.get_mut(id)?;
        (owner == organization).then(|| look(thing))
    }

    /// Whether there was such a thing to remove.
    pub(super) fn remove(&self, id: &str, organization: &str) -> bool {
        let mut things = self.things();
        let is_own = things
            .get(id)
            .is_some_and(|(owner, _)| owner == organization);
        if is_own {
            things.remove(id);
        }
        is_own
    }

    pub(super) fn clear(&self) {
        self.things().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_sees_its_own_things() {
        let kept = Kept::default();
        let id = kept.add("agent", "a", 7).expect("room");
        assert_eq!(id, "agent-1");
        assert_eq!(kept.with(&id, "a", |thing| *thing), Some(7));
        assert_eq!(kept.with(&id, "b", |thing| *thing), None);
        assert!(!kept.remove(&id, "b"));
        assert!(kept.remove(&id, "a"));
        assert!(!kept.remove(&id, "a"));
    }
}

//! Where the session puts what it knows, and the server takes it from. Neither waits for the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::view::View;
use crate::record::RunResult;

/// The load that is on.
#[derive(Debug, Clone)]
pub struct CurrentLoad {
    /// The scenario, and which of its loads where it has several.
    pub what: String,
    /// Since the start of the load.
    pub elapsed: Duration,
    /// When its due requests end, from its start, as it stands now.
    pub end: Duration,
    /// What is known of it so far; `None` before the first look.
    pub run: Option<RunResult>,
}

/// A session's state for its viewers.
#[derive(Debug, Clone)]
pub struct SharedView {
    view: Arc<watch::Sender<View>>,
    watched: Arc<AtomicUsize>,
}

/// One page that is open; counted until it is dropped.
#[derive(Debug)]
pub(super) struct Viewer(Arc<AtomicUsize>);

impl SharedView {
    /// A board on which this stands.
    pub fn new(view: View) -> SharedView {
        SharedView {
            view: Arc::new(watch::Sender::new(view)),
            watched: Arc::default(),
        }
    }

    /// How many pages are open.
    pub fn watched(&self) -> usize {
        self.watched.load(Ordering::Relaxed)
    }

    /// Changes what stands on it.
    pub fn change(&self, change: impl FnOnce(&mut View)) {
        self.view.send_modify(change);
    }

    pub(super) fn look(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    pub(super) fn watch(&self) -> Viewer {
        self.watched.fetch_add(1, Ordering::Relaxed);
        Viewer(Arc::clone(&self.watched))
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

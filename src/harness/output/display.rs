//! Where a session is shown while it runs: on the terminal, and on the live dashboard.

use std::sync::{Mutex, MutexGuard};

use crate::dashboard::SharedView;
use crate::harness::locked;
use crate::harness::output::progress::Progress;
use crate::report::Report;

/// What shows a session while it runs.
pub(in crate::harness) struct Display {
    progress: Mutex<Progress>,
    board: Option<SharedView>,
}

impl Display {
    pub(in crate::harness) fn new(progress: Progress, board: Option<SharedView>) -> Display {
        Display {
            progress: Mutex::new(progress),
            board,
        }
    }

    /// Says which line the test runner has begun on stdout.
    pub(in crate::harness) fn announce(&self, line: String) {
        self.progress().announce(line);
    }

    /// What the terminal shows; one load at a time has it.
    pub(in crate::harness) fn progress(&self) -> MutexGuard<'_, Progress> {
        locked(&self.progress)
    }

    /// The live dashboard, if there is one.
    pub(in crate::harness) fn board(&self) -> Option<&SharedView> {
        self.board.as_ref()
    }

    /// Shows what the session has come to so far, if there is a dashboard.
    pub(in crate::harness) fn show(&self, report: impl FnOnce() -> Report) {
        if let Some(board) = &self.board {
            let report = report();
            board.change(|view| {
                view.report = report;
                view.live = None;
            });
        }
    }
}

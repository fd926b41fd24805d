//! A load that is on, put on the board.

use std::time::Duration;

use crate::dashboard::{Board, Live};
use crate::load;
use crate::monitor::Monitors;
use crate::record::RunResult;

/// From one change of the clock on the board to the next.
const EVERY: Duration = Duration::from_secs(1);

/// What shows one load.
pub(super) struct Showing<'a> {
    board: &'a Board,
    monitors: Option<&'a Monitors>,
    what: String,
    next: Duration,
}

impl<'a> Showing<'a> {
    /// Of the load called `what`.
    pub(super) fn new(
        board: &'a Board,
        monitors: Option<&'a Monitors>,
        what: String,
    ) -> Showing<'a> {
        Showing {
            board,
            monitors,
            what,
            next: Duration::ZERO,
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.board.watched() > 0
    }

    /// Tells how far it has come.
    pub(super) fn progress(&mut self, progress: load::Progress) {
        if progress.elapsed < self.next {
            return;
        }
        self.next = progress.elapsed + EVERY;
        self.board.change(|view| {
            let before = view.live.take().filter(|live| live.what == self.what);
            view.live = Some(Live {
                what: self.what.clone(),
                elapsed: progress.elapsed,
                end: progress.end,
                run: before.and_then(|live| live.run),
            });
        });
    }

    /// Tells what it has shown, with what others told meanwhile.
    pub(super) fn run(&self, mut run: RunResult) {
        if let Some(monitors) = self.monitors {
            run.observed = monitors.so_far(run.started);
        }
        self.board.change(|view| {
            if let Some(live) = &mut view.live {
                live.run = Some(run);
            }
        });
    }
}

//! The session and the load that is on, put on the board.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::args::Args;
use super::session::EMBEDDED;
use crate::dashboard::{Address, Board, Live, Server, ServerError, View};
use crate::load::{self, millis};
use crate::monitor::machine;
use crate::profile::Profile;
use crate::record::RunResult;
use crate::report::Report;

/// From one change of the clock on the board to the next.
const EVERY: Duration = Duration::from_secs(1);

/// What shows one load.
pub(super) struct Showing<'a> {
    board: &'a Board,
    what: String,
    next: Duration,
}

impl<'a> Showing<'a> {
    /// Of the load called `what`.
    pub(super) fn new(board: &'a Board, what: String) -> Showing<'a> {
        Showing {
            board,
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

    /// Tells what it has shown.
    pub(super) fn run(&self, run: RunResult) {
        self.board.change(|view| {
            if let Some(live) = &mut view.live {
                live.run = Some(run);
            }
        });
    }
}

/// Serves the session's dashboard; with nextest every test is a process of its own, and none shows all.
pub(super) fn serve(
    address: Address,
    profile: &Profile,
    args: &Args,
    nextest: bool,
) -> Result<Option<Server>, ServerError> {
    if nextest {
        eprintln!("warning: with nextest there is no dashboard; use cargo test for one");
        return Ok(None);
    }
    let target = args.target.as_ref();
    let report = Report {
        target: target.map_or_else(|| EMBEDDED.to_owned(), |target| target.origin.to_string()),
        profile: profile.name.clone(),
        started: millis(SystemTime::now()),
        took: 0,
        confidence: profile.confidence,
        strict: args.strict,
        machine: Some(machine()),
        repeat: String::new(),
        judgements: Vec::new(),
        runs: Vec::new(),
    };
    let view = View {
        report,
        requirements: profile.requirements.clone(),
        sources: profile.evidence.sources.clone(),
        live: None,
        is_over: false,
    };
    let server = Server::start(address, Board::new(view))?;
    eprintln!("Dashboard: {}", server.url());
    Ok(Some(server))
}

/// Shows the end for as long as somebody looks at it.
pub(super) fn stay(server: &Server, report: Report, interrupted: &AtomicBool) {
    server.board().change(|view| {
        view.report = report;
        view.live = None;
        view.is_over = true;
    });
    if server.board().watched() > 0 {
        eprintln!("Dashboard: it stays while a page is open; Ctrl-C ends it");
    }
    // A Ctrl-C before ended the load; the next one ends this.
    interrupted.store(false, Ordering::SeqCst);
    server.linger(|| interrupted.load(Ordering::SeqCst));
}

//! The session and the load that is on, put on the board.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::baseline;
use crate::dashboard::{Address, CurrentLoad, DashboardServer, ServerError, SharedView, View};
use crate::harness::options::args::Args;
use crate::harness::output::streams::note;
use crate::harness::run::target::EMBEDDED;
use crate::load::{self, millis};
use crate::monitor::machine;
use crate::profile::Profile;
use crate::record::RunResult;
use crate::report::Report;

/// From one change of the clock on the board to the next.
const EVERY: Duration = Duration::from_secs(1);

/// What shows one load.
pub(in crate::harness) struct LiveRun<'a> {
    board: &'a SharedView,
    what: String,
    next: Duration,
}

impl<'a> LiveRun<'a> {
    /// Of the load called `what`.
    pub(in crate::harness) fn new(board: &'a SharedView, what: String) -> LiveRun<'a> {
        LiveRun {
            board,
            what,
            next: Duration::ZERO,
        }
    }

    pub(in crate::harness) fn is_watched(&self) -> bool {
        self.board.watched() > 0
    }

    /// Tells how far it has come.
    pub(in crate::harness) fn progress(&mut self, progress: load::RunProgress) {
        if progress.elapsed < self.next {
            return;
        }
        self.next = progress.elapsed + EVERY;
        self.board.change(|view| {
            let before = view.live.take().filter(|live| live.what == self.what);
            view.live = Some(CurrentLoad {
                what: self.what.clone(),
                elapsed: progress.elapsed,
                end: progress.end,
                run: before.and_then(|live| live.run),
            });
        });
    }

    /// Tells what it has shown.
    pub(in crate::harness) fn run(&self, run: RunResult) {
        self.board.change(|view| {
            if let Some(live) = &mut view.live {
                live.run = Some(run);
            }
        });
    }
}

/// Serves the session's dashboard; with nextest every test is a process of its own, and none shows all.
pub(in crate::harness) fn serve(
    address: Address,
    profile: &Profile,
    args: &Args,
    nextest: bool,
) -> Result<Option<DashboardServer>, ServerError> {
    if nextest {
        note("warning: with nextest there is no dashboard; use cargo test for one");
        return Ok(None);
    }
    let target = args.target.as_ref();
    let report = Report {
        target: target.map_or_else(|| EMBEDDED.to_owned(), |target| target.origin.to_string()),
        profile: profile.name.clone(),
        started: millis(SystemTime::now()),
        took: 0,
        confidence: profile.confidence,
        strict: args.flags.verdict.strict,
        machine: Some(machine()),
        repeat: String::new(),
        judgements: Vec::new(),
        runs: Vec::new(),
    };
    let view = View {
        report,
        requirements: Vec::new(),
        sources: profile.evidence.sources.clone(),
        live: None,
        is_over: false,
    };
    let server = DashboardServer::start(address, SharedView::new(view))?;
    note(format_args!("Dashboard: {}", server.url()));
    Ok(Some(server))
}

/// Tells which tests will be run: what is not judged in this session does not wait either.
pub(in crate::harness) fn expect(
    server: &DashboardServer,
    profile: &Profile,
    tests: &BTreeSet<String>,
) {
    server.board().change(|view| {
        let all = profile.requirements.iter().cloned();
        let all = all.chain([baseline::requirement()]);
        view.requirements = all.filter(|one| tests.contains(&one.name)).collect();
    });
}

/// Shows the end for as long as a page is open.
pub(in crate::harness) fn stay(server: &DashboardServer, report: Report, interrupted: &AtomicBool) {
    server.board().change(|view| {
        view.report = report;
        view.live = None;
        view.is_over = true;
    });
    if server.board().watched() > 0 {
        note("Dashboard: it stays while a page is open; Ctrl-C ends it");
    }
    // A Ctrl-C before ended the load; the next one ends this.
    interrupted.store(false, Ordering::SeqCst);
    server.linger(|| interrupted.load(Ordering::SeqCst));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Overrides, ProfileSource, load as load_profile};

    #[test]
    fn what_is_left_out_of_a_session_is_not_expected() {
        let profile = load_profile(&ProfileSource::default(), &Overrides::default()).unwrap();
        let report = crate::report::fixture::report();
        let address = Address::parse("0", None).unwrap();
        let server =
            DashboardServer::start(address, SharedView::new(View::stored(report))).unwrap();
        let expected = |tests: &[&str]| {
            let tests = tests.iter().map(|&name| name.to_owned()).collect();
            expect(&server, &profile, &tests);
            let mut names = Vec::new();
            server.board().change(|view| {
                names.extend(view.requirements.iter().map(|one| one.name.clone()));
            });
            names
        };
        let last = profile.requirements.last().unwrap().name.as_str();
        assert_eq!(expected(&[baseline::NAME, last]), [last, baseline::NAME]);
        assert!(expected(&[]).is_empty());
    }
}

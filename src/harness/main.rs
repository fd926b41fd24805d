//! From the command line to the exit code.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use libtest_mimic::{Arguments, ColorSetting, FormatSetting, Trial};

use super::args::Args;
use super::baseline;
use super::embedded::ROLE;
use super::github::Github;
use super::help::help_text;
use super::libtest::{Color, Format, Libtest};
use super::nextest::Disk;
use super::progress::Progress;
use super::repeat;
use super::resolve::resolve;
use super::session::{Session, Settings};
use super::showing;
use super::telling;
use super::trials::trials;
use crate::dashboard::Server;
use crate::monitor::machine;
use crate::profile::{Destination, Profile, render_problems};
use crate::report::Format as ReportFormat;
use crate::report::Report;

/// What was typed makes no sense.
const USAGE: u8 = 2;
/// What a shell takes a program for that was ended by Ctrl-C.
const BROKEN_OFF: i32 = 130;

/// The whole of the `perf` test target: reads the command line and the environment, runs, tells.
///
/// Exit code 0 when every selected requirement is kept, 101 when one is not, 2 when what was typed makes
/// no sense.
pub fn main() -> ExitCode {
    embedded_server().unwrap_or_else(|| run(std::env::args_os().skip(1)))
}

/// Serves the embedded AgentOS when this process was started for that; `None` when it was not.
///
/// Whoever calls [`run`] asks this first: the embedded server is the same executable, started again.
pub fn embedded_server() -> Option<ExitCode> {
    std::env::var_os(ROLE).map(|_| crate::reference::child_main())
}

/// The same with a command line of the caller's, without the program's name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    match resolve(argv, &std::env::vars_os().collect()) {
        Err(problems) => {
            eprint!("{}", render_problems(&problems));
            ExitCode::from(USAGE)
        }
        Ok((args, _)) if args.help => {
            print!("{}", help_text());
            ExitCode::SUCCESS
        }
        Ok((args, _)) if args.version => {
            println!("agentos-perf {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok((args, profile)) if args.fingerprint => {
            println!("{}", baseline::fingerprint(&machine(), &profile));
            ExitCode::SUCCESS
        }
        Ok((args, profile)) => test(&args, profile),
    }
}

fn test(args: &Args, profile: Profile) -> ExitCode {
    // A connection is an open file. What the system does not grant shows as requests without a socket.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let interrupted = Arc::new(AtomicBool::new(false));
    let folder = args.report_dir.clone().unwrap_or_else(default_folder);
    let disk = Disk::of_environment(&folder, |name| std::env::var(name).ok());
    if !args.libtest.list {
        Disk::clean_up(&folder, SystemTime::now());
        on_interrupt(&interrupted);
    }
    let github = Github::of_environment(|name| std::env::var(name).ok());
    let destination = args.target.as_ref().map(|target| Destination {
        origin: target.origin.clone(),
        token: args.token.clone(),
        insecure: args.insecure,
        http: profile.http,
        users: Arc::default(),
    });
    let (dashboard, against) = match prepared(args, &profile, &folder, disk.is_some()) {
        Ok(prepared) => prepared,
        Err(told) => {
            eprint!("{told}");
            return ExitCode::from(USAGE);
        }
    };
    let stopping = Arc::clone(&interrupted);
    let settings = Settings {
        destination,
        sources: args.sources.clone(),
        strict: args.strict,
        folder: folder.clone(),
        formats: args
            .formats
            .clone()
            .unwrap_or_else(|| ReportFormat::ALL.to_vec()),
        github: github.clone(),
        credentials: args.credentials.clone(),
        repeat: repeat::line(program(), &args.repeat),
        board: dashboard.as_ref().map(|server| server.board().clone()),
        #[cfg(feature = "otlp")]
        otlp: args.otlp.clone(),
    };
    let progress = Progress::on_stderr(begins_lines(&args.libtest));
    let nextest = disk.is_some();
    let session = Arc::new(Session::new(profile, settings, disk, interrupted, progress));
    let trials = selected(trials(&session, against), &args.libtest);
    let arguments = libtest(&args.libtest);
    if let Some(server) = &dashboard {
        let run = trials.iter().filter(|one| !arguments.is_filtered_out(one));
        let run = run.map(|one| one.name().to_owned()).collect();
        showing::expect(server, session.profile(), &run);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !args.libtest.list {
        telling::tell(&session, &args.libtest, &folder, nextest, &github);
        #[cfg(feature = "otlp")]
        session.send();
    }
    if let Some(name) = args.save_baseline.as_deref().filter(|_| !args.libtest.list) {
        baseline::keep(&session, &folder, name, nextest);
    }
    if let Some(server) = dashboard {
        showing::stay(&server, session.report(), &stopping);
    }
    // The embedded server goes with the session.
    drop(session);
    conclusion.exit_code()
}

/// A dashboard that is served, and the sessions to be held against: each only when it was asked for.
type Prepared = (Option<Server>, Option<Vec<Report>>);

/// What can be found out to be wrong before the first request, all of it at once.
fn prepared(
    args: &Args,
    profile: &Profile,
    folder: &Path,
    nextest: bool,
) -> Result<Prepared, String> {
    let mut wrong = String::new();
    let mut told = |error: &dyn std::fmt::Display| wrong.push_str(&format!("error: {error}\n"));
    let against = args
        .baseline
        .as_deref()
        .map(|name| baseline::named(folder, name));
    let against = against.transpose().unwrap_or_else(|error| {
        told(&error);
        None
    });
    if let Some(error) = args
        .save_baseline
        .as_deref()
        .and_then(|name| baseline::trouble(folder, name, profile))
    {
        told(&error);
    }
    let address = args.dashboard.clone().filter(|_| !args.libtest.list);
    let served = address.map(|address| showing::serve(address, profile, args, nextest));
    let served = served.transpose().unwrap_or_else(|error| {
        told(&error);
        None
    });
    if wrong.is_empty() {
        Ok((served.flatten(), against))
    } else {
        Err(wrong)
    }
}

/// What was started: a test target by cargo, or the command.
fn program() -> &'static str {
    let own = std::env::current_exe().unwrap_or_default();
    match own.file_stem().and_then(|name| name.to_str()) {
        Some("agentos-perf") => "agentos-perf test",
        _ => "cargo test --test perf --",
    }
}

/// The first Ctrl-C ends the load and lets the session tell what it has; the second ends everything.
pub(super) fn on_interrupt(interrupted: &Arc<AtomicBool>) {
    let interrupted = Arc::clone(interrupted);
    let handler = move || {
        if interrupted.swap(true, Ordering::SeqCst) {
            std::process::exit(BROKEN_OFF);
        }
        eprintln!("\nperf: ending the load; once more to end at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end everything at once: {error}");
    }
}

/// `target/perf`, wherever cargo keeps its target folder.
pub fn default_folder() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    target.join("perf")
}

/// Whether the test runner begins a line on stdout before each test.
fn begins_lines(libtest: &Libtest) -> bool {
    !libtest.quiet && matches!(libtest.format, None | Some(Format::Pretty))
}

/// libtest-mimic takes one filter alone, so several are applied here.
fn selected(trials: Vec<Trial>, libtest: &Libtest) -> Vec<Trial> {
    if libtest.filters.len() < 2 {
        return trials;
    }
    let matches = |trial: &Trial| {
        libtest.filters.iter().any(|filter| {
            if libtest.exact {
                trial.name() == filter
            } else {
                trial.name().contains(filter)
            }
        })
    };
    trials.into_iter().filter(matches).collect()
}

fn libtest(typed: &Libtest) -> Arguments {
    Arguments {
        include_ignored: typed.include_ignored,
        ignored: typed.ignored,
        list: typed.list,
        nocapture: typed.nocapture,
        show_output: typed.show_output,
        exact: typed.exact,
        quiet: typed.quiet,
        test: typed.test,
        bench: typed.bench,
        skip: typed.skip.clone(),
        logfile: typed
            .logfile
            .as_ref()
            .map(|path| path.display().to_string()),
        filter: typed
            .filters
            .first()
            .filter(|_| typed.filters.len() == 1)
            .cloned(),
        // One load at a time, in the profile's order, whatever was asked for.
        test_threads: Some(1),
        color: typed.color.map(|color| match color {
            Color::Auto => ColorSetting::Auto,
            Color::Always => ColorSetting::Always,
            Color::Never => ColorSetting::Never,
        }),
        format: typed.format.map(|format| match format {
            Format::Pretty => FormatSetting::Pretty,
            Format::Terse => FormatSetting::Terse,
            Format::Json => FormatSetting::Json,
        }),
        ..Arguments::default()
    }
}

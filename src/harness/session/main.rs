//! From the command line to the exit code.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use libtest_mimic::Trial;

use crate::dashboard::DashboardServer;
use crate::diagnostic::render_diagnostics;
use crate::harness::options::args::Args;
use crate::harness::options::flags::libtest::{Libtest, OutputFormat};
use crate::harness::options::help::help_text;
use crate::harness::options::rerun_command;
use crate::harness::options::resolve::resolve;
use crate::harness::output::github::Github;
use crate::harness::output::live_dashboard;
use crate::harness::output::progress::Progress;
use crate::harness::output::relay::Failures;
use crate::harness::output::runner::{self, arguments, complain, does_match, selected};
use crate::harness::output::streams::{self, note, print_or_fail};
use crate::harness::output::summary;
use crate::harness::run::embedded;
use crate::harness::run::interrupt::on_interrupt;
use crate::harness::run::open_files::raise_limit;
use crate::harness::session::baseline;
use crate::harness::session::nextest::SharedSession;
use crate::harness::session::state::{Session, Settings};
use crate::harness::session::trials::trials;
use crate::monitor::machine;
use crate::profile::suggest::nearest;
use crate::profile::{Destination, Profile};
use crate::report::Report;
use crate::store::check_folder;
use crate::text::clean as cleaned;

/// What was typed makes no sense, or can't be done.
const USAGE: u8 = 2;

/// The whole of the `perf` test target: reads the command line and the environment, runs, reports.
///
/// Exit code 0 when every selected requirement is kept, 101 when one is not, 2 when the command line
/// is wrong, or the report, the baseline or the log file can't be written.
pub fn main() -> ExitCode {
    embedded_server().unwrap_or_else(|| run(std::env::args_os().skip(1)))
}

/// Serves the embedded AgentOS when this process was started for that; `None` when it was not.
///
/// To be called before [`run`]: the embedded server is the same executable, started again.
pub fn embedded_server() -> Option<ExitCode> {
    embedded::serve_as_child()
}

/// The same with a command line of the caller's, without the program's name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    match resolve(argv, &std::env::vars_os().collect()) {
        Err(problems) => {
            streams::note_text(&render_diagnostics(&problems));
            ExitCode::from(USAGE)
        }
        Ok((args, _)) if args.flags.other.help => print_or_fail(&help_text(), ExitCode::SUCCESS),
        Ok((args, _)) if args.flags.other.version => {
            let version = format!("agentos-perf {}\n", env!("CARGO_PKG_VERSION"));
            print_or_fail(&version, ExitCode::SUCCESS)
        }
        Ok((args, profile)) if args.flags.verdict.fingerprint => {
            let fingerprint = baseline::fingerprint(&machine(), &profile);
            print_or_fail(&format!("{fingerprint}\n"), ExitCode::SUCCESS)
        }
        Ok((args, profile)) => test(&args, profile),
    }
}

fn test(args: &Args, profile: Profile) -> ExitCode {
    raise_limit();
    let interrupted = Arc::new(AtomicBool::new(false));
    let folder = args.flags.verdict.report_dir.clone();
    let loaded = what_is_loaded(args, &profile);
    let disk = SharedSession::of_environment(&folder, &loaded, |name| std::env::var(name).ok());
    let nextest = disk.is_some();
    let prepared = match prepared(args, &profile, &folder, nextest) {
        Ok(prepared) => prepared,
        Err(problems) => {
            streams::note_text(&problems);
            return ExitCode::from(USAGE);
        }
    };
    if !args.flags.libtest.list {
        SharedSession::clean_up(&folder, SystemTime::now());
        on_interrupt(&interrupted);
    }
    let stopping = Arc::clone(&interrupted);
    let settings = settings(args, &profile, folder.clone(), &prepared);
    let github = settings.github.clone();
    let progress = Progress::on_stderr(begins_lines(&args.flags.libtest));
    let session = Arc::new(Session::new(profile, settings, disk, interrupted, progress));
    let trials = trials(&session, prepared.against, args.flags.libtest.fail_fast);
    warn_of_idle_filters(&trials, &args.flags.libtest);
    let trials = selected(trials, &args.flags.libtest);
    if args.flags.libtest.list {
        return listed(&runner::run(&args.flags.libtest, trials, prepared.logfile).1);
    }
    if let Some(server) = &prepared.dashboard {
        let arguments = arguments(&args.flags.libtest);
        let run = trials.iter().filter(|one| !arguments.is_filtered_out(one));
        let run = run.map(|one| one.name().to_owned()).collect();
        live_dashboard::expect(server, session.profile(), &run);
    }
    let (conclusion, failures) = runner::run(&args.flags.libtest, trials, prepared.logfile);
    let is_logged = complain(&failures);
    let is_reported = summary::tell(&session, &args.flags.libtest, &folder, nextest, &github);
    #[cfg(feature = "otlp")]
    if let Some(receiver) = &args.otlp {
        receiver.send_report(&session.own_report());
    }
    let baseline = args.flags.verdict.save_baseline.as_deref();
    let is_kept = baseline.is_none_or(|name| baseline::keep(&session, &folder, name, nextest));
    if let Some(server) = prepared.dashboard {
        live_dashboard::stay(&server, session.report(), &stopping);
    }
    // The embedded server goes with the session.
    drop(session);
    // A session that could not write what was asked for is not a success, whatever its verdicts are.
    if is_reported && is_logged && is_kept || conclusion.has_failed() {
        conclusion.exit_code()
    } else {
        ExitCode::from(USAGE)
    }
}

/// All that a run depends on: processes that differ in it must not share one.
fn what_is_loaded(args: &Args, profile: &Profile) -> String {
    let executable = std::env::current_exe().unwrap_or_default();
    let target = args.target.as_ref().map(|target| target.origin.as_str());
    format!(
        "{}\n{target:?} {}\n{profile:?}",
        executable.display(),
        args.flags.target.insecure
    )
}

fn settings(args: &Args, profile: &Profile, folder: PathBuf, prepared: &Prepared) -> Settings {
    let destination = args.target.as_ref().map(|target| Destination {
        origin: target.origin.clone(),
        token: args.token.clone(),
        insecure: args.flags.target.insecure,
        http: profile.http,
        users: Arc::default(),
    });
    Settings {
        destination,
        sources: args.flags.sources.given(),
        strict: args.flags.verdict.strict,
        folder,
        formats: args.flags.verdict.formats.clone(),
        github: Github::of_environment(|name| std::env::var(name).ok()),
        credentials: args.credentials.clone(),
        repeat: rerun_command::line(program(), &args.repeat),
        board: prepared
            .dashboard
            .as_ref()
            .map(|server| server.board().clone()),
    }
}

/// Exit code 2 when a reader would take a part of the names for all of them.
fn listed(failures: &Failures) -> ExitCode {
    if failures.logfile.is_some() {
        complain(failures);
        return ExitCode::from(USAGE);
    }
    match failures.stdout.as_ref() {
        Some(error) if !streams::is_gone(error) => {
            note(streams::unwritable(error));
            ExitCode::from(USAGE)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Says which filters select nothing: a mistyped one would pass unnoticed.
fn warn_of_idle_filters(trials: &[Trial], libtest: &Libtest) {
    let names: Vec<&str> = trials.iter().map(Trial::name).collect();
    for filter in &libtest.filters {
        if names
            .iter()
            .any(|name| does_match(name, filter, libtest.exact))
        {
            continue;
        }
        let advice = match nearest(filter, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "--list shows all names".to_owned(),
        };
        note(format_args!(
            "warning: the filter `{}` matches no test; {advice}",
            cleaned(filter)
        ));
    }
}

/// What a session needs besides its profile: each part only when it was asked for.
struct Prepared {
    dashboard: Option<DashboardServer>,
    against: Option<Vec<Report>>,
    logfile: Option<File>,
}

/// What can be found out to be wrong before the first request, all of it at once.
fn prepared(
    args: &Args,
    profile: &Profile,
    folder: &Path,
    nextest: bool,
) -> Result<Prepared, String> {
    let mut problems = Problems::default();
    let lists = args.flags.libtest.list;
    if !lists {
        problems.take(check_folder(folder));
    }
    let against = args.flags.verdict.baseline.as_deref();
    let against = against.and_then(|name| problems.take(baseline::named(folder, name)));
    if let Some(name) = args
        .flags
        .verdict
        .save_baseline
        .as_deref()
        .filter(|_| !lists)
    {
        problems.take(baseline::can_be_saved(folder, name, profile));
    }
    let logfile = args.flags.libtest.logfile.as_deref();
    let logfile = logfile.and_then(|path| problems.take(open_logfile(path)));
    let address = args.dashboard.clone().filter(|_| !lists);
    let served = address.map(|address| live_dashboard::serve(address, profile, args, nextest));
    let dashboard = served.and_then(|served| problems.take(served)).flatten();
    if problems.0.is_empty() {
        Ok(Prepared {
            dashboard,
            against,
            logfile,
        })
    } else {
        Err(problems.0)
    }
}

/// The text of all that is wrong, a line for each.
#[derive(Default)]
struct Problems(String);

impl Problems {
    fn take<T>(&mut self, result: Result<T, impl std::fmt::Display>) -> Option<T> {
        result
            .map_err(|error| self.0.push_str(&format!("error: {error}\n")))
            .ok()
    }
}

fn open_logfile(path: &Path) -> Result<File, String> {
    File::create(path).map_err(|error| {
        format!(
            "--logfile: can't make {}: {error}; name a file in a folder that exists and can be written",
            path.display()
        )
    })
}

/// What was started: a test target by cargo, or the command.
fn program() -> &'static str {
    let own = std::env::current_exe().unwrap_or_default();
    match own.file_stem().and_then(|name| name.to_str()) {
        Some("agentos-perf") => "agentos-perf test",
        _ => "cargo test --test perf --",
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
    !libtest.quiet && matches!(libtest.format, None | Some(OutputFormat::Pretty))
}

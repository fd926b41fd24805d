//! `agentos-perf report`: a stored report, shown or written in other formats.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use thiserror::Error;

use crate::dashboard::{Address, AddressError, DashboardServer, ServerError, SharedView, View};
use crate::harness::{dashboard_token_variable, note, print as to_stdout, style_of_stdout};
use crate::report::json::{ReportReadError, from_json};
use crate::report::{Format, RenderError, Report, terminal};
use crate::secret::Secret;

const FILE: &str = "FILE";
const SERVE: &str = "serve";
/// As an output: the terminal or the pipe.
const STDOUT: &str = "-";
/// What was asked for can't be done.
const USAGE: u8 = 2;

const ABOUT: &str = "Show a stored report, or write it in other formats";
const LONG_ABOUT: &str = "Shows a stored report as the tables of a session, or writes it in the formats that are named.

FILE is a report.json, or the folder that holds one. Each format may be given a file, `-` or none being standard output:
agentos-perf report target/perf/latest --markdown comment.md --csv -";

/// Which report, and what to make of it.
#[derive(Debug)]
pub struct ReportArgs {
    file: PathBuf,
    outputs: Vec<(Format, PathBuf)>,
    /// Where to serve it.
    serve: Option<String>,
}

/// The flags are those of the table of formats, so that a new format has one by itself.
impl Args for ReportArgs {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(FILE)
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help("A report.json, or the folder that holds one");
        let flags = Format::ALL.map(|format| {
            Arg::new(format.name())
                .long(format.name())
                .value_name("OUT")
                .num_args(0..=1)
                .default_missing_value(STDOUT)
                .value_parser(value_parser!(PathBuf))
                .help(format!("Write {}", format.about()))
        });
        let serve = Arg::new(SERVE)
            .long(SERVE)
            .value_name("ADDRESS")
            .num_args(0..=1)
            .default_missing_value("")
            .help("Serve it as a dashboard until Ctrl-C, at 127.0.0.1:9595 or the address that is named");
        command
            .about(ABOUT)
            .long_about(LONG_ABOUT)
            .arg(file)
            .args(flags)
            .arg(serve)
    }

    fn augment_args_for_update(command: Command) -> Command {
        ReportArgs::augment_args(command)
    }
}

impl FromArgMatches for ReportArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<ReportArgs, clap::Error> {
        let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
        let outputs = Format::ALL.into_iter();
        Ok(ReportArgs {
            file: path(FILE).unwrap_or_default(),
            outputs: outputs
                .filter_map(|format| Some((format, path(format.name())?)))
                .collect(),
            serve: matches.get_one::<String>(SERVE).cloned(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = ReportArgs::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Error)]
enum ReportError {
    #[error("can't read {}: {source}; name a report.json, such as target/perf/latest/report.json", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    NoReport {
        path: PathBuf,
        source: ReportReadError,
    },
    #[error("{} and {} would both go to {place}; name a file for each", one.name(), other.name())]
    SameOutput {
        one: Format,
        other: Format,
        place: String,
    },
    #[error("{} is the report itself; name another file for {}", path.display(), format.name())]
    Itself { path: PathBuf, format: Format },
    #[error(
        "`{given}` {source}; name a loopback address or a port, or set {}",
        dashboard_token_variable()
    )]
    Address { given: String, source: AddressError },
    #[error(transparent)]
    Serve(#[from] ServerError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("can't write {}: {source}; name a file in a folder that is there and may be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

/// Shows or writes a report. Exit code 0, or 2 after a line that says what can't be done.
pub fn run(args: &ReportArgs) -> ExitCode {
    match write_all(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("error: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

fn write_all(args: &ReportArgs) -> Result<(), ReportError> {
    let file = if args.file.is_dir() {
        args.file.join(Format::Json.file())
    } else {
        args.file.clone()
    };
    check(&file, &args.outputs)?;
    let report = read(&file)?;
    if args.outputs.is_empty() && args.serve.is_none() {
        let text = terminal::render(&report, style_of_stdout());
        return print(&text);
    }
    for (format, place) in &args.outputs {
        let text = format.render(&report)?;
        if place == Path::new(STDOUT) {
            print(&text)?;
        } else {
            std::fs::write(place, text).map_err(|source| ReportError::Unwritable {
                path: place.clone(),
                source,
            })?;
        }
    }
    match &args.serve {
        Some(given) => serve(given, report),
        None => Ok(()),
    }
}

fn serve(given: &str, report: Report) -> Result<(), ReportError> {
    let token = std::env::var(dashboard_token_variable())
        .ok()
        .filter(|token| !token.is_empty());
    let address =
        Address::parse(given, token.map(Secret::new)).map_err(|source| ReportError::Address {
            given: given.to_owned(),
            source,
        })?;
    let server = DashboardServer::start(address, SharedView::new(View::stored(report)))?;
    note(format_args!("Dashboard: {}", server.url()));
    loop {
        std::thread::park();
    }
}

/// Two formats in one file would be none, and a report that was written over can't be rendered again.
fn check(file: &Path, outputs: &[(Format, PathBuf)]) -> Result<(), ReportError> {
    let real = |path: &Path| path.canonicalize().ok();
    for (at, (format, place)) in outputs.iter().enumerate() {
        let earlier = outputs[..at].iter().find(|(_, other)| other == place);
        if let Some((one, _)) = earlier {
            let place = if place == Path::new(STDOUT) {
                "standard output".to_owned()
            } else {
                place.display().to_string()
            };
            return Err(ReportError::SameOutput {
                one: *one,
                other: *format,
                place,
            });
        }
        let is_stdout = place == Path::new(STDOUT);
        if !is_stdout && real(place).is_some_and(|place| Some(place) == real(file)) {
            return Err(ReportError::Itself {
                path: place.clone(),
                format: *format,
            });
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Report, ReportError> {
    let path = || file.to_owned();
    let bytes = std::fs::read(file).map_err(|source| ReportError::Unreadable {
        path: path(),
        source,
    })?;
    from_json(&String::from_utf8_lossy(&bytes)).map_err(|source| ReportError::NoReport {
        path: path(),
        source,
    })
}

fn print(text: &str) -> Result<(), ReportError> {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    to_stdout(&format!("{text}{end}")).map_err(|source| ReportError::Unwritable {
        path: "standard output".into(),
        source,
    })
}

//! `agentos-perf compare`: stored sessions beside each other.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::baseline::{LEAST_PAIRS, compare, table, unlike};
use crate::harness::{compare_by_turns, default_folder, note, print_or_fail};
use crate::profile::quantity;
use crate::report::Report;
use crate::store::{BaselineError, baseline_path, read_baseline};

/// Something got worse.
const WORSE: u8 = 1;
/// What was asked for can't be done.
const USAGE: u8 = 2;
/// How often each target of --ab has its turn.
const TURNS: u32 = 12;

/// Compare two stored sessions, baselines of several, or two running targets
///
/// Response times and failures are judged; throughput is only reported. A side is a report.json, the folder that holds
/// one, or the name or path of a baseline. Exit code 0 when no regression is shown, 1 when one is, 2 when they can't be
/// compared.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// How it was
    before: String,
    /// How it is
    after: String,
    /// The sides are URLs: load both by turns, so that noise hits both alike, and judge the ratio
    #[arg(long)]
    ab: bool,
    /// With --ab: how many times each target is loaded; more find smaller differences [default: 12]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(LEAST_PAIRS as i64..))]
    turns: Option<u32>,
    /// The confidence that a difference requires: 95, 95 % or 0.95
    #[arg(long, default_value_t = 0.95, value_name = "SHARE", value_parser = quantity::confidence)]
    confidence: f64,
    /// Where baselines are kept, in its folder `baselines`
    #[arg(long, value_name = "DIR")]
    report_dir: Option<PathBuf>,
    /// With --ab, behind `--`: flags of the tests, such as --profile, --scenarios or --duration
    #[arg(last = true, value_name = "FLAG")]
    flags: Vec<OsString>,
}

/// Compares, and prints what came of it.
pub fn run(args: &CompareArgs) -> ExitCode {
    match compare_sides(args) {
        Ok(code) => code,
        Err(error) => {
            note(format_args!("error: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

fn compare_sides(args: &CompareArgs) -> Result<ExitCode, String> {
    if args.ab && args.report_dir.is_some() {
        return Err(
            "--report-dir is where stored sessions are; --ab loads two targets and stores nothing"
                .to_owned(),
        );
    }
    if args.ab {
        let turns = args.turns.unwrap_or(TURNS);
        return Ok(compare_by_turns(
            &args.before,
            &args.after,
            turns,
            args.confidence,
            &args.flags,
        ));
    }
    if args.turns.is_some() {
        return Err(
            "--turns is how many times --ab loads each target; a stored session has had its load"
                .to_owned(),
        );
    }
    if !args.flags.is_empty() {
        return Err(
            "flags behind `--` are for the load of --ab; a stored session has had its load"
                .to_owned(),
        );
    }
    let folder = args.report_dir.clone().unwrap_or_else(default_folder);
    let read = |name: &str| side(&folder, name).map_err(|error| error.to_string());
    let (before, after) = (read(&args.before)?, read(&args.after)?);
    let mut other: Vec<String> = after
        .iter()
        .flat_map(|session| unlike(&before, session))
        .collect();
    other.dedup();
    if !other.is_empty() {
        return Err(format!("they can't be compared: {}", other.join("; ")));
    }
    let (a, b): (Vec<&Report>, Vec<&Report>) = (before.iter().collect(), after.iter().collect());
    let comparison = compare(&a, &b, args.confidence);
    if comparison.compared.is_empty() {
        return Err("nothing could be compared: both sides need a complete run of the same scenario at one load".to_owned());
    }
    let code = match comparison.worse().next() {
        Some(_) => ExitCode::from(WORSE),
        None if !comparison.unsettled.is_empty() => ExitCode::from(USAGE),
        None => ExitCode::SUCCESS,
    };
    Ok(print_or_fail(&table(&comparison), code))
}

fn side(folder: &Path, name: &str) -> Result<Vec<Report>, BaselineError> {
    let path = Path::new(name);
    if path.is_dir() {
        return read_baseline(&path.join("report.json"));
    }
    if path.is_file() {
        return read_baseline(path);
    }
    read_baseline(&baseline_path(folder, name)?)
}

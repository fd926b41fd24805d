//! Hands the tests to libtest-mimic, and passes on what it prints.

use std::fs::File;
use std::io::{self, IsTerminal as _};

use libtest_mimic::{Arguments, ColorSetting, Conclusion, FormatSetting, Trial};

use crate::harness::options::flags::libtest::{Color, Libtest, OutputFormat};
use crate::harness::output::relay::{Failures, Relay, Sinks};
use crate::harness::output::streams;
use crate::harness::output::summary::is_coloured;

/// The tests that the flags select, as far as libtest-mimic can't: it takes one filter alone.
pub(in crate::harness) fn selected(trials: Vec<Trial>, libtest: &Libtest) -> Vec<Trial> {
    if libtest.filters.len() < 2 {
        return trials;
    }
    let is_wanted = |trial: &Trial| {
        let mut filters = libtest.filters.iter();
        filters.any(|filter| does_match(trial.name(), filter, libtest.exact))
    };
    trials.into_iter().filter(is_wanted).collect()
}

/// Whether a filter means a test.
pub(in crate::harness) fn does_match(name: &str, filter: &str, exact: bool) -> bool {
    if exact {
        name == filter
    } else {
        name.contains(filter)
    }
}

/// Runs or lists these tests on standard output, and in the log file where one was opened.
pub(in crate::harness) fn run(
    libtest: &Libtest,
    trials: Vec<Trial>,
    logfile: Option<File>,
) -> (Conclusion, Failures) {
    let coloured = is_coloured(libtest.color, io::stdout().is_terminal());
    let always = libtest.color == Some(Color::Always);
    run_into(
        libtest,
        trials,
        Sinks::new(io::stdout(), logfile, always),
        coloured,
    )
}

fn run_into(
    libtest: &Libtest,
    trials: Vec<Trial>,
    sinks: Sinks,
    is_coloured: bool,
) -> (Conclusion, Failures) {
    let mut arguments = arguments(libtest);
    match Relay::start(sinks) {
        Ok(relay) => {
            arguments.logfile = Some(relay.path());
            arguments.color = Some(if is_coloured {
                ColorSetting::Always
            } else {
                ColorSetting::Never
            });
            let conclusion = libtest_mimic::run(&arguments, trials);
            (conclusion, relay.finish())
        }
        Err(_) => (libtest_mimic::run(&arguments, trials), Failures::default()),
    }
}

/// Says which results could not be written, unless their reader just went away. `false` when the log file is not whole:
/// unlike standard output, it was asked for.
pub(in crate::harness) fn complain(failures: &Failures) -> bool {
    if let Some(error) = &failures.stdout {
        streams::warn_unwritable(error);
    }
    if let Some(error) = &failures.logfile {
        streams::note(format_args!(
            "error: --logfile: can't write all results: {error}; make room on that disk, or name a file elsewhere"
        ));
    }
    failures.logfile.is_none()
}

/// The flags that are passed to libtest-mimic.
pub(in crate::harness) fn arguments(libtest: &Libtest) -> Arguments {
    Arguments {
        include_ignored: libtest.include_ignored,
        ignored: libtest.ignored,
        list: libtest.list,
        nocapture: libtest.nocapture,
        show_output: libtest.show_output,
        exact: libtest.exact,
        quiet: libtest.quiet,
        test: libtest.test,
        bench: libtest.bench,
        skip: libtest.skip.clone(),
        logfile: libtest
            .logfile
            .as_ref()
            .map(|path| path.display().to_string()),
        filter: libtest
            .filters
            .first()
            .filter(|_| libtest.filters.len() == 1)
            .cloned(),
        // One load at a time, in the profile's order, whatever was asked for.
        test_threads: Some(1),
        color: libtest.color.map(|color| match color {
            Color::Auto => ColorSetting::Auto,
            Color::Always => ColorSetting::Always,
            Color::Never => ColorSetting::Never,
        }),
        format: libtest.format.map(|format| match format {
            OutputFormat::Pretty => FormatSetting::Pretty,
            OutputFormat::Terse => FormatSetting::Terse,
            OutputFormat::Json => FormatSetting::Json,
        }),
        ..Arguments::default()
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;

//! The flags of cargo's own tests.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::harness::options::flags::value::{
    Each, Optional, Read as _, Switch, Text, Value, any, path,
};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::raw_args::Typed;
use crate::profile::quantity::{self, ReadValue};
use crate::profile::suggest::advice;

flags! {
    /// What cargo's own tests take too.
    #[cfg_attr(test, derive(PartialEq))]
    Libtest {
        exact: bool = Switch,
            "exact", [], Never, NoEffect,
            "Filters are whole names, not parts of them";
        skip: Vec<String> = Each("FILTER"),
            "skip", [], Never, NoEffect,
            "Leave out tests whose name has this in it; may be repeated";
        fail_fast: bool = Switch,
            "fail-fast", [], Never, NoEffect,
            "Stop after the first test that fails";
        list: bool = Switch,
            "list", [], Never, NoEffect,
            "List the tests and load nothing";
        ignored: bool = Switch,
            "ignored", [], Never, NoEffect,
            "Only ignored tests";
        include_ignored: bool = Switch,
            "include-ignored", [], Never, NoEffect,
            "Ignored tests too";
        format: Option<OutputFormat> = Value("FORMAT", format),
            "format", [], Never, NoEffect,
            "How results are shown: pretty, terse or json";
        quiet: bool = Switch,
            "quiet" letter 'q', [], Never, NoEffect,
            "The same as --format terse";
        color: Option<Color> = Value("WHEN", color),
            "color", [], Never, NoEffect,
            "auto, always or never";
        logfile: Option<PathBuf> = Value("FILE", path),
            "logfile", [], Never, NoEffect,
            "Write the results there too";
        _test_threads: Option<usize> = Value("N", quantity::threads),
            "test-threads", [], Never, NoEffect,
            "Accepted, but has no effect: loads run one at a time";
        nocapture: bool = Switch,
            "nocapture" alias "no-capture", [], Never, NoEffect, "";
        show_output: bool = Switch,
            "show-output", [], Never, NoEffect, "";
        test: bool = Switch,
            "test", [], Never, NoEffect, "";
        bench: bool = Switch,
            "bench", [], Never, NoEffect, "";
        _report_time: Option<String> = Optional(any),
            "report-time", [], Never, NoEffect, "";
        _ensure_time: bool = Switch,
            "ensure-time", [], Never, NoEffect, "";
        _shuffle: bool = Switch,
            "shuffle", [], Never, NoEffect, "";
        _shuffle_seed: Option<Spanned<String>> = Text("N", str::to_owned),
            "shuffle-seed", [], Never, NoEffect, "";
        _exclude_should_panic: bool = Switch,
            "exclude-should-panic", [], Never, NoEffect, "";
        _force_run_in_process: bool = Switch,
            "force-run-in-process", [], Never, NoEffect, "";
        _unstable_options: Option<()> = Value("OPTION", unstable),
            "unstable-options" letter 'Z', [], Never, NoEffect, "";
    }
    beside {
        /// Words without a flag: parts of names, or whole ones under `exact`.
        filters: Vec<String>
    }
}

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum OutputFormat {
    /// A line for each test.
    Pretty,
    /// A character for each test.
    Terse,
    /// An object for each test.
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Color {
    /// When it is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The one unstable option that may be switched on.
fn unstable(text: &str) -> ReadValue<()> {
    match text {
        "unstable-options" => Ok(()),
        other => Err(
            InvalidValue::new(format!("`{other}` is not an unstable option"))
                .help("only -Z unstable-options is accepted"),
        ),
    }
}

/// How results are shown.
fn format(text: &str) -> ReadValue<OutputFormat> {
    let known = ["pretty", "terse", "json"];
    match text {
        "pretty" => Ok(OutputFormat::Pretty),
        "terse" => Ok(OutputFormat::Terse),
        "json" => Ok(OutputFormat::Json),
        other => {
            Err(InvalidValue::new(format!("`{other}` is not a format")).help(advice(other, &known)))
        }
    }
}

/// When to colour.
fn color(text: &str) -> ReadValue<Color> {
    let known = ["auto", "always", "never"];
    match text {
        "auto" => Ok(Color::Auto),
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        other => Err(
            InvalidValue::new(format!("`{other}` is not when to colour"))
                .help(advice(other, &known)),
        ),
    }
}

//! The flags of cargo's own tests.

use std::path::PathBuf;

use crate::diagnostic::InvalidValue;
use crate::profile::quantity::ReadValue;
use crate::profile::suggest::advice;

/// What cargo's own tests take too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Libtest {
    /// Parts of names, or whole ones under `exact`.
    pub filters: Vec<String>,
    /// Whether filters are whole names.
    pub exact: bool,
    /// Parts of names to leave out.
    pub skip: Vec<String>,
    /// Only ignored tests.
    pub ignored: bool,
    /// Ignored tests too.
    pub include_ignored: bool,
    /// Whether no test is begun after one has failed.
    pub fail_fast: bool,
    /// List the tests only.
    pub list: bool,
    /// How results are shown; `None` when nothing was said.
    pub format: Option<OutputFormat>,
    /// The same as the terse format.
    pub quiet: bool,
    /// Accepted.
    pub nocapture: bool,
    /// Accepted.
    pub show_output: bool,
    /// How many tests run at a time.
    pub test_threads: Option<usize>,
    /// When to colour.
    pub color: Option<Color>,
    /// Where results are written too.
    pub logfile: Option<PathBuf>,
    /// Accepted.
    pub test: bool,
    /// Accepted.
    pub bench: bool,
    /// Accepted.
    pub unstable_options: bool,
}

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// A line for each test.
    Pretty,
    /// A character for each test.
    Terse,
    /// An object for each test.
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// When it is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The one unstable option that may be switched on.
pub(in crate::harness) fn unstable(text: &str) -> ReadValue<()> {
    match text {
        "unstable-options" => Ok(()),
        other => Err(
            InvalidValue::new(format!("`{other}` is not an unstable option"))
                .help("only -Z unstable-options is accepted"),
        ),
    }
}

/// How results are shown.
pub(in crate::harness) fn format(text: &str) -> ReadValue<OutputFormat> {
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
pub(in crate::harness) fn color(text: &str) -> ReadValue<Color> {
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

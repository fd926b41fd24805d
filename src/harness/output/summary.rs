//! What a session says on the terminal when it is over.

use std::io::IsTerminal;
use std::path::Path;

use crate::harness::options::flags::libtest::{Color, Libtest, OutputFormat};
use crate::harness::output::github::Github;
use crate::harness::output::streams::{note, note_text, print, warn_unwritable};
use crate::harness::session::state::Session;
use crate::report::annotations;
use crate::report::terminal::{self, Style};

/// Writes the report, then prints its tables after the test runner's lines; with JSON on stdout they go to stderr.
///
/// Whether the report is written: it is so before anything is printed, as the one must not hang on the other.
pub(in crate::harness) fn tell(
    session: &Session,
    libtest: &Libtest,
    folder: &Path,
    nextest: bool,
    github: &Github,
) -> bool {
    let report = session.report();
    if report.judgements.is_empty() {
        return true;
    }
    // With nextest, each test has written it already, under the session's lock.
    let written = if nextest {
        Ok(())
    } else {
        session.write_report()
    };
    let json = libtest.format == Some(OutputFormat::Json);
    let terminal = if json {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    let style = Style {
        width: width(terminal),
        colour: is_coloured(libtest.color, terminal),
    };
    // With nextest, each process annotates what it judged itself.
    let text = github.with_annotations(&terminal::render(&report, style), || {
        annotations::render(&session.own_judgements(), report.confidence, report.strict)
    });
    if json {
        note_text(&text);
    } else if let Err(error) = print(&text) {
        warn_unwritable(&error);
    }
    match &written {
        Ok(()) => note(format_args!(
            "Report: {}",
            folder.join("latest").join("report.json").display()
        )),
        Err(error) => note(format_args!("error: there is no report: {error}")),
    }
    written.is_ok()
}

/// Whether text is coloured where `terminal` says that people see it on one.
pub(in crate::harness) fn is_coloured(asked: Option<Color>, terminal: bool) -> bool {
    match asked {
        Some(Color::Always) => true,
        Some(Color::Never) => false,
        _ => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// How a report is set on stdout: as wide as its terminal, and coloured there unless `NO_COLOR` is set.
pub fn style_of_stdout() -> Style {
    let terminal = std::io::stdout().is_terminal();
    Style {
        width: width(terminal),
        colour: is_coloured(None, terminal),
    }
}

/// Columns to fill: the terminal's, within reason.
fn width(terminal: bool) -> usize {
    let columns = columns().filter(|_| terminal).unwrap_or(100);
    columns.clamp(80, 160)
}

fn columns() -> Option<usize> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

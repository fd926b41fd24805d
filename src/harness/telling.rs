//! What a session says on the terminal when it is over.

use std::io::IsTerminal;
use std::path::Path;

use super::github::Github;
use super::libtest::{Color, Format, Libtest};
use super::session::Session;
use crate::report::annotations;
use crate::report::terminal::{self, Style};

/// The tables, after the test runner's lines; with JSON on stdout they go to stderr.
pub(super) fn tell(
    session: &Session,
    libtest: &Libtest,
    folder: &Path,
    nextest: bool,
    github: &Github,
) {
    let report = session.report();
    if report.judgements.is_empty() {
        return;
    }
    let json = libtest.format == Some(Format::Json);
    let terminal = if json {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    let colour = match libtest.color {
        Some(Color::Always) => true,
        Some(Color::Never) => false,
        _ => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let text = terminal::render(
        &report,
        Style {
            width: width(terminal),
            colour,
        },
    );
    // With nextest, each process annotates what it judged itself.
    let text = github.told(&text, || {
        annotations::render(&session.own_judgements(), report.confidence, report.strict)
    });
    if json {
        eprint!("{text}");
    } else {
        print!("{text}");
    }
    // With nextest, each test has written it already, under the session's lock.
    let written = if nextest {
        Ok(())
    } else {
        session.write_report()
    };
    match written {
        Ok(()) => eprintln!(
            "Report: {}",
            folder.join("latest").join("report.json").display()
        ),
        Err(error) => eprintln!("warning: there is no report: {error}"),
    }
}

/// How a report is set on stdout: as wide as its terminal, and coloured there unless `NO_COLOR` is set.
pub fn style_of_stdout() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        width: width(terminal),
        colour: terminal && !plain,
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

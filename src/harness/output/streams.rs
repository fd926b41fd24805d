//! The one way to standard output and standard error: a stream that is full or closed never ends the program.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was asked for could not be shown.
const USAGE: u8 = 2;

/// Writes a line to standard error. Where it can't be written, there is no other place to say so.
pub fn note(line: impl Display) {
    note_text(&format!("{line}\n"));
}

/// Writes text to standard error as it is.
pub fn note_text(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Writes all of a text to standard output. A reader that goes away, as `head` does, has what it wanted.
///
/// # Errors
/// When the text can't be written for another reason, such as a full disk.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    unless_gone(written)
}

/// Prints what the command was asked for. Exit code `code` when it is written, 2 with a line on stderr when it can't be.
pub fn print_or_fail(text: &str, code: ExitCode) -> ExitCode {
    after_printing(print(text), code)
}

/// The same of what was printed already.
pub fn after_printing(printed: io::Result<()>, code: ExitCode) -> ExitCode {
    match unless_gone(printed) {
        Ok(()) => code,
        Err(error) => {
            note(unwritable(&error));
            ExitCode::from(USAGE)
        }
    }
}

fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Says once that results can't be written; the report has them.
pub(in crate::harness) fn warn_unwritable(error: &io::Error) {
    static IS_SAID: AtomicBool = AtomicBool::new(false);
    if !is_gone(error) && !IS_SAID.swap(true, Ordering::Relaxed) {
        note(format_args!(
            "warning: can't write to standard output: {error}; the report has the results"
        ));
    }
}

/// What is said of a standard output that can't be written.
pub(in crate::harness) fn unwritable(error: &io::Error) -> String {
    format!("error: can't write to standard output: {error}")
}

/// Whether the reader has closed its end.
pub(in crate::harness) fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

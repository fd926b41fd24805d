//! The results of tests as cargo's own test runner prints them.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;

use super::libtest::{Color, Format, Libtest};
use super::output;
use super::runner::{Conclusion, Outcome};

/// Prints to standard output, and into a log file where one was named.
pub(super) struct Printer<'a> {
    format: Format,
    /// Of the longest name.
    width: usize,
    stdout: Sink<'a>,
    logfile: Option<Sink<'a>>,
}

/// One place that results are written to. After its first failure it is left alone.
struct Sink<'a> {
    out: Box<dyn Write + 'a>,
    coloured: bool,
    failure: Option<io::Error>,
}

impl<'a> Printer<'a> {
    /// Prints to `stdout`, coloured or not, and to the log file that was opened before.
    pub(super) fn new(
        libtest: &Libtest,
        stdout: impl Write + 'a,
        coloured: bool,
        logfile: Option<File>,
    ) -> Printer<'a> {
        let format = match libtest.format {
            _ if libtest.quiet => Format::Terse,
            Some(format) => format,
            None => Format::Pretty,
        };
        let always = libtest.color == Some(Color::Always);
        Printer {
            format,
            width: 0,
            stdout: Sink::new(stdout, coloured),
            logfile: logfile.map(|file| Sink::new(file, always)),
        }
    }

    /// How standard output failed, if it did.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.stdout.failure.as_ref()
    }

    /// How the log file failed, if it did.
    pub(super) fn logfile_failure(&self) -> Option<&io::Error> {
        self.logfile.as_ref()?.failure.as_ref()
    }

    /// The names alone.
    pub(super) fn list<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let text: String = names.map(|name| format!("{name}: test\n")).collect();
        self.print(&text);
    }

    /// Before the first test.
    pub(super) fn title<'n>(&mut self, names: impl ExactSizeIterator<Item = &'n str>) {
        let count = names.len();
        self.width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let plural = if count == 1 { "" } else { "s" };
        match self.format {
            Format::Json => {
                self.event(&json!({"type": "suite", "event": "started", "test_count": count}));
            }
            Format::Pretty | Format::Terse => {
                self.print(&format!("\nrunning {count} test{plural}\n"));
            }
        }
    }

    /// Before a test.
    pub(super) fn begin(&mut self, name: &str) {
        match self.format {
            Format::Json => {
                self.event(&json!({"type": "test", "event": "started", "name": name}));
            }
            Format::Pretty => self.print(&format!("test {name:<0$} ... ", self.width)),
            Format::Terse => {}
        }
    }

    /// After a test.
    pub(super) fn end(&mut self, name: &str, outcome: &Outcome) {
        let (word, letter, _) = shown(outcome);
        match self.format {
            Format::Json => {
                let mut event = json!({"type": "test", "name": name, "event": event_of(outcome)});
                if let Outcome::Failed(message) = outcome {
                    event["stdout"] = format!("Error: \"{message}\"\n").into();
                }
                self.event(&event);
            }
            Format::Pretty => self.coloured("", word, outcome, "\n"),
            Format::Terse => self.coloured("", letter, outcome, ""),
        }
    }

    /// After the last test: the messages of those that failed, and the sum.
    pub(super) fn summary(
        &mut self,
        failed: &[(String, String)],
        conclusion: &Conclusion,
        took: Duration,
    ) {
        if self.format == Format::Json {
            return self.event(&json!({
                "type": "suite",
                "event": if conclusion.has_failed() { "failed" } else { "ok" },
                "passed": conclusion.passed,
                "failed": conclusion.failed,
                "ignored": conclusion.ignored,
                "measured": 0,
                "filtered_out": conclusion.filtered_out,
                "exec_time": took.as_secs_f64(),
            }));
        }
        if !failed.is_empty() {
            let messages: String = failed
                .iter()
                .map(|(name, message)| format!("---- {name} ----\n{message}\n\n"))
                .collect();
            let names: String = failed
                .iter()
                .map(|(name, _)| format!("    {name}\n"))
                .collect();
            self.print(&format!("\nfailures:\n\n{messages}\nfailures:\n{names}"));
        }
        let outcome = if conclusion.has_failed() {
            Outcome::Failed(String::new())
        } else {
            Outcome::Passed
        };
        let rest = format!(
            ". {} passed; {} failed; {} ignored; 0 measured; {} filtered out; finished in {:.2}s\n\n",
            conclusion.passed,
            conclusion.failed,
            conclusion.ignored,
            conclusion.filtered_out,
            took.as_secs_f64()
        );
        self.coloured("\ntest result: ", shown(&outcome).0, &outcome, &rest);
    }

    fn event(&mut self, event: &serde_json::Value) {
        self.print(&format!("{event}\n"));
    }

    fn print(&mut self, text: &str) {
        for sink in self.sinks() {
            sink.write(text);
        }
    }

    fn coloured(&mut self, before: &str, word: &str, outcome: &Outcome, after: &str) {
        let colour = shown(outcome).2;
        for sink in self.sinks() {
            if sink.coloured {
                sink.write(&format!("{before}\x1b[{colour}m{word}\x1b[0m{after}"));
            } else {
                sink.write(&format!("{before}{word}{after}"));
            }
        }
    }

    fn sinks(&mut self) -> impl Iterator<Item = &mut Sink<'a>> {
        std::iter::once(&mut self.stdout).chain(&mut self.logfile)
    }
}

impl<'a> Sink<'a> {
    fn new(out: impl Write + 'a, coloured: bool) -> Sink<'a> {
        Sink {
            out: Box::new(out),
            coloured,
            failure: None,
        }
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_some() {
            return;
        }
        let written = self.out.write_all(text.as_bytes());
        self.failure = written.and_then(|()| self.out.flush()).err();
    }
}

/// Word, letter and ANSI colour of an outcome.
fn shown(outcome: &Outcome) -> (&'static str, &'static str, u8) {
    match outcome {
        Outcome::Passed => ("ok", ".", 32),
        Outcome::Failed(_) => ("FAILED", "F", 31),
        Outcome::Ignored => ("ignored", "i", 33),
    }
}

fn event_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Failed(_) => "failed",
        Outcome::Ignored => "ignored",
    }
}

/// What is said of results that could not be written, unless their reader just went away.
pub(super) fn complain(printer: &Printer<'_>) {
    if let Some(error) = printer.failure() {
        output::warn_unwritable(error);
    }
    if let Some(error) = printer.logfile_failure() {
        output::note(format_args!("warning: can't write the log file: {error}"));
    }
}

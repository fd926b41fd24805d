//! What the test runner prints, passed on to standard output and to a log file.
//!
//! libtest-mimic panics where it can't print, and would take the report of a load with it. It prints into a pipe, which
//! takes everything; what happens to it behind the pipe does not concern the tests.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::thread::{self, JoinHandle};

/// Where results are written to.
pub(in crate::harness) struct Sinks {
    stdout: Sink,
    logfile: Option<Sink>,
}

/// A place that results are written to.
trait Out: Write + Send {
    /// Writes what is left when nothing more comes.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// What is passed on as it comes.
struct AsItIs<W>(W);

impl<W: Write> Write for AsItIs<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write + Send> Out for AsItIs<W> {}

/// One place that results are written to. After its first failure it is left alone.
struct Sink {
    out: Box<dyn Out>,
    failure: Option<io::Error>,
}

/// How the results could not be written.
#[derive(Debug, Default)]
pub(in crate::harness) struct Failures {
    /// To standard output.
    pub(in crate::harness) stdout: Option<io::Error>,
    /// To the log file.
    pub(in crate::harness) logfile: Option<io::Error>,
}

/// A pipe to the sinks, with a thread that empties it.
pub(in crate::harness) struct Relay {
    writer: PipeWriter,
    thread: JoinHandle<Failures>,
}

impl Sinks {
    /// Prints to `stdout`, and to the log file that was opened before: without colours, unless they were asked for.
    pub(in crate::harness) fn new(
        stdout: impl Write + Send + 'static,
        logfile: Option<File>,
        is_coloured: bool,
    ) -> Sinks {
        let logfile = logfile.map(|file| {
            if is_coloured {
                Sink::new(AsItIs(file))
            } else {
                Sink::new(ColourStripper::new(file))
            }
        });
        Sinks {
            stdout: Sink::new(AsItIs(stdout)),
            logfile,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stdout.write(bytes);
        if let Some(logfile) = &mut self.logfile {
            logfile.write(bytes);
        }
    }

    fn failures(self) -> Failures {
        Failures {
            stdout: self.stdout.ended(),
            logfile: self.logfile.and_then(Sink::ended),
        }
    }
}

impl Relay {
    /// # Errors
    /// Gives the sinks back where a pipe has no path, as on Windows.
    pub(in crate::harness) fn start(sinks: Sinks) -> Result<Relay, Sinks> {
        let Ok((reader, writer)) = io::pipe() else {
            return Err(sinks);
        };
        if !Path::new(&path_of(&writer)).exists() {
            return Err(sinks);
        }
        let thread = thread::spawn(move || pass_on(reader, sinks));
        Ok(Relay { writer, thread })
    }

    /// Under which path the pipe can be opened.
    pub(in crate::harness) fn path(&self) -> String {
        path_of(&self.writer)
    }

    /// Waits until all that was printed is passed on. The path must have been closed by the one that opened it.
    pub(in crate::harness) fn finish(self) -> Failures {
        drop(self.writer);
        self.thread.join().unwrap_or_default()
    }
}

#[cfg(unix)]
fn path_of(writer: &PipeWriter) -> String {
    use std::os::fd::AsRawFd as _;
    format!("/dev/fd/{}", writer.as_raw_fd())
}

#[cfg(not(unix))]
fn path_of(_writer: &PipeWriter) -> String {
    String::new()
}

fn pass_on(mut reader: PipeReader, mut sinks: Sinks) -> Failures {
    let mut buffer = [0; 4096];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => sinks.write(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    sinks.failures()
}

impl Sink {
    fn new(out: impl Out + 'static) -> Sink {
        Sink {
            out: Box::new(out),
            failure: None,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        let written = self.out.write_all(bytes);
        self.failure = written.and_then(|()| self.out.flush()).err();
    }

    fn ended(mut self) -> Option<io::Error> {
        self.failure.or_else(|| self.out.finish().err())
    }
}

/// Takes the colours out, line by line: a colour may be cut in two by the pipe, a line is not.
struct ColourStripper {
    file: File,
    line: Vec<u8>,
}

impl ColourStripper {
    fn new(file: File) -> ColourStripper {
        ColourStripper {
            file,
            line: Vec::new(),
        }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        self.file
            .write_all(console::strip_ansi_codes(&text).as_bytes())
    }
}

impl Write for ColourStripper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Out for ColourStripper {
    fn finish(&mut self) -> io::Result<()> {
        // The last line of a list or of a run that was broken off has no end.
        self.write_line()?;
        self.flush()
    }
}

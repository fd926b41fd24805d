//! What is wrong with a profile, a flag or a variable, and where.

use std::fmt::{self, Write as _};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A profile.
    File {
        /// The file as it was named.
        file: String,
        /// The line, from 1; 0 speaks of the file as a whole.
        line: u32,
        /// The column in characters, from 1.
        column: u32,
        /// The dotted key; empty for none.
        key: String,
    },
}

impl Origin {
    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Origin {
        Origin::File {
            file: file.into(),
            line: 0,
            column: 0,
            key: String::new(),
        }
    }

    /// The same place, for a key below it.
    pub fn below(&self, key: &str) -> Origin {
        let mut place = self.clone();
        if let Origin::File { key: path, .. } = &mut place {
            *path = join(path, key);
        }
        place
    }

    /// Whether it is a flag or a variable, not a profile.
    pub fn is_override(&self) -> bool {
        !matches!(self, Origin::File { .. })
    }

    /// What problems are sorted by: flags and variables in the order they were met, then files by line.
    fn rank(&self) -> (u8, &str, u32, u32) {
        match self {
            Origin::Flag(_) => (0, "", 0, 0),
            Origin::Variable(_) => (1, "", 0, 0),
            Origin::File {
                file, line, column, ..
            } => (2, file, *line, *column),
        }
    }
}

/// A dotted key.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) | Origin::Variable(name) => f.write_str(name),
            Origin::File {
                file,
                line,
                column,
                key,
            } => {
                f.write_str(file)?;
                if *line > 0 {
                    write!(f, ":{line}:{column}")?;
                }
                if key.is_empty() {
                    Ok(())
                } else {
                    write!(f, ": {key}")
                }
            }
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Origin,
}

impl<T> Spanned<T> {
    /// A value written at `place`.
    pub fn new(value: T, place: Origin) -> Spanned<T> {
        Spanned { value, place }
    }
}

/// What is wrong with a text, by code that doesn't know where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl InvalidValue {
    /// A complaint without advice.
    pub fn new(message: impl Into<String>) -> InvalidValue {
        InvalidValue {
            message: message.into(),
            help: None,
        }
    }

    /// The same complaint with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> InvalidValue {
        self.help = Some(help.into());
        self
    }

    /// The same complaint with advice, if there is some.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> InvalidValue {
        self.help = help.or(self.help);
        self
    }

    /// The complaint, now that its place is known.
    pub fn at(self, place: Origin) -> Diagnostic {
        Diagnostic {
            place,
            message: self.message,
            help: self.help,
        }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for InvalidValue {}

/// One thing that is wrong: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Where it was written.
    pub place: Origin,
    /// What is wrong.
    pub message: String,
    /// What to do, when the message doesn't say it already.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  hint: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// Sorts problems by place, each reported once; flags and variables keep the order they were found in.
pub fn sort_diagnostics(problems: &mut Vec<Diagnostic>) {
    problems.sort_by(|a, b| a.place.rank().cmp(&b.place.rank()));
    let mut told: Vec<Diagnostic> = Vec::with_capacity(problems.len());
    for problem in problems.drain(..) {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    *problems = told;
}

/// All problems as they are shown, each beginning with `error: `.
pub fn render_diagnostics(problems: &[Diagnostic]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(text, "error: {problem}");
    }
    text
}

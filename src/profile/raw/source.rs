//! Where a profile comes from: compiled in, or a file; and the profiles it extends.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, InvalidValue, Origin};
use crate::profile::raw::merge::{lay_over, without};
use crate::profile::text::reader::as_text;
use crate::profile::text::suggest::{advice, nearest, there_are};
use crate::profile::text::text_file::read_text;
use crate::profile::text::tree::{self, Table};

/// The profiles that are compiled in.
const BUILTIN: [(&str, &str); 4] = [
    (
        "phase8",
        include_str!("../../../fixtures/profiles/phase8.toml"),
    ),
    (
        "phase8-full",
        include_str!("../../../fixtures/profiles/phase8-full.toml"),
    ),
    (
        "capacity",
        include_str!("../../../fixtures/profiles/capacity.toml"),
    ),
    (
        "journeys",
        include_str!("../../../fixtures/profiles/journeys.toml"),
    ),
];

/// How many profiles may extend one another.
const DEEPEST: usize = 8;

/// Where a profile comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileSource {
    /// A compiled-in one, by name.
    Builtin(&'static str),
    /// A file.
    File(PathBuf),
}

impl Default for ProfileSource {
    fn default() -> Self {
        ProfileSource::Builtin(BUILTIN[0].0)
    }
}

impl ProfileSource {
    /// The names of the compiled-in profiles.
    pub fn builtin_names() -> Vec<&'static str> {
        BUILTIN.iter().map(|(name, _)| *name).collect()
    }

    /// Reads a name or a path. A text that looks like a path (`.toml` at its end, or a separator) is one.
    ///
    /// # Errors
    /// When it is neither the name of a compiled-in profile nor a path.
    pub fn parse(text: &str) -> Result<ProfileSource, InvalidValue> {
        let text = text.trim();
        if let Some((name, _)) = BUILTIN.iter().find(|(name, _)| *name == text) {
            return Ok(ProfileSource::Builtin(name));
        }
        if text.is_empty() {
            return Err(InvalidValue::new("the profile's name is empty")
                .help(advice("", &ProfileSource::builtin_names())));
        }
        let path = Path::new(text);
        let looks_like_path = text.contains(['/', '\\'])
            || path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if looks_like_path || path.is_file() {
            return Ok(ProfileSource::File(path.to_owned()));
        }
        let names = ProfileSource::builtin_names();
        let help = match nearest(text, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`? A file's name ends in .toml"),
            None => format!("{}; a file's name ends in .toml", there_are(&names)),
        };
        Err(InvalidValue::new(format!("no built-in profile is called `{text}`")).help(help))
    }

    /// The text as it was written.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn text(&self) -> Result<String, Diagnostic> {
        match self {
            ProfileSource::Builtin(name) => {
                let found = BUILTIN.iter().find(|(known, _)| known == name);
                Ok(found
                    .map(|(_, text)| (*text).to_owned())
                    .unwrap_or_default())
            }
            ProfileSource::File(path) => read_text(path).map_err(|error| {
                InvalidValue::new(format!("cannot be read: {}", reason(&error)))
                    .help("--profile takes the name of a built-in profile or the path of a file")
                    .at(Origin::file(self.to_string()))
            }),
        }
    }

    /// What a profile without a name is called.
    pub(in crate::profile) fn stem(&self) -> String {
        match self {
            ProfileSource::Builtin(name) => (*name).to_owned(),
            ProfileSource::File(path) => path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// A profile named in this one: a path counts from this one's folder.
    fn related(&self, text: &str) -> Result<ProfileSource, InvalidValue> {
        match ProfileSource::parse(text)? {
            ProfileSource::File(path) => match self {
                ProfileSource::File(own) => Ok(ProfileSource::File(
                    own.parent().unwrap_or(Path::new("")).join(path),
                )),
                ProfileSource::Builtin(_) => Ok(ProfileSource::File(path)),
            },
            builtin @ ProfileSource::Builtin(_) => Ok(builtin),
        }
    }

    /// The whole tree, with what it extends below it; `false` when a part of it could not be read.
    pub(in crate::profile) fn tree(&self, problems: &mut Vec<Diagnostic>) -> (Table, bool) {
        self.tree_below(&mut Vec::new(), problems)
    }

    fn tree_below(
        &self,
        above: &mut Vec<ProfileSource>,
        problems: &mut Vec<Diagnostic>,
    ) -> (Table, bool) {
        let name = self.to_string();
        let text = match self.text() {
            Ok(text) => text,
            Err(problem) => {
                problems.push(problem);
                return (tree::parse(&name, "").0, false);
            }
        };
        let (mut table, errors) = tree::parse(&name, &text);
        let whole = errors.is_empty();
        problems.extend(errors);
        above.push(self.clone());
        let (base, base_whole) = match self.base(&table, above) {
            None => (tree::parse(&name, "").0, true),
            Some(Ok((base, place))) => {
                if let Err(unread) = base.text() {
                    let complaint = InvalidValue::new(format!("{base} {}", unread.message));
                    problems.push(complaint.help("a path counts from this file").at(place));
                    return (table, false);
                }
                base.tree_below(above, problems)
            }
            Some(Err(problem)) => {
                problems.push(problem);
                (tree::parse(&name, "").0, false)
            }
        };
        let mut base = without(base, &mut table, problems);
        // These two tell the profiles apart, so no other profile may use them.
        base.remove("name");
        base.remove("description");
        (lay_over(base, table), whole && base_whole)
    }

    /// The profile that `extends` names.
    fn base(
        &self,
        table: &Table,
        above: &[ProfileSource],
    ) -> Option<Result<(ProfileSource, Origin), Diagnostic>> {
        let node = table.get("extends")?;
        let base = as_text(node).and_then(|text| self.related(text));
        let base = base.and_then(|base| {
            if above.contains(&base) {
                Err(InvalidValue::new(format!("{base} extends itself")))
            } else if above.len() >= DEEPEST {
                Err(InvalidValue::new(format!(
                    "more than {DEEPEST} profiles extend one another"
                )))
            } else {
                Ok(base)
            }
        });
        let place = node.place.clone();
        Some(match base {
            Ok(base) => Ok((base, place)),
            Err(complaint) => Err(complaint.at(place)),
        })
    }
}

/// The names of a profile's scenarios as far as it can be read; its problems are reported when it is loaded.
pub fn scenario_names(source: &ProfileSource) -> Vec<String> {
    let (tree, _) = source.tree(&mut Vec::new());
    match tree.get("scenario").map(|node| &node.value) {
        Some(tree::Value::Table(table)) => table
            .entries
            .iter()
            .map(|entry| entry.key.clone())
            .collect(),
        _ => Vec::new(),
    }
}

/// Why a file can't be read, without the operating system's numbers.
pub(crate) fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

impl fmt::Display for ProfileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProfileSource::Builtin(name) => write!(f, "built-in {name}"),
            ProfileSource::File(path) => write!(f, "{}", path.display()),
        }
    }
}

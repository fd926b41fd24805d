//! Every flag: one row each, in the tables of this folder, from which all that is known of it follows.
//!
//! A row makes a field that holds what was given. A row that nothing reads does not compile, and neither does a use of
//! a flag that has no row.

#[macro_use]
mod table;
pub(in crate::harness) mod evidence;
pub(in crate::harness) mod libtest;
pub(in crate::harness) mod load;
mod other;
#[cfg(feature = "otlp")]
pub(in crate::harness) mod otlp;
pub(in crate::harness) mod target;
mod value;
pub(in crate::harness) mod verdict;

use std::ffi::OsString;

use crate::diagnostic::{Diagnostic, Origin};
use crate::harness::options::raw_args::Typed;
use evidence::SourceArgs;
use libtest::Libtest;
use load::LoadFlags;
pub(in crate::harness) use other::OtherFlags;
#[cfg(feature = "otlp")]
use otlp::OtlpFlags;
use target::TargetFlags;
use verdict::VerdictFlags;

/// The headings of the help text, and the tables below each.
pub(in crate::harness) const GROUPS: &[(&str, &[&[&Flag]])] = &[
    ("What is tested", &[TargetFlags::ROWS, SourceArgs::ROWS]),
    (
        "The load, in the place of what the profile says",
        &[LoadFlags::ROWS],
    ),
    (
        "Verdicts and reports",
        &[
            VerdictFlags::ROWS,
            #[cfg(feature = "otlp")]
            OtlpFlags::ROWS,
        ],
    ),
    (
        "Which tests, as cargo's own tests take them",
        &[Libtest::ROWS],
    ),
    ("Other", &[OtherFlags::ROWS]),
];

/// What was given of every flag, by the command line or the environment.
#[derive(Debug, Clone, Default)]
pub(in crate::harness) struct Flags {
    pub(in crate::harness) target: TargetFlags,
    pub(in crate::harness) sources: SourceArgs,
    pub(in crate::harness) load: LoadFlags,
    pub(in crate::harness) verdict: VerdictFlags,
    #[cfg(feature = "otlp")]
    pub(in crate::harness) otlp: OtlpFlags,
    pub(in crate::harness) libtest: Libtest,
    pub(in crate::harness) other: OtherFlags,
}

impl Flags {
    /// Reads the values; what is wrong with them is added to `problems`.
    pub(in crate::harness) fn read(typed: &Typed, problems: &mut Vec<Diagnostic>) -> Flags {
        Flags {
            target: TargetFlags::read(typed, problems),
            sources: SourceArgs::read(typed, problems),
            load: LoadFlags::read(typed, problems),
            verdict: VerdictFlags::read(typed, problems),
            #[cfg(feature = "otlp")]
            otlp: OtlpFlags::read(typed, problems),
            libtest: Libtest::read(typed, problems),
            other: OtherFlags::read(typed, problems),
        }
    }
}

/// What may stand behind a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Takes {
    /// Nothing.
    Nothing,
    /// Nothing, or `=yes` and `=no`.
    YesNo,
    /// A value, called so in the help.
    Value(&'static str),
    /// Nothing, or a value behind `=`.
    Optional,
}

/// Whether a flag is printed in the command that repeats a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Rerun {
    /// No: it does not change the load, or its value is a secret, or it is printed in another form.
    Never,
    /// With its last value.
    Last,
    /// With each of its values.
    Each,
}

/// Whether a flag has an effect with `compare --ab`, which has no tests, verdicts or reports, and is as long as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Ab {
    Applies,
    NoEffect,
}

/// What is known of a flag, whatever its value is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::harness) struct Flag {
    /// Its name, without dashes.
    pub(in crate::harness) name: &'static str,
    pub(in crate::harness) aliases: &'static [&'static str],
    /// The letters that stand for it.
    pub(in crate::harness) letters: &'static [char],
    /// The environment variables that set it too; the first one goes before the others.
    pub(in crate::harness) variables: &'static [&'static str],
    pub(in crate::harness) takes: Takes,
    pub(in crate::harness) rerun: Rerun,
    pub(in crate::harness) ab: Ab,
    /// Empty for what is accepted and not worth a line of help. `{formats}` stands for the names of the report formats.
    pub(in crate::harness) help: &'static str,
}

impl Flag {
    /// Every flag, in the order in which the help shows them.
    pub(in crate::harness) fn all() -> impl Iterator<Item = &'static Flag> {
        GROUPS
            .iter()
            .flat_map(|(_, tables)| tables.iter().flat_map(|rows| rows.iter().copied()))
    }

    /// The flag of a name or an alias.
    pub(in crate::harness) fn find(name: &str) -> Option<&'static Flag> {
        Flag::all().find(|flag| flag.is_called(name))
    }

    /// The flag of a letter.
    pub(in crate::harness) fn short(letter: char) -> Option<&'static Flag> {
        Flag::all().find(|flag| flag.letters.contains(&letter))
    }

    /// It as it is typed: `--users`.
    pub(in crate::harness) fn dashed(&self) -> String {
        format!("--{}", self.name)
    }

    /// The words that give it this value.
    pub(in crate::harness) fn given(&self, value: &str) -> [OsString; 2] {
        [self.dashed().into(), value.into()]
    }

    /// Whether what stands there is this flag's value.
    pub(in crate::harness) fn is_at(&self, place: &Origin) -> bool {
        match place {
            Origin::Flag(shown) => shown
                .strip_prefix("--")
                .is_some_and(|name| self.is_called(name)),
            Origin::Variable(name) => self.variables.contains(&name.as_str()),
            _ => false,
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_and_variable_is_there_once() {
        let mut names = BTreeSet::new();
        for flag in Flag::all() {
            for name in flag.aliases.iter().chain([&flag.name]) {
                assert!(names.insert(*name), "--{name} is there twice");
            }
            for variable in flag.variables {
                assert!(names.insert(*variable), "{variable} is there twice");
            }
        }
    }

    #[test]
    fn a_flag_s_first_variable_is_its_name() {
        for flag in Flag::all().filter(|flag| !flag.variables.is_empty()) {
            let expected = format!("PERF_{}", flag.name.replace('-', "_").to_uppercase());
            assert_eq!(flag.variables[0], expected);
        }
    }

    #[test]
    fn every_flag_that_the_help_shows_is_in_the_book() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/options.md");
        let page = std::fs::read_to_string(path).expect("docs/options.md is readable");
        for flag in Flag::all().filter(|flag| !flag.help.is_empty()) {
            let name = flag.dashed();
            for word in flag.variables.iter().take(1).chain([&name.as_str()]) {
                assert!(page.contains(word), "docs/options.md lacks {word}");
            }
        }
    }

    #[test]
    fn a_place_is_that_of_one_flag() {
        let place = |name: &str| Origin::Flag(name.to_owned());
        let url = TargetFlags::target_url();
        for shown in ["--target-url", "--url"] {
            assert!(url.is_at(&place(shown)), "{shown}");
        }
        assert!(url.is_at(&Origin::Variable("PERF_URL".to_owned())));
        assert!(!url.is_at(&place("--profile")) && !url.is_at(&Origin::file("url")));
    }
}

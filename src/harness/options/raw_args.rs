//! What was typed and what the environment says, before anything is made of it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use lexopt::{Arg, Parser};

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::harness::options::flags::load::LoadFlags;
use crate::harness::options::flags::target::TargetFlags;
use crate::harness::options::flags::{Flag, Takes};
use crate::harness::options::resolve::Environment;
use crate::profile::suggest::{distance, nearest};

/// What was given for each flag, by the flag's name: the flags in the order of typing, or its variable.
#[derive(Debug, Default)]
pub(in crate::harness) struct Typed {
    given: BTreeMap<&'static str, Vec<Given>>,
    /// Words without a flag.
    pub(in crate::harness) filters: Vec<String>,
    /// Words right behind `--scenarios A`: scenarios if they name some, else filters.
    pub(in crate::harness) after_scenarios: Vec<String>,
    pub(in crate::harness) problems: Vec<Diagnostic>,
}

/// One value, empty for a flag that takes none, and where it came from.
pub(in crate::harness) type Given = Spanned<String>;

impl Typed {
    /// All that was given for a flag.
    pub(in crate::harness) fn all(&self, flag: &Flag) -> &[Given] {
        self.given.get(flag.name).map_or(&[], Vec::as_slice)
    }

    /// The last that was given for a flag, as shells let a later one take an earlier one's place.
    pub(in crate::harness) fn last(&self, flag: &Flag) -> Option<&Given> {
        self.all(flag).last()
    }

    /// Every flag that was given, with each of its values.
    pub(in crate::harness) fn given(&self) -> impl Iterator<Item = (&'static Flag, &Given)> {
        Flag::all().flat_map(|flag| self.all(flag).iter().map(move |given| (flag, given)))
    }

    fn put(&mut self, flag: &'static Flag, value: String, place: Origin) {
        let given = self.given.entry(flag.name).or_default();
        given.push(Given::new(value, place));
    }

    fn wrong(&mut self, complaint: InvalidValue, place: Origin) {
        self.problems.push(complaint.at(place));
    }
}

/// Reads the command line (without the program's name) and lays it over the environment.
pub(in crate::harness) fn read(
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Typed {
    let mut typed = Typed::default();
    let mut parser = Parser::from_args(words);
    let mut behind_scenarios = false;
    loop {
        let (name, shown) = match parser.next() {
            Ok(None) => break,
            Ok(Some(Arg::Value(word))) => {
                filter(&mut typed, &word, behind_scenarios);
                continue;
            }
            Ok(Some(Arg::Long(name))) => (Flag::find(name), format!("--{name}")),
            Ok(Some(Arg::Short(letter))) => (Flag::short(letter), format!("-{letter}")),
            // The error's own text would repeat the value, which may be a token.
            Err(_) => {
                let complaint = InvalidValue::new("a flag that takes no value was given one");
                typed.wrong(complaint, Origin::Flag("the command line".to_owned()));
                continue;
            }
        };
        behind_scenarios = name == Some(LoadFlags::scenarios());
        match name {
            Some(known) => flag(&mut typed, &mut parser, known, shown),
            None => unknown(&mut typed, &mut parser, shown),
        }
    }
    variables(&mut typed, environment);
    typed
}

fn filter(typed: &mut Typed, word: &OsStr, behind_scenarios: bool) {
    match word.to_str() {
        Some(word) if behind_scenarios => typed.after_scenarios.push(word.to_owned()),
        Some(word) => typed.filters.push(word.to_owned()),
        None => typed.wrong(
            InvalidValue::new("a filter is not UTF-8 text"),
            Origin::Flag("the command line".to_owned()),
        ),
    }
}

fn flag(typed: &mut Typed, parser: &mut Parser, flag: &'static Flag, shown: String) {
    // Letters without a value may follow one another: `-qh`.
    let letter = !shown.starts_with("--") && flag.takes == Takes::Nothing;
    let attached = if letter {
        None
    } else {
        parser.optional_value()
    };
    let place = Origin::Flag(shown);
    let value = match (flag.takes, attached) {
        (Takes::Nothing, Some(_)) => {
            return typed.wrong(InvalidValue::new("takes no value"), place);
        }
        (Takes::Nothing | Takes::YesNo | Takes::Optional, None) => OsString::new(),
        (_, Some(value)) => value,
        (Takes::Value(what), None) => {
            let Some(value) = next_value(parser) else {
                let complaint =
                    InvalidValue::new("has no value").help(format!("write {place} {what}"));
                return typed.wrong(complaint, place);
            };
            value
        }
    };
    match value.into_string() {
        Ok(value) => typed.put(flag, value, place),
        Err(_) => typed.wrong(InvalidValue::new("its value is not UTF-8 text"), place),
    }
}

/// The next word, unless it is a flag by itself.
fn next_value(parser: &mut Parser) -> Option<OsString> {
    let mut rest = parser.try_raw_args()?;
    let is_flag = rest
        .peek()?
        .to_str()
        .is_some_and(|word| word == "--" || word.starts_with("--"));
    if is_flag { None } else { rest.next() }
}

/// An unknown flag. Its value may be a token, so it is not repeated.
fn unknown(typed: &mut Typed, parser: &mut Parser, shown: String) {
    let _ = parser.optional_value();
    let mut complaint = InvalidValue::new("unknown flag").help("--help shows them all");
    if let Some(name) = shown.strip_prefix("--") {
        let known = Flag::all().flat_map(|flag| flag.aliases.iter().chain([&flag.name]).copied());
        let plain = name.replace('_', "-");
        if let Some(meant) = nearest(&plain, known) {
            let takes_value =
                Flag::find(meant).is_some_and(|flag| matches!(flag.takes, Takes::Value(_)));
            complaint = complaint.help(format!("did you mean --{meant}?"));
            // Otherwise its value would go for a filter.
            if takes_value {
                let _ = next_value(parser);
            }
        }
    }
    typed.wrong(complaint, Origin::Flag(shown));
}

/// Takes the variables of flags that were not typed, and reports mistyped names.
fn variables(typed: &mut Typed, environment: &Environment) {
    // A token that was typed makes the variable of the other way to give one not count either.
    let token = [TargetFlags::token(), TargetFlags::token_file()];
    let token_typed = token.iter().any(|flag| typed.last(flag).is_some());
    for flag in Flag::all() {
        if typed.last(flag).is_some() || (token_typed && token.contains(&flag)) {
            continue;
        }
        for variable in flag.variables {
            let Some(value) = environment.get(OsStr::new(variable)) else {
                continue;
            };
            let place = Origin::Variable((*variable).to_owned());
            match value.to_str().map(str::trim) {
                Some("") => continue,
                Some(value) => typed.put(flag, value.to_owned(), place),
                None => typed.wrong(InvalidValue::new("is not UTF-8 text"), place),
            }
            break;
        }
    }
    for name in environment.keys().filter_map(|name| name.to_str()) {
        if let Some(meant) = mistyped(name) {
            let complaint = InvalidValue::new("is not known, so it would set nothing")
                .help(format!("did you mean {meant}?"));
            typed.wrong(complaint, Origin::Variable(name.to_owned()));
        }
    }
}

/// The variable of ours that a name was meant for; other programs have `PERF_` variables too.
fn mistyped(name: &str) -> Option<&'static str> {
    let tail = name.strip_prefix("PERF_")?;
    let ours = || Flag::all().flat_map(|flag| flag.variables.iter().copied());
    if ours().any(|known| known == name) {
        return None;
    }
    ours()
        .filter_map(|known| Some((known, known.strip_prefix("PERF_")?)))
        .map(|(known, other)| (distance(tail, other), known, other))
        .filter(|(far, _, other)| *far <= if other.len() < 5 { 1 } else { 2 })
        .min()
        .map(|(_, known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_linux_perf_are_left_alone() {
        for name in [
            "PERF_CONFIG",
            "PERF_EXEC_PATH",
            "PERF_PAGER",
            "PERF_BUILDID_DIR",
            "PERF_COLOR",
            "PERF_HOST",
            "PERF_BPF",
            "PERFORMANCE",
        ] {
            assert_eq!(mistyped(name), None, "{name}");
        }
    }

    #[test]
    fn a_near_miss_is_told() {
        for (name, meant) in [
            ("PERF_USER", "PERF_USERS"),
            ("PERF_TARGET_ULR", "PERF_TARGET_URL"),
            ("PERF_RAMPUP", "PERF_RAMP_UP"),
            ("PERF_SCENARIO", "PERF_SCENARIOS"),
        ] {
            assert_eq!(mistyped(name), Some(meant), "{name}");
        }
    }
}

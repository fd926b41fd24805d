//! Flags of a load that is only compared with another one: there are no tests, no verdicts and no reports.

use std::ffi::OsString;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin};
use crate::harness::options::flags::{Flag, FlagGroup};
use crate::harness::options::raw_args;
use crate::harness::options::resolve::Environment;

/// For a load that need not be like another one: it is as long as planned, and only the target is queried.
const IDLE: [&str; 6] = [
    "redis-url",
    "database-url",
    "metrics-url",
    "target-pid",
    "extend",
    "settle",
];

/// What was typed and would do nothing.
pub(in crate::harness) fn idle(words: &[OsString]) -> Vec<Diagnostic> {
    let typed = raw_args::read(words.iter().cloned(), &Environment::new());
    let flags = typed.given().filter(|(flag, _)| !is_meant(flag));
    let flags = flags.map(|(_, given)| {
        InvalidValue::new("does nothing here: the load is only compared, without tests and reports")
            .at(given.place.clone())
    });
    let filters = typed.filters.iter().map(|word| {
        InvalidValue::new(format!("`{word}` names tests, and there are none here"))
            .help("choose scenarios with --scenarios")
            .at(Origin::Flag("the command line".to_owned()))
    });
    flags.chain(filters).collect()
}

fn is_meant(flag: &Flag) -> bool {
    let is_of_loads = matches!(flag.group, FlagGroup::Target | FlagGroup::Load);
    (is_of_loads && !IDLE.contains(&flag.name)) || flag.name == "confidence"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle_of(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let mut told: Vec<String> = idle(&words).iter().map(ToString::to_string).collect();
        told.sort();
        told
    }

    #[test]
    fn flags_of_loads_are_meant() {
        let words = "--profile phase8 --scenarios api,mixed --users=5 --duration 5 --warm-up 1 --http 2 --insecure \
                     --token-file t --seed 1 --confidence 0.9";
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(idle_of(&words), [""; 0]);
    }

    #[test]
    fn those_of_tests_and_reports_do_nothing() {
        let told = idle_of(&[
            "--list",
            "--dashboard",
            "--save-baseline=x",
            "-q",
            "--extend",
            "1",
            "health::uptime",
        ]);
        let beginnings = [
            "--dashboard:",
            "--extend:",
            "--list:",
            "--save-baseline:",
            "-q:",
        ];
        assert_eq!(told.len(), beginnings.len() + 1, "{told:?}");
        for (line, beginning) in told.iter().zip(beginnings) {
            assert!(line.starts_with(beginning), "{line}");
        }
        assert!(told[5].contains("`health::uptime` names tests"), "{told:?}");
    }
}

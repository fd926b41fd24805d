//! The command line that makes the same session again.

use crate::harness::options::flags::target::TargetFlags;
use crate::harness::options::flags::{Flag, Rerun, Takes};
use crate::harness::options::raw_args::{Given, Typed};
use crate::profile::Target;

/// The words behind the program's name: flags, whether they were typed or set as variables, and filters.
pub(in crate::harness) fn words(
    typed: &Typed,
    target: Option<&Target>,
    filters: &[String],
) -> Vec<String> {
    let target =
        target.map(|target| format!("{}={}", TargetFlags::target_url().dashed(), target.origin));
    let mut words: Vec<String> = target.into_iter().collect();
    let last = |is_switch: bool| {
        Flag::all().filter(move |flag| {
            flag.rerun == Rerun::Last && (flag.takes == Takes::YesNo) == is_switch
        })
    };
    words.extend(last(false).filter_map(|flag| word(flag, typed.last(flag))));
    let each = Flag::all().filter(|flag| flag.rerun == Rerun::Each);
    words.extend(each.flat_map(|flag| {
        typed
            .all(flag)
            .iter()
            .filter_map(|given| word(flag, Some(given)))
    }));
    words.extend(last(true).filter_map(|flag| word(flag, typed.last(flag))));
    words.extend(filters.iter().cloned());
    words
}

/// A flag as it is typed, if it was given.
fn word(flag: &Flag, given: Option<&Given>) -> Option<String> {
    given.map(|given| match given.value.as_str() {
        "" => flag.dashed(),
        value => format!("{}={value}", flag.dashed()),
    })
}

/// The words behind a program, as a shell takes them.
pub(in crate::harness) fn line(program: &str, words: &[String]) -> String {
    words.iter().fold(program.to_owned(), |line, word| {
        format!("{line} {}", quoted(word))
    })
}

/// A word as a shell takes it.
pub(in crate::harness) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+%@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::options::args::parse;

    fn rerun_line(words: &[&str], variables: &[(&str, &str)]) -> String {
        let words = words.iter().map(Into::into);
        let environment = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let args = parse(words, &environment.collect()).expect("a good command line");
        line("perf", &args.repeat)
    }

    #[test]
    fn flags_variables_and_filters_are_told_as_a_shell_takes_them() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
        let table: [Case<'_>; 7] = [
            (&[], &[], "perf"),
            (
                &["--users", "50", "response_time"],
                &[("PERF_SEED", "7")],
                "perf --users=50 --seed=7 response_time",
            ),
            (&["--settle", "--strict"], &[], "perf --settle --strict"),
            (
                &["--without", "api/agents", "--without=stress", "p95"],
                &[],
                "perf --without=api/agents --without=stress p95",
            ),
            (
                &[],
                &[("PERF_WITHOUT", "api/agents,stress")],
                "perf --without=api/agents,stress",
            ),
            (
                &["--url", "http://localhost:8000"],
                &[],
                "perf --target-url=http://localhost:8000/",
            ),
            (
                &["--profile", "a b.toml", "it's"],
                &[],
                r"perf '--profile=a b.toml' 'it'\''s'",
            ),
        ];
        for (words, variables, expected) in table {
            assert_eq!(rerun_line(words, variables), expected);
        }
    }

    #[test]
    fn no_secret_is_told() {
        let variables = [
            ("PERF_JWT_SECRET", "s3cret"),
            ("PERF_LOGIN_PASSWORD", "s3cret"),
            ("PERF_DASHBOARD_TOKEN", "s3cret"),
            ("PERF_REDIS_URL", "redis://:s3cret@localhost"),
            ("PERF_DATABASE_URL", "postgres://me:s3cret@localhost/db"),
        ];
        let told = rerun_line(&["--token", "s3cret", "--users", "3"], &variables);
        assert_eq!(told, "perf --users=3");
    }
}

//! The command line that makes the same session again.

use crate::harness::options::raw_args::Typed;
use crate::profile::Target;

/// Flags that may be shown: they define the load, and none of their values is a secret. Flags that are not named here
/// are left out, so that a secret flag added later is not shown by mistake.
const TOLD: [&str; 18] = [
    "profile",
    "scenarios",
    "http",
    "users-file",
    "token-file",
    "users",
    "rate",
    "connections",
    "duration",
    "ramp-up",
    "warm-up",
    "extend",
    "settle",
    "timeout",
    "seed",
    "workers",
    "confidence",
    "baseline",
];
/// The same for those that need no value.
const SWITCHES: [&str; 2] = ["insecure", "strict"];

/// The words behind the program's name: flags, whether they were typed or set as variables, and filters.
pub(in crate::harness) fn words(
    typed: &Typed,
    target: Option<&Target>,
    filters: &[String],
) -> Vec<String> {
    let target = target.map(|target| format!("--target-url={}", target.origin));
    let mut words: Vec<String> = target.into_iter().collect();
    for name in TOLD {
        words.extend(
            typed
                .all(name)
                .last()
                .map(|given| match given.value.as_str() {
                    "" => format!("--{name}"),
                    value => format!("--{name}={value}"),
                }),
        );
    }
    // The others take the last value alone; of these, each counts.
    let without = typed.all("without").iter();
    words.extend(without.map(|given| format!("--without={}", given.value)));
    for name in SWITCHES {
        words.extend(typed.last(name).map(|given| match given.value.as_str() {
            "" => format!("--{name}"),
            value => format!("--{name}={value}"),
        }));
    }
    words.extend(filters.iter().cloned());
    words
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

    fn told(words: &[&str], variables: &[(&str, &str)]) -> String {
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
            assert_eq!(told(words, variables), expected);
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
        let told = told(&["--token", "s3cret", "--users", "3"], &variables);
        assert_eq!(told, "perf --users=3");
    }
}

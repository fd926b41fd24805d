use super::*;
use crate::diagnostic::Origin;
use crate::harness::options::flags::libtest::{Color, Libtest, OutputFormat};
use std::path::PathBuf;

use proptest::prelude::*;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect()
}

fn good(line: &str, pairs: &[(&str, &str)]) -> Args {
    parse(words(line), &environment(pairs))
        .unwrap_or_else(|problems| panic!("{line}: {problems:?}"))
}

#[test]
fn test_runners_are_understood() {
    let plain = Libtest::default();
    let terse = Some(OutputFormat::Terse);
    let json = Some(OutputFormat::Json);
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let table = [
        // cargo nextest
        (
            "--list --format terse",
            Libtest {
                list: true,
                format: terse,
                ..plain.clone()
            },
        ),
        (
            "--list --format terse --ignored",
            Libtest {
                list: true,
                format: terse,
                ignored: true,
                ..plain.clone()
            },
        ),
        (
            "a::b --exact --nocapture",
            Libtest {
                filters: named(&["a::b"]),
                exact: true,
                nocapture: true,
                ..plain.clone()
            },
        ),
        // IDEs
        (
            "--exact a::b --show-output",
            Libtest {
                filters: named(&["a::b"]),
                exact: true,
                show_output: true,
                ..plain.clone()
            },
        ),
        (
            "a -Z unstable-options --format=json --show-output",
            Libtest {
                filters: named(&["a"]),
                _unstable_options: Some(()),
                format: json,
                show_output: true,
                ..plain.clone()
            },
        ),
        (
            "-Zunstable-options --report-time --no-capture",
            Libtest {
                _unstable_options: Some(()),
                _report_time: Some(String::new()),
                nocapture: true,
                ..plain.clone()
            },
        ),
        // people
        (
            "p95 errors --skip p99 --skip=uptime -q --test-threads 4 --include-ignored",
            Libtest {
                filters: named(&["p95", "errors"]),
                skip: named(&["p99", "uptime"]),
                quiet: true,
                _test_threads: Some(4),
                include_ignored: true,
                ..plain.clone()
            },
        ),
        (
            "--test --bench --color never --logfile out.txt -- --users",
            Libtest {
                filters: named(&["--users"]),
                test: true,
                bench: true,
                color: Some(Color::Never),
                logfile: Some(PathBuf::from("out.txt")),
                ..plain.clone()
            },
        ),
    ];
    for (line, libtest) in table {
        assert_eq!(good(line, &[]).flags.libtest, libtest, "{line}");
    }
}

#[test]
fn bare_words_behind_scenarios_are_scenarios_when_the_profile_has_them() {
    let table: [(&str, &[&str], &[&str]); 6] = [
        ("--scenarios api", &["api"], &[]),
        ("--scenarios api,burst p95", &["api", "burst"], &["p95"]),
        ("--scenarios api burst p95", &["api", "burst"], &["p95"]),
        ("--scenarios api p95 burst", &["api", "burst"], &["p95"]),
        ("api --scenarios burst", &["burst"], &["api"]),
        ("--scenarios api --users 5 burst", &["api"], &["burst"]),
    ];
    for (line, scenarios, filters) in table {
        let args = good(line, &[]);
        let wanted = args.overrides.scenarios.map(|at| at.value);
        assert_eq!(wanted.unwrap_or_default(), scenarios, "{line}");
        assert_eq!(args.flags.libtest.filters, filters, "{line}");
    }
}

#[test]
fn a_flag_goes_before_its_variable_and_an_empty_variable_is_none() {
    let users = |line: &str, pairs: &[(&str, &str)]| {
        let args = good(line, pairs);
        args.overrides.users.map(|at| (at.value, at.place))
    };
    let flag = || Origin::Flag("--users".to_owned());
    let variable = || Origin::Variable("PERF_USERS".to_owned());
    assert_eq!(users("", &[("PERF_USERS", "5")]), Some((5, variable())));
    assert_eq!(
        users("--users 7", &[("PERF_USERS", "5")]),
        Some((7, flag()))
    );
    assert_eq!(users("--users 7 --users=8", &[]), Some((8, flag())));
    assert_eq!(users("", &[("PERF_USERS", "")]), None);
    // What is not used is not judged.
    assert_eq!(
        users("--users 7", &[("PERF_USERS", "ten")]),
        Some((7, flag()))
    );
}

#[test]
fn yes_and_no_are_said_by_flags_and_variables() {
    for (line, value, strict) in [
        ("", "", false),
        ("", "1", true),
        ("", "yes", true),
        ("", "FALSE", false),
        ("--strict", "", true),
        ("--strict", "0", true),
        ("--strict=no", "1", false),
    ] {
        let args = good(line, &[("PERF_STRICT", value)]);
        assert_eq!(args.flags.verdict.strict, strict, "{line:?} {value:?}");
    }
}

#[test]
fn help_and_version_need_nothing_else_to_be_right() {
    assert!(
        good("--help --users ten", &[("PERF_USER", "x")])
            .flags
            .other
            .help
    );
    assert!(good("-h", &[]).flags.other.help);
    assert!(good("-V", &[]).flags.other.version);
}

#[test]
fn a_token_is_taken_from_the_nearest_place_and_not_shown() {
    let pairs = [("PERF_TOKEN", "variable\n")];
    let token = |args: &Args| args.token.as_ref().map(|token| token.reveal().to_owned());
    assert_eq!(token(&good("", &pairs)).as_deref(), Some("variable"));
    let args = good("--token flag", &pairs);
    assert_eq!(token(&args).as_deref(), Some("flag"));
    assert!(!format!("{args:?}").contains("flag\""));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "  file\n").expect("written");
    let words = [OsString::from("--token-file"), file.path().into()];
    let args = parse(words, &environment(&pairs)).expect("good");
    assert_eq!(token(&args).as_deref(), Some("file"));
}

#[test]
fn the_url_of_the_originals_works_and_its_path_is_kept() {
    let args = good(
        "--url http://host:8000/base/ --users 100 --duration 300 --ramp-up 60",
        &[],
    );
    let target = args.target.expect("a target");
    assert_eq!(target.origin.as_str(), "http://host:8000/");
    assert_eq!(target.base_path, "/base");
    let duration = args.overrides.duration.map(|at| at.value.as_secs());
    assert_eq!(duration, Some(300));
    assert!(good("", &[("PERF_URL", "http://host")]).target.is_some());
}

proptest! {
    #[test]
    fn no_command_line_makes_reading_panic_or_tells_the_token(
        words in proptest::collection::vec(
            prop_oneof![
                "(--|-)?[a-zA-Z-]{0,12}(=[a-z0-9]{0,5})?",
                proptest::sample::select(vec!["--token", "--users", "--scenarios", "-q", "-Z", "--", "api", "-qh"])
                    .prop_map(str::to_owned),
                Just("hunter2 hunter2".to_owned()),
                Just("--token=hunter2 hunter2".to_owned()),
            ],
            0..8,
        )
    ) {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        if let Err(problems) = parse(words, &environment(&[("PERF_TOKEN", "hunter2 x")])) {
            for problem in problems {
                let shown = problem.to_string();
                let of_the_token = shown.contains("token") && shown.contains("hunter2");
                prop_assert!(!of_the_token, "{}", shown);
            }
        }
    }
}

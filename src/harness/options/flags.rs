//! Every flag, in one table: names, variable, value, help. Those of sources of evidence are in the sources' own files.

use std::sync::LazyLock;

use crate::monitor::{SourceFlag, source_flags};

/// A heading of the help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum FlagGroup {
    Target,
    Load,
    Verdict,
    Tests,
    Other,
}

impl FlagGroup {
    pub(in crate::harness) const ALL: [(FlagGroup, &'static str); 5] = [
        (FlagGroup::Target, "What is tested"),
        (
            FlagGroup::Load,
            "The load, in the place of what the profile says",
        ),
        (FlagGroup::Verdict, "Verdicts and reports"),
        (
            FlagGroup::Tests,
            "Which tests, as cargo's own tests take them",
        ),
        (FlagGroup::Other, "Other"),
    ];
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

/// One flag.
#[derive(Debug, Clone, Copy)]
pub(in crate::harness) struct Flag {
    /// Its name, without dashes.
    pub(in crate::harness) name: &'static str,
    pub(in crate::harness) aliases: &'static [&'static str],
    pub(in crate::harness) short: Option<char>,
    /// The environment variables that set it too; the first one goes before the others.
    pub(in crate::harness) variables: &'static [&'static str],
    pub(in crate::harness) takes: Takes,
    pub(in crate::harness) group: FlagGroup,
    pub(in crate::harness) rerun: Rerun,
    pub(in crate::harness) ab: Ab,
    /// Empty for what is accepted and not worth a line of help.
    pub(in crate::harness) help: &'static str,
}

impl Flag {
    /// The flag of a name or an alias.
    pub(in crate::harness) fn find(name: &str) -> Option<&'static Flag> {
        FLAGS
            .iter()
            .find(|flag| flag.name == name || flag.aliases.contains(&name))
    }

    /// The flag of a letter.
    pub(in crate::harness) fn short(letter: char) -> Option<&'static Flag> {
        FLAGS.iter().find(|flag| flag.short == Some(letter))
    }
}

const fn ours(
    name: &'static str,
    variables: &'static [&'static str],
    takes: Takes,
    group: FlagGroup,
    rerun: Rerun,
    ab: Ab,
    help: &'static str,
) -> Flag {
    Flag {
        name,
        aliases: &[],
        short: None,
        variables,
        takes,
        group,
        rerun,
        ab,
        help,
    }
}

const fn libtest(
    name: &'static str,
    short: Option<char>,
    takes: Takes,
    help: &'static str,
) -> Flag {
    Flag {
        name,
        aliases: &[],
        short,
        variables: &[],
        takes,
        group: FlagGroup::Tests,
        rerun: Rerun::Never,
        ab: Ab::NoEffect,
        help,
    }
}

use FlagGroup::{Load, Other, Target, Verdict};
use Takes::{Nothing, Optional, Value, YesNo};

/// All flags, in the order in which the help shows them.
pub(in crate::harness) static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let sources = source_flags().map(of_source);
    OWN.iter().copied().chain(sources).collect()
});

/// That of a source of evidence, which may hold a password.
fn of_source(flag: &SourceFlag) -> Flag {
    ours(
        flag.name,
        flag.variables,
        Value(flag.value),
        Target,
        Rerun::Never,
        Ab::NoEffect,
        flag.help,
    )
}

/// Those that are no source's.
const OWN: &[Flag] = &[
    Flag {
        aliases: &["url"],
        ..ours(
            "target-url",
            &["PERF_TARGET_URL", "PERF_URL"],
            Value("URL"),
            Target,
            Rerun::Never,
            Ab::Applies,
            "The service to test, such as http://localhost:8000; a path in it goes before those \
             of the profile. Without it the profile's url, or else the embedded AgentOS. \
             `--url` is the same",
        )
    },
    ours(
        "profile",
        &["PERF_PROFILE"],
        Value("NAME|FILE"),
        Target,
        Rerun::Last,
        Ab::Applies,
        "What to ask and what to require: phase8 (the default), phase8-full, capacity, or a TOML file",
    ),
    ours(
        "token-file",
        &["PERF_TOKEN_FILE"],
        Value("FILE"),
        Target,
        Rerun::Last,
        Ab::Applies,
        "A file with the bearer token for endpoints that need one",
    ),
    ours(
        "token",
        &["PERF_TOKEN"],
        Value("TOKEN"),
        Target,
        Rerun::Never,
        Ab::Applies,
        "The bearer token itself. Everybody on the machine can read it in the process list: \
         PERF_TOKEN and --token-file don't show there",
    ),
    ours(
        "users-file",
        &["PERF_USERS_FILE"],
        Value("FILE"),
        Target,
        Rerun::Last,
        Ab::Applies,
        "Who the virtual users are: CSV (user,token or user,password) or JSON lines",
    ),
    ours(
        "jwt-secret",
        &["PERF_JWT_SECRET"],
        Value("KEY"),
        Target,
        Rerun::Never,
        Ab::Applies,
        "What the service signs tokens with: every virtual user is given one of its own, with the claims \
         under [identity] in the profile. In the process list everybody can read it: use the variable",
    ),
    ours(
        "login-password",
        &["PERF_LOGIN_PASSWORD"],
        Value("TEXT"),
        Target,
        Rerun::Never,
        Ab::Applies,
        "With what every virtual user logs in, once and before the load, as [identity.login] in the \
         profile says. In the process list everybody can read it: use the variable",
    ),
    ours(
        "insecure",
        &["PERF_INSECURE"],
        YesNo,
        Target,
        Rerun::Last,
        Ab::Applies,
        "Accept any TLS certificate, even a forged one: an attacker on the network can read \
         and change everything, including the token",
    ),
    ours(
        "http",
        &["PERF_HTTP"],
        Value("VERSION"),
        Target,
        Rerun::Last,
        Ab::Applies,
        "Which HTTP to speak: auto (the default: over TLS what the service picks, else 1.1), 1.1, or 2 \
         (without TLS by prior knowledge)",
    ),
    ours(
        "scenarios",
        &["PERF_SCENARIOS"],
        Value("A,B"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "Only these scenarios, and the requirements on them; `--scenarios api burst` works too",
    ),
    ours(
        "without",
        &["PERF_WITHOUT"],
        Value("NAME"),
        Load,
        Rerun::Each,
        Ab::Applies,
        "Leave out an endpoint (api/workflows: scenario, then endpoint), a scenario or a requirement; may be \
         repeated, or list several with commas",
    ),
    ours(
        "users",
        &["PERF_USERS"],
        Value("N"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "Virtual users, in scenarios of users or bursts",
    ),
    ours(
        "rate",
        &["PERF_RATE"],
        Value("RATE"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "Requests per second, in scenarios of a rate: 120/s",
    ),
    ours(
        "connections",
        &["PERF_CONNECTIONS"],
        Value("N"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "The most connections, in scenarios of a rate",
    ),
    ours(
        "duration",
        &["PERF_DURATION"],
        Value("TIME"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "How long each scenario is judged: 30 (seconds), 30s, 5m, 250ms, 1h30m",
    ),
    ours(
        "ramp-up",
        &["PERF_RAMP_UP"],
        Value("TIME"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "How long the load rises before",
    ),
    ours(
        "warm-up",
        &["PERF_WARM_UP"],
        Value("TIME"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "How long full load goes unjudged after the ramp-up",
    ),
    ours(
        "extend",
        &["PERF_EXTEND"],
        Value("TIME"),
        Load,
        Rerun::Last,
        Ab::NoEffect,
        "How much longer it may go on while a verdict is open",
    ),
    ours(
        "settle",
        &["PERF_SETTLE"],
        Optional,
        Load,
        Rerun::Last,
        Ab::NoEffect,
        "End as soon as every verdict is settled, after 10 s of the judged part at the earliest; \
         `--settle=TIME` for another least time, `--settle=off` to go on to the planned end",
    ),
    ours(
        "timeout",
        &["PERF_TIMEOUT"],
        Value("TIME"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "When a request is given up, and counts as an error",
    ),
    ours(
        "seed",
        &["PERF_SEED"],
        Value("N"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "What random choices are drawn from, to repeat a run",
    ),
    ours(
        "workers",
        &["PERF_WORKERS"],
        Value("N"),
        Load,
        Rerun::Last,
        Ab::Applies,
        "Generator threads; 0 leaves it to the generator",
    ),
    ours(
        "confidence",
        &["PERF_CONFIDENCE"],
        Value("SHARE"),
        Verdict,
        Rerun::Last,
        Ab::Applies,
        "Confidence that a verdict requires: 95, 95 % or 0.95",
    ),
    ours(
        "strict",
        &["PERF_STRICT"],
        YesNo,
        Verdict,
        Rerun::Last,
        Ab::NoEffect,
        "Requirements of severity `target` fail too, instead of warning",
    ),
    ours(
        "report-dir",
        &["PERF_REPORT_DIR"],
        Value("DIR"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Where reports go, into latest and a folder of the session's own; target/perf by default",
    ),
    ours(
        "report",
        &["PERF_REPORT"],
        Value("A,B"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Only these reports: json (always), html, junit, markdown, csv, hdrlog, openmetrics, otlp; \
         all of them by default",
    ),
    ours(
        "baseline",
        &["PERF_BASELINE"],
        Value("NAME"),
        Verdict,
        Rerun::Last,
        Ab::NoEffect,
        "Another test, baseline::no_regression: whether the target got worse than in the sessions kept under \
         this name. A path where it has a / in it or ends in .json",
    ),
    ours(
        "save-baseline",
        &["PERF_SAVE_BASELINE"],
        Value("NAME"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Keep the session under this name, beside others that are there, for --baseline",
    ),
    ours(
        "fingerprint",
        &[],
        Nothing,
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Print what all sessions of a baseline must share (machine, version and plans) as one word, and run \
         no load: for baseline names where machines or plans change",
    ),
    ours(
        "dashboard",
        &["PERF_DASHBOARD"],
        Optional,
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Show the running session in a browser, at http://127.0.0.1:9595/dashboard/performance; \
         `--dashboard=ADDRESS` for another address or port. It stays up after the tests while a page is open",
    ),
    ours(
        "dashboard-token",
        &["PERF_DASHBOARD_TOKEN"],
        Value("TOKEN"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Token that viewers must present; required on an address that other machines can reach. Every local user \
         can read it in the process list: prefer the variable",
    ),
    #[cfg(feature = "otlp")]
    ours(
        "otlp",
        &[
            "PERF_OTLP",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ],
        Value("URL"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Send the session's figures there when it is over, as OTLP over HTTP: http://localhost:4318, to which \
         /v1/metrics is added. OTEL_EXPORTER_OTLP_ENDPOINT sets it too, and `off` goes before that",
    ),
    #[cfg(feature = "otlp")]
    ours(
        "otlp-headers",
        &[
            "PERF_OTLP_HEADERS",
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ],
        Value("A=B,C=D"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "Headers for that, percent-encoded: Authorization=Bearer%20TOKEN. OTEL_EXPORTER_OTLP_HEADERS sets them \
         too. In the process list everybody can read them: use a variable",
    ),
    #[cfg(feature = "otlp")]
    ours(
        "otlp-timeout",
        &[
            "PERF_OTLP_TIMEOUT",
            "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
        ],
        Value("TIME"),
        Verdict,
        Rerun::Never,
        Ab::NoEffect,
        "How long that may take; 10s by default. OTEL_EXPORTER_OTLP_TIMEOUT sets it too, in milliseconds",
    ),
    libtest(
        "exact",
        None,
        Nothing,
        "Filters are whole names, not parts of them",
    ),
    libtest(
        "skip",
        None,
        Value("FILTER"),
        "Leave out tests whose name has this in it; may be repeated",
    ),
    libtest(
        "fail-fast",
        None,
        Nothing,
        "Stop after the first test that fails",
    ),
    libtest("list", None, Nothing, "List the tests and load nothing"),
    libtest("ignored", None, Nothing, "Only ignored tests"),
    libtest("include-ignored", None, Nothing, "Ignored tests too"),
    libtest(
        "format",
        None,
        Value("FORMAT"),
        "How results are shown: pretty, terse or json",
    ),
    libtest("quiet", Some('q'), Nothing, "The same as --format terse"),
    libtest("color", None, Value("WHEN"), "auto, always or never"),
    libtest(
        "logfile",
        None,
        Value("FILE"),
        "Write the results there too",
    ),
    libtest(
        "test-threads",
        None,
        Value("N"),
        "Accepted, but has no effect: loads run one at a time",
    ),
    Flag {
        aliases: &["no-capture"],
        ..libtest("nocapture", None, Nothing, "")
    },
    libtest("show-output", None, Nothing, ""),
    libtest("test", None, Nothing, ""),
    libtest("bench", None, Nothing, ""),
    libtest("report-time", None, Optional, ""),
    libtest("ensure-time", None, Nothing, ""),
    libtest("shuffle", None, Nothing, ""),
    libtest("shuffle-seed", None, Value("N"), ""),
    libtest("exclude-should-panic", None, Nothing, ""),
    libtest("force-run-in-process", None, Nothing, ""),
    libtest("unstable-options", Some('Z'), Value("OPTION"), ""),
    Flag {
        short: Some('h'),
        ..ours(
            "help",
            &[],
            Nothing,
            Other,
            Rerun::Never,
            Ab::NoEffect,
            "This text",
        )
    },
    Flag {
        short: Some('V'),
        ..ours(
            "version",
            &[],
            Nothing,
            Other,
            Rerun::Never,
            Ab::NoEffect,
            "The version",
        )
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_and_variable_is_there_once() {
        let mut names = BTreeSet::new();
        for flag in FLAGS.iter() {
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
        for flag in FLAGS.iter().filter(|flag| !flag.variables.is_empty()) {
            let expected = format!("PERF_{}", flag.name.replace('-', "_").to_uppercase());
            assert_eq!(flag.variables[0], expected);
        }
    }

    #[test]
    fn every_flag_that_the_help_shows_is_in_the_book() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/options.md");
        let page = std::fs::read_to_string(path).expect("docs/options.md is readable");
        for flag in FLAGS.iter().filter(|flag| !flag.help.is_empty()) {
            let name = format!("--{}", flag.name);
            for word in flag.variables.iter().take(1).chain([&name.as_str()]) {
                assert!(page.contains(word), "docs/options.md lacks {word}");
            }
        }
    }
}

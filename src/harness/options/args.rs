//! What the command line and the environment mean.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::dashboard::{Address, AddressError};
use crate::diagnostic::{Diagnostic, InvalidValue, Spanned, sort_diagnostics};
use crate::harness::options::flags::{Flag, Takes};
use crate::harness::options::formats::formats;
use crate::harness::options::libtest::{Libtest, color, format, unstable};
#[cfg(feature = "otlp")]
use crate::harness::options::otlp_flags::otlp;
use crate::harness::options::raw_args::{self, Given, Typed};
use crate::harness::options::rerun_command;
use crate::harness::options::resolve::Environment;
use crate::harness::options::token::{credentials, token};
#[cfg(feature = "otlp")]
use crate::harness::output::otlp::Otlp;
use crate::harness::run::identity::Credentials;
use crate::monitor::{GivenSources, source_flags};
use crate::profile::quantity::{self, ReadValue};
use crate::profile::{HttpVersion, Overrides, ProfileSource, Target, scenario_names};
use crate::report;
use crate::secret::Secret;

/// All settings of a session from outside its profile.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Args {
    /// What goes to the test harness.
    pub libtest: Libtest,
    /// The target of the flag or variable; after `resolve` also the profile's.
    pub target: Option<Target>,
    /// The bearer token.
    pub token: Option<Secret>,
    /// What virtual users identify themselves with.
    pub(in crate::harness) credentials: Credentials,
    /// Whether any certificate is taken.
    pub insecure: bool,
    /// Who else is asked of the target.
    pub sources: GivenSources,
    /// The profile.
    pub profile: ProfileSource,
    /// What goes before the profile's values.
    pub overrides: Overrides,
    /// Whether a missed `target` requirement fails.
    pub strict: bool,
    /// Where reports go.
    pub report_dir: Option<PathBuf>,
    /// The words that make the same session again, without secrets.
    pub(in crate::harness) repeat: Vec<String>,
    /// The baseline that the session is held against.
    pub baseline: Option<String>,
    /// The baseline that it is added to.
    pub save_baseline: Option<String>,
    /// Whether only what sessions of one baseline must share is requested.
    pub fingerprint: bool,
    /// Where the session is shown while it runs.
    pub dashboard: Option<Address>,
    /// Where its figures are sent at its end.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) otlp: Option<Otlp>,
    /// In which formats they are written; `None` is all of them.
    pub formats: Option<Vec<report::Format>>,
    /// Whether the help is asked for; nothing else is looked at then.
    pub help: bool,
    /// Whether the version is asked for; nothing else is looked at then.
    pub version: bool,
}

/// Reads the command line (without the program's name) and the environment.
///
/// # Errors
/// With everything that is wrong.
pub fn parse(
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Args, Vec<Diagnostic>> {
    let (args, mut problems) = parse_all(words, environment);
    if problems.is_empty() {
        return Ok(args);
    }
    sort_diagnostics(&mut problems);
    Err(problems)
}

/// What could be understood, and everything that could not.
pub(in crate::harness) fn parse_all(
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> (Args, Vec<Diagnostic>) {
    let mut typed = raw_args::read(words, environment);
    let asked = |name: &str| typed.last(name).is_some();
    if asked("help") || asked("version") {
        let args = Args {
            help: asked("help"),
            version: asked("version"),
            ..Args::default()
        };
        return (args, Vec::new());
    }
    let problems = std::mem::take(&mut typed.problems);
    let mut meaning = ParsedFlag { typed, problems };
    let args = meaning.args();
    (args, meaning.problems)
}

struct ParsedFlag {
    typed: Typed,
    problems: Vec<Diagnostic>,
}

impl ParsedFlag {
    fn args(&mut self) -> Args {
        let profile = self.value("profile", ProfileSource::parse);
        let known = profile.is_some() || self.typed.last("profile").is_none();
        let profile = profile.map(|at| at.value).unwrap_or_default();
        let scenarios = self.scenarios(&profile, known);
        let target = self.value("target-url", Target::parse);
        let token = token(&self.typed, &mut self.problems);
        let repeat = {
            let target = target.as_ref().map(|at| &at.value);
            rerun_command::words(&self.typed, target, &self.typed.filters)
        };
        Args {
            repeat,
            target: target.as_ref().map(|at| at.value.clone()),
            token,
            credentials: credentials(&self.typed, &mut self.problems),
            insecure: self.truth("insecure"),
            sources: self.sources(),
            overrides: self.overrides(target, scenarios),
            profile,
            strict: self.truth("strict"),
            report_dir: self.value("report-dir", path).map(|at| at.value),
            baseline: self.value("baseline", name).map(|at| at.value),
            save_baseline: self.value("save-baseline", name).map(|at| at.value),
            fingerprint: self.given("fingerprint"),
            dashboard: self.dashboard(),
            #[cfg(feature = "otlp")]
            otlp: otlp(&self.typed, &mut self.problems),
            formats: self.value("report", formats).map(|at| at.value),
            libtest: self.libtest(),
            help: false,
            version: false,
        }
    }

    fn overrides(
        &mut self,
        target: Option<Spanned<Target>>,
        scenarios: Option<Spanned<Vec<String>>>,
    ) -> Overrides {
        Overrides {
            variables: None,
            target,
            scenarios,
            without: self.without(),
            http: self.value("http", HttpVersion::parse),
            users: self.value("users", quantity::users),
            duration: self.value("duration", quantity::lasting),
            ramp_up: self.value("ramp-up", quantity::phase),
            warm_up: self.value("warm-up", quantity::phase),
            extend: self.value("extend", quantity::phase),
            settle: self.value("settle", quantity::settle),
            rate: self.value("rate", quantity::rate),
            connections: self.value("connections", quantity::connections),
            seed: self.value("seed", quantity::seed),
            confidence: self.value("confidence", quantity::confidence),
            timeout: self.value("timeout", quantity::lasting),
            workers: self.value("workers", quantity::workers),
        }
    }

    /// Each name of each flag.
    fn without(&mut self) -> Vec<Spanned<String>> {
        let mut names = Vec::new();
        for given in self.typed.all("without") {
            let before = names.len();
            let parts = given.value.split(',').map(str::trim);
            let parts = parts.filter(|name| !name.is_empty());
            names.extend(parts.map(|name| Spanned::new(name.to_owned(), given.place.clone())));
            if names.len() == before {
                let complaint = InvalidValue::new("names nothing to leave out")
                    .help("write --without api/workflows");
                self.problems.push(complaint.at(given.place.clone()));
            }
        }
        names
    }

    fn sources(&mut self) -> GivenSources {
        let mut given = GivenSources::default();
        for flag in source_flags() {
            if let Some(at) = self.value(flag.name, flag.read) {
                given.insert_any(at.value);
            }
        }
        given
    }

    fn dashboard(&mut self) -> Option<Address> {
        let token = self.value("dashboard-token", |text| Ok(Secret::new(text)));
        let read = |text: &str| {
            Address::parse(text, token.as_ref().map(|at| at.value.clone())).map_err(|error| {
                let help = match error {
                    AddressError::Malformed => "write --dashboard=127.0.0.1:9595, or a port alone",
                    AddressError::Open => {
                        "set PERF_DASHBOARD_TOKEN to the token that viewers must present"
                    }
                };
                InvalidValue::new(format!("`{text}` {error}")).help(help)
            })
        };
        self.value("dashboard", read).map(|at| at.value)
    }

    fn libtest(&mut self) -> Libtest {
        let skip = self.typed.all("skip").iter();
        let skip = skip.map(|given| given.value.clone()).collect();
        let unstable = self.value("unstable-options", unstable);
        let value = |at: Option<Spanned<PathBuf>>| at.map(|at| at.value);
        Libtest {
            filters: std::mem::take(&mut self.typed.filters),
            exact: self.given("exact"),
            skip,
            ignored: self.given("ignored"),
            include_ignored: self.given("include-ignored"),
            fail_fast: self.given("fail-fast"),
            list: self.given("list"),
            format: self.value("format", format).map(|at| at.value),
            quiet: self.given("quiet"),
            nocapture: self.given("nocapture"),
            show_output: self.given("show-output"),
            test_threads: self
                .value("test-threads", quantity::threads)
                .map(|at| at.value),
            color: self.value("color", color).map(|at| at.value),
            logfile: value(self.value("logfile", path)),
            test: self.given("test"),
            bench: self.given("bench"),
            unstable_options: unstable.is_some(),
        }
    }

    /// `a,b`, repeated or not, and the words behind that name scenarios of the profile.
    fn scenarios(&mut self, profile: &ProfileSource, known: bool) -> Option<Spanned<Vec<String>>> {
        let words = std::mem::take(&mut self.typed.after_scenarios);
        let names = if words.is_empty() || !known {
            Vec::new()
        } else {
            scenario_names(profile)
        };
        let (behind, filters): (Vec<String>, Vec<String>) =
            words.into_iter().partition(|word| names.contains(word));
        self.typed.filters.extend(filters);
        let given: &[Given] = self.typed.all("scenarios");
        let place = given.last()?.place.clone();
        let mut wanted: Vec<String> = Vec::new();
        for name in given
            .iter()
            .flat_map(|given| given.value.split(','))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .chain(behind)
        {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        if wanted.is_empty() {
            let complaint = InvalidValue::new("names no scenario").help("write --scenarios api");
            self.problems.push(complaint.at(place));
            return None;
        }
        Some(Spanned::new(wanted, place))
    }

    /// The last value of a flag or variable, read by `parse`.
    fn value<T>(&mut self, name: &str, parse: impl Fn(&str) -> ReadValue<T>) -> Option<Spanned<T>> {
        let given = self.typed.last(name)?;
        let flag = Flag::find(name);
        if let Some(Takes::Value(what)) = flag.map(|flag| flag.takes)
            && given.value.trim().is_empty()
        {
            let complaint =
                InvalidValue::new("its value is empty").help(format!("write --{name} {what}"));
            self.problems.push(complaint.at(given.place.clone()));
            return None;
        }
        match parse(&given.value) {
            Ok(value) => Some(Spanned::new(value, given.place.clone())),
            Err(complaint) => {
                self.problems.push(complaint.at(given.place.clone()));
                None
            }
        }
    }

    /// A flag that is on when it is there, unless it says no.
    fn truth(&mut self, name: &str) -> bool {
        let read = |text: &str| match text {
            "" => Ok(true),
            text => quantity::yes_or_no(text),
        };
        self.value(name, read).is_some_and(|at| at.value)
    }

    fn given(&self, name: &str) -> bool {
        self.typed.last(name).is_some()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
fn name(text: &str) -> ReadValue<String> {
    Ok(text.trim().to_owned())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
fn path(text: &str) -> ReadValue<PathBuf> {
    Ok(PathBuf::from(text))
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;

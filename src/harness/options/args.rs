//! What the command line and the environment mean.

use std::ffi::OsString;

use crate::dashboard::{Address, AddressError};
#[cfg(test)]
use crate::diagnostic::sort_diagnostics;
use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::harness::options::flags::Flags;
use crate::harness::options::flags::target::TargetFlags;
use crate::harness::options::flags::verdict::{VerdictFlags, dashboard_token_variable};
#[cfg(feature = "otlp")]
use crate::harness::options::otlp_flags::otlp;
use crate::harness::options::raw_args::{self, Typed};
use crate::harness::options::rerun_command;
use crate::harness::options::resolve::Environment;
use crate::harness::options::token::{credentials, token};
#[cfg(feature = "otlp")]
use crate::harness::output::otlp::Otlp;
use crate::harness::run::identity::Credentials;
use crate::profile::{Overrides, ProfileSource, Target, scenario_names};
use crate::secret::Secret;

/// All settings of a session from outside its profile: the flags, and what several of them mean together.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// The values of the flags. When the help or the version is asked for, nothing else is looked at.
    pub(in crate::harness) flags: Flags,
    /// The target of the flag or variable; after `resolve` also the profile's.
    pub target: Option<Target>,
    /// The bearer token.
    pub token: Option<Secret>,
    /// What virtual users identify themselves with.
    pub(in crate::harness) credentials: Credentials,
    /// What goes before the profile's values.
    pub overrides: Overrides,
    /// The words that make the same session again, without secrets.
    pub(in crate::harness) repeat: Vec<String>,
    /// Where the session is shown while it runs.
    pub dashboard: Option<Address>,
    /// Where its figures are sent at its end.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) otlp: Option<Otlp>,
}

/// Reads the command line (without the program's name) and the environment.
///
/// # Errors
/// With everything that is wrong.
#[cfg(test)]
pub(in crate::harness) fn parse(
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
    let mut problems = std::mem::take(&mut typed.problems);
    let mut flags = Flags::read(&typed, &mut problems);
    if flags.other.help || flags.other.version {
        let args = Args {
            flags,
            ..Args::default()
        };
        return (args, Vec::new());
    }
    let profile_is_known = problems
        .iter()
        .all(|problem| !TargetFlags::profile().is_at(&problem.place));
    let profile = Some(&flags.target.profile).filter(|_| profile_is_known);
    let (scenarios, filters) = behind_scenarios(&mut typed, profile);
    flags.libtest.filters.extend(filters);
    let overrides = flags.overrides(scenarios, &mut problems);
    let target = flags.target.target_url.as_ref().map(|at| at.value.clone());
    let args = Args {
        repeat: rerun_command::words(&typed, target.as_ref(), &flags.libtest.filters),
        target,
        token: token(&flags.target, &mut problems),
        credentials: credentials(&flags.target, &mut problems),
        overrides,
        dashboard: dashboard(&flags.verdict, &mut problems),
        #[cfg(feature = "otlp")]
        otlp: otlp(&flags.otlp, &mut problems),
        flags,
    };
    (args, problems)
}

/// The words right behind `--scenarios A`: those that name scenarios of the profile, if it is known, and the others,
/// which are filters, as the words elsewhere are.
fn behind_scenarios(
    typed: &mut Typed,
    profile: Option<&ProfileSource>,
) -> (Vec<String>, Vec<String>) {
    let mut filters = std::mem::take(&mut typed.filters);
    let words = std::mem::take(&mut typed.after_scenarios);
    let names = match profile {
        Some(profile) if !words.is_empty() => scenario_names(profile),
        _ => Vec::new(),
    };
    let (scenarios, others): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| names.contains(word));
    filters.extend(others);
    (scenarios, filters)
}

fn dashboard(flags: &VerdictFlags, problems: &mut Vec<Diagnostic>) -> Option<Address> {
    let given = flags.dashboard.as_ref()?;
    let read = Address::parse(&given.value, flags.dashboard_token.clone());
    read.map_err(|error| {
        let help = match error {
            AddressError::Malformed => {
                "write --dashboard=127.0.0.1:9595, or a port alone".to_owned()
            }
            AddressError::Open => format!(
                "set {} to the token that viewers must present",
                dashboard_token_variable()
            ),
        };
        let complaint = InvalidValue::new(format!("`{}` {error}", given.value)).help(help);
        problems.push(complaint.at(given.place.clone()));
    })
    .ok()
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;

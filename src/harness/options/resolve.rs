//! Flags, variables and profile together: either all of it is right, or everything that is wrong is reported.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::diagnostic::{Diagnostic, sort_diagnostics};
use crate::harness::options::args::{Args, parse_all};
use crate::harness::options::flags::target::TargetFlags;
use crate::profile::{self, Profile};

/// The environment variables, as `std::env::vars_os().collect()` gives them.
pub type Environment = BTreeMap<OsString, OsString>;

/// Reads the command line (without the program's name), the environment and the profile.
///
/// When the help or the version is asked for, nothing else is looked at and the profile is the default.
///
/// # Errors
/// With everything that is wrong with any of them: flags first, then variables, then the profile.
pub fn resolve(
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<(Args, Profile), Vec<Diagnostic>> {
    let (mut args, mut problems) = parse_all(words, environment);
    // The wrong profile would only be a second complaint about the same flag.
    let profile_is_known = problems
        .iter()
        .all(|problem| !TargetFlags::profile().is_at(&problem.place));
    let mut profile = None;
    if profile_is_known {
        match profile::load(&args.flags.target.profile, &args.overrides) {
            Ok(loaded) => profile = Some(loaded),
            Err(more) => problems.extend(more),
        }
    }
    match profile {
        Some(profile) if problems.is_empty() => {
            args.target.clone_from(&profile.target);
            Ok((args, profile))
        }
        _ => {
            sort_diagnostics(&mut problems);
            Err(problems)
        }
    }
}

//! In the place of the embedded AgentOS where this crate was built without it.

use std::process::ExitCode;

use crate::profile::Destination;
use crate::secret::Secret;

/// There is none.
pub(in crate::harness) enum Embedded {}

pub(in crate::harness) fn serve_as_child() -> Option<ExitCode> {
    None
}

impl Embedded {
    /// # Errors
    /// Always: what to do instead.
    pub(in crate::harness) fn start() -> Result<Embedded, String> {
        Err(
            "no target is named, and the embedded AgentOS is not part of this build; give --target-url or \
             PERF_TARGET_URL, a `[target] url` in the profile, or build with the feature `reference`"
                .to_owned(),
        )
    }

    pub(in crate::harness) fn signing_key(&self) -> &Secret {
        match *self {}
    }

    pub(in crate::harness) fn pid(&self) -> u32 {
        match *self {}
    }

    pub(in crate::harness) fn destination(&self) -> &Destination {
        match *self {}
    }
}

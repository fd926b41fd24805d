//! Where the session's loads go, and as which users.

use std::sync::Arc;

use once_cell::sync::OnceCell;

use crate::harness::run::embedded::Embedded;
use crate::harness::run::identity::{Credentials, Identities};
use crate::monitor::{EvidenceSources, GivenSources, TargetPid};
use crate::plan::Plan;
use crate::profile::{Destination, Profile};
use crate::record::RunProblem;

/// The name of the embedded server where a target's address is shown.
pub(in crate::harness) const EMBEDDED: &str = "embedded AgentOS";

/// The target of a session: the one that was named, or the embedded AgentOS, started when it is first needed.
pub(in crate::harness) struct SessionTarget {
    profile: Arc<Profile>,
    /// `None` starts the embedded AgentOS.
    named: Option<Destination>,
    embedded: OnceCell<Embedded>,
    credentials: Credentials,
    identities: Identities,
    sources: GivenSources,
}

impl SessionTarget {
    pub(in crate::harness) fn new(
        profile: &Arc<Profile>,
        named: Option<Destination>,
        credentials: Credentials,
        sources: GivenSources,
    ) -> SessionTarget {
        SessionTarget {
            profile: Arc::clone(profile),
            named,
            embedded: OnceCell::new(),
            credentials,
            identities: Identities::default(),
            sources,
        }
    }

    /// The target as it is shown. Starts nothing.
    pub(in crate::harness) fn shown(&self) -> String {
        self.named
            .as_ref()
            .map_or_else(|| EMBEDDED.to_owned(), |named| named.origin.to_string())
    }

    /// Where requests go that are no user's.
    ///
    /// # Errors
    /// When the embedded AgentOS does not start.
    pub(in crate::harness) fn destination(&self) -> Result<Destination, RunProblem> {
        if let Some(named) = &self.named {
            return Ok(named.clone());
        }
        let embedded = self.embedded.get_or_try_init(|| {
            Embedded::start().map_err(|what| {
                let advice = "name a running target with --target-url, or report this".to_owned();
                RunProblem { what, advice }
            })
        })?;
        Ok(Destination {
            http: self.profile.http,
            ..embedded.destination().clone()
        })
    }

    /// Where a plan's load goes, with the plan's users.
    ///
    /// # Errors
    /// When the embedded AgentOS does not start, or a user has no identity.
    pub(in crate::harness) fn for_plan(&self, plan: &Plan) -> Result<Destination, RunProblem> {
        let destination = self.destination()?;
        let mut credentials = self.credentials.clone();
        if let Some(embedded) = self.embedded.get() {
            credentials = Credentials {
                signing_key: Some(embedded.signing_key().clone()),
                ..Credentials::default()
            };
        }
        self.identities
            .join(plan, &self.profile.identity, &credentials, destination)
    }

    /// Whether the users' tokens are signed by the generator.
    pub(in crate::harness) fn mints_tokens(&self) -> bool {
        self.credentials.mints()
    }

    /// What is asked for evidence on the target: of the embedded AgentOS also its process, which is known for certain.
    pub(in crate::harness) fn evidence_sources(
        &self,
        destination: &Destination,
    ) -> EvidenceSources {
        let mut sources = self.sources.clone();
        if let (None, Some(embedded)) = (sources.get::<TargetPid>(), self.embedded.get()) {
            sources = sources.with(TargetPid(embedded.pid()));
        }
        EvidenceSources {
            destination: destination.clone(),
            plan: self.profile.evidence.clone(),
            given: sources,
        }
    }
}

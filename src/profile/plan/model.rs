//! A profile after validation.

use std::time::Duration;

use serde::Serialize;

use crate::plan::Plan;
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::evidence::EvidencePlan;
use crate::profile::plan::identity::IdentityRules;
use crate::profile::plan::target::Target;
use crate::profile::plan::target_rules::TargetRules;
use crate::requirement::Requirement;

/// A profile after validation, with flags and variables laid over it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// The profile's name, such as `phase8`.
    pub name: String,
    /// One line about it; may be empty.
    pub description: String,
    /// The target that a flag, a variable or else the profile names.
    pub target: Option<Target>,
    /// Which version of HTTP the target is spoken to in.
    pub http: HttpVersion,
    /// What all requests have in common.
    pub rules: TargetRules,
    /// The scenarios that may be run, in the profile's order.
    pub plans: Vec<Plan>,
    /// The requirements, in the profile's order: one test each.
    pub requirements: Vec<Requirement>,
    /// How the target says that it is well; needed by `health_time`.
    pub health: Option<HealthCheck>,
    /// How outages and restarts are watched for; needed by `outages`.
    pub uptime: Option<UptimeCheck>,
    /// Who is asked for what the load does not measure.
    pub evidence: EvidencePlan,
    /// Who the virtual users are.
    pub identity: IdentityRules,
    /// The confidence of every verdict, in (0.5, 1).
    pub confidence: f64,
}

impl Profile {
    /// The plan of a scenario, by name.
    pub fn plan(&self, scenario: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.scenario == scenario)
    }
}

/// How the target says that it is well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthCheck {
    /// Path and query, base path included.
    pub path: String,
    /// Whether the session's token is sent with it.
    pub auth: bool,
    /// The field of the JSON answer that holds the state, dotted for nested ones; empty takes any body.
    pub field: String,
    /// What the field may say when all is well, compared without case.
    pub healthy: Vec<String>,
    /// How often it is asked for one judgement.
    pub requests: u32,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What it has in common with all other requests.
    pub rules: TargetRules,
}

/// How outages and restarts are watched for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UptimeCheck {
    /// Path and query, base path included.
    pub path: String,
    /// Whether the session's token is sent with it.
    pub auth: bool,
    /// From one probe to the next.
    pub every: Duration,
    /// The field of the JSON answer that counts seconds since the start, dotted; empty when there is none.
    pub uptime_field: String,
    /// How long one answer may take before it is an outage.
    pub timeout: Duration,
    /// How long is watched when the requirement is judged without any load.
    pub alone: Duration,
    /// What it has in common with all other requests.
    pub rules: TargetRules,
}

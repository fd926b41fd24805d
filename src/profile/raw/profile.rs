//! A profile as it was written: typed and with places, but not yet checked as a whole.

use std::time::Duration;

use crate::diagnostic::{Origin, Spanned};
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::evidence::EvidencePlan;
use crate::profile::plan::identity::IdentityRules;
use crate::profile::plan::target::Target;
use crate::profile::plan::target_rules::Redirects;
use crate::profile::raw::answer::RawAnswer;
use crate::profile::raw::arrivals::{ArrivalTable, ArrivalWord};
use crate::profile::raw::body::RawBody;
use crate::profile::raw::data::DataFile;
use crate::profile::raw::journey::{RawJourney, RawStep};
use crate::profile::raw::search::SearchTable;
use crate::profile::raw::socket::SocketTable;
use crate::requirement::{Limit, Metric, Population, Severity};

/// A profile as it was written.
pub(in crate::profile) struct ProfileFile {
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) name: Option<Spanned<String>>,
    pub(in crate::profile) description: Option<Spanned<String>>,
    pub(in crate::profile) confidence: Option<Spanned<f64>>,
    pub(in crate::profile) seed: Option<Spanned<u64>>,
    pub(in crate::profile) workers: Option<Spanned<usize>>,
    pub(in crate::profile) target: TargetTable,
    pub(in crate::profile) health: Option<HealthTable>,
    pub(in crate::profile) uptime: Option<UptimeTable>,
    pub(in crate::profile) evidence: EvidencePlan,
    pub(in crate::profile) identity: Option<IdentityRules>,
    pub(in crate::profile) data: Vec<DataFile>,
    pub(in crate::profile) scenarios: Vec<ScenarioTable>,
    pub(in crate::profile) requirements: Vec<RequirementTable>,
}

/// `[target]`.
#[derive(Default)]
pub(in crate::profile) struct TargetTable {
    pub(in crate::profile) url: Option<Spanned<Target>>,
    pub(in crate::profile) base_path: Option<Spanned<String>>,
    pub(in crate::profile) headers: Vec<Spanned<(String, String)>>,
    pub(in crate::profile) timeout: Option<Spanned<Duration>>,
    pub(in crate::profile) connect_timeout: Option<Spanned<Duration>>,
    pub(in crate::profile) body_limit: Option<Spanned<u64>>,
    pub(in crate::profile) http: Option<Spanned<HttpVersion>>,
    pub(in crate::profile) redirects: Option<Spanned<Redirects>>,
}

/// `[health]`.
pub(in crate::profile) struct HealthTable {
    pub(in crate::profile) path: Option<Spanned<String>>,
    pub(in crate::profile) auth: Option<Spanned<bool>>,
    pub(in crate::profile) field: Option<Spanned<String>>,
    pub(in crate::profile) healthy: Option<Spanned<Vec<String>>>,
    pub(in crate::profile) requests: Option<Spanned<u32>>,
    pub(in crate::profile) timeout: Option<Spanned<Duration>>,
}

/// `[uptime]`.
pub(in crate::profile) struct UptimeTable {
    pub(in crate::profile) path: Option<Spanned<String>>,
    pub(in crate::profile) auth: Option<Spanned<bool>>,
    pub(in crate::profile) every: Option<Spanned<Duration>>,
    pub(in crate::profile) uptime_field: Option<Spanned<String>>,
    pub(in crate::profile) timeout: Option<Spanned<Duration>>,
    pub(in crate::profile) alone: Option<Spanned<Duration>>,
}

/// `[scenario.NAME]`.
pub(in crate::profile) struct ScenarioTable {
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) name: String,
    /// Whether `--scenarios` and `--without` let it run.
    pub(in crate::profile) kept: bool,
    /// `None` when it is missing or was misread, which is reported already.
    pub(in crate::profile) arrivals: Option<Spanned<ArrivalWord>>,
    /// The keys of its model of arrivals.
    pub(in crate::profile) keys: ArrivalTable,
    pub(in crate::profile) ramp_up: Option<Spanned<Duration>>,
    pub(in crate::profile) warm_up: Option<Spanned<Duration>>,
    pub(in crate::profile) duration: Option<Spanned<Duration>>,
    pub(in crate::profile) extend: Option<Spanned<Duration>>,
    pub(in crate::profile) settle: Option<Spanned<Option<Duration>>>,
    pub(in crate::profile) endpoints: Vec<RawEndpoint>,
    pub(in crate::profile) journeys: Vec<RawJourney>,
    pub(in crate::profile) search: SearchTable,
    pub(in crate::profile) socket: Option<SocketTable>,
    /// Which keys were written, misread ones included: they are not missing.
    pub(in crate::profile) written: Vec<(String, Origin)>,
}

/// `[[scenario.NAME.endpoint]]`, or a step of a journey.
pub(in crate::profile) struct RawEndpoint {
    pub(in crate::profile) place: Origin,
    /// Whether `--without` lets it be asked.
    pub(in crate::profile) kept: bool,
    pub(in crate::profile) name: Option<Spanned<String>>,
    pub(in crate::profile) method: Option<Spanned<String>>,
    pub(in crate::profile) path: Option<Spanned<String>>,
    pub(in crate::profile) weight: Option<Spanned<u32>>,
    pub(in crate::profile) headers: Vec<Spanned<(String, String)>>,
    pub(in crate::profile) body: Option<Spanned<RawBody>>,
    /// The key that the body stands under.
    pub(in crate::profile) body_key: &'static str,
    pub(in crate::profile) auth: Option<Spanned<bool>>,
    pub(in crate::profile) expect: Option<Spanned<Vec<u16>>>,
    pub(in crate::profile) answer: RawAnswer,
    pub(in crate::profile) has_weight: bool,
    /// What it has besides as a step of a journey.
    pub(in crate::profile) step: Option<RawStep>,
}

impl RawEndpoint {
    /// What it is called: the name that was written, or its path with its method.
    pub(in crate::profile) fn full_name(&self) -> Option<String> {
        if let Some(name) = &self.name {
            return Some(name.value.clone());
        }
        let path = &self.path.as_ref()?.value;
        Some(match self.method().as_str() {
            "GET" => path.clone(),
            method => format!("{method} {path}"),
        })
    }

    pub(in crate::profile) fn method(&self) -> String {
        let body = self.body.as_ref();
        let is_posted = body.is_some_and(|body| body.value.is_posted(self.body_key));
        let usual = if is_posted { "POST" } else { "GET" };
        value_or(self.method.as_ref(), usual.to_owned())
    }
}

/// `[[requirement]]`.
pub(in crate::profile) struct RequirementTable {
    /// Whether `--without` lets it be judged.
    pub(in crate::profile) kept: bool,
    pub(in crate::profile) name: Option<Spanned<String>>,
    pub(in crate::profile) severity: Option<Spanned<Severity>>,
    pub(in crate::profile) scenario: Option<Spanned<String>>,
    pub(in crate::profile) checks: Vec<CheckTable>,
}

/// One check, inline or the requirement's own.
pub(in crate::profile) struct CheckTable {
    pub(in crate::profile) metric: Spanned<Metric>,
    pub(in crate::profile) limit: Spanned<Limit>,
    pub(in crate::profile) endpoint: Option<Spanned<String>>,
    pub(in crate::profile) population: Option<Spanned<Population>>,
    /// `"each"`, the only one that there is.
    pub(in crate::profile) address: Option<Spanned<()>>,
}

/// What was written, or the default.
pub(in crate::profile) fn value_or<T: Clone>(written: Option<&Spanned<T>>, default: T) -> T {
    written.map_or(default, |at| at.value.clone())
}

//! A profile as it was written: typed and with places, but not yet checked as a whole.

use std::time::Duration;

use super::destination::Http;
use super::evidence::EvidencePlan;
use super::file_search::SearchTable;
use super::file_socket::SocketTable;
use super::identity::IdentityRules;
use super::target::Target;
use super::target_rules::Redirects;
use crate::diagnostic::{At, Place};
use crate::plan::Rate;
use crate::requirement::{Limit, Metric, Population, Severity};

/// A profile as it was written.
pub(super) struct ProfileFile {
    pub(super) place: Place,
    pub(super) name: Option<At<String>>,
    pub(super) description: Option<At<String>>,
    pub(super) confidence: Option<At<f64>>,
    pub(super) seed: Option<At<u64>>,
    pub(super) workers: Option<At<usize>>,
    pub(super) target: TargetTable,
    pub(super) health: Option<HealthTable>,
    pub(super) uptime: Option<UptimeTable>,
    pub(super) evidence: EvidencePlan,
    pub(super) identity: Option<IdentityRules>,
    pub(super) scenarios: Vec<ScenarioTable>,
    pub(super) requirements: Vec<RequirementTable>,
}

/// `[target]`.
#[derive(Default)]
pub(super) struct TargetTable {
    pub(super) url: Option<At<Target>>,
    pub(super) base_path: Option<At<String>>,
    pub(super) headers: Vec<At<(String, String)>>,
    pub(super) timeout: Option<At<Duration>>,
    pub(super) connect_timeout: Option<At<Duration>>,
    pub(super) body_limit: Option<At<u64>>,
    pub(super) http: Option<At<Http>>,
    pub(super) redirects: Option<At<Redirects>>,
}

/// `[health]`.
pub(super) struct HealthTable {
    pub(super) path: Option<At<String>>,
    pub(super) auth: Option<At<bool>>,
    pub(super) field: Option<At<String>>,
    pub(super) healthy: Option<At<Vec<String>>>,
    pub(super) requests: Option<At<u32>>,
    pub(super) timeout: Option<At<Duration>>,
}

/// `[uptime]`.
pub(super) struct UptimeTable {
    pub(super) path: Option<At<String>>,
    pub(super) auth: Option<At<bool>>,
    pub(super) every: Option<At<Duration>>,
    pub(super) uptime_field: Option<At<String>>,
    pub(super) timeout: Option<At<Duration>>,
    pub(super) alone: Option<At<Duration>>,
}

/// `[scenario.NAME]`.
pub(super) struct ScenarioTable {
    pub(super) place: Place,
    pub(super) name: String,
    /// Whether `--scenarios` and `--without` let it run.
    pub(super) kept: bool,
    /// `None` when it is missing or was misread, which is told already.
    pub(super) arrivals: Option<At<Kind>>,
    pub(super) users: Option<At<u32>>,
    pub(super) think_time: Option<At<(Duration, Duration)>>,
    pub(super) rate: Option<At<Rate>>,
    pub(super) connections: Option<At<u32>>,
    pub(super) every: Option<At<Duration>>,
    pub(super) ramp_up: Option<At<Duration>>,
    pub(super) warm_up: Option<At<Duration>>,
    pub(super) duration: Option<At<Duration>>,
    pub(super) extend: Option<At<Duration>>,
    pub(super) settle: Option<At<Option<Duration>>>,
    pub(super) endpoints: Vec<EndpointTable>,
    pub(super) search: SearchTable,
    pub(super) socket: Option<SocketTable>,
    /// Which keys were written, misread ones included: they are not missing.
    pub(super) written: Vec<(String, Place)>,
}

/// `[[scenario.NAME.endpoint]]`.
pub(super) struct EndpointTable {
    pub(super) place: Place,
    /// Whether `--without` lets it be asked.
    pub(super) kept: bool,
    pub(super) name: Option<At<String>>,
    pub(super) method: Option<At<String>>,
    pub(super) path: Option<At<String>>,
    pub(super) weight: Option<At<u32>>,
    pub(super) headers: Vec<At<(String, String)>>,
    pub(super) body: Option<At<String>>,
    pub(super) is_json: bool,
    pub(super) auth: Option<At<bool>>,
    pub(super) expect: Option<At<Vec<u16>>>,
    pub(super) has_weight: bool,
}

/// `[[requirement]]`.
pub(super) struct RequirementTable {
    /// Whether `--without` lets it be judged.
    pub(super) kept: bool,
    pub(super) name: Option<At<String>>,
    pub(super) severity: Option<At<Severity>>,
    pub(super) scenario: Option<At<String>>,
    pub(super) checks: Vec<CheckTable>,
}

/// One check, inline or the requirement's own.
pub(super) struct CheckTable {
    pub(super) metric: At<Metric>,
    pub(super) limit: At<Limit>,
    pub(super) endpoint: Option<At<String>>,
    pub(super) population: Option<At<Population>>,
    /// `"each"`, the only one that there is.
    pub(super) address: Option<At<()>>,
}

/// The kinds of arrivals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Constant,
    Poisson,
    Burst,
    Steps,
    Capacity,
}

impl Kind {
    pub(super) const NAMES: [(&'static str, Kind); 6] = [
        ("users", Kind::Users),
        ("constant", Kind::Constant),
        ("poisson", Kind::Poisson),
        ("burst", Kind::Burst),
        ("steps", Kind::Steps),
        ("capacity", Kind::Capacity),
    ];

    pub(super) fn parse(name: &str) -> Option<Kind> {
        let found = Kind::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    pub(super) fn name(self) -> &'static str {
        let found = Kind::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it is many loads instead of one.
    pub(super) fn is_search(self) -> bool {
        matches!(self, Kind::Steps | Kind::Capacity)
    }

    /// The keys that go with this kind and not with every other.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Users => &["users", "think_time", "ramp_up", "settle"],
            Kind::Constant | Kind::Poisson => &["rate", "connections", "ramp_up", "settle"],
            Kind::Burst => &["users", "every", "settle"],
            Kind::Steps => &["steps", "think_time", "ramp_up", "break_when", "recovery"],
            Kind::Capacity => &["rate", "connections", "ramp_up", "precision", "holds"],
        }
    }

    /// The keys that go with some kinds alone.
    pub(super) fn all_keys() -> [&'static str; 12] {
        [
            "users",
            "think_time",
            "ramp_up",
            "rate",
            "connections",
            "every",
            "steps",
            "break_when",
            "recovery",
            "precision",
            "holds",
            "settle",
        ]
    }

    /// The kinds that a key goes with.
    pub(super) fn with_key(key: &str) -> Vec<&'static str> {
        Kind::NAMES
            .iter()
            .filter(|(_, kind)| kind.keys().contains(&key))
            .map(|(name, _)| *name)
            .collect()
    }
}

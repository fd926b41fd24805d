//! A profile as it was written: typed and with places, but not yet checked as a whole.

use std::time::Duration;

use super::destination::HttpVersion;
use super::evidence::EvidencePlan;
use super::file_search::SearchTable;
use super::file_socket::SocketTable;
use super::identity::IdentityRules;
use super::target::Target;
use super::target_rules::Redirects;
use crate::diagnostic::{Origin, Spanned};
use crate::plan::Rate;
use crate::requirement::{Limit, Metric, Population, Severity};

/// A profile as it was written.
pub(super) struct ProfileFile {
    pub(super) place: Origin,
    pub(super) name: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) confidence: Option<Spanned<f64>>,
    pub(super) seed: Option<Spanned<u64>>,
    pub(super) workers: Option<Spanned<usize>>,
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
    pub(super) url: Option<Spanned<Target>>,
    pub(super) base_path: Option<Spanned<String>>,
    pub(super) headers: Vec<Spanned<(String, String)>>,
    pub(super) timeout: Option<Spanned<Duration>>,
    pub(super) connect_timeout: Option<Spanned<Duration>>,
    pub(super) body_limit: Option<Spanned<u64>>,
    pub(super) http: Option<Spanned<HttpVersion>>,
    pub(super) redirects: Option<Spanned<Redirects>>,
}

/// `[health]`.
pub(super) struct HealthTable {
    pub(super) path: Option<Spanned<String>>,
    pub(super) auth: Option<Spanned<bool>>,
    pub(super) field: Option<Spanned<String>>,
    pub(super) healthy: Option<Spanned<Vec<String>>>,
    pub(super) requests: Option<Spanned<u32>>,
    pub(super) timeout: Option<Spanned<Duration>>,
}

/// `[uptime]`.
pub(super) struct UptimeTable {
    pub(super) path: Option<Spanned<String>>,
    pub(super) auth: Option<Spanned<bool>>,
    pub(super) every: Option<Spanned<Duration>>,
    pub(super) uptime_field: Option<Spanned<String>>,
    pub(super) timeout: Option<Spanned<Duration>>,
    pub(super) alone: Option<Spanned<Duration>>,
}

/// `[scenario.NAME]`.
pub(super) struct ScenarioTable {
    pub(super) place: Origin,
    pub(super) name: String,
    /// Whether `--scenarios` and `--without` let it run.
    pub(super) kept: bool,
    /// `None` when it is missing or was misread, which is told already.
    pub(super) arrivals: Option<Spanned<ArrivalWord>>,
    pub(super) users: Option<Spanned<u32>>,
    pub(super) think_time: Option<Spanned<(Duration, Duration)>>,
    pub(super) rate: Option<Spanned<Rate>>,
    pub(super) connections: Option<Spanned<u32>>,
    pub(super) every: Option<Spanned<Duration>>,
    pub(super) ramp_up: Option<Spanned<Duration>>,
    pub(super) warm_up: Option<Spanned<Duration>>,
    pub(super) duration: Option<Spanned<Duration>>,
    pub(super) extend: Option<Spanned<Duration>>,
    pub(super) settle: Option<Spanned<Option<Duration>>>,
    pub(super) endpoints: Vec<RawEndpoint>,
    pub(super) search: SearchTable,
    pub(super) socket: Option<SocketTable>,
    /// Which keys were written, misread ones included: they are not missing.
    pub(super) written: Vec<(String, Origin)>,
}

/// `[[scenario.NAME.endpoint]]`.
pub(super) struct RawEndpoint {
    pub(super) place: Origin,
    /// Whether `--without` lets it be asked.
    pub(super) kept: bool,
    pub(super) name: Option<Spanned<String>>,
    pub(super) method: Option<Spanned<String>>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) weight: Option<Spanned<u32>>,
    pub(super) headers: Vec<Spanned<(String, String)>>,
    pub(super) body: Option<Spanned<String>>,
    pub(super) is_json: bool,
    pub(super) auth: Option<Spanned<bool>>,
    pub(super) expect: Option<Spanned<Vec<u16>>>,
    pub(super) has_weight: bool,
}

/// `[[requirement]]`.
pub(super) struct RequirementTable {
    /// Whether `--without` lets it be judged.
    pub(super) kept: bool,
    pub(super) name: Option<Spanned<String>>,
    pub(super) severity: Option<Spanned<Severity>>,
    pub(super) scenario: Option<Spanned<String>>,
    pub(super) checks: Vec<CheckTable>,
}

/// One check, inline or the requirement's own.
pub(super) struct CheckTable {
    pub(super) metric: Spanned<Metric>,
    pub(super) limit: Spanned<Limit>,
    pub(super) endpoint: Option<Spanned<String>>,
    pub(super) population: Option<Spanned<Population>>,
    /// `"each"`, the only one that there is.
    pub(super) address: Option<Spanned<()>>,
}

/// The kinds of arrivals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrivalWord {
    Users,
    Constant,
    Poisson,
    Burst,
    Steps,
    Capacity,
}

impl ArrivalWord {
    pub(super) const NAMES: [(&'static str, ArrivalWord); 6] = [
        ("users", ArrivalWord::Users),
        ("constant", ArrivalWord::Constant),
        ("poisson", ArrivalWord::Poisson),
        ("burst", ArrivalWord::Burst),
        ("steps", ArrivalWord::Steps),
        ("capacity", ArrivalWord::Capacity),
    ];

    pub(super) fn parse(name: &str) -> Option<ArrivalWord> {
        let found = ArrivalWord::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    pub(super) fn name(self) -> &'static str {
        let found = ArrivalWord::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it is many loads instead of one.
    pub(super) fn is_search(self) -> bool {
        matches!(self, ArrivalWord::Steps | ArrivalWord::Capacity)
    }

    /// The keys that go with this kind and not with every other.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            ArrivalWord::Users => &["users", "think_time", "ramp_up", "settle"],
            ArrivalWord::Constant | ArrivalWord::Poisson => {
                &["rate", "connections", "ramp_up", "settle"]
            }
            ArrivalWord::Burst => &["users", "every", "settle"],
            ArrivalWord::Steps => &["steps", "think_time", "ramp_up", "break_when", "recovery"],
            ArrivalWord::Capacity => &["rate", "connections", "ramp_up", "precision", "holds"],
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
        ArrivalWord::NAMES
            .iter()
            .filter(|(_, kind)| kind.keys().contains(&key))
            .map(|(name, _)| *name)
            .collect()
    }
}

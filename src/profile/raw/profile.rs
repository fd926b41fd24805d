//! A profile as it was written: typed and with places, but not yet checked as a whole.

use std::time::Duration;

use crate::diagnostic::{Origin, Spanned};
use crate::plan::Rate;
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::evidence::EvidencePlan;
use crate::profile::plan::identity::IdentityRules;
use crate::profile::plan::target::Target;
use crate::profile::plan::target_rules::Redirects;
use crate::profile::raw::answer::RawAnswer;
use crate::profile::raw::body::RawBody;
use crate::profile::raw::data::DataFile;
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
    pub(in crate::profile) users: Option<Spanned<u32>>,
    pub(in crate::profile) think_time: Option<Spanned<(Duration, Duration)>>,
    pub(in crate::profile) rate: Option<Spanned<Rate>>,
    pub(in crate::profile) connections: Option<Spanned<u32>>,
    pub(in crate::profile) every: Option<Spanned<Duration>>,
    pub(in crate::profile) ramp_up: Option<Spanned<Duration>>,
    pub(in crate::profile) warm_up: Option<Spanned<Duration>>,
    pub(in crate::profile) duration: Option<Spanned<Duration>>,
    pub(in crate::profile) extend: Option<Spanned<Duration>>,
    pub(in crate::profile) settle: Option<Spanned<Option<Duration>>>,
    pub(in crate::profile) endpoints: Vec<RawEndpoint>,
    pub(in crate::profile) search: SearchTable,
    pub(in crate::profile) socket: Option<SocketTable>,
    /// Which keys were written, misread ones included: they are not missing.
    pub(in crate::profile) written: Vec<(String, Origin)>,
}

/// `[[scenario.NAME.endpoint]]`.
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

/// The kinds of arrivals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::profile) enum ArrivalWord {
    Users,
    Constant,
    Poisson,
    Burst,
    Steps,
    Capacity,
}

impl ArrivalWord {
    pub(in crate::profile) const NAMES: [(&'static str, ArrivalWord); 6] = [
        ("users", ArrivalWord::Users),
        ("constant", ArrivalWord::Constant),
        ("poisson", ArrivalWord::Poisson),
        ("burst", ArrivalWord::Burst),
        ("steps", ArrivalWord::Steps),
        ("capacity", ArrivalWord::Capacity),
    ];

    pub(in crate::profile) fn parse(name: &str) -> Option<ArrivalWord> {
        let found = ArrivalWord::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    pub(in crate::profile) fn name(self) -> &'static str {
        let found = ArrivalWord::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it is many loads instead of one.
    pub(in crate::profile) fn is_search(self) -> bool {
        matches!(self, ArrivalWord::Steps | ArrivalWord::Capacity)
    }

    /// The keys that go with this kind and not with every other.
    pub(in crate::profile) fn keys(self) -> &'static [&'static str] {
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
    pub(in crate::profile) fn all_keys() -> [&'static str; 12] {
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
    pub(in crate::profile) fn with_key(key: &str) -> Vec<&'static str> {
        ArrivalWord::NAMES
            .iter()
            .filter(|(_, kind)| kind.keys().contains(&key))
            .map(|(name, _)| *name)
            .collect()
    }
}

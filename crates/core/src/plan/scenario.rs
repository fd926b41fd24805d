//! One scenario as a plan: arrivals, phases and endpoints.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::AnswerRules;
use super::arrivals::{Arrivals, Senders};
use super::content::Content;
use super::journey::{Journey, Step};
use super::search::{Loads, Search};
use super::socket::{EndpointKind, Socket};
use crate::template::PlanValues;

/// One scenario, ready to be run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The scenario's name.
    pub scenario: String,
    /// When requests are due.
    pub arrivals: Arrivals,
    /// How long each part lasts.
    pub phases: Phases,
    /// What is asked, and how often; never empty, weights of HTTP requests above 0. Those come first, then a WebSocket's two
    /// parts and what stands for journeys as wholes.
    pub endpoints: Vec<Endpoint>,
    /// Those of the users that hold a WebSocket each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Socket>,
    /// The ways through the service, where requests follow one another; empty where each stands for itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<Journey>,
    /// Headers of every request; their values may have marks.
    pub headers: Vec<(String, String)>,
    /// What the marks of its requests are filled in from.
    #[serde(skip_serializing_if = "PlanValues::is_empty")]
    pub values: PlanValues,
    /// What a request may take.
    pub bounds: Bounds,
    /// Response times from which on a request counts as over, ascending, without doubles.
    pub thresholds: Vec<Duration>,
    /// What every random choice is drawn from.
    pub seed: u64,
    /// Generator threads, each with a runtime of its own; 0 lets the generator choose.
    pub workers: usize,
    /// The loads of a search, of which `arrivals` has the first; `None` for a run at one load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

impl Plan {
    /// A name for this load: plans that differ in nothing but the seed have equal fingerprints, on every machine. Of the same
    /// load, another draw of due times and endpoints can be compared, and sessions with seeds of their own share a baseline.
    ///
    /// # Panics
    /// Never: a plan always has a JSON form.
    pub fn fingerprint(&self) -> String {
        let drawn = Plan {
            seed: 0,
            ..self.clone()
        };
        let json = serde_json::to_vec(&drawn).expect("a plan has a JSON form");
        let digest = Sha256::digest(&json);
        let mut name = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// The longest one run of it may take, from its first due request to its last outcome; a search has
    /// several.
    pub fn longest(&self) -> Duration {
        self.phases.latest_end() + self.longest_timeout()
    }

    /// The longest that anything due may take: of a journey all of its steps and the think times between them.
    pub fn longest_timeout(&self) -> Duration {
        let socket = self.socket.as_ref();
        let timeouts = socket.map(|socket| socket.connect_timeout.max(socket.reply_timeout));
        let journeys = self.journeys.iter().map(|journey| self.longest_of(journey));
        let longest = journeys.max().unwrap_or_default();
        let timeouts = timeouts.unwrap_or_default().max(self.bounds.timeout);
        timeouts.max(longest)
    }

    /// The longest that one of its endpoints may take, which is what a failed one is charged at least: of a journey the sum
    /// of its steps' timeouts.
    pub fn timeout(&self, endpoint: &Endpoint) -> Duration {
        let poll = endpoint.step.as_ref().and_then(|step| step.poll);
        match endpoint.kind {
            EndpointKind::Journey => self.timeout_of_journey(endpoint),
            EndpointKind::Http => poll.map_or(self.bounds.timeout, |poll| poll.within),
            EndpointKind::Connect | EndpointKind::Message => self.request_timeout(endpoint),
        }
    }

    /// The longest that a single request of an endpoint may take; a step that polls sends several.
    pub fn request_timeout(&self, endpoint: &Endpoint) -> Duration {
        match (&self.socket, endpoint.kind) {
            (Some(socket), EndpointKind::Connect) => socket.connect_timeout,
            (Some(socket), EndpointKind::Message) => socket.reply_timeout,
            _ => self.bounds.timeout,
        }
    }

    /// How many virtual users it has, at the highest step of a search; for a rate, how many connections at
    /// most.
    pub fn users(&self) -> u32 {
        if let Some(Loads::Steps { users, .. }) = self.search.as_ref().map(|search| &search.loads) {
            return users.iter().copied().max().unwrap_or(0);
        }
        match self.arrivals.senders() {
            Senders::Users(count) => count,
            Senders::Rate { connections, .. } => connections,
        }
    }
}

/// How long each part of a run lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Phases {
    /// Load rises from nothing; recorded, not judged.
    pub ramp_up: Duration,
    /// Full load until caches and pools are warm; recorded, not judged.
    pub warm_up: Duration,
    /// Full load, judged.
    pub measure: Duration,
    /// How much longer the run may go on while a verdict is open; longer still where only the correlation of its requests
    /// keeps it open ([`Phases::latest_end`]).
    pub extend: Duration,
    /// How long is judged at least before the run may end because every verdict on it is settled; `None`
    /// when it always runs to its planned end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle: Option<Duration>,
}

impl Phases {
    /// When the judged part begins, from the start of the run: on a whole second, as the series is
    /// counted by seconds.
    pub fn judged_from(&self) -> Duration {
        whole_seconds(self.ramp_up + self.warm_up)
    }

    /// When the run ends unless it is extended, from the start of the run.
    pub fn planned_end(&self) -> Duration {
        self.judged_from() + self.measure
    }

    /// When the run ends at the latest, from the start of the run: sixteen times `extend`, but no more than four minutes,
    /// are there for verdicts that only the correlation of requests keeps open.
    pub fn latest_end(&self) -> Duration {
        const TIMES: u32 = 16;
        const LONGEST: Duration = Duration::from_secs(240);
        let correlated = (TIMES * self.extend).min(LONGEST);
        self.planned_end() + self.extend.max(correlated)
    }

    /// When the run may end at the earliest because every verdict is settled, from the start of the run: on
    /// a whole second. `None` when it is not looked at for that, or could not end before it is planned to.
    pub fn settles_from(&self) -> Option<Duration> {
        let least = self.judged_from() + whole_seconds(self.settle?);
        (least < self.planned_end()).then_some(least)
    }
}

/// Rounded up.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

/// What a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// From sent to the last byte.
    pub timeout: Duration,
    /// For a connection to be made, TLS included; at most `timeout`.
    pub connect_timeout: Duration,
    /// The longest body that is read, in bytes.
    pub body_bytes: u64,
}

/// One request of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endpoint {
    /// What tables call it.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "is_http")]
    pub kind: EndpointKind,
    /// The method, in capitals.
    pub method: String,
    /// Path and query, beginning with `/`, base path included; may have marks.
    pub path: String,
    /// How often it is chosen, against the sum of all weights.
    pub weight: u32,
    /// Headers of this request, after the plan's; their values may have marks.
    pub headers: Vec<(String, String)>,
    /// The body, which may have marks; empty for none.
    pub body: String,
    /// What the body is.
    #[serde(skip_serializing_if = "Content::is_text")]
    pub content: Content,
    /// Whether the session's token is sent with it.
    pub auth: bool,
    /// The statuses that count as answered; never empty.
    pub expect: Vec<u16>,
    /// What else the answer must say, and what is taken from it.
    #[serde(skip_serializing_if = "AnswerRules::is_empty")]
    pub answer: AnswerRules,
    /// What makes it a step of a journey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// A GET of `/` without a token that expects 200.
impl Default for Endpoint {
    fn default() -> Self {
        Endpoint {
            name: "/".to_owned(),
            kind: EndpointKind::Http,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            weight: 1,
            headers: Vec::new(),
            body: String::new(),
            content: Content::default(),
            auth: false,
            expect: vec![200],
            answer: AnswerRules::default(),
            step: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_http(kind: &EndpointKind) -> bool {
    *kind == EndpointKind::Http
}

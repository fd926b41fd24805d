//! Whole sessions of the built-in profile in virtual time: how often is a healthy service green?

use std::fmt::Write as _;
use std::time::Duration;

use agentos_perf::judge::{Evidence, is_open_by_correlation_alone, is_settled, judge};
use agentos_perf::load::{Fare, Observer, RunProgress, rehearse};
use agentos_perf::plan::{EndpointKind, Plan};
use agentos_perf::profile::{Overrides, Profile, ProfileSource, load};
use agentos_perf::record::Outcome;
use agentos_perf::record::{RunResult, Step};
use agentos_perf::requirement::{Requirement, TestVerdict};
use agentos_perf::search::{self, CompletedStep};

use super::cores::on_all_cores;
use super::model::Random;

/// Of the logarithm of a response time: p95 is 2.3 times the median.
const SPREAD: f64 = 0.5;
/// Of that of the time to connect: p95 is 1.6 times the median. A hundred connections can't show their p95 with a single one
/// over the limit.
const CONNECT_SPREAD: f64 = 0.3;
/// What 5 % of a normal variable exceed.
const P95: f64 = 1.644_853_626_951_472_7;
/// Limits of p95 in the profile.
const LIMIT_MS: f64 = 200.0;
const CONNECT_LIMIT_MS: f64 = 1_000.0;

/// A service that fails no request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Service {
    /// Log-normal times whose p95 is this share of its limit.
    Share(f64),
    /// Times that are all the same, in milliseconds.
    Away(f64),
}

impl Service {
    pub(crate) fn name(self) -> String {
        match self {
            Service::Share(share) => format!("p95 at {:.0} % of its limit", 100.0 * share),
            Service::Away(ms) => format!("every answer after {ms} ms"),
        }
    }

    fn took(self, kind: EndpointKind, random: &mut Random) -> u64 {
        let ms = match self {
            Service::Away(ms) => ms,
            Service::Share(share) => {
                let (limit, spread) = match kind {
                    EndpointKind::Connect => (CONNECT_LIMIT_MS, CONNECT_SPREAD),
                    _ => (LIMIT_MS, SPREAD),
                };
                share * limit * (spread * (random.normal() - P95)).exp()
            }
        };
        (ms * 1e6) as u64
    }
}

/// How sessions with one service ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    pub(crate) count: u32,
    pub(crate) green: u32,
    /// Seconds of load in the middle one.
    pub(crate) seconds: f64,
    /// What was red, with how often.
    pub(crate) red: Vec<(String, u32)>,
}

impl Sessions {
    pub(crate) fn green_rate(&self) -> f64 {
        f64::from(self.green) / f64::from(self.count)
    }
}

/// Sessions of `phase8` against a service.
pub(crate) fn sessions(service: Service, count: u32) -> Sessions {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/phase8.toml");
    let source = ProfileSource::parse(file).expect("the file of a built-in profile");
    let profile = load(&source, &Overrides::default()).expect("a valid profile");
    let numbers: Vec<u32> = (0..count).collect();
    let ended = on_all_cores(&numbers, |&number| session(&profile, service, number));
    let mut all = Sessions {
        count,
        ..Sessions::default()
    };
    let mut lasted = Vec::new();
    for (seconds, red) in ended {
        lasted.push(seconds);
        all.green += u32::from(red.is_empty());
        for name in red {
            match all.red.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => *times += 1,
                None => all.red.push((name, 1)),
            }
        }
    }
    lasted.sort_by(f64::total_cmp);
    all.seconds = lasted[lasted.len() / 2];
    all
}

/// How long the loads of a session took, and the requirements that were red.
fn session(profile: &Profile, service: Service, number: u32) -> (f64, Vec<String>) {
    let mut random = Random(u64::from(number) << 8);
    let (mut seconds, mut red) = (0.0, Vec::new());
    for plan in &profile.plans {
        let run = match &plan.search {
            None => once(profile, plan, service, &mut random),
            Some(_) => search(profile, plan, service, &mut random),
        };
        seconds += run.window.to as f64 / 1e9;
        let all = profile.requirements.iter();
        let mine = all.filter(|one| one.scenario.as_ref() == Some(&plan.scenario));
        for requirement in mine.filter(|one| is_measured(one)) {
            let evidence = Evidence {
                runs: vec![&run],
                ..Evidence::default()
            };
            let judgement = judge(requirement, &evidence, profile.confidence);
            if judgement.test_verdict(false) == TestVerdict::Fail {
                let mut name = requirement.name.clone();
                let _ = write!(name, " ({})", judgement.reason);
                red.push(name);
            }
        }
    }
    (seconds, red)
}

/// Whether the load alone tells it; who is asked beside it is not there.
fn is_measured(requirement: &Requirement) -> bool {
    !requirement
        .checks
        .iter()
        .any(|check| check.metric.is_observed())
}

fn once(profile: &Profile, plan: &Plan, service: Service, random: &mut Random) -> RunResult {
    let all: Vec<&Requirement> = profile.requirements.iter().collect();
    let mine = all
        .into_iter()
        .filter(|one| one.scenario.as_ref() == Some(&plan.scenario));
    let waiting: Vec<&Requirement> = mine.filter(|one| is_measured(one)).collect();
    let mut settled = |run: &RunResult, open: &[u64]| {
        let evidence = Evidence {
            runs: vec![run],
            open,
            ..Evidence::default()
        };
        is_settled(waiting.iter().copied(), &evidence, profile.confidence)
    };
    let mut open_by_correlation_alone = |run: &RunResult, open: &[u64]| {
        let evidence = Evidence {
            runs: vec![run],
            open,
            ..Evidence::default()
        };
        is_open_by_correlation_alone(waiting.iter().copied(), &evidence, profile.confidence)
    };
    let asking = Asking {
        is_settled: &mut settled,
        is_open_by_correlation_alone: &mut open_by_correlation_alone,
    };
    rehearsed(plan, service, random, asking)
}

fn rehearsed(
    plan: &Plan,
    service: Service,
    random: &mut Random,
    mut asking: Asking<'_>,
) -> RunResult {
    let mut fares = |endpoint: usize, _sent: u64| Fare {
        took: service.took(plan.endpoints[endpoint].kind, random),
        outcome: Outcome::Ok,
    };
    rehearse(plan, &mut asking, &mut fares)
}

fn search(profile: &Profile, plan: &Plan, service: Service, random: &mut Random) -> RunResult {
    let search = plan.search.as_ref().expect("a search");
    let holding = search::holding(plan, search);
    let (mut made, mut steps) = (Vec::<CompletedStep>::new(), Vec::<Step>::new());
    while let Some(leg) = search::next(search, &steps) {
        let mut settled = |run: &RunResult, open: &[u64]| {
            search::is_settled(run, open, &holding, profile.confidence)
        };
        let asking = Asking {
            is_settled: &mut settled,
            is_open_by_correlation_alone: &mut |_, _| false,
        };
        let run = rehearsed(&leg.plan(plan), service, random, asking);
        let step = search::judged(plan, leg, &run, None, &holding, profile.confidence);
        steps.push(step.clone());
        made.push(CompletedStep { leg, step, run });
    }
    search::record(plan, search, &made).expect("a search has a first load")
}

type Question<'a> = &'a mut dyn FnMut(&RunResult, &[u64]) -> bool;

/// Asks what the harness asks of a run, and shows nothing.
struct Asking<'a> {
    is_settled: Question<'a>,
    is_open_by_correlation_alone: Question<'a>,
}

impl Observer for Asking<'_> {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        (self.is_settled)(so_far, open)
    }

    fn is_open_by_correlation_alone(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        (self.is_open_by_correlation_alone)(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        false
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

//! The flags that go before the profile's values.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::harness::options::flags::value::{Each, Optional, Read as _, Value};
use crate::harness::options::flags::{Ab, Flag, Flags, Rerun};
use crate::harness::options::raw_args::Typed;
use crate::plan::Rate;
use crate::profile::{Overrides, quantity};

flags! {
    /// What goes before the profile's load.
    LoadFlags {
        scenarios: Vec<Spanned<String>> = Each("A,B"),
            "scenarios", ["PERF_SCENARIOS"], Last, Applies,
            "Only these scenarios, and the requirements on them; `--scenarios api burst` works too";
        without: Vec<Spanned<String>> = Each("NAME"),
            "without", ["PERF_WITHOUT"], Each, Applies,
            "Leave out an endpoint (api/workflows: scenario, then endpoint), a scenario or a requirement; may be \
             repeated, or list several with commas";
        users: Option<Spanned<u32>> = Value("N", quantity::users),
            "users", ["PERF_USERS"], Last, Applies,
            "Virtual users, in scenarios of users or bursts";
        rate: Option<Spanned<Rate>> = Value("RATE", quantity::rate),
            "rate", ["PERF_RATE"], Last, Applies,
            "Requests per second, in scenarios of a rate: 120/s";
        connections: Option<Spanned<u32>> = Value("N", quantity::connections),
            "connections", ["PERF_CONNECTIONS"], Last, Applies,
            "The most connections, in scenarios of a rate";
        duration: Option<Spanned<Duration>> = Value("TIME", quantity::lasting),
            "duration", ["PERF_DURATION"], Last, Applies,
            "How long each scenario is judged: 30 (seconds), 30s, 5m, 250ms, 1h30m";
        ramp_up: Option<Spanned<Duration>> = Value("TIME", quantity::phase),
            "ramp-up", ["PERF_RAMP_UP"], Last, Applies,
            "How long the load rises before";
        warm_up: Option<Spanned<Duration>> = Value("TIME", quantity::phase),
            "warm-up", ["PERF_WARM_UP"], Last, Applies,
            "How long full load goes unjudged after the ramp-up";
        extend: Option<Spanned<Duration>> = Value("TIME", quantity::phase),
            "extend", ["PERF_EXTEND"], Last, NoEffect,
            "How much longer it may go on while a verdict is open";
        settle: Option<Spanned<Option<Duration>>> = Optional(quantity::settle),
            "settle", ["PERF_SETTLE"], Last, NoEffect,
            "End as soon as every verdict is settled, after 10 s of the judged part at the earliest; \
             `--settle=TIME` for another least time, `--settle=off` to go on to the planned end";
        timeout: Option<Spanned<Duration>> = Value("TIME", quantity::lasting),
            "timeout", ["PERF_TIMEOUT"], Last, Applies,
            "When a request is given up, and counts as an error";
        seed: Option<Spanned<u64>> = Value("N", quantity::seed),
            "seed", ["PERF_SEED"], Last, Applies,
            "What random choices are drawn from, to repeat a run";
        workers: Option<Spanned<usize>> = Value("N", quantity::workers),
            "workers", ["PERF_WORKERS"], Last, Applies,
            "Generator threads; 0 leaves it to the generator";
    }
}

impl Flags {
    /// What goes before the profile's values. `names` are words behind `--scenarios` that name scenarios too.
    pub(in crate::harness) fn overrides(
        &self,
        names: Vec<String>,
        problems: &mut Vec<Diagnostic>,
    ) -> Overrides {
        let load = self.load.clone();
        Overrides {
            target: self.target.target_url.clone(),
            http: self.target.http.clone(),
            confidence: self.verdict.confidence.clone(),
            scenarios: load.kept(names, problems),
            without: load.left_out(problems),
            users: load.users,
            duration: load.duration,
            ramp_up: load.ramp_up,
            warm_up: load.warm_up,
            extend: load.extend,
            settle: load.settle,
            rate: load.rate,
            connections: load.connections,
            seed: load.seed,
            timeout: load.timeout,
            workers: load.workers,
            variables: None,
        }
    }
}

impl LoadFlags {
    /// Each name of each flag.
    fn left_out(&self, problems: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
        let mut names = Vec::new();
        for given in &self.without {
            let before = names.len();
            names.extend(parts(given).map(|name| Spanned::new(name, given.place.clone())));
            if names.len() == before {
                let complaint = InvalidValue::new("names nothing to leave out")
                    .help("write --without api/workflows");
                problems.push(complaint.at(given.place.clone()));
            }
        }
        names
    }

    /// `a,b`, repeated or not, and the words behind it: each name once.
    fn kept(
        &self,
        behind: Vec<String>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<Vec<String>>> {
        let place = self.scenarios.last()?.place.clone();
        let mut wanted: Vec<String> = Vec::new();
        for name in self.scenarios.iter().flat_map(parts).chain(behind) {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        if wanted.is_empty() {
            let complaint = InvalidValue::new("names no scenario").help("write --scenarios api");
            problems.push(complaint.at(place));
            return None;
        }
        Some(Spanned::new(wanted, place))
    }
}

/// The names of a list with commas.
fn parts(given: &Spanned<String>) -> impl Iterator<Item = String> {
    let parts = given.value.split(',').map(str::trim);
    parts.filter(|name| !name.is_empty()).map(str::to_owned)
}

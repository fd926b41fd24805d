//! What a verdict rests on, cut to the part that is judged.

use std::time::Duration;

use crate::record::{
    CoarseHistogram, Counts, EndpointKind, EndpointResult, Histogram, JourneyCounts, RunResult,
    Second, UptimeRecord, UserGroup, Window,
};
use crate::requirement::Population;
use crate::requirement::Sources;
use crate::statistics::{Block, Look};

pub(super) const SECOND: u64 = 1_000_000_000;

/// One answer of the health endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSample {
    /// From due to the last byte.
    pub took: Duration,
    /// Why the target is not well, if it is not.
    pub complaint: Option<String>,
}

/// All that was observed for one requirement.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The run of its scenario, or all runs of the session when it speaks of the session.
    pub runs: Vec<&'a RunResult>,
    /// Requests of each endpoint that are due and have not ended yet; empty when the run is over.
    pub open: &'a [u64],
    /// Answers of the health endpoint.
    pub health: &'a [HealthSample],
    /// What the watch on the target saw.
    pub watch: Option<&'a UptimeRecord>,
    /// Who is asked first for what the load does not measure; `None` is the usual order.
    pub sources: Option<&'a Sources>,
}

/// The judged part of a run, all of it or one endpoint.
pub(super) struct Slice<'a> {
    pub(super) run: &'a RunResult,
    pub(super) part: EndpointSelection,
    pub(super) unsettled: u64,
    /// What is judged: the run's window, or the planned part of it.
    pub(super) window: Window,
}

/// Which endpoints are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointSelection {
    All,
    Endpoint(usize),
    /// A journey as a whole: its endpoint, and its place among the journeys of the run.
    Journey {
        endpoint: usize,
        place: usize,
    },
    Population(Population),
    Address(usize),
}

impl EndpointSelection {
    /// What is counted in it.
    pub(super) fn units(self) -> &'static str {
        match self {
            EndpointSelection::Journey { .. } => "journeys",
            EndpointSelection::All
            | EndpointSelection::Endpoint(_)
            | EndpointSelection::Population(_)
            | EndpointSelection::Address(_) => "requests",
        }
    }

    /// An endpoint by its place in the run.
    pub(super) fn of_endpoint(run: &RunResult, index: usize) -> EndpointSelection {
        let is_journey = |one: &EndpointResult| !one.kind.is_request();
        if !run.endpoints.get(index).is_some_and(is_journey) {
            return EndpointSelection::Endpoint(index);
        }
        let before = run.endpoints[..index].iter();
        EndpointSelection::Journey {
            endpoint: index,
            place: before.filter(|one| is_journey(one)).count(),
        }
    }

    /// Whether an endpoint, by its place in the run, belongs to it. No journey belongs to anything but itself: its
    /// requests are those of its steps.
    fn holds(self, run: &RunResult, index: usize) -> bool {
        let kind = run.endpoints.get(index).map(|endpoint| endpoint.kind);
        match self {
            // Any endpoint may be asked at an address: what has not ended may belong to each of them.
            EndpointSelection::All | EndpointSelection::Address(_) => {
                kind.is_none_or(EndpointKind::is_request)
            }
            EndpointSelection::Endpoint(mine)
            | EndpointSelection::Journey { endpoint: mine, .. } => mine == index,
            EndpointSelection::Population(population) => {
                kind.is_some_and(|kind| kind.is_request() && population.holds(kind.is_socket()))
            }
        }
    }

    /// What its endpoints have of a number that each of them has.
    pub(super) fn sum<T>(self, run: &RunResult, each: &[T], number: impl Fn(&T) -> u64) -> u64 {
        let mine = each.iter().enumerate();
        mine.filter(|(index, _)| self.holds(run, *index))
            .map(|(_, one)| number(one))
            .sum()
    }

    /// What it has of a number in one second, or of one group of users.
    pub(super) fn number(
        self,
        run: &RunResult,
        counted: SliceCounts<'_>,
        number: impl Fn(&Counts) -> u64,
    ) -> u64 {
        match self {
            EndpointSelection::Address(index) => counted.addresses.get(index).map_or(0, number),
            EndpointSelection::Journey { place, .. } => {
                let journey = counted.journeys.get(place);
                journey.map_or(0, |journey| number(&journey.counts))
            }
            _ => self.sum(run, counted.endpoints, number),
        }
    }

    /// Whether all of it is judged, ramp-up included.
    fn is_judged_from_start(self, run: &RunResult) -> bool {
        match self {
            EndpointSelection::Endpoint(index) => run
                .endpoints
                .get(index)
                .is_some_and(|endpoint| endpoint.kind.is_judged_from_start()),
            _ => false,
        }
    }
}

/// What was counted of the requests of one second, or of one group of users.
#[derive(Debug, Clone, Copy)]
pub(super) struct SliceCounts<'a> {
    pub(super) endpoints: &'a [Counts],
    /// Users are not counted by address.
    pub(super) addresses: &'a [Counts],
    pub(super) journeys: &'a [JourneyCounts],
    /// Charged times of all of them.
    pub(super) times: &'a CoarseHistogram,
}

impl<'a> SliceCounts<'a> {
    pub(super) fn of_second(second: &'a Second) -> SliceCounts<'a> {
        SliceCounts {
            endpoints: &second.endpoints,
            addresses: &second.addresses,
            journeys: &second.journeys,
            times: &second.response,
        }
    }

    pub(super) fn of_users(group: &'a UserGroup) -> SliceCounts<'a> {
        SliceCounts {
            endpoints: &group.endpoints,
            addresses: &[],
            journeys: &group.journeys,
            times: &group.response,
        }
    }
}

/// The seconds of which some lies in the window.
pub(super) fn within(seconds: &[Second], window: Window) -> &[Second] {
    let from = ((window.from / SECOND) as usize).min(seconds.len());
    let to = (window.to.div_ceil(SECOND) as usize).clamp(from, seconds.len());
    &seconds[from..to]
}

impl<'a> Slice<'a> {
    /// The seconds in which judged requests were due.
    pub(super) fn seconds(&self) -> &'a [Second] {
        let mut window = self.window;
        if self.part.is_judged_from_start(self.run) {
            window.from = 0;
        }
        within(&self.run.seconds, window)
    }

    /// Whether all of it is judged, ramp-up included.
    pub(super) fn is_judged_from_start(&self) -> bool {
        self.part.is_judged_from_start(self.run)
    }

    /// The seconds that lie whole in the judged part.
    pub(super) fn whole_seconds(&self) -> &[Second] {
        let whole = (self.window.to / SECOND).saturating_sub(self.window.from / SECOND);
        let seconds = self.seconds();
        &seconds[..seconds.len().min(whole as usize)]
    }

    /// One number of each second, over the endpoints that are judged.
    pub(super) fn each(&self, number: impl Fn(&Counts) -> u64) -> Vec<u64> {
        let of = |second: &Second| {
            self.part
                .number(self.run, SliceCounts::of_second(second), &number)
        };
        self.seconds().iter().map(of).collect()
    }

    pub(super) fn due(&self) -> u64 {
        self.each(|counts| counts.due).iter().sum()
    }

    /// Blocks of one second; what has not ended yet belongs to the last.
    pub(super) fn blocks(&self, hits: impl Fn(&Counts) -> u64) -> Vec<Block> {
        let pairs = self
            .each(hits)
            .into_iter()
            .zip(self.each(|counts| counts.due));
        let mut blocks: Vec<Block> = pairs
            .map(|(hits, due)| Block {
                hits: hits as f64,
                trials: due as f64,
            })
            .collect();
        if let Some(last) = blocks.last_mut() {
            last.trials += self.unsettled as f64;
        }
        blocks
    }

    /// One number of each user or group of users, over the endpoints that are judged.
    pub(super) fn each_user(&self, number: impl Fn(&Counts) -> u64) -> Vec<u64> {
        let of = |group: &UserGroup| {
            self.part
                .number(self.run, SliceCounts::of_users(group), &number)
        };
        self.run.users.iter().map(of).collect()
    }

    /// The same requests user by user.
    pub(super) fn users(&self, hits: impl Fn(&Counts) -> u64) -> Vec<Block> {
        let hits = self.each_user(hits).into_iter();
        let pairs = hits.zip(self.each_user(|counts| counts.due));
        pairs
            .map(|(hits, due)| Block {
                hits: hits as f64,
                trials: due as f64,
            })
            .collect()
    }

    /// Charged response times; empty in the middle of a run.
    pub(super) fn response(&self) -> Histogram {
        merged(self.run, self.part)
    }

    /// Those of all endpoints; of a journey its own, which no other is counted with.
    pub(super) fn response_of_all(&self) -> Histogram {
        match self.part {
            EndpointSelection::Journey { .. } => self.response(),
            _ => merged(self.run, EndpointSelection::All),
        }
    }

    /// Which look at the run this is.
    pub(super) fn look(&self) -> Look {
        let window = &self.window;
        match unextended(window) {
            _ if window.extensions > 0 => Look::Anytime,
            Look::Only if window.extendable => Look::Planned,
            look => look,
        }
    }

    /// Requests that are on their way, or due before the end, when the run may end here before it is planned to:
    /// what is settled then must not be open again when they have ended.
    pub(super) fn still_to_come(&self) -> u64 {
        if self.window.is_cut_short() {
            self.unsettled
        } else {
            0
        }
    }
}

/// Which look it is for what has no part in extending a run.
pub(super) fn unextended(window: &Window) -> Look {
    match window.planned {
        None => Look::Only,
        Some(_) if window.is_cut_short() => Look::Anytime,
        Some(_) => Look::Planned,
    }
}

fn merged(run: &RunResult, part: EndpointSelection) -> Histogram {
    if let EndpointSelection::Address(index) = part {
        let mine = run.addresses.get(index);
        return mine.map_or_else(Histogram::new, |address| address.response.clone());
    }
    let mut all = Histogram::new();
    let endpoints = run.endpoints.iter().enumerate();
    endpoints
        .filter(|(index, _)| part.holds(run, *index))
        .for_each(|(_, endpoint)| all.merge(&endpoint.response));
    all
}

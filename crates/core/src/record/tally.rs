//! What one worker counts; tallies of all workers are added up to a run.

use std::collections::BTreeMap;

use super::counter::Counter;
use super::counts::Charge;
use super::users::{UserGroup, group_of, merge};
use super::{Counts, Excerpts, Histogram, Second, Slowest, Sockets};
use crate::record::{Outcome, Sample};

const SECOND: u64 = 1_000_000_000;

/// How samples are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// One for each endpoint.
    pub endpoints: Vec<EndpointRules>,
    /// Response times from which on a request is over, in nanoseconds, ascending.
    pub thresholds: Vec<u64>,
}

impl EndpointRules {
    /// The same for this many endpoints.
    pub fn for_each(self, endpoints: usize) -> Vec<EndpointRules> {
        vec![self; endpoints]
    }
}

/// How samples of one endpoint are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointRules {
    /// What a failed request is charged at least, in nanoseconds.
    pub timeout: u64,
    /// What is due before is not judged, in nanoseconds from the start of the run.
    pub judged_from: u64,
}

/// Counters, histograms and the per-second series of some of a run's requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    rules: Rules,
    /// One for each endpoint; judged part alone.
    pub endpoints: Vec<EndpointTally>,
    /// One for each address of the target, as far as any was asked; judged part alone. Empty while there is only
    /// one address.
    pub addresses: Vec<EndpointTally>,
    /// One for each second from the start of the run.
    pub seconds: Vec<Second>,
    /// One for each group of users; judged part alone.
    pub users: Vec<UserGroup>,
    lag: Counter,
    waits: Counter,
    /// Requests that waited because all allowed connections were busy.
    pub waited_for_connection: u64,
    /// Connections made.
    pub connections: u64,
    /// Requests sent again on a new connection.
    pub resent: u64,
    /// What WebSockets met beside their due messages.
    pub sockets: Sockets,
    /// The slowest requests of the judged part.
    pub slowest: Slowest,
    /// What failed requests were answered, ramp-up included.
    pub excerpts: Excerpts,
}

/// What is kept of one endpoint's judged requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndpointTally {
    /// How many were successful.
    ok: u64,
    /// How the others ended.
    bad: BTreeMap<Outcome, u64>,
    answered: Counter,
    /// Charged response times of those that were not successful.
    charged: Counter,
    service: Counter,
    /// Bytes of bodies.
    pub bytes: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(rules: Rules) -> Tally {
        Tally {
            endpoints: vec![EndpointTally::default(); rules.endpoints.len()],
            addresses: Vec::new(),
            rules,
            seconds: Vec::new(),
            users: Vec::new(),
            lag: Counter::default(),
            waits: Counter::default(),
            waited_for_connection: 0,
            connections: 0,
            resent: 0,
            sockets: Sockets::default(),
            slowest: Slowest::default(),
            excerpts: Excerpts::default(),
        }
    }

    /// Counts one due request that has ended.
    ///
    /// # Panics
    /// When the sample's endpoint is none of the plan's.
    pub fn record(&mut self, sample: &Sample) {
        self.record_after(sample, 0);
    }

    /// Counts one whose lag is, for `waited` nanoseconds, a wait for one of the connections that the plan allows.
    ///
    /// # Panics
    /// When the sample's endpoint is none of the plan's.
    pub fn record_after(&mut self, sample: &Sample, waited: u64) {
        let response = sample.done.saturating_sub(sample.due);
        // Failing quickly must not flatter a percentile, so a failed request waited at least its timeout.
        let charged = if sample.outcome.is_ok() {
            response
        } else {
            response.max(self.rules.endpoints[sample.endpoint].timeout)
        };
        let charge = Charge::new(sample, charged, &self.rules.thresholds);
        self.count(sample, &charge);
        if sample.outcome.is_ok() {
            second_at(&mut self.seconds, &self.rules, sample.done).done_ok += 1;
        }
        if sample.due >= self.rules.endpoints[sample.endpoint].judged_from {
            // The plan's own limit makes no generator late, and is told apart.
            self.lag.record(sample.lag.saturating_sub(waited));
            if waited > 0 {
                self.waits.record(waited);
            }
            self.slowest.add(sample);
            self.endpoints[sample.endpoint].record(sample, charged);
            if let Some(address) = sample.address {
                at(&mut self.addresses, address).record(sample, charged);
            }
            let size = (self.rules.endpoints.len(), self.rules.thresholds.len());
            group_of(&mut self.users, sample.user, size).add(sample, &charge);
        }
    }

    /// How late requests were sent by the generator's own fault; judged part alone.
    pub fn lag(&self) -> Histogram {
        self.lag.histogram()
    }

    /// How long requests waited because all allowed connections were busy; judged part alone.
    pub fn waits(&self) -> Histogram {
        self.waits.histogram()
    }

    /// Adds another worker's counts; the order of merging does not matter.
    pub fn merge(&mut self, other: &Tally) {
        for (mine, theirs) in self.endpoints.iter_mut().zip(&other.endpoints) {
            mine.merge(theirs);
        }
        for (index, theirs) in (0..).zip(&other.addresses) {
            at(&mut self.addresses, index).merge(theirs);
        }
        while self.seconds.len() < other.seconds.len() {
            self.seconds.push(empty_second(&self.rules));
        }
        for (mine, theirs) in self.seconds.iter_mut().zip(&other.seconds) {
            merge_second(mine, theirs);
        }
        merge(&mut self.users, &other.users);
        self.lag.merge(&other.lag);
        self.waits.merge(&other.waits);
        self.waited_for_connection += other.waited_for_connection;
        self.connections += other.connections;
        self.resent += other.resent;
        self.sockets.merge(&other.sockets);
        self.slowest.merge(&other.slowest);
        self.excerpts.merge(&other.excerpts);
    }

    /// The same without its histograms: all that a look in mid-run needs.
    pub fn counters(&self) -> Tally {
        Tally {
            seconds: self.seconds.clone(),
            users: self.users.clone(),
            sockets: self.sockets.clone(),
            ..Tally::new(self.rules.clone())
        }
    }

    /// The same with the seconds from `from` on alone: what still changes, for a caller that has the others.
    pub fn recent(&self, from: usize) -> Tally {
        let seconds = self.seconds.get(from..).unwrap_or_default().to_vec();
        Tally {
            rules: self.rules.clone(),
            endpoints: self.endpoints.clone(),
            addresses: self.addresses.clone(),
            seconds,
            users: self.users.clone(),
            lag: self.lag.clone(),
            waits: self.waits.clone(),
            sockets: self.sockets.clone(),
            slowest: self.slowest.clone(),
            excerpts: self.excerpts.clone(),
            ..*self
        }
    }

    /// How many requests were counted that were due in `from..to`, whole seconds in nanoseconds.
    pub fn due_between(&self, from: u64, to: u64) -> u64 {
        let seconds = self.seconds.iter().enumerate();
        let inside = seconds.filter(|(i, _)| (from..to).contains(&(*i as u64 * SECOND)));
        inside
            .flat_map(|(_, second)| &second.endpoints)
            .map(|counts| counts.due)
            .sum()
    }

    fn count(&mut self, sample: &Sample, charge: &Charge) {
        let second = second_at(&mut self.seconds, &self.rules, sample.due);
        second.response.count(charge.bucket);
        second.endpoints[sample.endpoint].add(sample, charge);
        if let Some(address) = sample.address {
            let (index, thresholds) = (usize::from(address), self.rules.thresholds.len());
            counts_at(&mut second.addresses, index, thresholds).add(sample, charge);
        }
    }
}

/// What is kept of an address; addresses turn up during the run.
fn at(addresses: &mut Vec<EndpointTally>, index: u16) -> &mut EndpointTally {
    let index = usize::from(index);
    if addresses.len() <= index {
        addresses.resize(index + 1, EndpointTally::default());
    }
    &mut addresses[index]
}

fn counts_at(addresses: &mut Vec<Counts>, index: usize, thresholds: usize) -> &mut Counts {
    if addresses.len() <= index {
        addresses.resize(index + 1, Counts::empty(thresholds));
    }
    &mut addresses[index]
}

impl EndpointTally {
    /// How they ended.
    pub fn outcomes(&self) -> BTreeMap<Outcome, u64> {
        let mut outcomes = self.bad.clone();
        if self.ok > 0 {
            outcomes.insert(Outcome::Ok, self.ok);
        }
        outcomes
    }

    /// Charged response times of all of them.
    pub fn response(&self) -> Histogram {
        let mut all = self.answered.clone();
        all.merge(&self.charged);
        all.histogram()
    }

    /// Response times of those that were successful.
    pub fn answered(&self) -> Histogram {
        self.answered.histogram()
    }

    /// Service times of those that were answered at all.
    pub fn service(&self) -> Histogram {
        self.service.histogram()
    }

    fn record(&mut self, sample: &Sample, charged: u64) {
        self.bytes += sample.bytes;
        if sample.outcome.is_ok() {
            self.ok += 1;
            self.answered.record(charged);
        } else {
            *self.bad.entry(sample.outcome).or_default() += 1;
            self.charged.record(charged);
        }
        let answered = matches!(
            sample.outcome,
            Outcome::Ok
                | Outcome::Status(_)
                | Outcome::RateLimited
                | Outcome::BadBody
                | Outcome::WrongAnswer
        );
        if let (true, Some(sent)) = (answered, sample.sent) {
            self.service.record(sample.done.saturating_sub(sent));
        }
    }

    fn merge(&mut self, other: &EndpointTally) {
        self.ok += other.ok;
        for (outcome, count) in &other.bad {
            *self.bad.entry(*outcome).or_default() += count;
        }
        self.charged.merge(&other.charged);
        self.answered.merge(&other.answered);
        self.service.merge(&other.service);
        self.bytes += other.bytes;
    }
}

/// The second that holds an instant; those before it that nothing fell into are made as well.
fn second_at<'a>(seconds: &'a mut Vec<Second>, rules: &Rules, at: u64) -> &'a mut Second {
    let index = (at / SECOND) as usize;
    while seconds.len() <= index {
        seconds.push(empty_second(rules));
    }
    &mut seconds[index]
}

fn empty_second(rules: &Rules) -> Second {
    Second::empty(rules.endpoints.len(), rules.thresholds.len())
}

fn merge_second(mine: &mut Second, theirs: &Second) {
    mine.done_ok += theirs.done_ok;
    mine.response.merge(&theirs.response);
    for (mine, theirs) in mine.endpoints.iter_mut().zip(&theirs.endpoints) {
        mine.merge(theirs);
    }
    for (index, theirs) in theirs.addresses.iter().enumerate() {
        counts_at(&mut mine.addresses, index, theirs.over.len()).merge(theirs);
    }
}

#[cfg(test)]
mod tests;

//! The order in which reports show the endpoints of a run: each journey, and its steps below it.

use super::Outcome;
use super::result::{EndpointResult, RunResult};

/// One row of a table of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointRow {
    /// The endpoint's place in the run.
    pub index: usize,
    /// What it is in the table.
    pub role: EndpointRole,
}

/// What an endpoint is among the others of its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointRole {
    /// Requests that stand for themselves.
    Alone,
    /// A journey, which its steps follow.
    Journey,
    /// A step of the journey above.
    Step,
}

/// What became of the journeys of one kind in the judged part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JourneyFate<'a> {
    /// The journey's name.
    pub name: &'a str,
    /// Journeys due.
    pub due: u64,
    /// How they ended.
    pub outcomes: &'a super::Outcomes,
    /// Those that a step ended, by its name and outcome: the most frequent first.
    pub ended_by: Vec<(&'a str, Outcome, u64)>,
}

/// The journeys that one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEndings<'a> {
    /// The step's name.
    pub step: &'a str,
    /// How many journeys it ended.
    pub count: u64,
    /// How it ended: the most frequent outcome first.
    pub outcomes: Vec<(Outcome, u64)>,
}

impl RunResult {
    /// The endpoints in the order in which they are shown, each once: requests that stand for themselves, then each journey
    /// with its steps.
    pub fn rows(&self) -> Vec<EndpointRow> {
        let steps = |index: usize| self.steps_of(index).map(move |step| (step, index));
        let mut journeys: Vec<usize> = (0..self.endpoints.len()).collect();
        journeys.retain(|index| !self.endpoints[*index].kind.is_request());
        let mut is_step = vec![false; self.endpoints.len()];
        for (step, _) in journeys.iter().copied().flat_map(steps) {
            is_step[step] = true;
        }
        let row = |index, role| EndpointRow { index, role };
        let alone = self.endpoints.iter().enumerate();
        let alone = alone.filter(|(index, one)| one.kind.is_request() && !is_step[*index]);
        let mut rows: Vec<EndpointRow> = alone
            .map(|(index, _)| row(index, EndpointRole::Alone))
            .collect();
        for journey in journeys {
            rows.push(row(journey, EndpointRole::Journey));
            let steps = self.steps_of(journey);
            // A damaged record may give a step to two journeys.
            let fresh = steps.filter(|step| std::mem::replace(&mut is_step[*step], false));
            rows.extend(fresh.map(|step| row(step, EndpointRole::Step)));
        }
        rows
    }

    /// Whether users followed journeys.
    pub fn has_journeys(&self) -> bool {
        self.endpoints.iter().any(|one| !one.kind.is_request())
    }

    /// What became of its journeys, one for each kind.
    pub fn journeys(&self) -> Vec<JourneyFate<'_>> {
        let kinds = self.endpoints.iter().filter(|one| !one.kind.is_request());
        kinds.map(|journey| self.fate(journey)).collect()
    }

    /// The steps of a journey, as far as the run has them.
    fn steps_of(&self, journey: usize) -> impl Iterator<Item = usize> + use<'_> {
        let steps = self.endpoints[journey].steps.clone().unwrap_or_default();
        let known = |step: &usize| {
            let endpoint = self.endpoints.get(*step);
            endpoint.is_some_and(|one| one.kind.is_request())
        };
        (steps.start..steps.end.min(self.endpoints.len())).filter(known)
    }

    fn fate<'a>(&'a self, journey: &'a EndpointResult) -> JourneyFate<'a> {
        let ended = journey.ended_by.iter().filter_map(|ending| {
            let step = self.endpoints.get(ending.step)?;
            Some((step.name.as_str(), ending.outcome, ending.count))
        });
        JourneyFate {
            name: &journey.name,
            outcomes: &journey.outcomes,
            due: journey.outcomes.values().sum(),
            ended_by: ended.collect(),
        }
    }
}

impl JourneyFate<'_> {
    /// Those whose steps all succeeded.
    pub fn completed(&self) -> u64 {
        self.outcomes.get(&Outcome::Ok).copied().unwrap_or(0)
    }

    /// Those that a step ended.
    pub fn ended(&self) -> u64 {
        self.ended_by.iter().map(|(_, _, count)| count).sum()
    }

    /// Where and why they ended: by step, that of the most endings first.
    pub fn endings(&self) -> Vec<StepEndings<'_>> {
        let mut steps: Vec<StepEndings<'_>> = Vec::new();
        for (step, outcome, count) in &self.ended_by {
            let ending = (*outcome, *count);
            match steps.iter_mut().find(|one| one.step == *step) {
                Some(known) => {
                    known.count += count;
                    known.outcomes.push(ending);
                }
                None => steps.push(StepEndings {
                    step,
                    count: *count,
                    outcomes: vec![ending],
                }),
            }
        }
        steps.sort_by_key(|one| std::cmp::Reverse(one.count));
        steps
    }
}

impl StepEndings<'_> {
    /// `12 × status_500, 3 × timeout`, with counts written as `count` writes them.
    pub fn reasons(&self, count: impl Fn(u64) -> String) -> String {
        let reasons = self.outcomes.iter();
        let reasons = reasons.map(|(outcome, times)| format!("{} × {outcome}", count(*times)));
        reasons.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests;

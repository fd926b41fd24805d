//! The figures that the target reports about itself, in its own terms.

use std::time::Duration;

use serde_json::Value;

use super::SourceEntry;
use super::collectors::{EvidenceSources, Gathered};
use super::found::{Found, kind};
use super::polling::{CollectedReading, Collector, Rounds, enter, follow};
use crate::client::{SideClient, json_field, json_number};
use crate::profile::TargetPages;
use crate::record::{EndpointFigures, figure};
use crate::requirement::Source;

/// More endpoints than these are not kept: the slowest are what matters.
const MOST_ENDPOINTS: usize = 200;

/// How long all pages of the target together may take.
const LONGEST_LOOK: Duration = Duration::from_secs(3);

pub(super) const ENTRY: SourceEntry = SourceEntry {
    gather: |watched, rounds| Box::pin(gather(watched, rounds)),
};

async fn gather(watched: &EvidenceSources, mut rounds: Rounds) -> Gathered {
    let Some(pages) = watched.plan.target.clone() else {
        return Gathered::default();
    };
    let client = match SideClient::new(&watched.destination, pages.timeout) {
        Ok(client) => client.with_rules(&watched.plan.rules),
        Err(error) => return Gathered::unasked(Source::Target, error.to_string()),
    };
    rounds.every = pages.every;
    // One page after the other, and still within what the end of a run waits for.
    rounds.patience = (pages.timeout * pages.paths.len() as u32).min(LONGEST_LOOK);
    let mut looker = TargetLooker::new(client, pages);
    let mut gathered = Gathered::of(follow(&mut looker, rounds).await);
    gathered.observed.endpoints = looker.endpoints;
    gathered
}

/// Looks at the target's own pages.
struct TargetLooker {
    client: SideClient,
    pages: TargetPages,
    /// What it reported about its endpoints in the last reading that had them.
    endpoints: Vec<EndpointFigures>,
}

impl TargetLooker {
    fn new(client: SideClient, pages: TargetPages) -> TargetLooker {
        TargetLooker {
            client,
            pages,
            endpoints: Vec::new(),
        }
    }
}

impl Collector for TargetLooker {
    const SOURCE: Source = Source::Target;

    async fn look(&mut self) -> Result<CollectedReading, String> {
        let mut documents = Vec::new();
        let mut glimpse = CollectedReading::default();
        for path in &self.pages.paths {
            let asked = self
                .client
                .get_json(path, self.pages.auth, self.pages.timeout);
            let document = asked.await;
            if let Err(error) = &document {
                let shown = path.split('?').next().unwrap_or_default();
                glimpse
                    .problems
                    .push((Source::Target, format!("{shown}: {error}")));
            }
            documents.push(document.ok());
        }
        if documents.iter().all(Option::is_none) {
            return Ok(glimpse);
        }
        let mut found = Found::default();
        for wanted in &self.pages.figures {
            found.figure(wanted, &documents);
        }
        match self.endpoints_of(&documents) {
            EndpointReadings::Told(endpoints) => {
                enter(
                    &mut found.figures,
                    figure::ENDPOINTS,
                    Some(endpoints.len() as f64),
                );
                self.endpoints = endpoints;
            }
            EndpointReadings::Wrong(what) => found.problems.push(what),
            EndpointReadings::Unanswered => found.unanswered.push(figure::ENDPOINTS.to_owned()),
            EndpointReadings::Unasked => {}
        }
        found.into_glimpse(&mut glimpse);
        Ok(glimpse)
    }
}

impl TargetLooker {
    fn endpoints_of(&self, documents: &[Option<Value>]) -> EndpointReadings {
        let Some(table) = &self.pages.endpoints else {
            return EndpointReadings::Unasked;
        };
        let Some(Some(document)) = documents.get(table.at.page) else {
            return EndpointReadings::Unanswered;
        };
        let found = json_field(document, &table.at.field);
        let Some(Value::Object(entries)) = found else {
            let kind = found.map_or("not there", kind);
            return EndpointReadings::Wrong(format!("`{}` is {kind}", table.at.field));
        };
        let mut endpoints: Vec<EndpointFigures> = entries
            .iter()
            .map(|(name, entry)| EndpointFigures {
                name: name.clone(),
                mean_ms: json_number(entry, &table.mean),
                p95_ms: json_number(entry, &table.p95),
                requests: json_number(entry, &table.requests),
            })
            .collect();
        let slowness = |one: &EndpointFigures| one.p95_ms.or(one.mean_ms).unwrap_or(-1.0);
        endpoints.sort_by(|a, b| slowness(b).total_cmp(&slowness(a)));
        endpoints.truncate(MOST_ENDPOINTS);
        EndpointReadings::Told(endpoints)
    }
}

/// What a look found of the target's own endpoints.
enum EndpointReadings {
    Told(Vec<EndpointFigures>),
    /// Something else stands in their place.
    Wrong(String),
    /// Their page did not answer.
    Unanswered,
    /// The profile names no place for them.
    Unasked,
}

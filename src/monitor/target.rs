//! The figures that the target reports about itself, in its own terms.

use serde_json::Value;

use super::found::{Found, kind};
use super::polling::{CollectedReading, Collector, enter};
use crate::client::{SideClient, json_field, json_number};
use crate::profile::TargetPages;
use crate::record::{EndpointFigures, figure};
use crate::requirement::Source;

/// More endpoints than these are not kept: the slowest are what matters.
const MOST_ENDPOINTS: usize = 200;

/// Looks at the target's own pages.
pub(super) struct TargetLooker {
    client: SideClient,
    pages: TargetPages,
    /// What it reported about its endpoints in the last reading that had them.
    pub(super) endpoints: Vec<EndpointFigures>,
}

impl TargetLooker {
    pub(super) fn new(client: SideClient, pages: TargetPages) -> TargetLooker {
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

//! Names under which figures are exported: fit to print, and each there once.

use std::collections::BTreeSet;

use super::RunReport;
use crate::record::{EndpointResult, EndpointRole};
use crate::text::clean;

/// A run under the name that its figures have.
pub(super) struct Named<'a> {
    pub(super) scenario: String,
    pub(super) endpoints: Vec<String>,
    pub(super) shown: &'a RunReport,
}

impl Named<'_> {
    pub(super) fn all(runs: &[RunReport]) -> Vec<Named<'_>> {
        let mut scenarios = UniqueNames::default();
        let mut all = Vec::new();
        for shown in runs {
            let mut endpoints = UniqueNames::default();
            let of_run = shown.run.endpoints.iter();
            all.push(Named {
                scenario: scenarios.unique(&shown.run.scenario),
                endpoints: of_run.map(|one| endpoints.unique(&one.name)).collect(),
                shown,
            });
        }
        all
    }

    /// Its endpoints that stand for requests, by their place and under their names.
    pub(super) fn requests(&self) -> impl Iterator<Item = (usize, &EndpointResult, &str)> {
        self.parts().filter(|(_, one, _)| one.kind.is_request())
    }

    /// Its journeys, which are in no sum of requests.
    pub(super) fn journeys(&self) -> impl Iterator<Item = (usize, &EndpointResult, &str)> {
        self.parts().filter(|(_, one, _)| !one.kind.is_request())
    }

    /// The steps of its journeys.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&EndpointResult, &str)> {
        let rows = self.shown.run.rows().into_iter();
        let steps = rows.filter(|row| row.role == EndpointRole::Step);
        steps.map(|row| {
            let endpoint = &self.shown.run.endpoints[row.index];
            (endpoint, self.endpoints[row.index].as_str())
        })
    }

    fn parts(&self) -> impl Iterator<Item = (usize, &EndpointResult, &str)> {
        let parts = self.shown.run.endpoints.iter().zip(&self.endpoints);
        let parts = parts.enumerate();
        parts.map(|(index, (endpoint, name))| (index, endpoint, name.as_str()))
    }
}

/// Names that are there once: two series of the same name would make a whole export invalid.
#[derive(Default)]
pub(super) struct UniqueNames(BTreeSet<String>);

impl UniqueNames {
    /// The name, with a number behind it when it was there before.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let plain = clean(name);
        let mut wanted = plain.clone();
        let mut number = 1_u32;
        while !self.0.insert(wanted.clone()) {
            number += 1;
            wanted = format!("{plain} ({number})");
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_comes_twice() {
        let mut names = UniqueNames::default();
        let given = ["a", "a", "a (2)", "a", "b"].map(|name| names.unique(name));
        let distinct: BTreeSet<&String> = given.iter().collect();
        assert_eq!(distinct.len(), given.len(), "{given:?}");
        assert_eq!((given[0].as_str(), given[4].as_str()), ("a", "b"));
    }
}

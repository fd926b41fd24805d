//! All that the page shows at one moment.

use std::collections::BTreeSet;

use super::shared_view::CurrentLoad;
use crate::judge::{Evidence, intervals, judge};
use crate::record::{RunResult, Status};
use crate::report::html::OpenSession;
use crate::report::{Report, RunReport};
use crate::requirement::{Requirement, Sources};

/// A session at one moment: what is known, what is on, what is still to come.
#[derive(Debug, Clone)]
pub struct View {
    /// What has been judged, and the runs that are over.
    pub report: Report,
    /// All requirements that the session is to judge, in their order.
    pub requirements: Vec<Requirement>,
    /// Which source is asked first for what.
    pub sources: Sources,
    /// The load that is on.
    pub live: Option<CurrentLoad>,
    /// Whether the session is over.
    pub is_over: bool,
}

impl View {
    /// A report that is over.
    pub fn stored(report: Report) -> View {
        View {
            report,
            requirements: Vec::new(),
            sources: Sources::default(),
            live: None,
            is_over: true,
        }
    }

    /// The report as it stands, with what may still change in it.
    pub(super) fn so_far(&self) -> (Report, OpenSession) {
        let mut report = self.report.clone();
        let mut open = OpenSession {
            is_on: !self.is_over,
            ..OpenSession::default()
        };
        let run = self.live.as_ref().and_then(|live| live.run.as_ref());
        let judged: BTreeSet<String> = report
            .judgements
            .iter()
            .map(|one| one.requirement.name.clone())
            .collect();
        let unjudged = self
            .requirements
            .iter()
            .filter(|one| !judged.contains(&one.name));
        for requirement in unjudged.filter(|_| !self.is_over) {
            match run.filter(|run| is_about(requirement, run)) {
                Some(run) => {
                    report.judgements.push(judge(
                        requirement,
                        &self.evidence(run),
                        report.confidence,
                    ));
                    open.provisional.insert(requirement.name.clone());
                }
                None => open.waiting.push(requirement.clone()),
            }
        }
        report.judgements.sort_by_key(|judgement| {
            let place = self
                .requirements
                .iter()
                .position(|one| one.name == judgement.requirement.name);
            place.unwrap_or(usize::MAX)
        });
        if let Some(run) = run.filter(|run| {
            report
                .runs
                .iter()
                .all(|shown| shown.run.scenario != run.scenario)
        }) {
            let intervals = intervals(run, report.confidence);
            report.runs.push(RunReport {
                run: run.clone(),
                intervals,
            });
        }
        (report, open)
    }

    fn evidence<'a>(&'a self, run: &'a RunResult) -> Evidence<'a> {
        Evidence {
            runs: vec![run],
            sources: Some(&self.sources),
            ..Evidence::default()
        }
    }
}

/// Whether a run in progress says something about a requirement. A search does so only when it is over.
pub fn is_about(requirement: &Requirement, run: &RunResult) -> bool {
    let of_search = requirement
        .checks
        .iter()
        .any(|check| check.metric.needs_search());
    requirement.scenario.as_deref() == Some(run.scenario.as_str())
        && !of_search
        && run.status == Status::Complete
}

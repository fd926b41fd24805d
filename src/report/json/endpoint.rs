//! The JSON of an endpoint and of an address.

use serde::Serialize;

use super::run::millis;
use super::times::TimesForm;
use crate::record::{
    AddressResult, EndpointKind, EndpointResult, EndpointSummary, Histogram, JourneyEnding,
    Outcomes,
};
use crate::requirement::PartIntervals;

#[derive(Serialize)]
pub(super) struct EndpointJson<'a> {
    name: &'a str,
    kind: EndpointKind,
    request: &'a str,
    due: u64,
    outcomes: &'a Outcomes,
    rps: Option<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreached: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_every_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ended_by: &'a [JourneyEnding],
    histograms: EndpointHistograms<'a>,
}

#[derive(Serialize)]
struct EndpointHistograms<'a> {
    response: &'a Histogram,
    answered: &'a Histogram,
    service: &'a Histogram,
}

impl EndpointJson<'_> {
    pub(super) fn of<'a>(
        endpoint: &'a EndpointResult,
        summary: &EndpointSummary,
        sure: &PartIntervals,
    ) -> EndpointJson<'a> {
        let is_step = endpoint.reached + endpoint.unreached > 0;
        EndpointJson {
            name: &endpoint.name,
            kind: endpoint.kind,
            request: &endpoint.request,
            due: summary.due,
            outcomes: &endpoint.outcomes,
            rps: summary.rps,
            response_time_ms: TimesForm::from(summary.response, &sure.response),
            answered_time_ms: TimesForm::from(summary.answered, &sure.answered),
            service_time_ms: TimesForm::from(summary.service, &sure.service),
            bytes: endpoint.bytes,
            reached: is_step.then_some(endpoint.reached),
            unreached: is_step.then_some(endpoint.unreached),
            poll_every_ms: endpoint.poll_every.map(millis),
            steps: endpoint
                .steps
                .as_ref()
                .map(|steps| [steps.start, steps.end]),
            ended_by: &endpoint.ended_by,
            histograms: EndpointHistograms {
                response: &endpoint.response,
                answered: &endpoint.answered,
                service: &endpoint.service,
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct AddressJson<'a> {
    address: &'a str,
    left_out: Option<&'a str>,
    due: u64,
    failed: u64,
    outcomes: &'a Outcomes,
    histogram: &'a Histogram,
}

impl AddressJson<'_> {
    pub(super) fn of(one: &AddressResult) -> AddressJson<'_> {
        AddressJson {
            address: &one.address,
            left_out: one.left_out.as_deref(),
            due: one.due(),
            failed: one.failed(),
            outcomes: &one.outcomes,
            histogram: &one.response,
        }
    }
}

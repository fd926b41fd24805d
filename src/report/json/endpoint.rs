//! The JSON of an endpoint and of an address.

use serde::Serialize;

use super::times::TimesForm;
use crate::record::{
    AddressResult, EndpointKind, EndpointResult, EndpointSummary, Histogram, Outcomes,
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

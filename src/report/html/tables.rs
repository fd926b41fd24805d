//! A run's times in a table, and cells that other tables share.

use maud::{Markup, html};

use crate::record::{
    EndpointRole, EndpointRow, EndpointSummary, RunResult, Statement, Summary, Times,
};
use crate::report::{RunReport, facts};
use crate::requirement::{Interval, Intervals, Unit, format};
use crate::text::clean;

/// All requests, the successful ones, service times, and each endpoint.
pub(super) fn times(shown: &RunReport, summary: &Summary) -> Markup {
    let sure = &shown.intervals;
    let failed = summary.failed();
    let answered = Times::of(&summary.answered);
    let run = &shown.run;
    let has_journeys = run.has_journeys();
    let beside = || html! { @if has_journeys { td {} td {} } };
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th { "response time" }
                    @for heading in ["p50", "p90", "p95", "p99", "p99.9", "max", "req/s", "failed"] {
                        th class="number" { (heading) }
                    }
                    @if has_journeys { th class="number" { "reached" } th class="number" { "unreached" } }
                } }
                tbody {
                    tr {
                        td { b { "all requests" } }
                        (figures(Times::of(&summary.response).as_ref(), &sure.times.response))
                        td class="number" { (rate(summary.rps)) }
                        td class="number" { (share(failed, summary.due)) }
                        (beside())
                    }
                    @if failed > 0 {
                        tr {
                            td { span class="part" { "successful" } }
                            (figures(answered.as_ref(), &sure.times.answered))
                            td {} td {}
                            (beside())
                        }
                    }
                    tr {
                        td { span class="part" { "service time" } }
                        (figures(Times::of(&summary.service).as_ref(), &sure.times.service))
                        td {} td {}
                        (beside())
                    }
                    @for row in run.rows() {
                        (endpoint_row(shown, &summary.endpoints[row.index], row, has_journeys))
                    }
                }
            }
        }
        @if failed > 0 {
            p class="quiet" { small {
                "A failed request is charged at least its timeout, so that failing quickly does not flatter a percentile."
            } }
        }
    }
}

fn endpoint_row(
    shown: &RunReport,
    endpoint: &EndpointSummary,
    row: EndpointRow,
    has_journeys: bool,
) -> Markup {
    let sure = shown.intervals.endpoints.get(row.index).copied();
    let request = facts::request(&shown.run, row);
    let is_journey = row.role == EndpointRole::Journey;
    let name = clean(&endpoint.name);
    // Journeys per second stand in no column of requests.
    let rps = endpoint.rps.filter(|_| !is_journey);
    html! {
        tr class=[is_journey.then_some("journey")] {
            td {
                @match row.role {
                    EndpointRole::Alone => (name),
                    EndpointRole::Journey => b { (name) },
                    EndpointRole::Step => span class="part" { (name) },
                }
                " " small class="quiet" {
                    @if is_journey { (request) } @else { code { (request) } }
                }
            }
            (figures(endpoint.response.as_ref(), &sure.unwrap_or_default().response))
            td class="number" { (rate(rps)) }
            td class="number" { (share(endpoint.failed(), endpoint.due)) }
            @if has_journeys {
                @for count in facts::reach(&shown.run.endpoints[row.index], row.role) {
                    td class="number" { (count) }
                }
            }
        }
    }
}

fn figures(times: Option<&Times>, sure: &Intervals) -> Markup {
    let of = |figure: fn(&Times) -> f64| times.map(figure);
    html! {
        (time_cell(of(|times| times.p50), Some(sure.p50)))
        (time_cell(of(|times| times.p90), Some(sure.p90)))
        (time_cell(of(|times| times.p95), Some(sure.p95)))
        (time_cell(of(|times| times.p99), Some(sure.p99)))
        (time_cell(of(|times| times.p999), Some(sure.p999)))
        (time_cell(of(|times| times.max), None))
    }
}

/// A time in milliseconds with its interval below; a maximum has none.
pub(super) fn time_cell(ms: Option<f64>, sure: Option<Interval>) -> Markup {
    html! {
        td class="number" {
            @match ms {
                None => "–",
                Some(ms) => {
                    (format::time(ms))
                    @if let Some(sure) = sure {
                        small class="quiet below" { (format::time_interval(ms, sure).unwrap_or_else(|| "–".to_owned())) }
                    }
                }
            }
        }
    }
}

/// Requests per second, without the unit.
pub(super) fn rate(rps: Option<f64>) -> String {
    rps.map_or_else(
        || "–".to_owned(),
        |rps| format::show(Unit::Rate, rps).replace("/s", ""),
    )
}

/// The share of requests that failed.
pub(super) fn share(failed: u64, due: u64) -> Markup {
    if due == 0 {
        return html! { "–" };
    }
    let text = format::show(Unit::Share, 100.0 * failed as f64 / due as f64);
    html! { @if failed > 0 { b class="bad" { (text) } } @else { (text) } }
}

/// The slowest requests, each by itself; empty when nothing was judged.
pub(super) fn slowest(run: &RunResult) -> Markup {
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let endpoint = |place: usize| {
        run.endpoints
            .get(place)
            .map(|endpoint| clean(&endpoint.name))
    };
    html! {
        @if !run.slowest.all().is_empty() {
            details {
                summary { "The slowest requests" }
                div class="scroll" {
                    table {
                        thead { tr {
                            th { "endpoint" } th class="number" { "due after" } th class="number" { "response time" }
                            th class="number" { "service time" } th class="number" { "the generator's part" } th { "ended" }
                        } }
                        tbody {
                            @for slow in run.slowest.all() {
                                tr {
                                    td { (endpoint(slow.endpoint).unwrap_or_default()) }
                                    td class="number" { (format::time(ms(slow.due_ns))) }
                                    td class="number" { (format::time(ms(slow.took()))) }
                                    td class="number" {
                                        @match slow.sent_ns {
                                            Some(sent) => (format::time(ms(slow.done_ns.saturating_sub(sent)))),
                                            None => "not sent",
                                        }
                                    }
                                    td class="number" { (format::time(ms(slow.lag_ns))) }
                                    td { (slow.outcome.to_string()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The database's statements; empty when none were reported.
pub(super) fn statements(statements: &[Statement]) -> Markup {
    html! {
        @if !statements.is_empty() {
            h3 { "Statements of the database" }
            div class="scroll" {
                table {
                    thead { tr {
                        th { "statement" } th class="number" { "calls" } th class="number" { "mean" } th class="number" { "in all" }
                    } }
                    tbody {
                        @for statement in statements {
                            tr {
                                td { code { (clean(&statement.text)) } }
                                td class="number" { (format::count(statement.calls)) }
                                td class="number" { (format::time(statement.mean_ms())) }
                                td class="number" { (format::time(statement.total_ms)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! The JSON of a search, both ways.

use serde::{Deserialize, Serialize};

use super::read_run::nanos;
use super::run::millis;
use super::times::TimesForm;
use super::write::finite;
use crate::record::{
    Histogram, LoadUnit, Outcomes, Recovery, Role, Scaling, SearchEnding, SearchResult, Step,
    StepVerdict, Window,
};
use crate::requirement::StepIntervals;

#[derive(Serialize, Deserialize)]
pub(super) struct SearchForm {
    load: LoadUnit,
    ending: SearchEnding,
    /// The highest load that held.
    #[serde(skip_deserializing)]
    held: Option<f64>,
    /// The lowest that broke.
    #[serde(skip_deserializing)]
    broken: Option<f64>,
    steps: Vec<StepForm>,
    recovery: Option<Recovery>,
    scaling: Option<Scaling>,
}

#[derive(Serialize, Deserialize)]
struct StepForm {
    role: Role,
    load: f64,
    from_ms: f64,
    window: WindowSearchForm,
    standing: StepVerdict,
    reason: String,
    saturated: Option<String>,
    #[serde(default)]
    capped: bool,
    #[serde(skip_deserializing)]
    due: u64,
    #[serde(skip_deserializing)]
    failed: u64,
    outcomes: Outcomes,
    rps: Option<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    generator: FaredForm,
    histograms: HistogramsForm,
}

#[derive(Serialize, Deserialize)]
struct WindowSearchForm {
    from_ms: f64,
    to_ms: f64,
    extendable: bool,
    extensions: u32,
}

#[derive(Serialize, Deserialize)]
struct FaredForm {
    lateness_ms: TimesForm,
    cpu_percent: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct HistogramsForm {
    response: Histogram,
    answered: Histogram,
    lateness: Histogram,
}

impl SearchForm {
    pub(super) fn of(search: &SearchResult, intervals: &[StepIntervals]) -> SearchForm {
        let step = |(index, step): (usize, &Step)| {
            StepForm::of(step, &intervals.get(index).copied().unwrap_or_default())
        };
        SearchForm {
            load: search.unit,
            ending: search.ending,
            held: search.held().map(|step| step.load),
            broken: search.broken().map(|step| step.load),
            steps: search.steps.iter().enumerate().map(step).collect(),
            recovery: search.recovery,
            scaling: search.scaling,
        }
    }

    pub(super) fn intervals(&self) -> Vec<StepIntervals> {
        let of = |step: &StepForm| StepIntervals {
            response: step.response_time_ms.intervals(),
            answered: step.answered_time_ms.intervals(),
            lateness: step.generator.lateness_ms.intervals(),
        };
        self.steps.iter().map(of).collect()
    }
}

impl StepForm {
    fn of(step: &Step, sure: &StepIntervals) -> StepForm {
        StepForm {
            role: step.role,
            load: step.load,
            from_ms: millis(step.from),
            window: WindowSearchForm {
                from_ms: millis(step.window.from),
                to_ms: millis(step.window.to),
                extendable: step.window.extendable,
                extensions: step.window.extensions,
            },
            standing: step.standing,
            reason: step.reason.clone(),
            saturated: step.saturated.clone(),
            capped: step.capped,
            due: step.due(),
            failed: step.failed(),
            outcomes: step.outcomes.clone(),
            rps: step.rps.and_then(finite),
            response_time_ms: TimesForm::of(&step.response, &sure.response),
            answered_time_ms: TimesForm::of(&step.answered, &sure.answered),
            generator: FaredForm {
                lateness_ms: TimesForm::of(&step.lag, &sure.lateness),
                cpu_percent: step.cpu.and_then(finite),
            },
            histograms: HistogramsForm {
                response: step.response.clone(),
                answered: step.answered.clone(),
                lateness: step.lag.clone(),
            },
        }
    }
}

pub(super) fn search(form: SearchForm) -> SearchResult {
    SearchResult {
        unit: form.load,
        ending: form.ending,
        steps: form.steps.into_iter().map(step).collect(),
        recovery: form.recovery,
        scaling: form.scaling,
    }
}

fn step(form: StepForm) -> Step {
    Step {
        role: form.role,
        load: form.load,
        from: nanos(form.from_ms),
        window: Window {
            from: nanos(form.window.from_ms),
            to: nanos(form.window.to_ms),
            extendable: form.window.extendable,
            extensions: form.window.extensions,
            planned: None,
            extended_from: None,
        },
        standing: form.standing,
        reason: form.reason,
        saturated: form.saturated,
        capped: form.capped,
        outcomes: form.outcomes,
        rps: form.rps,
        response: form.histograms.response,
        answered: form.histograms.answered,
        lag: form.histograms.lateness,
        cpu: form.generator.cpu_percent,
    }
}

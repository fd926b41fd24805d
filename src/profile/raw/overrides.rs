//! What flags and variables put in place of a profile's values.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::plan::Rate;
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::target::Target;
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::{ProfileFile, ScenarioTable};
use crate::profile::raw::without::leave_out;
use crate::profile::text::suggest::{advice, list, there_are};

/// Values that go before the profile's, each with the flag or variable it came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The target.
    pub target: Option<Spanned<Target>>,
    /// Which version of HTTP is spoken.
    pub http: Option<Spanned<HttpVersion>>,
    /// Virtual users, of the kinds of arrivals that have users.
    pub users: Option<Spanned<u32>>,
    /// The judged part of every scenario.
    pub duration: Option<Spanned<Duration>>,
    /// The ramp-up of every scenario that can have one.
    pub ramp_up: Option<Spanned<Duration>>,
    /// The warm-up of every scenario.
    pub warm_up: Option<Spanned<Duration>>,
    /// How much longer every scenario may go on while a verdict is open.
    pub extend: Option<Spanned<Duration>>,
    /// What every scenario that is not a search judges at least before it may end early; `None` in it is never.
    pub settle: Option<Spanned<Option<Duration>>>,
    /// The rate, of the kinds of arrivals that have one.
    pub rate: Option<Spanned<Rate>>,
    /// The most connections, of the kinds of arrivals that have a rate.
    pub connections: Option<Spanned<u32>>,
    /// The scenarios that are left; requirements on others are left out.
    pub scenarios: Option<Spanned<Vec<String>>>,
    /// Endpoints (`scenario/endpoint`), scenarios and requirements that are left out.
    pub without: Vec<Spanned<String>>,
    /// What random choices are drawn from.
    pub seed: Option<Spanned<u64>>,
    /// The confidence of verdicts.
    pub confidence: Option<Spanned<f64>>,
    /// What a request may take.
    pub timeout: Option<Spanned<Duration>>,
    /// Generator threads.
    pub workers: Option<Spanned<usize>>,
    /// The environment that `{env.NAME}` is filled in from; `None` is that of the process.
    pub variables: Option<BTreeMap<String, String>>,
}

/// Replaces what was written by the overrides, and reports those that change nothing.
pub(in crate::profile) fn lay_over(
    file: &mut ProfileFile,
    over: &Overrides,
    problems: &mut Vec<Diagnostic>,
) {
    replace(&mut file.target.url, over.target.as_ref());
    replace(&mut file.target.http, over.http.as_ref());
    replace(&mut file.target.timeout, over.timeout.as_ref());
    replace(&mut file.seed, over.seed.as_ref());
    replace(&mut file.confidence, over.confidence.as_ref());
    replace(&mut file.workers, over.workers.as_ref());
    if let Some(wanted) = &over.scenarios {
        restrict(&mut file.scenarios, wanted, problems);
    }
    leave_out(file, &over.without, problems);
    let mut layer = Layer { file, problems };
    layer.put("users", over.users.as_ref(), |table| &mut table.keys.users);
    layer.put("rate", over.rate.as_ref(), |table| &mut table.keys.rate);
    layer.put("connections", over.connections.as_ref(), |table| {
        &mut table.keys.connections
    });
    layer.put("ramp_up", over.ramp_up.as_ref(), |table| &mut table.ramp_up);
    layer.put("warm_up", over.warm_up.as_ref(), |table| &mut table.warm_up);
    layer.put("duration", over.duration.as_ref(), |table| {
        &mut table.duration
    });
    layer.put("extend", over.extend.as_ref(), |table| &mut table.extend);
    layer.put("settle", over.settle.as_ref(), |table| &mut table.settle);
}

fn replace<T: Clone>(below: &mut Option<Spanned<T>>, over: Option<&Spanned<T>>) {
    if over.is_some() {
        *below = over.cloned();
    }
}

fn restrict(
    scenarios: &mut [ScenarioTable],
    wanted: &Spanned<Vec<String>>,
    problems: &mut Vec<Diagnostic>,
) {
    let names: Vec<String> = scenarios.iter().map(|table| table.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in &wanted.value {
        if !names.contains(&name.as_str()) {
            let complaint = InvalidValue::new(format!("the profile has no scenario `{name}`"));
            problems.push(
                complaint
                    .help(advice(name, &names))
                    .at(wanted.place.clone()),
            );
        }
    }
    // When none of the names is known, leaving everything out would only bring more complaints.
    if wanted
        .value
        .iter()
        .any(|name| names.contains(&name.as_str()))
    {
        for table in scenarios {
            table.kept = wanted.value.contains(&table.name);
        }
    }
}

struct Layer<'a> {
    file: &'a mut ProfileFile,
    problems: &'a mut Vec<Diagnostic>,
}

impl Layer<'_> {
    /// Lays a value over every scenario whose kind of arrivals has this key.
    ///
    /// A search is many runs of lengths of its own: it takes the value only where no other scenario does.
    fn put<T: Clone>(
        &mut self,
        key: &str,
        over: Option<&Spanned<T>>,
        field: impl Fn(&mut ScenarioTable) -> &mut Option<Spanned<T>>,
    ) {
        let Some(over) = over else { return };
        let mut fits = false;
        for searches in [false, true] {
            if searches && fits {
                break;
            }
            for table in self.file.scenarios.iter_mut().filter(|table| table.kept) {
                match &table.arrivals {
                    Some(kind) if kind.value.is_search() != searches => {}
                    Some(kind) if takes(kind.value, key) => {
                        fits = true;
                        *field(table) = Some(over.clone());
                    }
                    Some(_) => {}
                    // Its kind was misread, which is told elsewhere: perhaps it would have fitted.
                    None => fits = true,
                }
            }
        }
        if !fits {
            self.problems.push(misfit(key, &over.place, self.file));
        }
    }
}

fn takes(kind: ArrivalWord, key: &str) -> bool {
    // A search chooses its rates between two ends of its own.
    if (kind, key) == (ArrivalWord::Capacity, "rate") {
        return false;
    }
    !kind.rejects(key)
}

fn misfit(key: &str, place: &Origin, file: &ProfileFile) -> Diagnostic {
    let kept: Vec<String> = file
        .scenarios
        .iter()
        .filter(|table| table.kept)
        .filter_map(|table| {
            let kind = table.arrivals.as_ref()?.value;
            Some(format!("{} ({})", table.name, kind.name()))
        })
        .collect();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    let what = match key {
        "rate" => "a rate",
        "ramp_up" => "a ramp-up",
        "warm_up" => "a warm-up",
        "duration" => "a duration",
        "extend" => "an extension",
        "settle" => "a time to settle in",
        users_or_connections => users_or_connections,
    };
    let complaint = InvalidValue::new(format!(
        "no scenario takes {what}, so it would change nothing"
    ));
    let kinds = ArrivalWord::with_key(key);
    let help = if kinds.is_empty() {
        "the profile has no scenario".to_owned()
    } else {
        format!(
            "it goes with arrivals {}; {}",
            list(&kinds),
            there_are(&kept)
        )
    };
    complaint.help(help).at(place.clone())
}

//! From the keys of a scenario to its model of arrivals.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::plan::{Arrivals, Bounds};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::ScenarioTable;
use crate::profile::raw::top::MISSING;
use crate::profile::text::suggest::list;
use crate::profile::validate::journey;

/// The arrivals of a scenario at one load; `None` when something that its model needs is missing or was misread.
pub(in crate::profile) fn arrivals(
    table: &ScenarioTable,
    bounds: &Bounds,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arrivals> {
    let word = table.arrivals.as_ref()?.value;
    misplaced(table, word, problems);
    let ArrivalWord::Model(kind) = word else {
        return None;
    };
    for key in kind.keys() {
        let is_written = table.written.iter().any(|(written, _)| written == key.name);
        if let Some(example) = key.needed
            && !is_written
            && !table.keys.has(key.name)
        {
            let help = format!("write {} = {example}", key.name);
            let complaint = InvalidValue::new(MISSING).help(help);
            problems.push(complaint.at(table.place.below(key.name)));
        }
    }
    kind.read(&table.keys.values(journey::longest_visit(table, bounds)))
}

/// Reports the keys that belong to other kinds of arrivals.
pub(in crate::profile) fn misplaced(
    table: &ScenarioTable,
    word: ArrivalWord,
    problems: &mut Vec<Diagnostic>,
) {
    for (key, place) in &table.written {
        if word.rejects(key) {
            let complaint =
                InvalidValue::new(format!("does not go with arrivals = \"{}\"", word.name()));
            let help = format!("it goes with {}", list(&ArrivalWord::with_key(key)));
            problems.push(complaint.help(help).at(place.clone()));
        }
    }
}

/// Reports a judged part in which nothing would be due.
pub(in crate::profile) fn too_short(
    table: &ScenarioTable,
    duration: &Spanned<Duration>,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(ArrivalWord::Model(kind)) = table.arrivals.as_ref().map(|at| at.value) else {
        return;
    };
    let keys = table.keys.values(Duration::ZERO);
    if let Some(message) = kind.nothing_due(&keys, duration.value) {
        let complaint = InvalidValue::new(message).help("let it last longer");
        problems.push(complaint.at(duration.place.clone()));
    }
}

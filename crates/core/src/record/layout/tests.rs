//! How endpoints are laid out, and what became of journeys.

use super::EndpointRole::{Alone, Journey, Step};
use super::*;
use crate::model::fixture;

#[test]
fn steps_stand_below_their_journey_and_each_endpoint_once() {
    let run = fixture::walked("training");
    let roles = |run: &RunResult| -> Vec<(usize, EndpointRole)> {
        run.rows().iter().map(|row| (row.index, row.role)).collect()
    };
    let wanted = [(3, Journey), (0, Step), (1, Step), (2, Step)];
    assert_eq!(roles(&run), wanted);
    let calm = fixture::calm("api");
    assert_eq!(roles(&calm), [(0, Alone), (1, Alone), (2, Alone)]);
    // What a stored report claims may point anywhere.
    let mut damaged = run.clone();
    damaged.endpoints[3].steps = Some(1..9);
    assert_eq!(
        roles(&damaged),
        [(0, Alone), (3, Journey), (1, Step), (2, Step)]
    );
    damaged.endpoints.push(damaged.endpoints[3].clone());
    assert_eq!(damaged.rows().len(), 5);
    damaged.endpoints[3].ended_by[0].step = 99;
    assert_eq!(damaged.journeys().len(), 2);
}

#[test]
fn endings_are_said_by_step_the_most_frequent_first() {
    let run = fixture::walked("training");
    let journeys = run.journeys();
    let [fate] = journeys.as_slice() else {
        panic!("one kind of journey: {journeys:?}");
    };
    assert_eq!((fate.due, fate.ended()), (1_000, 26));
    let endings = fate.endings();
    let said = endings.iter().map(|one| {
        let reasons = one.reasons(|count| count.to_string());
        (one.step, one.count, reasons)
    });
    let wanted = [
        ("pay", 16, "13 × status_500, 3 × timeout".to_owned()),
        ("order", 10, "10 × wrong_answer".to_owned()),
    ];
    assert_eq!(said.collect::<Vec<_>>(), wanted);
}

//! The headers of all requests, filled in for one that is sent beside the load.

use super::TakenValues;
use super::rendering::{Given, Rendering, Sender};
use super::request_template::bind;
use crate::profile::{Destination, TargetRules};
use crate::template::{Place, PlanValues, RequestMarks};

/// The number of requests beside the load: no endpoint is asked under it.
const BESIDE: usize = 100_000_000;

/// The headers of all requests to a target, for one of the first user. One that cannot be filled in is left as it is, to be
/// refused where it is sent.
pub fn side_headers(rules: &TargetRules, destination: &Destination) -> Vec<(String, String)> {
    let values = PlanValues {
        variables: rules.variables.clone(),
        user: "load-user-{n}".to_owned(),
        ..PlanValues::default()
    };
    let rendering = Rendering::beside(values, destination);
    let taken = TakenValues::default();
    let number = RequestMarks::before_load(BESIDE);
    let sender = Sender::new(&rendering, (0, 0, number), Given::Taken(&taken));
    let fill = |value: &str| {
        let mut out = Vec::new();
        let bound = bind(value, Place::Header, &rendering.plan);
        let written = bound.and_then(|bound| sender.write(&bound, &mut out)).ok();
        let filled = written.and_then(|()| String::from_utf8(out).ok());
        filled.unwrap_or_else(|| value.to_owned())
    };
    let headers = rules.headers.iter();
    headers
        .map(|(name, value)| (name.clone(), fill(value)))
        .collect()
}

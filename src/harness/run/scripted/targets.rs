//! Targets with a fault each.

use std::cell::RefCell;
use std::time::Duration;

use crate::load::{ScriptedAnswer, ScriptedRequest};
use crate::plan::EndpointKind;
use crate::record::Outcome;

/// What a target does with a request.
pub(super) type Script = Box<dyn Fn(&ScriptedRequest<'_>) -> ScriptedAnswer>;

pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What a sound target takes for an answer.
const WORK: Duration = ms(3);

pub(super) fn sound() -> Script {
    Box::new(|_| ScriptedAnswer::good(WORK))
}

/// Answers requests over HTTP later, all or those to one path.
pub(super) fn slow(by: Duration, path: Option<&'static str>) -> Script {
    Box::new(move |request| {
        let is_slow = request.endpoint.kind == EndpointKind::Http
            && path.is_none_or(|path| request.endpoint.path == path);
        ScriptedAnswer::good(if is_slow { WORK + by } else { WORK })
    })
}

/// Ends a share of the requests to some paths like this.
pub(super) fn failing(outcome: Outcome, shares: &'static [(&'static str, f64)]) -> Script {
    Box::new(move |request| {
        let share = shares
            .iter()
            .find(|(path, _)| request.endpoint.path.starts_with(path));
        let fails = request.endpoint.kind == EndpointKind::Http
            && share.is_some_and(|(_, share)| request.is_among(*share));
        ScriptedAnswer::ended(if fails { outcome } else { Outcome::Ok }, WORK)
    })
}

/// Is not there from one time to another; what is under way then is cut.
pub(super) fn gone(from: Duration, to: Duration) -> Script {
    Box::new(move |request| {
        if (from..to).contains(&request.at) {
            return ScriptedAnswer::ended(Outcome::Connect, Duration::ZERO);
        }
        if (from..to).contains(&(request.at + WORK)) {
            return ScriptedAnswer::ended(Outcome::Reset, from.saturating_sub(request.at));
        }
        ScriptedAnswer::good(WORK)
    })
}

/// Stands still at these times, for so long each.
pub(super) fn stalling(at: &'static [Duration], lasts: Duration) -> Script {
    Box::new(move |request| {
        let is_met = |from: &&Duration| {
            (**from..**from + lasts).contains(&(request.at + WORK)) || request.at >= **from
        };
        let met = at
            .iter()
            .filter(|from| request.at < **from + lasts)
            .find(is_met);
        let until = met.map(|from| *from + lasts + WORK);
        ScriptedAnswer::good(until.map_or(WORK, |until| until.saturating_sub(request.at)))
    })
}

/// Answers at most so many requests in each stretch of time; the others are refused.
pub(super) fn rate_limited(limit: u32, within: Duration) -> Script {
    let taken = RefCell::new((0, 0));
    Box::new(move |request| {
        let window = request.at.as_nanos() / within.as_nanos();
        let (known, count) = &mut *taken.borrow_mut();
        if *known != window {
            (*known, *count) = (window, 0);
        }
        *count += 1;
        let outcome = if *count > limit {
            Outcome::RateLimited
        } else {
            Outcome::Ok
        };
        ScriptedAnswer::ended(outcome, WORK)
    })
}

/// Has so many places, each of which takes so long for a request: what it bears is known.
pub(super) fn limited(places: usize, service: Duration) -> Script {
    let free = RefCell::new(vec![Duration::ZERO; places]);
    Box::new(move |request| {
        let places = &mut *free.borrow_mut();
        let place = places.iter_mut().min().expect("a place");
        *place = request.at.max(*place) + service;
        ScriptedAnswer::good(place.saturating_sub(request.at))
    })
}

/// Answers on WebSockets like this, and is sound over HTTP.
pub(super) fn on_sockets(
    answer: impl Fn(&ScriptedRequest<'_>) -> ScriptedAnswer + 'static,
) -> Script {
    Box::new(move |request| match request.endpoint.kind {
        EndpointKind::Http => ScriptedAnswer::good(WORK),
        _ => answer(request),
    })
}

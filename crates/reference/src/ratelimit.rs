use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::faults::{ACCEPTED_RATE_LIMIT, rate_limit};

/// Beyond this many counters the ones that are over are swept out.
const SWEEP_ABOVE: usize = 10_000;

/// How many requests a client may send to a path within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// So many are answered.
    pub requests: NonZeroU32,
    /// Counted from the client's first request to the path.
    pub window: Duration,
}

/// A rate limit that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("rate limit `{0}`: accepted is {ACCEPTED_RATE_LIMIT}")]
pub struct RateLimitError(String);

impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(limit: &str) -> Result<Self, RateLimitError> {
        rate_limit(limit).ok_or_else(|| RateLimitError(limit.to_owned()))
    }
}

/// Counts requests per client address and path.
pub(super) struct RateLimiter {
    limit: RateLimit,
    counts: Mutex<HashMap<IpAddr, HashMap<Box<str>, ClientCount>>>,
}

struct ClientCount {
    since: Instant,
    requests: u32,
}

impl RateLimiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        let counts = Mutex::default();
        Self { limit, counts }
    }

    /// How long a refused client should wait, in seconds; `None` lets the request through.
    pub(super) fn refuse(&self, client: IpAddr, path: &str, now: Instant) -> Option<u64> {
        let over = |count: &ClientCount| now.duration_since(count.since) >= self.limit.window;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > SWEEP_ABOVE && !counts.contains_key(&client) {
            counts.retain(|_, paths| !paths.values().all(over));
        }
        let paths = counts.entry(client).or_default();
        if paths.len() > SWEEP_ABOVE && !paths.contains_key(path) {
            paths.retain(|_, count| !over(count));
        }
        let Some(count) = paths.get_mut(path).filter(|count| !over(count)) else {
            paths.insert(
                path.into(),
                ClientCount {
                    since: now,
                    requests: 1,
                },
            );
            return None;
        };
        count.requests = count.requests.saturating_add(1);
        (count.requests > self.limit.requests.get()).then(|| self.limit.window.as_secs().max(1))
    }

    /// Forgets everybody.
    pub(super) fn reset(&self) {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn limiter(limit: &str) -> RateLimiter {
        RateLimiter::new(limit.parse().unwrap())
    }

    #[test]
    fn the_limit_is_let_through_and_the_next_is_refused() {
        let (limiter, now) = (limiter("3/60s"), Instant::now());
        let refused: Vec<_> = (0..5).map(|_| limiter.refuse(A, "/a", now)).collect();
        assert_eq!(refused, [None, None, None, Some(60), Some(60)]);
    }

    #[test]
    fn clients_and_paths_are_counted_apart() {
        let (limiter, now) = (limiter("1/60s"), Instant::now());
        for (client, path) in [(A, "/a"), (A, "/b"), (B, "/a")] {
            assert_eq!(limiter.refuse(client, path, now), None);
        }
        for (client, path) in [(A, "/a"), (A, "/b"), (B, "/a")] {
            assert_eq!(limiter.refuse(client, path, now), Some(60));
        }
        limiter.reset();
        assert_eq!(limiter.refuse(A, "/a", now), None);
    }

    #[test]
    fn a_window_ends_one_length_after_its_first_request() {
        let (limiter, start) = (limiter("1/60s"), Instant::now());
        let at = |seconds| limiter.refuse(A, "/a", start + Duration::from_millis(seconds));
        assert_eq!(at(0), None);
        assert_eq!(at(59_999), Some(60));
        assert_eq!(at(60_000), None);
        assert_eq!(at(60_001), Some(60));
    }

    #[test]
    fn counters_that_are_over_do_not_pile_up() {
        let (limiter, start) = (limiter("1/1s"), Instant::now());
        for address in 0..30_000_u32 {
            let now = start + Duration::from_millis(u64::from(address));
            limiter.refuse(IpAddr::V4(address.into()), "/a", now);
        }
        let kept = limiter.counts.lock().unwrap().len();
        assert!(kept <= SWEEP_ABOVE + 1, "{kept}");
    }

    #[test]
    fn a_bad_limit_is_named() {
        for limit in ["", "100", "0/60s", "100/0s", "-1/60s", "100/60"] {
            let message = limit.parse::<RateLimit>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{limit}`")), "{message}");
        }
    }
}

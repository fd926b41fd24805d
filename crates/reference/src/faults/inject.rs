use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Notify;

use super::body::{Last, Torn};
use super::socket::SocketFaults;
use super::timer::{FaultTimer, Wait};
use super::{Delay, Fault, FaultShare, FaultWindow, Faults};
use crate::RateLimit;

/// The faults of a running server.
pub(crate) struct Injector {
    latencies: Vec<Pathed<Delay>>,
    errors: Vec<Pathed<FaultShare>>,
    torn: Vec<Pathed<FaultShare>>,
    stalls: Vec<FaultWindow>,
    outages: Vec<InjectedOutage>,
    close_every: Option<NonZeroU64>,
    rate_limit: Option<RateLimit>,
    sockets: SocketFaults,
    degraded: bool,
    workflows_missing: bool,
    origin: OnceLock<Instant>,
    begun: Notify,
    timer: FaultTimer,
}

/// A time without a listening port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InjectedOutage {
    pub(crate) window: FaultWindow,
    /// Whether the server forgets what it has counted.
    pub(crate) restart: bool,
}

impl Injector {
    pub(crate) fn new(faults: &Faults) -> Self {
        let seed = faults.iter().find_map(|fault| match fault {
            Fault::Seed(seed) => Some(*seed),
            _ => None,
        });
        let mut injector = Self {
            latencies: Vec::new(),
            errors: Vec::new(),
            torn: Vec::new(),
            stalls: Vec::new(),
            outages: Vec::new(),
            close_every: None,
            rate_limit: None,
            sockets: SocketFaults::default(),
            degraded: false,
            workflows_missing: false,
            origin: OnceLock::new(),
            begun: Notify::new(),
            timer: FaultTimer::default(),
        };
        for (index, fault) in faults.iter().enumerate() {
            injector.add(fault, Sequence::new(seed.unwrap_or(0), index));
        }
        injector.outages.sort_by_key(|outage| outage.window.at);
        injector
    }

    fn add(&mut self, fault: &Fault, sequence: Sequence) {
        match fault.clone() {
            Fault::Latency { delay, path } => {
                self.latencies.push(Pathed::new(delay, path, sequence));
            }
            Fault::Errors { share, path } => self.errors.push(Pathed::new(share, path, sequence)),
            Fault::DropBody { share } => self.torn.push(Pathed::new(share, None, sequence)),
            Fault::Stall(window) => self.stalls.push(window),
            Fault::Refuse(window) => self.outages.push(InjectedOutage {
                window,
                restart: false,
            }),
            Fault::Restart(window) => self.outages.push(InjectedOutage {
                window,
                restart: true,
            }),
            Fault::CloseEvery(requests) => self.close_every = Some(requests),
            Fault::RateLimit(limit) => self.rate_limit = Some(limit),
            Fault::Degraded => self.degraded = true,
            Fault::WorkflowsMissing => self.workflows_missing = true,
            Fault::Seed(_) => {}
            Fault::SocketLatency(_)
            | Fault::SocketChatter(_)
            | Fault::SocketLoss(_)
            | Fault::SocketClose { .. }
            | Fault::SocketRefusal(_) => self.sockets.add(fault, sequence),
        }
    }

    /// Starts the clock of the windows with the first request.
    pub(crate) fn begin(&self) {
        self.origin.get_or_init(|| {
            self.begun.notify_one();
            Instant::now()
        });
    }

    /// When the clock of the windows was started; waits for the first request.
    pub(crate) async fn origin(&self) -> Instant {
        loop {
            if let Some(origin) = self.origin.get() {
                return *origin;
            }
            self.begun.notified().await;
        }
    }

    /// In the order in which they begin.
    pub(crate) fn outages(&self) -> &[InjectedOutage] {
        &self.outages
    }

    pub(crate) fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit
    }

    pub(crate) fn sockets(&self) -> &SocketFaults {
        &self.sockets
    }

    pub(crate) fn degraded(&self) -> bool {
        self.degraded
    }

    pub(crate) fn workflows_missing(&self) -> bool {
        self.workflows_missing
    }

    /// Completes at this instant, or a moment later.
    pub(crate) fn until(&self, at: Instant) -> Wait {
        self.timer.until(at)
    }

    /// Waits as long as the answer for this path is to be late.
    pub(crate) async fn delay(&self, path: &str) {
        let delay = self.latency(path);
        if !delay.is_zero() {
            self.until(Instant::now() + delay).await;
        }
    }

    fn latency(&self, path: &str) -> Duration {
        self.latencies
            .iter()
            .filter_map(|latency| latency.of(path, Delay::draw))
            .sum()
    }

    /// Whether this request is to end as an internal error.
    pub(crate) fn fails(&self, path: &str) -> bool {
        any(&self.errors, path)
    }

    /// Holds an answer while the server is stalled.
    pub(crate) async fn hold(&self) {
        let Some(&origin) = self.origin.get() else {
            return;
        };
        let now = origin.elapsed();
        let release = self.released(now);
        if release > now {
            self.until(origin + release).await;
        }
    }

    /// When an answer of this time may go: then, or at the end of the stalls it falls into. They may touch or
    /// overlap: a request that leaves one may have to stay for the next.
    fn released(&self, answered: Duration) -> Duration {
        let mut at = answered;
        while let Some(stall) = self
            .stalls
            .iter()
            .find(|stall| stall.at <= at && at < stall.end())
        {
            at = stall.end();
        }
        at
    }

    /// The answer, or the half of it that is to arrive.
    pub(crate) async fn tear(&self, path: &str, response: Response) -> Response {
        if !any(&self.torn, path) {
            return response;
        }
        let (mut head, body) = response.into_parts();
        let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
        if whole.is_empty() {
            return Response::from_parts(head, Body::empty());
        }
        head.headers.insert(CONTENT_LENGTH, whole.len().into());
        Response::from_parts(head, Body::new(Torn::new(&whole)))
    }

    /// Makes `cut` rise once the answer is sent, when it is the last of its connection.
    pub(crate) fn cut(&self, served: u64, cut: &Arc<AtomicBool>, response: Response) -> Response {
        match self.close_every {
            Some(every) if served.is_multiple_of(every.get()) => {
                response.map(|body| Body::new(Last::new(body, Arc::clone(cut))))
            }
            _ => response,
        }
    }
}

fn any(faults: &[Pathed<FaultShare>], path: &str) -> bool {
    // Every sequence advances, whatever the ones before it say: the order of flags must not matter.
    faults.iter().fold(false, |hit, fault| {
        fault
            .of(path, |share, random| random.random_bool(share.get()))
            .unwrap_or(false)
            | hit
    })
}

/// A fault of one path or of all, with its own random numbers.
struct Pathed<T> {
    what: T,
    path: Option<String>,
    sequence: Sequence,
}

impl<T> Pathed<T> {
    fn new(what: T, path: Option<String>, sequence: Sequence) -> Self {
        Self {
            what,
            path,
            sequence,
        }
    }

    fn of<R>(&self, path: &str, draw: impl FnOnce(&T, &mut SmallRng) -> R) -> Option<R> {
        let concerned = self.path.as_deref().is_none_or(|only| only == path);
        concerned.then(|| draw(&self.what, &mut self.sequence.next()))
    }
}

/// Random numbers that depend on the seed and on how many were drawn before, on nothing else.
pub(super) struct Sequence {
    seed: u64,
    drawn: AtomicU64,
}

impl Sequence {
    pub(super) fn new(seed: u64, index: usize) -> Self {
        Self {
            seed: SmallRng::seed_from_u64(seed.wrapping_add((index as u64) << 48)).random(),
            drawn: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> SmallRng {
        let turn = self.drawn.fetch_add(1, Ordering::Relaxed);
        SmallRng::seed_from_u64(self.seed.wrapping_add(turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injector(specs: &[&str]) -> Injector {
        Injector::new(&specs.iter().map(|spec| spec.parse().unwrap()).collect())
    }

    fn failures(specs: &[&str], path: &str) -> Vec<bool> {
        let injector = injector(specs);
        (0..5000).map(|_| injector.fails(path)).collect()
    }

    #[test]
    fn errors_come_in_their_share_and_in_the_same_order_every_time() {
        let first = failures(&["errors=2%"], "/a");
        assert_eq!(first, failures(&["errors=2%"], "/a"));
        assert_ne!(first, failures(&["errors=2%", "seed=9"], "/a"));
        let failed = first.iter().filter(|failed| **failed).count();
        assert!((60..140).contains(&failed), "{failed}");
    }

    #[test]
    fn a_fault_of_one_path_spares_the_others() {
        assert!(
            failures(&["errors=100%:/a"], "/a")
                .iter()
                .all(|failed| *failed)
        );
        assert!(
            !failures(&["errors=100%:/a"], "/b")
                .iter()
                .any(|failed| *failed)
        );
        assert!(!failures(&[], "/a").iter().any(|failed| *failed));
    }

    #[test]
    fn latencies_of_a_path_add_up() {
        let injector = injector(&["latency=30ms", "latency=300ms:/slow"]);
        assert_eq!(injector.latency("/slow"), Duration::from_millis(330));
        assert_eq!(injector.latency("/other"), Duration::from_millis(30));
    }

    #[test]
    fn a_stall_holds_what_falls_into_it_until_its_end() {
        let injector = injector(&["stall=2s@5s", "stall=1s@7s", "stall=3s@20s", "stall=1s@21s"]);
        for (answered, expected) in [
            (0, 0),
            (4999, 4999),
            (5000, 8000),
            (7999, 8000),
            (8000, 8000),
            (21_500, 23_000),
        ] {
            let released = injector.released(Duration::from_millis(answered));
            assert_eq!(released.as_millis(), expected, "{answered}");
        }
    }

    #[tokio::test]
    async fn nothing_is_held_or_late_by_itself() {
        let injector = injector(&["stall=2s@5s", "seed=1"]);
        injector.hold().await;
        injector.begin();
        injector.hold().await;
        injector.delay("/").await;
    }
}

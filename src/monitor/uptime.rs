//! A watch on the target: one probe after the other on a connection of its own, apart from the load.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use tokio::time::timeout;

use crate::client::{ProbeAnswer, Prober};
use crate::profile::{Destination, UptimeCheck};
use crate::record::{Outage, UptimeRecord};

/// How often a probe asks before the target counts as out.
const ATTEMPTS: u32 = 3;
/// A target that takes this long to fail is out without being asked again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the watch looks at the clock during a probe.
const BEAT: Duration = Duration::from_millis(50);

/// What one probe saw.
#[derive(Debug, Clone, PartialEq)]
pub struct UptimeProbe {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Seconds since the target's start, as it says; `None` when it does not.
    pub uptime: Option<f64>,
    /// Why the target counts as out, if it does.
    pub failure: Option<String>,
}

/// Enters a probe into the log; `last_uptime` is carried from one good probe to the next.
///
/// An uptime that went backwards is a restart, however short it was.
pub fn log(watch: &mut UptimeRecord, last_uptime: &mut Option<f64>, probe: &UptimeProbe) {
    watch.probes += 1;
    let open = watch
        .outages
        .last_mut()
        .filter(|outage| outage.to.is_none());
    if let Some(cause) = &probe.failure {
        match open {
            Some(outage) => outage.probes += 1,
            None => watch.outages.push(Outage {
                from: probe.at,
                to: None,
                probes: 1,
                cause: cause.clone(),
            }),
        }
        return;
    }
    if let Some(outage) = open {
        outage.to = Some(probe.at);
    }
    if let Some(uptime) = probe.uptime {
        if last_uptime.is_some_and(|last| uptime < last) {
            watch.restarts.push(probe.at);
        }
        *last_uptime = Some(uptime);
    }
}

/// A thread that probes the target until it is dropped.
pub struct UptimeWatcher {
    log: Arc<Mutex<UptimeRecord>>,
    began: Instant,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl UptimeWatcher {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the machine gives no thread or no runtime.
    pub fn start(check: UptimeCheck, destination: &Destination) -> std::io::Result<UptimeWatcher> {
        let log = Arc::new(Mutex::new(UptimeRecord {
            every_ms: Some(check.every.as_millis() as u64),
            ..UptimeRecord::default()
        }));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = mpsc::channel();
        let (theirs, destination) = (Arc::clone(&log), destination.clone());
        let body = move || {
            let prober = Prober::new(&check, &destination);
            match prober {
                Ok(prober) => runtime.block_on(watch(prober, check.every, &theirs, &stopped)),
                Err(error) => {
                    let failure = Some(error.to_string());
                    enter(
                        &theirs,
                        &mut None,
                        &UptimeProbe {
                            at: now(),
                            uptime: None,
                            failure,
                        },
                    );
                }
            }
        };
        let thread = thread::Builder::new().name("watch".into()).spawn(body)?;
        Ok(UptimeWatcher {
            log,
            began: Instant::now(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// What was seen so far.
    pub fn seen(&self) -> UptimeRecord {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How long it has watched.
    pub fn lasted(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for UptimeWatcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the watch is its own; the session has its log up to then.
            let _ = thread.join();
        }
    }
}

async fn watch(
    mut prober: Prober,
    every: Duration,
    log: &Mutex<UptimeRecord>,
    stopped: &mpsc::Receiver<()>,
) {
    let mut last_uptime = None;
    let start = tokio::time::Instant::now();
    let mut round = 0u32;
    while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
        let at = now();
        let answer = ask(async || prober.probe().await).await;
        let probe = UptimeProbe {
            at,
            uptime: answer.uptime_seconds,
            failure: answer.failure,
        };
        enter(log, &mut last_uptime, &probe);
        round += 1;
        let due = start + every * round;
        // In short steps, so that the end of the session need not wait for the next probe.
        while tokio::time::Instant::now() < due
            && stopped.try_recv() == Err(mpsc::TryRecvError::Empty)
        {
            let step = tokio::time::Instant::now() + Duration::from_millis(50);
            tokio::time::sleep_until(step.min(due)).await;
        }
    }
}

/// One answer that failed is an error; only when it fails again and again at once is the target out.
async fn ask(mut probe: impl AsyncFnMut() -> ProbeAnswer) -> ProbeAnswer {
    let mut waited = Duration::ZERO;
    let (mut answer, mut took) = attended(probe()).await;
    for _ in 1..ATTEMPTS {
        waited += took;
        if answer.failure.is_none() || waited > PATIENCE {
            break;
        }
        (answer, took) = attended(probe()).await;
    }
    answer
}

/// Waits for a future; also returns how long this took, without the time in which this thread itself did not run: what
/// was not answered then may only not have been read.
async fn attended<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let mut future = pin!(future);
    let mut took = Duration::ZERO;
    loop {
        let begun = tokio::time::Instant::now();
        let ended = timeout(BEAT, future.as_mut()).await;
        took += begun.elapsed().min(2 * BEAT);
        if let Ok(output) = ended {
            return (output, took);
        }
    }
}

fn enter(watch: &Mutex<UptimeRecord>, last_uptime: &mut Option<f64>, probe: &UptimeProbe) {
    log(
        &mut watch.lock().unwrap_or_else(PoisonError::into_inner),
        last_uptime,
        probe,
    );
}

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(probes: &[(u64, Option<f64>, Option<&str>)]) -> UptimeRecord {
        let (mut watch, mut last) = (UptimeRecord::default(), None);
        for (at, uptime, failure) in probes {
            let probe = UptimeProbe {
                at: *at,
                uptime: *uptime,
                failure: failure.map(str::to_owned),
            };
            log(&mut watch, &mut last, &probe);
        }
        watch
    }

    #[test]
    fn failed_probes_in_a_row_are_one_outage() {
        let watch = watched(&[
            (0, Some(5.0), None),
            (1_000, None, Some("refused")),
            (2_000, None, Some("timeout")),
            (3_000, Some(8.0), None),
            (4_000, None, Some("reset")),
        ]);
        let outage = |from, to, probes, cause: &str| Outage {
            from,
            to,
            probes,
            cause: cause.into(),
        };
        let expected = vec![
            outage(1_000, Some(3_000), 2, "refused"),
            outage(4_000, None, 1, "reset"),
        ];
        assert_eq!(
            (watch.probes, watch.outages, watch.restarts),
            (5, expected, Vec::new())
        );
    }

    #[test]
    fn an_uptime_that_falls_is_a_restart_even_between_good_probes() {
        let watch = watched(&[
            (0, Some(50.0), None),
            (1_000, Some(0.2), None),
            (2_000, None, None),
        ]);
        assert_eq!((watch.outages.len(), watch.restarts), (0, vec![1_000]));
    }

    /// How often a target is asked that first fails after a while, and then is well.
    async fn asked(first: impl AsyncFn()) -> (u32, bool) {
        let mut asked = 0;
        let answer = ask(async || {
            asked += 1;
            if asked == 1 {
                first().await;
            }
            ProbeAnswer {
                uptime_seconds: None,
                failure: (asked == 1).then(|| "no answer within 5s".to_owned()),
                reconnected: false,
                rate_limited: false,
            }
        });
        let is_out = answer.await.failure.is_some();
        (asked, is_out)
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_is_not_out_because_the_watch_stood_still() {
        let slow = Duration::from_secs(5);
        assert_eq!(
            asked(async || tokio::time::sleep(slow).await).await,
            (1, true)
        );
        // The thread is stopped, as by a debugger, and finds its timeout passed.
        assert_eq!(
            asked(async || tokio::time::advance(slow).await).await,
            (2, false)
        );
        assert_eq!(asked(async || ()).await, (2, false));
    }
}

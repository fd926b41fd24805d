//! What wakes a thread at an instant.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

/// One alarm clock. Set again, it forgets what it was set to before.
pub struct OsTimer(TimerKind);

enum TimerKind {
    #[cfg(target_os = "linux")]
    Precise(precise::Precise),
    Coarse(std::pin::Pin<Box<tokio::time::Sleep>>),
}

impl OsTimer {
    /// The best there is: precise to some microseconds on Linux, to a millisecond elsewhere.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    pub fn best() -> OsTimer {
        #[cfg(target_os = "linux")]
        if let Ok(precise) = precise::Precise::new() {
            return OsTimer(TimerKind::Precise(precise));
        }
        OsTimer::coarse()
    }

    /// tokio's own timer, which follows tokio's virtual time.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time.
    pub fn coarse() -> OsTimer {
        OsTimer(TimerKind::Coarse(Box::pin(tokio::time::sleep(
            Duration::ZERO,
        ))))
    }

    pub(super) fn set(&mut self, at: Instant) {
        match &mut self.0 {
            #[cfg(target_os = "linux")]
            TimerKind::Precise(precise) => {
                precise.set(at.saturating_duration_since(Instant::now()));
            }
            TimerKind::Coarse(sleep) => sleep.as_mut().reset(at),
        }
    }

    pub(super) fn poll_rung(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            #[cfg(target_os = "linux")]
            TimerKind::Precise(precise) => precise.poll_rung(cx),
            TimerKind::Coarse(sleep) => sleep.as_mut().poll(cx),
        }
    }
}

#[cfg(target_os = "linux")]
mod precise {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll, ready};
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// A timer of the system's as a file; it is woken by the same wait as the sockets.
    pub(super) struct Precise(AsyncFd<OwnedFd>);

    impl Precise {
        pub(super) fn new() -> io::Result<Precise> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[allow(
                deprecated,
                reason = "what takes its place is unsafe, for files that are not owned; this one is"
            )]
            AsyncFd::with_interest(timer, tokio::io::Interest::READABLE).map(Precise)
        }

        pub(super) fn set(&self, after: Duration) {
            // Zero would switch it off.
            let after = after.max(Duration::from_nanos(1));
            let once = Itimerspec {
                it_interval: Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                },
                it_value: Timespec {
                    tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: i64::from(after.subsec_nanos()),
                },
            };
            // It fails for times or files that are none, and these are one.
            let set = timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once);
            debug_assert!(set.is_ok());
        }

        pub(super) fn poll_rung(&self, cx: &mut Context<'_>) -> Poll<()> {
            // Not read: the next setting takes back that it rang, and the next ring is an event of its own.
            match ready!(self.0.poll_read_ready(cx)) {
                Ok(mut rung) => rung.clear_ready(),
                // The runtime is going down, and this task with it.
                Err(_) => return Poll::Pending,
            }
            Poll::Ready(())
        }
    }
}

use std::time::Duration;

use rand::RngExt as _;

use super::inject::Sequence;
use super::{Delay, Fault, FaultShare};

/// What goes wrong on sockets.
#[derive(Default)]
pub(crate) struct SocketFaults {
    latencies: Vec<(Delay, Sequence)>,
    losses: Vec<(FaultShare, Sequence)>,
    refusals: Vec<(FaultShare, Sequence)>,
    chatter: u32,
    close: Option<SocketCut>,
}

/// How and when a socket is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketCut {
    /// Counted from the handshake.
    pub(crate) after: Duration,
    /// `None` is without a close frame.
    pub(crate) code: Option<u16>,
}

impl SocketFaults {
    pub(super) fn add(&mut self, fault: &Fault, sequence: Sequence) {
        match *fault {
            Fault::SocketLatency(delay) => self.latencies.push((delay, sequence)),
            Fault::SocketLoss(share) => self.losses.push((share, sequence)),
            Fault::SocketRefusal(share) => self.refusals.push((share, sequence)),
            Fault::SocketChatter(frames) => {
                self.chatter = self.chatter.saturating_add(frames.get());
            }
            Fault::SocketClose { code, after } => {
                let end = SocketCut { after, code };
                // The first to come is the last that a socket sees.
                self.close = Some(match self.close {
                    Some(other) if other.after <= after => other,
                    _ => end,
                });
            }
            _ => {}
        }
    }

    /// How much later the reply to a ping comes; `None` is at once.
    pub(crate) fn reply_delay(&self) -> Option<Duration> {
        let delays = self.latencies.iter();
        let delay: Duration = delays
            .map(|(delay, sequence)| delay.draw(&mut sequence.next()))
            .fold(Duration::ZERO, Duration::saturating_add);
        (!delay.is_zero()).then_some(delay)
    }

    /// Whether a ping is never answered.
    pub(crate) fn loses(&self) -> bool {
        any(&self.losses)
    }

    /// Whether a handshake is refused.
    pub(crate) fn refuses(&self) -> bool {
        any(&self.refusals)
    }

    /// How many unasked frames come between a ping and its reply.
    pub(crate) fn chatter(&self) -> u32 {
        self.chatter
    }

    /// When sockets are ended by the server.
    pub(crate) fn end(&self) -> Option<SocketCut> {
        self.close
    }
}

fn any(faults: &[(FaultShare, Sequence)]) -> bool {
    // Every sequence advances, whatever the ones before it say: the order of flags must not matter.
    faults.iter().fold(false, |hit, (share, sequence)| {
        sequence.next().random_bool(share.get()) | hit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specs: &[&str]) -> SocketFaults {
        let mut faults = SocketFaults::default();
        for (index, spec) in specs.iter().enumerate() {
            faults.add(&spec.parse().unwrap(), Sequence::new(0, index));
        }
        faults
    }

    #[test]
    fn none_is_none() {
        let faults = faults(&["latency=5s", "errors=100%"]);
        assert_eq!(faults.reply_delay(), None);
        assert!(!faults.loses() && !faults.refuses());
        assert_eq!(faults.chatter(), 0);
        assert_eq!(faults.end(), None);
    }

    #[test]
    fn several_add_up() {
        let faults = faults(&[
            "ws-latency=30ms",
            "ws-latency=300ms",
            "ws-chatter=2",
            "ws-chatter=3",
            "ws-close=1001@5s",
            "ws-close=drop@2s",
            "ws-close=1012@3s",
        ]);
        assert_eq!(faults.reply_delay(), Some(Duration::from_millis(330)));
        assert_eq!(faults.chatter(), 5);
        let end = SocketCut {
            after: Duration::from_secs(2),
            code: None,
        };
        assert_eq!(faults.end(), Some(end));
    }

    #[test]
    fn losses_come_in_their_share_and_in_the_same_order_every_time() {
        let lost = || -> Vec<bool> {
            let faults = faults(&["ws-lose=20%", "ws-refuse=50%"]);
            (0..1000).map(|_| faults.loses()).collect()
        };
        assert_eq!(lost(), lost());
        let count = lost().iter().filter(|lost| **lost).count();
        assert!((150..250).contains(&count), "{count}");
    }
}

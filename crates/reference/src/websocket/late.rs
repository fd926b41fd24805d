use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::faults::Injector;

/// More replies than this are not kept for one socket: a client that pings so much has stopped reading.
const MOST: usize = 10_000;

/// Frames that are held back, the next one due first.
#[derive(Default)]
pub(super) struct Late {
    frames: BinaryHeap<Reverse<(Instant, u64, Utf8Bytes)>>,
    pushed: u64,
}

impl Late {
    /// Keeps a frame back for so long.
    pub(super) fn push(&mut self, delay: Duration, frame: Utf8Bytes) {
        if self.frames.len() < MOST {
            self.pushed += 1;
            self.frames
                .push(Reverse((Instant::now() + delay, self.pushed, frame)));
        }
    }

    /// The next frame, once it is due; never completes while there is none.
    pub(super) async fn next(&mut self, faults: &Injector) -> Utf8Bytes {
        let Some(Reverse((due, _, _))) = self.frames.peek() else {
            return std::future::pending().await;
        };
        faults.until(*due).await;
        match self.frames.pop() {
            Some(Reverse((_, _, frame))) => frame,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::faults::Faults;

    #[tokio::test]
    async fn the_next_due_comes_first_and_ties_keep_their_order() {
        let faults = Injector::new(&Faults::default());
        let mut late = Late::default();
        for (delay, frame) in [(30, "c"), (10, "a"), (20, "b")] {
            late.push(Duration::from_millis(delay), frame.into());
        }
        let last = late.frames.iter().map(|frame| frame.0.0).max().unwrap();
        late.frames.push(Reverse((last, 4, "d".into())));
        let mut came = String::new();
        for _ in 0..4 {
            came.push_str(&late.next(&faults).await);
        }
        assert_eq!(came, "abcd");
        assert!(Instant::now() >= last);
        assert_eq!(late.next(&faults).now_or_never(), None);
    }
}

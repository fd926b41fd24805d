use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// More replies than this are not kept for one socket: whoever pings so much has stopped listening.
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
    pub(super) async fn next(&mut self) -> Utf8Bytes {
        let Some(Reverse((due, _, _))) = self.frames.peek() else {
            return std::future::pending().await;
        };
        sleep_until(*due).await;
        match self.frames.pop() {
            Some(Reverse((_, _, frame))) => frame,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_next_due_comes_first_and_ties_keep_their_order() {
        let mut late = Late::default();
        for (delay, frame) in [(30, "c"), (10, "a"), (20, "b"), (30, "d")] {
            late.push(Duration::from_millis(delay), frame.into());
        }
        let begun = Instant::now();
        let mut came = String::new();
        for _ in 0..4 {
            came.push_str(&late.next().await);
        }
        assert_eq!(came, "abcd");
        assert!(begun.elapsed() >= Duration::from_millis(30));
        let none = tokio::time::timeout(Duration::from_secs(9), late.next());
        assert!(none.await.is_err());
    }
}

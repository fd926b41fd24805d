use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::app::App;
use crate::statistics::timestamp;
use crate::system::Background;

/// Frames that may wait for a socket which does not read; older ones are lost to it.
const WAITING: usize = 16;

type Frames = broadcast::Sender<Utf8Bytes>;

/// Who is connected, by organization, and what was said.
#[derive(Default)]
pub(crate) struct Hub {
    organizations: Mutex<HashMap<Box<str>, Frames>>,
    active: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    errors: AtomicU64,
}

impl Hub {
    /// Counts a socket as open until the membership is dropped.
    pub(super) fn join<'a>(&'a self, organization: &'a str) -> Membership<'a> {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.opened.fetch_add(1, Ordering::Relaxed);
        let frames = self
            .organizations()
            .entry(organization.into())
            .or_insert_with(|| Frames::new(WAITING))
            .subscribe();
        Membership {
            hub: self,
            organization,
            frames,
        }
    }

    /// Sends a frame to every socket of the organization.
    pub(super) fn broadcast(&self, organization: &str, frame: Utf8Bytes) {
        if let Some(frames) = self.organizations().get(organization) {
            // No remaining receiver is not an error.
            let _ = frames.send(frame);
        }
    }

    fn broadcast_to_all(&self, frame: &Utf8Bytes) {
        for frames in self.organizations().values() {
            let _ = frames.send(frame.clone());
        }
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn erred(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// What the service reports about its sockets.
    pub(crate) fn summary(&self) -> Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "active_connections": count(&self.active),
            "total_connections": count(&self.opened),
            "refused_connections": count(&self.refused),
            "messages_received": count(&self.received),
            "messages_sent": count(&self.sent),
            "errors": count(&self.errors),
        })
    }

    /// Resets the counts; clients stay connected.
    pub(crate) fn reset(&self) {
        for counter in [
            &self.opened,
            &self.refused,
            &self.received,
            &self.sent,
            &self.errors,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    fn organizations(&self) -> MutexGuard<'_, HashMap<Box<str>, Frames>> {
        self.organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket's place in its organization.
pub(super) struct Membership<'a> {
    hub: &'a Hub,
    organization: &'a str,
    frames: broadcast::Receiver<Utf8Bytes>,
}

impl Membership<'_> {
    /// The next frame for everybody.
    pub(super) async fn next(&mut self) -> Utf8Bytes {
        loop {
            match self.frames.recv().await {
                Ok(frame) => return frame,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                // The hub keeps the sender for as long as anybody is subscribed.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Membership<'_> {
    fn drop(&mut self) {
        self.hub.active.fetch_sub(1, Ordering::Relaxed);
        let mut organizations = self.hub.organizations();
        // This one is subscribed still.
        if organizations
            .get(self.organization)
            .is_some_and(|frames| frames.receiver_count() <= 1)
        {
            organizations.remove(self.organization);
        }
    }
}

/// Sends `{"type":"ping"}` to everybody at this interval.
pub(crate) fn ping_all(app: Arc<App>, every: Duration) -> Background {
    Background::spawn(async move {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let ping = json!({ "type": "ping", "timestamp": timestamp() }).to_string();
            app.hub.broadcast_to_all(&ping.into());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_organization_hears_its_own_and_is_forgotten_when_empty() {
        let hub = Hub::default();
        let (mut a, mut b) = (hub.join("a"), hub.join("b"));
        hub.broadcast("a", "to a".into());
        hub.broadcast("b", "to b".into());
        hub.broadcast("nobody", "lost".into());
        assert_eq!(a.next().await.as_str(), "to a");
        assert_eq!(b.next().await.as_str(), "to b");
        let other = hub.join("a");
        drop(a);
        assert_eq!(hub.organizations().len(), 2);
        drop(other);
        assert_eq!(hub.organizations().len(), 1);
        assert_eq!(hub.summary()["active_connections"], 1);
        assert_eq!(hub.summary()["total_connections"], 3);
        hub.reset();
        assert_eq!(hub.summary()["active_connections"], 1);
        assert_eq!(hub.summary()["total_connections"], 0);
    }

    #[tokio::test]
    async fn who_does_not_listen_misses_the_oldest() {
        let hub = Hub::default();
        let mut member = hub.join("a");
        for frame in 0..WAITING + 5 {
            hub.broadcast("a", frame.to_string().into());
        }
        assert_eq!(member.next().await.as_str(), "5");
    }
}

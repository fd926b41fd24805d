//! The changes of the page as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::watch;
use tokio::time::sleep;

use super::page::{self, PageEvent, PagePart};
use super::shared_view::{SharedView, Viewer};
use super::view::View;

/// The least time between two changes that are sent: faster ones could not be read.
const LEAST: Duration = Duration::from_millis(500);
/// As long as nothing changes, the page gets a sign of life at this interval: live.js relies on it.
const ALIVE: Duration = Duration::from_secs(2);

/// One page that listens.
pub(super) struct EventListener {
    view: watch::Receiver<View>,
    sent: Vec<PagePart>,
    _watching: Viewer,
    session: String,
}

impl EventListener {
    /// A page that has nothing yet. `session` is what tells this session from others at the same address.
    pub(super) fn new(board: &SharedView, session: String) -> EventListener {
        let mut view = board.look();
        view.mark_changed();
        EventListener {
            view,
            sent: Vec::new(),
            _watching: board.watch(),
            session,
        }
    }

    /// What has changed since the last event, everything at first; or that nothing has.
    pub(super) async fn next(
        mut self,
    ) -> Option<(Result<Frame<Bytes>, Infallible>, EventListener)> {
        let silence = sleep(ALIVE);
        tokio::pin!(silence);
        loop {
            tokio::select! {
                // The session is gone when this fails, and the page with it.
                changed = self.view.changed() => changed.ok()?,
                // An event, as a page does not see comments.
                () = &mut silence => return Some((Ok(frame("event: alive\ndata: yes\n\n")), self)),
            }
            if !self.sent.is_empty() {
                sleep(LEAST).await;
            }
            let view = self.view.borrow_and_update().clone();
            let now = page::all(&view);
            let changed = page::changed(&self.sent, now.clone());
            if !changed.is_empty() {
                self.sent = now;
                let told = PageEvent {
                    session: &self.session,
                    parts: &changed,
                };
                // JSON has no line break of its own, which would end the event's data.
                let json = serde_json::to_string(&told).ok()?;
                return Some((Ok(frame(&format!("data: {json}\n\n"))), self));
            }
        }
    }
}

fn frame(event: &str) -> Frame<Bytes> {
    Frame::data(Bytes::copy_from_slice(event.as_bytes()))
}

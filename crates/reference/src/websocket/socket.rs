use std::collections::BTreeSet;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::handshake::{MOST_CHANNELS, Upgrade};
use super::hub::Hub;
use super::late::Late;
use super::message::{self, MessageError, SocketRequest};
use crate::app::App;
use crate::faults::Injector;
use crate::statistics::timestamp as now;

/// The longest message of a client, in bytes.
const LONGEST: usize = 64 * 1024;
/// What an idle socket holds, in bytes; longer messages take more for as long as they need it.
const BUFFER: usize = 1024;

/// Serves one socket until either side ends it; when `closing` changes, it says good-bye.
pub(crate) async fn serve<S>(app: &App, upgrade: Upgrade, mut closing: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Upgrade {
        when,
        user,
        channels,
    } = upgrade;
    // A peer that left between its handshake and its answer is not to be told.
    let Ok(upgraded) = when.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<S>>() else {
        return;
    };
    let mut socket = ServerSocket {
        app,
        organization: &user.organization,
        user: &user.id,
        stream: stream(parts.io.into_inner(), parts.read_buf).await,
        channels,
        late: Late::default(),
    };
    // Whatever ended it: the peer knows, or is gone.
    let _ = socket.talk(&mut closing).await;
}

async fn stream<S>(io: S, read: Bytes) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    WebSocketStream::from_partially_read(io, read.into(), Role::Server, Some(config)).await
}

struct ServerSocket<'a, S> {
    app: &'a App,
    organization: &'a str,
    user: &'a str,
    stream: WebSocketStream<S>,
    channels: BTreeSet<String>,
    late: Late,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ServerSocket<'_, S> {
    async fn talk(&mut self, closing: &mut watch::Receiver<()>) -> Result<(), Error> {
        let hub = &self.app.hub;
        let end = self.app.faults.sockets().end();
        let end = end.map(|end| (Instant::now() + end.after, end.code));
        let mut member = hub.join(self.organization);
        self.say(&json!({
            "type": "connection_established",
            "channels": self.channels,
            "timestamp": now(),
        }))
        .await?;
        loop {
            tokio::select! {
                received = self.stream.next() => match received {
                    Some(Ok(message)) => self.receive(hub, &message).await?,
                    Some(Err(Error::Capacity(_))) => return self.end(CloseCode::Size).await,
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
                frame = self.late.next(&self.app.faults) => self.send(frame).await?,
                code = ended(&self.app.faults, end) => return match code {
                    Some(code) => self.end(code.into()).await,
                    None => Ok(()),
                },
                frame = member.next() => self.send(frame).await?,
                _ = closing.changed() => return self.end(CloseCode::Away).await,
            }
        }
    }

    async fn receive(&mut self, hub: &Hub, message: &Message) -> Result<(), Error> {
        let request = match message {
            Message::Text(text) => message::read(text),
            Message::Binary(_) => Err(MessageError::NotJson),
            // The library answers these.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                return Ok(());
            }
        };
        hub.received();
        let answer = match request {
            Ok(SocketRequest::Ping(timestamp)) => return self.pong(timestamp).await,
            Ok(SocketRequest::Broadcast(text)) => {
                let frame = message::broadcast(text, self.user, now());
                hub.broadcast(self.organization, frame.into());
                return Ok(());
            }
            Ok(SocketRequest::Subscribe(channel)) => self.subscribe(&channel),
            Ok(SocketRequest::Unsubscribe(channel)) => {
                self.channels.remove(&*channel);
                Ok(json!({ "type": "unsubscribed", "channel": channel }))
            }
            Ok(SocketRequest::Channels) => {
                Ok(json!({ "type": "channels", "channels": self.channels }))
            }
            Ok(SocketRequest::Stats) => Ok(json!({ "type": "stats", "stats": hub.summary() })),
            Err(complaint) => Err(complaint),
        };
        let answer = answer.unwrap_or_else(|complaint| {
            hub.erred();
            message::error(&complaint)
        });
        self.say(&answer).await
    }

    fn subscribe(&mut self, channel: &str) -> Result<Value, MessageError> {
        if self.channels.len() >= MOST_CHANNELS && !self.channels.contains(channel) {
            return Err(MessageError::TooManyChannels);
        }
        self.channels.insert(channel.to_owned());
        Ok(json!({ "type": "subscribed", "channel": channel }))
    }

    async fn pong(&mut self, timestamp: &str) -> Result<(), Error> {
        let faults = self.app.faults.sockets();
        for number in 1..=faults.chatter() {
            self.say(&message::chatter(number, now())).await?;
        }
        if faults.loses() {
            return Ok(());
        }
        let pong = message::pong(timestamp).into();
        match faults.reply_delay() {
            Some(delay) => self.late.push(delay, pong),
            None => self.send(pong).await?,
        }
        Ok(())
    }

    async fn say(&mut self, frame: &Value) -> Result<(), Error> {
        self.send(frame.to_string().into()).await
    }

    async fn send(&mut self, frame: Utf8Bytes) -> Result<(), Error> {
        self.app.faults.hold().await;
        self.stream.send(Message::Text(frame)).await?;
        self.app.hub.sent();
        Ok(())
    }

    /// Says good-bye, and waits for the peer to do so.
    async fn end(&mut self, code: CloseCode) -> Result<(), Error> {
        let reason = Utf8Bytes::default();
        self.stream.close(Some(CloseFrame { code, reason })).await?;
        while let Some(received) = self.stream.next().await {
            received?;
        }
        Ok(())
    }
}

/// Waits until the socket is to be closed; returns its close code.
async fn ended(faults: &Injector, end: Option<(Instant, Option<u16>)>) -> Option<u16> {
    match end {
        Some((at, code)) => {
            faults.until(at).await;
            code
        }
        None => std::future::pending().await,
    }
}

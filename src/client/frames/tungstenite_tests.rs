//! Tungstenite as the oracle: of the same bytes in the same pieces both must tell the same.
//!
//! They differ on purpose in one thing: what is wrong in a frame's head is told when the head has come.
//! Tungstenite waits for the payload, so that it calls the end of the connection in between a cut.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use super::samples::{FrameSample, sample};
use super::tests::tell;
use super::*;

/// Cases in the test command; `PROPTEST_CASES` asks for more.
const CASES: u32 = 3000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a close frame.
    Closed,
    /// No frames, or too long ones.
    Fault,
    /// The connection has ended without a word.
    Cut,
    /// The connection is open, and more is to come.
    Waiting,
}

type Verdict = (Vec<String>, End);

fn of_reader(sample: &FrameSample) -> Verdict {
    let pieces = sample.pieces.iter().map(Vec::as_slice);
    let told = tell(pieces, sample.longest, usize::MAX);
    let is_closed = told
        .heard
        .last()
        .is_some_and(|last| last.starts_with("Close"));
    let end = match told.fault {
        Some(_) => End::Fault,
        None if is_closed => End::Closed,
        None if sample.closes => End::Cut,
        None => End::Waiting,
    };
    (told.heard, end)
}

/// A connection on which a script arrives; what is written to it is lost.
struct Script {
    pieces: VecDeque<Vec<u8>>,
    closes: bool,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.pieces.front_mut() else {
            return if self.closes {
                Ok(0)
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            };
        };
        let part = piece.len().min(buffer.len());
        buffer[..part].copy_from_slice(&piece[..part]);
        piece.drain(..part);
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        Ok(part)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of_tungstenite(sample: &FrameSample) -> Verdict {
    let script = Script {
        pieces: sample.pieces.clone().into(),
        closes: sample.closes,
    };
    let longest = Some(sample.longest as usize);
    let config = WebSocketConfig::default()
        .max_message_size(longest)
        .max_frame_size(longest);
    let mut socket = WebSocket::from_raw_socket(script, Role::Client, Some(config));
    let mut heard = Vec::new();
    let end = loop {
        let told = match socket.read() {
            Ok(Message::Text(text)) => ReceivedFrame::Text(&text).debug_text(),
            Ok(Message::Binary(bytes)) => ReceivedFrame::Binary(&bytes).debug_text(),
            Ok(Message::Ping(bytes)) => ReceivedFrame::Ping(&bytes).debug_text(),
            Ok(Message::Pong(_)) => ReceivedFrame::Pong.debug_text(),
            Ok(Message::Close(close)) => {
                let code = close.map_or(NO_CODE, |close| u16::from(close.code));
                heard.push(ReceivedFrame::Close(code).debug_text());
                break End::Closed;
            }
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                break End::Waiting;
            }
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break End::Cut,
            Err(Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_)) => break End::Fault,
            Err(error) => unreachable!("{error}"),
        };
        heard.push(told);
    };
    (heard, end)
}

impl ReceivedFrame<'_> {
    fn debug_text(self) -> String {
        format!("{self:?}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES),
        rng_seed: RngSeed::Fixed(6455),
        ..ProptestConfig::default()
    })]

    #[test]
    fn tungstenite_hears_the_same(sample in sample()) {
        let ours = of_reader(&sample);
        let mut theirs = of_tungstenite(&sample);
        if ours.1 == End::Fault && matches!(theirs.1, End::Cut | End::Waiting) {
            // Once the frame is whole it must see what was wrong with its head.
            let mut whole = sample.clone();
            whole.pieces.push(vec![0; sample.longest as usize + 14]);
            theirs = of_tungstenite(&whole);
        }
        prop_assert_eq!(ours, theirs);
    }
}

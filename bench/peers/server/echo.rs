//! A WebSocket that sends every message back.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Service;
use crate::sha1::accept_key;

const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

#[derive(Default)]
pub struct Echo {
    messages: AtomicU64,
}

impl Service for Echo {
    fn attend(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut got = Vec::with_capacity(1024);
        let mut chunk = [0; 4096];
        let mut answer = Vec::with_capacity(1024);
        let mut open = false;
        loop {
            match stream.read(&mut chunk)? {
                0 => return Ok(()),
                count => got.extend_from_slice(&chunk[..count]),
            }
            answer.clear();
            if !open {
                let Some(end) = got.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                    continue;
                };
                answer.extend(handshake(&got[..end]));
                got.drain(..end + 4);
                open = true;
            }
            let mut ends = false;
            while let Some((opcode, payload, whole)) = frame(&got) {
                match opcode {
                    PONG => {}
                    CLOSE => {
                        push_frame(&mut answer, CLOSE, &payload);
                        ends = true;
                    }
                    PING => push_frame(&mut answer, PONG, &payload),
                    kind => {
                        push_frame(&mut answer, kind, &payload);
                        self.messages.fetch_add(1, Ordering::Relaxed);
                    }
                }
                got.drain(..whole);
            }
            stream.write_all(&answer)?;
            if ends {
                return Ok(());
            }
        }
    }

    fn tell(&self) -> String {
        format!("{{\"messages\":{}}}", self.messages.load(Ordering::Relaxed))
    }
}

fn handshake(head: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    });
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(key.unwrap_or_default())
    )
    .into_bytes()
}

/// The first whole frame: its opcode, its payload unmasked, and its length with everything.
fn frame(got: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (&first, &second) = (got.first()?, got.get(1)?);
    let (length, mut at) = match second & 127 {
        126 => (
            usize::from(u16::from_be_bytes([*got.get(2)?, *got.get(3)?])),
            4,
        ),
        127 => return None,
        short => (usize::from(short), 2),
    };
    let mut mask = [0; 4];
    if second & 128 != 0 {
        mask.copy_from_slice(got.get(at..at + 4)?);
        at += 4;
    }
    let payload = got.get(at..at + length)?;
    let plain = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    Some((first & 15, plain.collect(), at + length))
}

fn push_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(128 | opcode);
    if payload.len() < 126 {
        out.push(payload.len() as u8);
    } else {
        out.push(126);
        out.extend((payload.len() as u16).to_be_bytes());
    }
    out.extend_from_slice(payload);
}

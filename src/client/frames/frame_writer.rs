//! A frame that is about to be sent.

use std::hash::{BuildHasher, RandomState};

use super::FrameKind;

/// The longest head: two bytes, a length of eight, the key of the mask.
const HEAD: usize = 14;

/// A frame under construction, in memory that is used again for the next one.
#[derive(Debug)]
pub(in crate::client) struct Draft {
    /// Room for the longest head, then the payload.
    bytes: Vec<u8>,
}

/// Keys for the masks of a connection, as [`splitmix64`](https://prng.di.unimi.it/splitmix64.c) draws them.
///
/// Masks keep scripts in a browser from sending an intermediary bytes of their choice (RFC 6455, 10.3). A load
/// generator chooses its messages itself, so that its keys need to differ, and not to be unpredictable.
#[derive(Debug)]
pub(in crate::client) struct Keys(u64);

impl Draft {
    /// Empty.
    pub(in crate::client) const fn new() -> Draft {
        Draft { bytes: Vec::new() }
    }

    /// Makes a whole frame: `fill` appends its payload.
    pub(in crate::client) fn frame(
        &mut self,
        kind: FrameKind,
        key: [u8; 4],
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> &[u8] {
        self.bytes.clear();
        self.bytes.resize(HEAD, 0);
        fill(&mut self.bytes);
        let (head, payload) = self.bytes.split_at_mut(HEAD);
        for part in payload.chunks_mut(key.len()) {
            for (byte, key) in part.iter_mut().zip(key) {
                *byte ^= key;
            }
        }
        let length = payload.len();
        let begin = write_head(head, kind, key, length);
        &self.bytes[begin..]
    }
}

/// Writes the head so that it ends where the payload begins; says where it begins.
fn write_head(room: &mut [u8], kind: FrameKind, key: [u8; 4], length: usize) -> usize {
    let first = 0x80
        | match kind {
            FrameKind::Text => 0x1,
            FrameKind::Close => 0x8,
            FrameKind::Pong => 0xa,
        };
    let long = (length as u64).to_be_bytes();
    let (short, extended) = match length {
        0..126 => (length as u8, &[][..]),
        126..0x1_0000 => (126, &long[6..]),
        _ => (127, &long[..]),
    };
    let begin = room.len() - 2 - extended.len() - key.len();
    let (two, rest) = room[begin..].split_at_mut(2);
    two.copy_from_slice(&[first, 0x80 | short]);
    let (length, mask) = rest.split_at_mut(extended.len());
    length.copy_from_slice(extended);
    mask.copy_from_slice(&key);
    begin
}

impl Keys {
    /// Seeded by the system, differently for each connection.
    pub(in crate::client) fn new() -> Keys {
        Keys(RandomState::new().hash_one(0))
    }

    /// The next one.
    pub(in crate::client) fn next(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) as u32).to_ne_bytes()
    }
}

//! Frames that servers send, and frames that none should.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Longer than any message that is not meant to be too long.
pub(super) const LONGEST: u64 = 70_000;

/// What a server sends.
#[derive(Debug, Clone)]
pub(super) struct FrameSample {
    /// As it arrives.
    pub(super) pieces: Vec<Vec<u8>>,
    /// Whether the connection ends then.
    pub(super) closes: bool,
    pub(super) longest: u64,
}

/// A server's frame; `first` holds its bits and its opcode.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let form = match length {
        0..126 => 0,
        126..0x1_0000 => 126,
        _ => 127,
    };
    frame_as(first, form, payload)
}

/// The same with a length in this form, be it too large for it.
pub(super) fn frame_as(first: u8, form: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u64;
    let mut bytes = vec![first];
    match form {
        126 => {
            bytes.push(126);
            bytes.extend((length as u16).to_be_bytes());
        }
        127 => {
            bytes.push(127);
            bytes.extend(length.to_be_bytes());
        }
        _ => bytes.push(length as u8 & 0x7f),
    }
    bytes.extend(payload);
    bytes
}

/// Whole or broken, in one piece or many.
pub(super) fn sample() -> impl Strategy<Value = FrameSample> {
    (
        prop::collection::vec(message(), 1..7),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(change(), 1..4)],
        prop_oneof![1 => Just(Vec::new()), 3 => prop::collection::vec(any::<Index>(), 1..8)],
        prop::bool::weighted(0.3),
        prop_oneof![4 => Just(LONGEST), 1 => 0..200_u64],
    )
        .prop_map(|(messages, changes, cuts, closes, longest)| {
            let mut bytes = messages.concat();
            for (at, change) in changes {
                apply(&mut bytes, at, &change);
            }
            FrameSample {
                pieces: split(&bytes, &cuts),
                closes,
                longest,
            }
        })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => text().prop_map(|text| frame(0x81, text.as_bytes())),
        2 => bytes().prop_map(|bytes| frame(0x82, &bytes)),
        5 => fragmented(),
        3 => control(),
        1 => (select(vec![0x88, 0x03]), close()).prop_map(|(first, payload)| frame(first, &payload)),
        1 => (0x81..0x83_u8, select(vec![126, 127]), bytes()).prop_map(|(first, form, bytes)| frame_as(first, form, &bytes)),
        1 => (select(vec![0x89, 0x8a, 0x88]), select(vec![0, 126, 127]), 0..140_usize)
            .prop_map(|(first, form, length)| frame_as(first, form, &vec![b'x'; length])),
        1 => (any::<u8>(), bytes()).prop_map(|(first, bytes)| frame(first, &bytes)),
        1 => select(vec![125, 126, 127, 65_535, 65_536, 69_999, 70_000, 70_001])
            .prop_map(|length| frame(0x81, &vec![b'x'; length])),
    ]
}

fn text() -> impl Strategy<Value = String> {
    "[a-z{}\"é€😀]{0,30}"
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..30)
}

fn control() -> impl Strategy<Value = Vec<u8>> {
    (select(vec![0x89, 0x8a]), bytes()).prop_map(|(first, bytes)| frame(first, &bytes))
}

fn close() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![2 => 990..1020_u16, 1 => any::<u16>()];
    let reason = prop_oneof![3 => text().prop_map(String::into_bytes), 1 => bytes()];
    prop_oneof![
        1 => Just(Vec::new()),
        1 => Just(vec![3]),
        4 => (code, reason).prop_map(|(code, reason)| [&code.to_be_bytes()[..], &reason].concat()),
    ]
}

/// A message cut anywhere, with control frames between its parts.
fn fragmented() -> impl Strategy<Value = Vec<u8>> {
    let content = prop_oneof![
        4 => text().prop_map(|text| (0x1, text.into_bytes())),
        1 => bytes().prop_map(|bytes| (0x1, bytes)),
        1 => bytes().prop_map(|bytes| (0x2, bytes)),
    ];
    let between = prop_oneof![3 => Just(Vec::new()), 1 => control()];
    (
        content,
        prop::collection::vec((any::<Index>(), between), 1..4),
        prop::bool::weighted(0.9),
    )
        .prop_map(|((opcode, content), cuts, is_ended)| {
            let (cuts, between): (Vec<Index>, Vec<Vec<u8>>) = cuts.into_iter().unzip();
            let mut parts = split(&content, &cuts);
            parts.push(Vec::new());
            let last = parts.len() - 1;
            let part = |(at, part): (usize, Vec<u8>)| {
                let opcode = if at == 0 { opcode } else { 0 };
                let is_final = at == last && is_ended;
                let mut bytes = frame(opcode | if is_final { 0x80 } else { 0 }, &part);
                if at < last {
                    bytes.extend(between.get(at).into_iter().flatten());
                }
                bytes
            };
            parts.into_iter().enumerate().flat_map(part).collect()
        })
}

pub(super) fn split(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    ends.dedup();
    let mut begin = 0;
    let mut pieces = Vec::new();
    for end in ends {
        if end > begin {
            pieces.push(bytes[begin..end].to_vec());
            begin = end;
        }
    }
    pieces
}

#[derive(Debug, Clone)]
enum FrameMutation {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    Cut,
}

fn change() -> impl Strategy<Value = (Index, FrameMutation)> {
    let known = || select(vec![0x00, 0x01, 0x80, 0x81, 0x88, 0x89, 0x7e, 0x7f, 0xc1]);
    let byte = || prop_oneof![2 => known(), 1 => any::<u8>()];
    let change = prop_oneof![
        4 => byte().prop_map(FrameMutation::Replace),
        2 => byte().prop_map(FrameMutation::Insert),
        2 => (1..6_usize).prop_map(FrameMutation::Remove),
        3 => Just(FrameMutation::Cut),
    ];
    (any::<Index>(), change)
}

fn apply(bytes: &mut Vec<u8>, at: Index, change: &FrameMutation) {
    let at = at.index(bytes.len() + 1);
    match change {
        FrameMutation::Replace(byte) => {
            if let Some(old) = bytes.get_mut(at) {
                *old = *byte;
            }
        }
        FrameMutation::Insert(byte) => bytes.insert(at, *byte),
        FrameMutation::Remove(length) => drop(bytes.drain(at..bytes.len().min(at + length))),
        FrameMutation::Cut => bytes.truncate(at),
    }
}

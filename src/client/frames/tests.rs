use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio_tungstenite::tungstenite::protocol::frame::FrameSocket;

use super::reader::FrameFault;
use super::samples::{LONGEST, frame, frame_as, sample};
use super::*;

/// All that is told of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) heard: Vec<String>,
    pub(super) fault: Option<FrameFault>,
}

/// Ends with the first fault or close frame; hears `at_once` messages before it is asked again.
pub(super) fn tell<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    longest: u64,
    at_once: usize,
) -> Told {
    let mut reader = FrameReader::new(Vec::new(), longest);
    let mut heard = Vec::new();
    for piece in pieces {
        let mut piece = piece;
        loop {
            let mut left = at_once;
            let told = reader.read(piece, &mut |told| {
                heard.push(format!("{told:?}"));
                left -= 1;
                (left == 0 || matches!(told, ReceivedFrame::Close(_))).then_some(())
            });
            let is_closed = heard.last().is_some_and(|last| last.starts_with("Close"));
            match told {
                Ok(_) if is_closed => return Told { heard, fault: None },
                Ok(None) => break,
                Ok(Some(())) => piece = &[],
                Err(fault) => {
                    return Told {
                        heard,
                        fault: Some(fault),
                    };
                }
            }
        }
    }
    Told { heard, fault: None }
}

/// Its name, the bytes, what is heard of them, and the fault they end in.
type Row = (
    &'static str,
    Vec<u8>,
    &'static [&'static str],
    Option<FrameFault>,
);

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<Row> {
    use FrameFault::{Frame, Text, TooLong};
    let x = |length| vec![b'x'; length];
    let message = |bytes: &[u8]| frame(0x81, bytes);
    let masked = |bytes: &[u8]| [&[0x81, 0x80 | bytes.len() as u8, 0, 0, 0, 0], bytes].concat();
    vec![
        ("a text", message(b"abc"), &[r#"Text("abc")"#], None),
        ("an empty text", message(b""), &[r#"Text("")"#], None),
        ("bytes", frame(0x82, &[0xff]), &["Binary([255])"], None),
        (
            "a length of two bytes",
            frame_as(0x81, 126, b"abc"),
            &[r#"Text("abc")"#],
            None,
        ),
        (
            "a length of eight bytes",
            frame_as(0x81, 127, b"abc"),
            &[r#"Text("abc")"#],
            None,
        ),
        (
            "the longest",
            frame_as(0x81, 0, b"x").repeat(2),
            &[r#"Text("x")"#, r#"Text("x")"#],
            None,
        ),
        ("too long", frame(0x81, &x(70_001)), &[], Some(TooLong)),
        (
            "far too long",
            [&[0x82, 127][..], &[0xff; 8]].concat(),
            &[],
            Some(TooLong),
        ),
        (
            "fragments",
            [
                frame(0x01, b"a\xe2\x82"),
                frame(0x00, b""),
                frame(0x80, b"\xac"),
            ]
            .concat(),
            &["Text(\"a\u{20ac}\")"],
            None,
        ),
        (
            "fragments of bytes",
            [frame(0x02, &[1]), frame(0x80, &[0xff])].concat(),
            &["Binary([1, 255])"],
            None,
        ),
        (
            "control frames between fragments",
            [
                frame(0x01, b"a"),
                frame(0x89, b"p"),
                frame(0x8a, b""),
                frame(0x80, b"b"),
            ]
            .concat(),
            &["Ping([112])", "Pong", r#"Text("ab")"#],
            None,
        ),
        (
            "too long together",
            [frame(0x01, &x(70_000)), frame(0x80, b"b")].concat(),
            &[],
            Some(TooLong),
        ),
        ("no UTF-8", message(b"a\xff"), &[], Some(Text)),
        ("half a character", message(b"a\xe2\x82"), &[], Some(Text)),
        (
            "no UTF-8 in a fragment",
            frame(0x01, b"a\xff"),
            &[],
            Some(Text),
        ),
        (
            "half a character at the end",
            [frame(0x01, b"a\xe2"), frame(0x80, b"\x82")].concat(),
            &[],
            Some(Text),
        ),
        (
            "a continuation of nothing",
            frame(0x80, b"a"),
            &[],
            Some(Frame),
        ),
        (
            "a message within another",
            [frame(0x01, b"a"), message(b"b")].concat(),
            &[],
            Some(Frame),
        ),
        (
            "a continuation behind a whole message",
            [message(b"a"), frame(0x80, b"b")].concat(),
            &[r#"Text("a")"#],
            Some(Frame),
        ),
        ("reserved bit 1", frame(0xc1, b""), &[], Some(Frame)),
        ("reserved bit 2", frame(0xa1, b""), &[], Some(Frame)),
        ("reserved bit 3", frame(0x91, b""), &[], Some(Frame)),
        ("reserved opcode 3", frame(0x83, b""), &[], Some(Frame)),
        ("reserved opcode 15", frame(0x8f, b""), &[], Some(Frame)),
        ("a mask", masked(b"abc"), &[], Some(Frame)),
        ("a fragment of a ping", frame(0x09, b""), &[], Some(Frame)),
        ("the longest ping", frame(0x8a, &x(125)), &["Pong"], None),
        ("too long a ping", frame(0x89, &x(126)), &[], Some(Frame)),
        (
            "close",
            frame(0x88, &1011_u16.to_be_bytes()),
            &["Close(1011)"],
            None,
        ),
        (
            "close with a reason",
            frame(0x88, b"\x03\xe9going"),
            &["Close(1001)"],
            None,
        ),
        (
            "close without a code",
            frame(0x88, b""),
            &["Close(1005)"],
            None,
        ),
        ("close of one byte", frame(0x88, &[3]), &[], Some(Frame)),
        (
            "close with a private code",
            frame(0x88, &4001_u16.to_be_bytes()),
            &["Close(4001)"],
            None,
        ),
        (
            "close with no code to send",
            frame(0x88, &1006_u16.to_be_bytes()),
            &["Close(1002)"],
            None,
        ),
        (
            "close with a reason that is not text",
            frame(0x88, b"\x03\xe9\xff"),
            &[],
            Some(Text),
        ),
        (
            "behind a close frame",
            [frame(0x88, b""), frame(0xff, b"")].concat(),
            &["Close(1005)"],
            None,
        ),
        ("half a head", vec![0x81], &[], None),
        ("half a payload", vec![0x81, 2, b'a'], &[], None),
    ]
}

#[test]
fn every_frame_is_told_however_it_is_split() {
    for (name, bytes, heard, fault) in cases() {
        let heard: Vec<String> = heard.iter().map(|text| (*text).to_owned()).collect();
        let expected = Told { heard, fault };
        assert_eq!(tell([&bytes[..]], LONGEST, usize::MAX), expected, "{name}");
        // Of the long ones, the ends and some points between.
        let step = 1 + bytes.len() / 100;
        for at in (0..=bytes.len()).step_by(step) {
            let (a, b) = bytes.split_at(at);
            assert_eq!(tell([a, b], LONGEST, 1), expected, "{name}, split at {at}");
        }
        assert_eq!(
            tell(bytes.chunks(step), LONGEST, 1),
            expected,
            "{name}, by {step}"
        );
    }
}

#[test]
fn lengths_are_read_at_their_borders() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let bytes = frame(0x82, &vec![7; length]);
        let mut seen = None;
        let told = FrameReader::new(Vec::new(), LONGEST).read(&bytes, &mut |heard| {
            seen = match heard {
                ReceivedFrame::Binary(bytes) => Some(bytes.len()),
                _ => None,
            };
            None::<()>
        });
        assert_eq!((told, seen), (Ok(None), Some(length)));
    }
}

#[test]
fn memory_is_taken_for_pieces_alone_and_given_back() {
    let mut reader = FrameReader::new(Vec::new(), LONGEST);
    let bytes = frame(0x81, b"abcdef");
    let mut read = |bytes: &[u8]| {
        let told = reader.read(bytes, &mut |_| Some(()));
        (told.unwrap().is_some(), reader.capacity())
    };
    assert_eq!(read(&bytes), (true, 0));
    let (heard, capacity) = read(&bytes[..5]);
    assert!(!heard && capacity > 0);
    assert_eq!(read(&bytes[5..]), (true, 0));
    let fragments = [frame(0x01, b"a"), frame(0x80, b"b")];
    assert!(!read(&fragments[0]).0);
    assert_eq!(read(&fragments[1]), (true, 0));
}

#[test]
fn what_is_left_is_heard_later() {
    let mut reader = FrameReader::new(frame(0x81, b"greeting"), LONGEST);
    assert!(reader.holds_back());
    let mut heard = Vec::new();
    let mut hear = |told: ReceivedFrame<'_>| {
        heard.push(format!("{told:?}"));
        Some(())
    };
    let bytes = [frame(0x81, b"a"), frame(0x81, b"b")].concat();
    assert_eq!(reader.read(&bytes, &mut hear), Ok(Some(())));
    assert_eq!(reader.read(&[], &mut hear), Ok(Some(())));
    assert_eq!(reader.read(&[], &mut hear), Ok(Some(())));
    assert!(!reader.holds_back());
    assert_eq!(reader.read(&[], &mut hear), Ok(None));
    let all = [r#"Text("greeting")"#, r#"Text("a")"#, r#"Text("b")"#];
    assert_eq!(heard, all);
}

#[test]
fn keys_of_a_connection_differ_and_so_do_connections() {
    let draw = || {
        let mut keys = Keys::new();
        [(); 100].map(|()| keys.next())
    };
    let mut all = [draw(), draw()].concat();
    all.sort_unstable();
    all.dedup();
    // Two of 200 are the same once in 200,000 times.
    assert!(all.len() >= 199);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..8),
        longest in prop_oneof![Just(0), Just(10), Just(u64::MAX)],
    ) {
        let mut reader = FrameReader::new(Vec::new(), longest);
        for piece in &pieces {
            // On, whatever it says.
            let _ = reader.read(piece, &mut |_| None::<()>);
        }
    }

    #[test]
    fn splits_and_pauses_make_no_difference(sample in sample()) {
        let whole = sample.pieces.concat();
        let told = tell([&whole[..]], sample.longest, usize::MAX);
        let pieces = sample.pieces.iter().map(Vec::as_slice);
        prop_assert_eq!(&told, &tell(pieces.clone(), sample.longest, usize::MAX));
        prop_assert_eq!(&told, &tell(pieces, sample.longest, 2));
        prop_assert_eq!(&told, &tell(whole.chunks(1 + whole.len() / 300), sample.longest, 1));
    }

    #[test]
    fn what_is_drafted_can_be_read(
        kind in prop::sample::select(vec![FrameKind::Text, FrameKind::Close, FrameKind::Pong]),
        key: [u8; 4],
        length in prop_oneof![3 => 0..300_usize, 1 => 65_500..65_600_usize],
    ) {
        let payload: Vec<u8> = (0..length).map(|at| at as u8 & 0x7f).collect();
        let mut draft = Draft::new();
        for _ in 0..2 {
            let bytes = draft.frame(kind, key, |out| out.extend_from_slice(&payload)).to_vec();
            let mut read = FrameSocket::new(std::io::Cursor::new(bytes));
            let frame = read.read(None).unwrap().unwrap();
            let header = frame.header();
            prop_assert_eq!(header.mask, Some(key));
            prop_assert!(header.is_final && !header.rsv1 && !header.rsv2 && !header.rsv3);
            let opcode = match kind { FrameKind::Text => 0x1, FrameKind::Close => 0x8, FrameKind::Pong => 0xa };
            prop_assert_eq!(u8::from(header.opcode), opcode);
            let unmasked = frame.payload().iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
            prop_assert_eq!(unmasked.collect::<Vec<u8>>(), payload.clone());
            prop_assert!(read.read(None).unwrap().is_none());
        }
    }
}

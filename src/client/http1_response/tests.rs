use std::fmt::Write as _;

use proptest::prelude::*;

use super::reader::HEAD_BYTES;
use super::samples::{ResponseSample, sample};
use super::*;

/// The longest body allowed here.
const LONGEST: u64 = 100;

/// All that a reader says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) end: End,
    pub(super) status: Option<u16>,
    pub(super) body: Vec<u8>,
    pub(super) bytes: u64,
    pub(super) keeps_alive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Whole after so many bytes.
    Done(usize),
    Fault(AnswerFault),
    /// All bytes were taken; what the end of the connection means then.
    Eof(CloseMeaning),
}

/// What a reader makes of these pieces, with the end of the connection behind them.
pub(super) fn tell<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    of_head_request: bool,
    longest: u64,
) -> Told {
    let mut reader = AnswerReader::new(of_head_request, longest);
    let mut body = Vec::new();
    let mut before = 0;
    let mut end = None;
    for piece in pieces {
        let mut hear = |data: &[u8]| {
            assert!(!data.is_empty());
            body.extend_from_slice(data);
        };
        match reader.read(piece, &mut hear) {
            Ok(AnswerProgress::More) => before += piece.len(),
            Ok(AnswerProgress::Done { used }) => end = Some(End::Done(before + used)),
            Err(fault) => end = Some(End::Fault(fault)),
        }
        if end.is_some() {
            break;
        }
    }
    let end = end.unwrap_or_else(|| End::Eof(reader.eof()));
    Told {
        end,
        status: reader.status(),
        body,
        bytes: reader.body_bytes(),
        keeps_alive: reader.keeps_alive(),
    }
}

fn read_whole(bytes: &[u8]) -> Told {
    tell([bytes], false, LONGEST)
}

/// Name, and what comes; answers to HEAD are told by their names.
#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<(&'static str, String)> {
    let ok = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}");
    let length = |value: &str| ok(&format!("content-length: {value}\r\n\r\nok"));
    let chunked = |body: &str| ok(&format!("transfer-encoding: chunked\r\n\r\n{body}"));
    let encoded = |header: &str| {
        ok(&format!(
            "{header}\r\ncontent-length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        ))
    };
    let empty = |headers: &str| ok(&format!("content-length: 0\r\n{headers}\r\n\r\n"));
    let old = |headers: &str| format!("HTTP/1.0 200 OK\r\n{headers}\r\n\r\nok");
    let x = |count: usize| "x".repeat(count);
    vec![
        ("nothing", String::new()),
        ("length", length("2")),
        ("length, and more behind", length("2") + "HTTP/1.1"),
        ("length 0", empty("x: y")),
        ("length, cut", length("3")),
        ("length, repeated", length("2, 2\r\nContent-Length:2")),
        ("length, two of them", length("2\r\ncontent-length: 3")),
        ("length, two in a list", length("2, 3")),
        ("length, empty", length("")),
        ("length, signed", length("+2")),
        ("length, hexadecimal", length("0x2")),
        ("length, beyond 64 bits", length("18446744073709551618")),
        (
            "length, at the end of 64 bits",
            length("18446744073709551614"),
        ),
        (
            "length, as allowed",
            ok("content-length: 100\r\n\r\n") + &x(100),
        ),
        (
            "length, over the allowed",
            ok("content-length: 101\r\n\r\n") + &x(101),
        ),
        (
            "length, far over the allowed",
            length("18446744073709551613"),
        ),
        ("chunked", chunked("2\r\nok\r\n0\r\n\r\n")),
        ("chunked, and more behind", chunked("0\r\n\r\nHTTP/1.1 200")),
        (
            "chunked, two chunks",
            chunked("2\r\nok\r\n0a\r\n0123456789\r\n0\r\n\r\n"),
        ),
        (
            "chunked, upper case",
            chunked("A\r\n0123456789\r\n00\r\n\r\n"),
        ),
        (
            "chunked, extensions",
            chunked("2;a=b;c=\"d\"\r\nok\r\n0 \t;e\r\n\r\n"),
        ),
        (
            "chunked, space after the size",
            chunked("2  \r\nok\r\n0\r\n\r\n"),
        ),
        (
            "chunked, space before the size",
            chunked(" 2\r\nok\r\n0\r\n\r\n"),
        ),
        (
            "chunked, digit after space",
            chunked("2 2\r\nok\r\n0\r\n\r\n"),
        ),
        ("chunked, trailer", chunked("0\r\nx: y\r\nz:\r\n\r\nmore")),
        ("chunked, trailer of no header", chunked("0\r\nx\r\n\r\n")),
        ("chunked, trailer cut", chunked("0\r\nx: y\r\n")),
        (
            "chunked, trailer with a bare CR",
            chunked("0\r\nx: y\rz\r\n\r\n"),
        ),
        (
            "chunked, 100 trailers",
            chunked(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(100))),
        ),
        (
            "chunked, 101 trailers",
            chunked(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(101))),
        ),
        (
            "chunked, long trailer",
            chunked(&format!("0\r\nx: {}\r\n\r\n", x(20_000))),
        ),
        (
            "chunked, long extension",
            chunked(&format!("1;{}\r\nx", x(20_000))),
        ),
        ("chunked, no size", chunked("\r\nok\r\n")),
        ("chunked, no number", chunked("zz\r\n")),
        (
            "chunked, size beyond 64 bits",
            chunked("10000000000000000\r\n"),
        ),
        (
            "chunked, size of 64 bits",
            chunked("ffffffffffffffff\r\nok"),
        ),
        (
            "chunked, zeros",
            chunked("00000000000000000000002\r\nok\r\n0\r\n\r\n"),
        ),
        (
            "chunked, bare LF after the size",
            chunked("2\nok\r\n0\r\n\r\n"),
        ),
        (
            "chunked, bare LF after the data",
            chunked("2\r\nok\n0\r\n\r\n"),
        ),
        (
            "chunked, LF in an extension",
            chunked("2;a\nb\r\nok\r\n0\r\n\r\n"),
        ),
        (
            "chunked, longer than its size",
            chunked("2\r\nokay\r\n0\r\n\r\n"),
        ),
        ("chunked, cut in the data", chunked("5\r\nok")),
        ("chunked, cut in the size", chunked("2\r\nok\r\n1")),
        (
            "chunked, cut before the last line",
            chunked("2\r\nok\r\n0\r\n"),
        ),
        (
            "chunked, as allowed",
            chunked(&format!("64\r\n{}\r\n0\r\n\r\n", x(100))),
        ),
        (
            "chunked, over the allowed",
            chunked(&format!("60\r\n{}\r\n60\r\n{}", x(96), x(96))),
        ),
        ("encoding and length", encoded("transfer-encoding: chunked")),
        ("encoding, any case", encoded("TRANSFER-Encoding: Chunked")),
        (
            "encoding, a list",
            encoded("transfer-encoding: gzip ,\tchunked "),
        ),
        (
            "encoding, two headers",
            encoded("transfer-encoding: gzip\r\ntransfer-encoding: chunked"),
        ),
        (
            "encoding, chunked is not last",
            encoded("transfer-encoding: chunked, gzip"),
        ),
        (
            "encoding, chunked is not in the last",
            encoded("transfer-encoding: chunked\r\ntransfer-encoding: gzip"),
        ),
        ("encoding, empty", encoded("transfer-encoding:")),
        (
            "encoding, wrong length",
            ok("transfer-encoding: chunked\r\ncontent-length: x\r\n\r\n0\r\n\r\n"),
        ),
        ("encoding in HTTP/1.0", old("transfer-encoding: chunked")),
        ("until the end", ok("\r\nok")),
        (
            "until the end, and kept",
            ok("connection: keep-alive\r\n\r\nok"),
        ),
        ("until the end, as allowed", ok("\r\n") + &x(100)),
        ("until the end, over the allowed", ok("\r\n") + &x(150)),
        (
            "204",
            "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok".to_owned(),
        ),
        (
            "204, encoded",
            "HTTP/1.1 204 \r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
        ),
        (
            "304",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 200\r\n\r\n".to_owned(),
        ),
        (
            "304, two lengths",
            "HTTP/1.1 304 \r\ncontent-length: 2, 3\r\n\r\n".to_owned(),
        ),
        ("HEAD, length", ok("content-length: 200\r\n\r\n")),
        ("HEAD, encoded", ok("transfer-encoding: chunked\r\n\r\n")),
        ("HEAD, neither", ok("\r\nok")),
        (
            "100 first",
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned() + &length("2"),
        ),
        (
            "many interim heads",
            "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(20) + &length("2"),
        ),
        (
            "interim head with a length",
            "HTTP/1.1 102 \r\ncontent-length: 2\r\n\r\n".to_owned() + &length("2"),
        ),
        (
            "interim head says close",
            "HTTP/1.0 100 \r\nconnection: close\r\n\r\n".to_owned() + &length("2"),
        ),
        (
            "interim heads without end",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(3000),
        ),
        (
            "interim head, then nothing",
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        ),
        (
            "101",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".to_owned(),
        ),
        ("close", empty("connection: close")),
        ("close, in a list", empty("Connection: x ,\tClose")),
        (
            "close, then keep-alive",
            empty("connection: close\r\nconnection: keep-alive"),
        ),
        (
            "close, as part of a word",
            empty("connection: closed, x-close"),
        ),
        (
            "close, beside what is not ASCII",
            empty("connection: close, é"),
        ),
        ("HTTP/1.0", old("content-length: 2")),
        (
            "HTTP/1.0, keep-alive",
            old("content-length: 2\r\nconnection: Keep-Alive"),
        ),
        (
            "HTTP/1.0, keep-alive and close",
            old("content-length: 2\r\nconnection: keep-alive, close"),
        ),
        ("HTTP/1.0, until the end", old("x: y")),
        ("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n".to_owned()),
        ("another protocol", "SSH-2.0-OpenSSH_9.6\r\n".to_owned()),
        ("a request", "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("lower case", "http/1.1 200 OK\r\n\r\n".to_owned()),
        (
            "no reason",
            "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n".to_owned(),
        ),
        (
            "a reason that is not ASCII",
            "HTTP/1.1 404 Gibt’s nicht\r\ncontent-length: 0\r\n\r\n".to_owned(),
        ),
        ("status 99", "HTTP/1.1 099 \r\n\r\n".to_owned()),
        (
            "status 999",
            "HTTP/1.1 999 \r\ncontent-length: 0\r\n\r\n".to_owned(),
        ),
        ("status of two digits", "HTTP/1.1 20 OK\r\n\r\n".to_owned()),
        (
            "bare LF",
            "HTTP/1.1 200 OK\ncontent-length: 2\n\nok".to_owned(),
        ),
        ("empty lines first", "\r\n\n".to_owned() + &length("2")),
        ("nothing but an empty line", "\r\n".to_owned()),
        (
            "a folded header",
            ok("x: y\r\n z\r\ncontent-length: 0\r\n\r\n"),
        ),
        (
            "a length in a folded header",
            ok("content-length:\r\n  2\r\nconnection: keep-alive,\r\n\tclose\r\n\r\nok"),
        ),
        (
            "a fold before any header",
            ok(" x\r\ncontent-length: 0\r\n\r\n"),
        ),
        ("space before the colon", ok("content-length : 2\r\n\r\nok")),
        ("a header without a colon", ok("x\r\n\r\n")),
        ("a header without a name", ok(": x\r\n\r\n")),
        ("a NUL in a header", ok("x: \0\r\n\r\n")),
        ("100 headers", empty(&["x: y"; 99].join("\r\n"))),
        ("101 headers", empty(&["x: y"; 100].join("\r\n"))),
        ("5000 headers", empty(&["x: y"; 4999].join("\r\n"))),
        ("a long head", empty(&format!("x: {}", x(60_000)))),
        ("too long a head", empty(&format!("x: {}", x(70_000)))),
        (
            "too long a head, without end",
            ok(&format!("x: {}", x(70_000))),
        ),
        ("cut in the status line", "HTTP/1.1 2".to_owned()),
        ("cut in the headers", ok("content-length: 2\r\n")),
    ]
}

#[test]
fn every_answer_is_told() {
    let mut table = String::new();
    for (name, answer) in cases() {
        let told = tell([answer.as_bytes()], name.starts_with("HEAD"), LONGEST);
        let end = match told.end {
            End::Done(used) if used == answer.len() => "done".to_owned(),
            End::Done(used) => format!("done {} early", answer.len() - used),
            End::Fault(fault) => format!("{fault:?}"),
            End::Eof(ending) => format!("eof: {ending:?}"),
        };
        let status = told
            .status
            .map_or("-".to_owned(), |status| status.to_string());
        let kept = if told.keeps_alive { "kept" } else { "" };
        writeln!(
            table,
            "{name:37} {end:14} {status:>4} {:>3} {kept}",
            told.bytes
        )
        .unwrap();
    }
    insta::assert_snapshot!(table.replace(" \n", "\n"));
}

#[test]
fn where_an_answer_is_split_makes_no_difference() {
    for (name, answer) in cases() {
        let (bytes, is_head) = (answer.as_bytes(), name.starts_with("HEAD"));
        let whole = tell([bytes], is_head, LONGEST);
        // Of the long ones, the ends and some points between.
        let step = 1 + bytes.len() / 500;
        for at in (0..=bytes.len()).step_by(step) {
            let (a, b) = bytes.split_at(at);
            assert_eq!(
                tell([a, b], is_head, LONGEST),
                whole,
                "{name}, split at {at}"
            );
        }
        let pieces = bytes.chunks(step);
        assert_eq!(tell(pieces, is_head, LONGEST), whole, "{name}, by {step}");
    }
}

#[test]
fn the_longest_head_is_64_kib() {
    let head = |length: usize| {
        let begin = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: ";
        format!("{begin}{}\r\n\r\n", "x".repeat(length - begin.len() - 4))
    };
    let fault = End::Fault(AnswerFault::Protocol);
    for (length, end) in [(HEAD_BYTES, End::Done(HEAD_BYTES)), (HEAD_BYTES + 1, fault)] {
        let bytes = head(length);
        assert_eq!(read_whole(bytes.as_bytes()).end, end);
        assert_eq!(tell(bytes.as_bytes().chunks(1000), false, 0).end, end);
    }
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let both = interim.to_owned() + &head(HEAD_BYTES);
    assert_eq!(read_whole(both.as_bytes()).end, fault);
    assert_eq!(tell(both.as_bytes().chunks(7000), false, 0).end, fault);
}

#[test]
fn a_head_in_one_piece_takes_no_memory() {
    let mut reader = AnswerReader::new(false, LONGEST);
    let answer = b"HTTP/1.1 103 \r\n\r\n\
        HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    let done = AnswerProgress::Done { used: answer.len() };
    assert_eq!(reader.read(answer, &mut |_| ()), Ok(done));
    assert_eq!(reader.held_capacity(), 0);
    assert!(size_of::<AnswerReader>() <= 80);
}

#[test]
fn after_the_end_all_is_surprise() {
    let mut reader = AnswerReader::new(false, LONGEST);
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    reader.read(answer, &mut |_| ()).unwrap();
    assert_eq!(
        reader.read(answer, &mut |_| panic!("no body is left")),
        Ok(AnswerProgress::Done { used: 0 })
    );
    assert!(reader.keeps_alive());
    assert_eq!(reader.eof(), CloseMeaning::Whole);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..8),
        longest in prop_oneof![Just(0), Just(10), Just(u64::MAX)],
        of_head_request: bool,
    ) {
        let mut reader = AnswerReader::new(of_head_request, longest);
        for piece in &pieces {
            // On, whatever it says.
            let _ = reader.read(piece, &mut |_| ());
        }
        reader.eof();
    }

    #[test]
    fn random_splits_make_no_difference(sample in sample()) {
        let ResponseSample { pieces, of_head_request, longest, .. } = sample;
        let whole = pieces.concat();
        let told = tell(pieces.iter().map(Vec::as_slice), of_head_request, longest);
        prop_assert_eq!(&told, &tell([&whole[..]], of_head_request, longest));
        prop_assert_eq!(&told, &tell(whole.chunks(1), of_head_request, longest));
    }

    #[test]
    fn what_comes_behind_is_never_touched(sample in sample(), behind in "[ -~\r\n]{1,40}") {
        let ResponseSample { pieces, of_head_request, longest, .. } = sample;
        let whole = pieces.concat();
        let before = tell([&whole[..]], of_head_request, longest);
        if let End::Done(used) = before.end {
            let longer = [&whole[..used], behind.as_bytes()].concat();
            prop_assert_eq!(&before, &tell([&longer[..]], of_head_request, longest));
            prop_assert_eq!(&before, &tell([&whole[..used]], of_head_request, longest));
            let cut = tell([&whole[..used - 1]], of_head_request, longest);
            prop_assert!(matches!(cut.end, End::Eof(CloseMeaning::InHead | CloseMeaning::InBody)));
        }
    }
}

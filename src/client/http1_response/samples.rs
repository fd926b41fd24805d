//! Answers that servers send, servers that are wrong in particular, and noise.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What a server sends, and to what.
#[derive(Debug, Clone)]
pub(super) struct ResponseSample {
    /// As they arrive; none is empty.
    pub(super) pieces: Vec<Vec<u8>>,
    /// Whether the connection ends then.
    pub(super) closes: bool,
    pub(super) of_head_request: bool,
    pub(super) longest: u64,
}

#[derive(Debug, Clone)]
enum ResponseMutation {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    Repeat(usize),
    Cut,
}

/// Whole or broken, in one piece or many.
pub(super) fn sample() -> impl Strategy<Value = ResponseSample> {
    (
        answer(),
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(behind(), 1..3)],
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(change(), 1..4)],
        prop_oneof![1 => Just(Vec::new()), 3 => prop::collection::vec(any::<Index>(), 1..8)],
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.1),
        prop_oneof![4 => Just(1_000_000), 1 => 0..40_u64],
    )
        .prop_map(
            |(answer, behind, changes, cuts, closes, of_head_request, longest)| {
                let mut bytes = answer;
                bytes.extend(behind.concat());
                for (at, change) in changes {
                    apply(&mut bytes, at, &change);
                }
                ResponseSample {
                    pieces: split(&bytes, &cuts),
                    closes,
                    of_head_request,
                    longest,
                }
            },
        )
}

fn split(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
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

fn apply(bytes: &mut Vec<u8>, at: Index, change: &ResponseMutation) {
    let at = at.index(bytes.len() + 1);
    let end = |length: usize| bytes.len().min(at + length);
    match change {
        ResponseMutation::Replace(byte) => {
            if let Some(old) = bytes.get_mut(at) {
                *old = *byte;
            }
        }
        ResponseMutation::Insert(byte) => bytes.insert(at, *byte),
        ResponseMutation::Remove(length) => drop(bytes.drain(at..end(*length))),
        ResponseMutation::Repeat(length) => {
            let part = bytes[at..end(*length)].to_vec();
            bytes.splice(at..at, part);
        }
        ResponseMutation::Cut => bytes.truncate(at),
    }
}

fn change() -> impl Strategy<Value = (Index, ResponseMutation)> {
    let known = || select(&b"\r\n :;,0159afAFxHT/.\t\0\x7f\x80"[..]);
    let byte = || prop_oneof![2 => known(), 1 => any::<u8>()];
    let change = prop_oneof![
        4 => byte().prop_map(ResponseMutation::Replace),
        3 => byte().prop_map(ResponseMutation::Insert),
        3 => (1..6_usize).prop_map(ResponseMutation::Remove),
        2 => (1..30_usize).prop_map(ResponseMutation::Repeat),
        4 => Just(ResponseMutation::Cut),
    ];
    (any::<Index>(), change)
}

fn behind() -> impl Strategy<Value = Vec<u8>> {
    let short = select(vec!["\r\n", "\n", "x", "0\r\n\r\n", "HTTP/1.1 ", "\0"]);
    prop_oneof![
        2 => answer(),
        1 => short.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ]
}

fn line_end() -> impl Strategy<Value = &'static str> {
    prop_oneof![9 => Just("\r\n"), 1 => Just("\n")]
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    (
        prop_oneof![8 => Just(Vec::new()), 2 => prop::collection::vec(interim(), 1..4)],
        prop_oneof![9 => Just(""), 1 => select(vec!["\r\n", "\n", "\r\n\r\n"])],
        status_line(),
        prop::collection::vec(header(), 0..5),
        body(),
        any::<bool>(),
        line_end(),
    )
        .prop_map(
            |(interim, blank, status, mut headers, (framing, body), framing_first, end)| {
                let at = if framing_first { 0 } else { headers.len() };
                headers.splice(at..at, framing);
                let mut bytes = interim.concat().into_bytes();
                bytes.extend(blank.bytes());
                for line in [status].into_iter().chain(headers) {
                    bytes.extend(line.bytes());
                    bytes.extend(end.bytes());
                }
                bytes.extend(end.bytes());
                bytes.extend(body);
                bytes
            },
        )
}

fn interim() -> impl Strategy<Value = String> {
    let status = select(vec![
        "100 Continue",
        "102 Processing",
        "103 Early Hints",
        "199 x",
        "100",
    ]);
    (status, prop::collection::vec(header(), 0..3), line_end()).prop_map(
        |(status, headers, end)| {
            let headers: String = headers.iter().map(|line| format!("{line}{end}")).collect();
            format!("HTTP/1.1 {status}{end}{headers}{end}")
        },
    )
}

fn status_line() -> impl Strategy<Value = String> {
    let version = prop_oneof![
        40 => Just("HTTP/1.1"),
        6 => Just("HTTP/1.0"),
        1 => select(vec!["HTTP/2.0", "HTTP/1.2", "http/1.1", "ICY"]),
    ];
    let status = prop_oneof![
        40 => Just(200),
        20 => select(vec![201, 204, 206, 301, 304, 400, 404, 429, 500, 503]),
        2 => select(vec![0, 99, 100, 101, 199, 299, 600, 999]),
        1 => 0..1000_u16,
    ];
    let reason = prop_oneof![
        40 => select(vec![" OK", "", " ", " Not Found", "  a  b ", " \u{e9}"]),
        1 => select(vec!["x", " \0"]),
    ];
    (version, status, reason)
        .prop_map(|(version, status, reason)| format!("{version} {status:03}{reason}"))
}

fn header() -> impl Strategy<Value = String> {
    let spoken = select(vec![
        "server: nginx",
        "x:",
        "x: \ty z \t",
        "date: Tue, 15 Nov 1994 08:12:31 GMT",
        "x: \u{e9}",
        "Connection: close",
        "connection: Keep-Alive",
        "CONNECTION: x, close",
        "connection: keep-alive, upgrade",
        "connection: close \u{e9}",
        "connection: ,,",
        "connection:",
        "keep-alive: timeout=5",
        "proxy-connection: close",
        "te: trailers",
        "trailer: x",
        "upgrade: websocket",
    ]);
    let framing = select(vec![
        "content-length: 2",
        "content-length: 0",
        "content-length: 2, 2",
        "content-length: 2,3",
        "content-length: -1",
        "content-length: 18446744073709551613",
        "content-length: 18446744073709551615",
        "content-length: 99999999999999999999",
        "content-length:",
        "content-length: \u{a0}2",
        "transfer-encoding: chunked",
        "transfer-encoding: gzip",
        "transfer-encoding: chunked, gzip",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding:",
        "transfer-encoding: \u{e9}, chunked",
        "transfer-encoding: chunked,",
    ]);
    let wrong = select(vec![
        "x",
        " x: y",
        "x : y",
        ": y",
        "",
        "x: y\r\n z",
        "x\u{e9}: y",
    ]);
    prop_oneof![
        40 => spoken.prop_map(str::to_owned),
        2 => framing.prop_map(str::to_owned),
        1 => wrong.prop_map(str::to_owned),
        5 => "[a-zA-Z-]{1,20}: [ -~]{0,40}",
    ]
}

/// The headers that tell of a body, and the body.
fn body() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    prop_oneof![
        5 => (data(), prop_oneof![6 => Just(0_isize), 1 => -3..4_isize]).prop_map(|(data, off)| {
            let length = data.len().saturating_add_signed(off);
            (vec![format!("Content-Length: {length}")], data)
        }),
        5 => chunks().prop_map(|body| (vec!["Transfer-Encoding: chunked".to_owned()], body)),
        1 => chunks().prop_map(|body| {
            let headers = ["transfer-encoding: gzip", "content-length: 9", "Transfer-Encoding: CHUNKED"];
            (headers.map(str::to_owned).to_vec(), body)
        }),
        2 => data().prop_map(|data| (Vec::new(), data)),
    ]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => Just(Vec::new()),
        4 => "[a-z]{1,30}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

fn chunks() -> impl Strategy<Value = Vec<u8>> {
    let extension = prop_oneof![
        6 => Just(""),
        2 => select(vec![";a", ";a=b;c=\"d\"", " ", "\t ;x", ";", "; \u{e9}"]),
    ];
    let zeros = prop_oneof![6 => Just(""), 1 => select(vec!["0", "0000000000000000000"])];
    let chunk = (data(), extension.clone(), zeros, any::<bool>()).prop_map(
        |(data, extension, zeros, is_upper)| {
            let size = data.len();
            let size = if is_upper {
                format!("{size:X}")
            } else {
                format!("{size:x}")
            };
            let mut bytes = format!("{zeros}{size}{extension}\r\n").into_bytes();
            bytes.extend(data);
            bytes.extend(b"\r\n");
            bytes
        },
    );
    let trailer = prop_oneof![
        5 => Just(""),
        2 => select(vec![
            "x: y\r\n",
            "x: y\r\nz:\r\n",
            "x: y\nz: w\r\n",
            "x: y\n\r\n",
            "x: y\n\nz\r\n",
            "x\r\n",
            " x: y\r\n",
            "\n",
            "x: \u{e9}\r\n",
        ]),
    ];
    let last = (extension, trailer)
        .prop_map(|(extension, trailer)| format!("0{extension}\r\n{trailer}\r\n").into_bytes());
    (prop::collection::vec(chunk, 0..4), last).prop_map(|(chunks, last)| {
        let mut bytes = chunks.concat();
        bytes.extend(last);
        bytes
    })
}

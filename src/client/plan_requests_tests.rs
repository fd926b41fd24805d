//! What a server reads is what was put in, whatever the values are.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::plan::{Arrivals, Bounds, Content, FileBytes, Part, PartValue, Phases, Socket};
use crate::profile::{HttpVersion, Identity};
use crate::secret::Secret;
use crate::template::{DataTable, PlanValues, Rows, is_header_text};

fn plan(endpoint: Endpoint) -> Plan {
    let columns = vec!["title".to_owned(), "price".to_owned()];
    let row = |title: &str, price: u32| vec![Some(json!(title)), Some(json!(price))];
    let rows = vec![row("S", 5), row("M", 10), row("L \"x\"", 20)];
    let variables = [("KEY".to_owned(), Secret::new("s3cret-key"))];
    Plan {
        scenario: "shop".into(),
        arrivals: Arrivals::Burst(crate::plan::Bursts {
            count: 10,
            every: Duration::from_secs(1),
        }),
        phases: Phases {
            ramp_up: Duration::ZERO,
            warm_up: Duration::ZERO,
            measure: Duration::from_secs(1),
            extend: Duration::ZERO,
            settle: None,
        },
        endpoints: vec![endpoint],
        socket: None,
        journeys: Vec::new(),
        headers: vec![("X-Run".into(), "{n}".into())],
        values: PlanValues {
            data: vec![DataTable::new("plans", Rows::InTurn, columns, rows).unwrap()],
            variables: variables.into_iter().collect(),
            user: "load-user-{n}".into(),
            first_id: 0,
        },
        bounds: Bounds {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            body_bytes: 1000,
        },
        thresholds: Vec::new(),
        seed: 8,
        workers: 1,
        search: None,
    }
}

fn destination(http: HttpVersion, users: usize) -> Destination {
    let user = |number| Identity {
        user: format!("ann {number}"),
        token: Some(Secret::new(format!("token-of-{number}"))),
        headers: vec![("X-Forwarded-For".to_owned(), format!("10.0.0.{number}"))],
    };
    Destination {
        origin: "http://shop:8000".parse().unwrap(),
        token: None,
        insecure: false,
        http,
        users: (0..users).map(user).collect(),
    }
}

fn endpoint(path: &str, body: &str, content: Content) -> Endpoint {
    Endpoint {
        method: "POST".into(),
        path: path.into(),
        body: body.into(),
        content,
        auth: true,
        ..Endpoint::default()
    }
}

/// The only request of a plan, as user 3 sends it.
fn made(
    plan: &Plan,
    destination: &Destination,
    taken: &TakenValues,
) -> Result<PreparedRequest, RenderError> {
    let all = PlanRequests::new(plan, destination).unwrap();
    all.of_user(Some(3)).unwrap()[0].filled_in(Some(3), 13, taken)
}

struct Parsed {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Parsed {
    fn new(wire: &[u8]) -> Parsed {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(head)) = request.parse(wire) else {
            panic!("not a request: {}", String::from_utf8_lossy(wire));
        };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let headers = request.headers.iter();
        let parsed = Parsed {
            path: request.path.unwrap().to_owned(),
            headers: headers
                .map(|header| (header.name.to_owned(), text(header.value)))
                .collect(),
            body: wire[head..].to_vec(),
        };
        let length = parsed.header("content-length").unwrap();
        assert_eq!(length, parsed.body.len().to_string());
        parsed
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known == name);
        let found = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "two of {name}");
        found
    }
}

#[test]
fn a_request_is_written_whole() {
    let mut one = endpoint(
        "/users/{user}/orders?n={n}",
        r#"{"plan":"{plans.title}","price":{plans.price},"id":{id}}"#,
        Content::Json,
    );
    one.headers = vec![
        ("X-Key".into(), "Key {env.KEY}".into()),
        ("Accept".into(), "*/*".into()),
    ];
    let plan = plan(one);
    let taken = TakenValues::default();
    let mut shown = String::new();
    for users in [0, 5] {
        let request = made(&plan, &destination(HttpVersion::Http11, users), &taken).unwrap();
        shown += &String::from_utf8_lossy(request.wire()).replace("\r\n", "\n");
        shown += "\n\n";
        assert_eq!(request.shown(), "POST /users/{user}/orders");
        assert!(request.secrets().contains(&"s3cret-key"));
        assert!(!format!("{request:?}").contains("s3cret"));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn http2_sends_the_same() {
    let mut one = endpoint("/u/{n}?q={id}", "{\"id\":{id}}", Content::Json);
    one.headers = vec![("X-Key".into(), "{env.KEY} {id}".into())];
    let plan = plan(one);
    let taken = TakenValues::default();
    let request = made(&plan, &destination(HttpVersion::Http2, 5), &taken).unwrap();
    let parsed = Parsed::new(request.wire());
    let head = request.http2().unwrap();
    assert_eq!(
        head.uri().to_string(),
        format!("http://shop:8000{}", parsed.path)
    );
    let mut one: Vec<_> = parsed.headers.clone();
    one.retain(|(name, _)| name != "host");
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = head.headers().iter();
    let mut two: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    one.sort();
    two.sort();
    assert_eq!(one, two);
    assert_eq!(request.body(), parsed.body);
    assert_eq!(parsed.header("authorization"), Some("Bearer token-of-3"));
    // Redirected, it is the same but for its path.
    let next = request.at("/elsewhere").unwrap();
    assert_eq!(Parsed::new(next.wire()).path, "/elsewhere");
    assert_eq!(next.http2().unwrap().uri().path(), "/elsewhere");
    assert_eq!(next.http2().unwrap().headers(), head.headers());
}

#[test]
fn what_differs_by_nothing_is_prepared_once() {
    let mut one = endpoint("/{env.KEY}", "{{user}", Content::Text);
    one.headers = vec![("Authorization".into(), "Basic {env.KEY}".into())];
    let mut plan = plan(one);
    plan.headers.clear();
    let destination = destination(HttpVersion::Http11, 5);
    let all = PlanRequests::new(&plan, &destination).unwrap();
    let request = all.of_user(Some(2)).unwrap()[0].clone();
    let parsed = Parsed::new(request.fixed().unwrap().wire());
    assert_eq!(parsed.path, "/s3cret-key");
    assert_eq!(parsed.body, b"{user}");
    // The profile's own goes before the user's token.
    assert_eq!(parsed.header("authorization"), Some("Basic s3cret-key"));
    assert_eq!(parsed.header("x-forwarded-for"), Some("10.0.0.2"));
    plan.endpoints[0].path = "/".into();
    plan.endpoints[0].headers.clear();
    plan.endpoints[0].body.clear();
    let all = PlanRequests::new(&plan, &destination).unwrap();
    let plain = all.of_user(Some(2)).unwrap()[0].clone();
    assert!(plain.fixed().is_some_and(|request| !request.is_filled_in()));
}

#[test]
fn users_with_names_that_no_header_may_have_are_refused_before_the_load() {
    let mut one = endpoint("/", "", Content::Text);
    one.headers = vec![("X-User".into(), "{user}".into())];
    let plan = plan(one);
    let mut destination = destination(HttpVersion::Http11, 2);
    destination.users = Arc::from([Identity {
        user: "Zoë".into(),
        token: None,
        headers: Vec::new(),
    }]);
    let all = PlanRequests::new(&plan, &destination).unwrap();
    let refused = all.of_user(Some(0)).err().unwrap();
    assert_eq!(refused, RequestError::HeaderValue("x-user".into()));
}

#[test]
fn messages_on_a_socket_are_filled_in_too() {
    let mut plan = plan(endpoint("/", "", Content::Text));
    plan.socket = Some(Socket {
        users: 10,
        every_min: Duration::from_secs(1),
        every_max: Duration::from_secs(1),
        path: "/ws/{user}?token={token}&n={n}".into(),
        message: r#"{"id":"run:{id}","n":{id},"u":"{user}","t":{token},"p":"{plans.title}"}"#
            .into(),
        reply: Vec::new(),
        matching: String::new(),
        auth: false,
        connect_timeout: Duration::from_secs(1),
        reply_timeout: Duration::from_secs(1),
        frame_bytes: 1024,
    });
    let said = |plan: &Plan, users| {
        let destination = destination(HttpVersion::Http11, users);
        let all = PlanRequests::new(plan, &destination).unwrap();
        let handshake = all.handshake(2).unwrap().unwrap();
        let mut message = Vec::new();
        handshake.write_message(70, 2, &mut message);
        let uri = handshake.request().unwrap().uri().to_string();
        (uri, String::from_utf8(message).unwrap())
    };
    let (uri, message) = said(&plan, 5);
    assert_eq!(uri, "ws://shop:8000/ws/ann%202?token=token-of-2&n=3");
    let read: Value = serde_json::from_str(&message).unwrap();
    let title = "L \"x\"";
    assert_eq!(
        read,
        json!({ "id": "run:70", "n": 70, "u": "ann 2", "t": "token-of-2", "p": title })
    );
    if let Some(socket) = &mut plan.socket {
        socket.message = "{id}{id} {id {{id} {ID".into();
    }
    assert_eq!(said(&plan, 0).1, "7070 {id {id} {ID");
    assert_eq!(said(&plan, 0).0, "ws://shop:8000/ws/load-user-3?token=&n=3");
}

fn part(name: &str, filename: Option<&str>, value: PartValue) -> Part {
    Part {
        name: name.into(),
        value,
        filename: filename.map(str::to_owned),
        content_type: filename.map(|_| "text/plain".to_owned()),
    }
}

/// The parts of a body: their heads and what they say.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let line = format!("--{boundary}").into_bytes();
    let at = |from: usize, what: &[u8]| {
        let found = body[from..]
            .windows(what.len())
            .position(|window| window == what);
        found.map(|at| from + at)
    };
    let mut parts = Vec::new();
    let mut from = at(0, &line).unwrap() + line.len();
    while !body[from..].starts_with(b"--") {
        let end = at(from, &line).unwrap();
        let head = at(from, b"\r\n\r\n").unwrap();
        let text = String::from_utf8(body[from + 2..head].to_vec()).unwrap();
        parts.push((text, body[head + 4..end - 2].to_vec()));
        from = end + line.len();
    }
    assert_eq!(&body[from..], b"--\r\n");
    parts
}

fn hostile() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\"",
        "\\",
        "\r\n",
        "\r\nx-evil: 1",
        "\n",
        "\0",
        "\u{7f}",
        "{",
        "}",
        "{user}",
        "😀",
        "é",
        "%",
        "&",
        "=",
        "+",
        " ",
        "/",
        "..",
        ".",
        "?",
        "#",
        "--b",
        "x",
    ]);
    let bytes = prop::collection::vec(any::<u8>(), 0..12);
    prop_oneof![
        4 => prop::collection::vec(odd, 0..6).prop_map(|parts| parts.concat()),
        1 => bytes.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        1 => any::<String>(),
    ]
}

fn took(value: &Value) -> TakenValues {
    let mut taken = TakenValues::default();
    taken.set("x", value.clone());
    taken
}

proptest! {
    #[test]
    fn a_server_reads_what_was_put_in(text in hostile()) {
        let destination = destination(HttpVersion::Http11, 5);
        let json = endpoint("/a/{x}/b?q={x}&r=1", r#"{"a":"<{x}>","b":{x}}"#, Content::Json);
        let is_dots = text == "." || text == "..";
        match made(&plan(json), &destination, &took(&json!(text))) {
            Err(error) => prop_assert!(is_dots && error == RenderError::Path),
            Ok(request) => {
                prop_assert!(!is_dots);
                let parsed = Parsed::new(request.wire());
                let url = Url::parse(&format!("http://shop{}", parsed.path)).unwrap();
                let segments: Vec<String> = url.path_segments().unwrap().map(decoded).collect();
                prop_assert_eq!(segments, ["a".to_owned(), text.clone(), "b".to_owned()]);
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, [("q".to_owned(), text.clone()), ("r".to_owned(), "1".to_owned())]);
                let read: Value = serde_json::from_slice(&parsed.body).unwrap();
                prop_assert_eq!(read, json!({ "a": format!("<{text}>"), "b": text }));
            }
        }
        let form = endpoint("/", "a={x}&b=c", Content::Form);
        let request = made(&plan(form), &destination, &took(&json!(text))).unwrap();
        let body = Parsed::new(request.wire()).body;
        let pairs: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
        prop_assert_eq!(pairs, [("a".to_owned(), text.clone()), ("b".to_owned(), "c".to_owned())]);
    }

    #[test]
    fn a_header_is_sent_as_it_is_or_not_at_all(text in hostile()) {
        let mut one = endpoint("/", "", Content::Text);
        one.headers = vec![("Authorization".into(), "Bearer {x}".into())];
        for http in [HttpVersion::Http11, HttpVersion::Http2] {
            match made(&plan(one.clone()), &destination(http, 5), &took(&json!(text))) {
                Err(error) => {
                    prop_assert!(!is_header_text(&text));
                    prop_assert_eq!(error, RenderError::Header("x".into()));
                }
                Ok(request) => {
                    prop_assert!(is_header_text(&text));
                    let parsed = Parsed::new(request.wire());
                    let whole = format!("Bearer {text}");
                    prop_assert_eq!(parsed.header("authorization"), Some(whole.trim_end()));
                    prop_assert_eq!(parsed.header("x-evil"), None);
                }
            }
        }
    }

    #[test]
    fn the_parts_of_a_body_stay_apart(text in hostile(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let boundary = "agentos-perf-line".to_owned();
        let content = Content::Multipart {
            boundary: boundary.clone(),
            parts: vec![
                part("{x}", None, PartValue::Text("<{x}>".into())),
                part("doc", Some("{x}.txt"), PartValue::File(FileBytes::new(bytes.clone()))),
            ],
        };
        let one = plan(endpoint("/", "", content));
        let request = made(&one, &destination(HttpVersion::Http11, 5), &took(&json!(text))).unwrap();
        let read = parts(&Parsed::new(request.wire()).body, &boundary);
        prop_assert_eq!(read.len(), 2);
        let escaped = text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        prop_assert_eq!(&read[0].0, &format!("content-disposition: form-data; name=\"{escaped}\""));
        let value = format!("<{text}>");
        prop_assert_eq!(&read[0].1, value.as_bytes());
        let head = format!("content-disposition: form-data; name=\"doc\"; filename=\"{escaped}.txt\"");
        prop_assert!(read[1].0.starts_with(&head));
        prop_assert_eq!(&read[1].1, &bytes);
        let taken = took(&json!(format!("{text}{boundary}")));
        let broken = made(&one, &destination(HttpVersion::Http11, 5), &taken);
        prop_assert_eq!(broken.err(), Some(RenderError::Boundary));
    }
}

fn decoded(segment: &str) -> String {
    // A form's own rule, but for its spaces.
    let pairs = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect()
}

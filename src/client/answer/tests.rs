use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::field::JsonBody;
use super::*;
use crate::client::json::json_field;
use crate::plan::{AnswerRules, Take, TakeFrom};

/// More than the answers of the tables have.
const LONGEST: u64 = 100_000;

fn answer(headers: &[(&str, &str)], body: &[u8]) -> KeptAnswer {
    let header = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let mut all = HeaderMap::new();
    for (name, value) in headers.iter().map(header) {
        all.append(name, value);
    }
    KeptAnswer {
        headers: all,
        body: body.to_vec(),
    }
}

fn take(name: &str, from: TakeFrom) -> AnswerRules {
    let name = name.to_owned();
    AnswerRules {
        take: vec![Take { name, from }],
        ..AnswerRules::default()
    }
}

fn fields(fields: &[(&str, Value)]) -> Vec<(String, Value)> {
    let own = |(path, value): &(&str, Value)| ((*path).to_owned(), value.clone());
    fields.iter().map(own).collect()
}

fn wants(path: &str, value: Value) -> AnswerRules {
    AnswerRules {
        fields: fields(&[(path, value)]),
        ..AnswerRules::default()
    }
}

fn look(rules: &AnswerRules, answer: &KeptAnswer) -> String {
    let check = AnswerCheck::new(rules).unwrap().expect("rules");
    match check.look(answer, LONGEST, &|| vec!["s3cret-token".to_owned()]) {
        Ok(AnswerFinding {
            is_pending: true, ..
        }) => "pending".to_owned(),
        Ok(finding) if finding.taken.is_empty() => "right".to_owned(),
        Ok(finding) => format!("{:?}", finding.taken),
        Err(WrongAnswer { outcome, said }) => format!("{outcome}: {said}"),
    }
}

#[test]
fn a_wrong_answer_says_which_rule_it_breaks() {
    let contains = |text: &str| AnswerRules {
        contains: vec!["<h1>".to_owned(), text.to_owned()],
        ..AnswerRules::default()
    };
    let lacks = |text: &str| AnswerRules {
        lacks: vec![text.to_owned()],
        ..AnswerRules::default()
    };
    let header = |name: &str, value: &str| AnswerRules {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..AnswerRules::default()
    };
    let until = |path: &str, value: Value| AnswerRules {
        until: fields(&[(path, value)]),
        ..take("id", TakeFrom::Field("id".to_owned()))
    };
    let graphql = AnswerRules {
        no_graphql_errors: true,
        ..AnswerRules::default()
    };
    let field = |path: &str| TakeFrom::Field(path.to_owned());
    let text = |pattern: &str| TakeFrom::Text(pattern.to_owned());
    let status = |value: &str| wants("status", json!(value));
    let job = "{\"status\":\"failed\",\"n\":3,\"id\":17,\"deep\":{\"token\":\"abc\",\"none\":null,\"list\":[1,2]}}";
    let page = "<h1>Shop</h1><input name=\"csrf\" value=\"x-1\">";
    let headers = [
        ("content-type", "text/html"),
        ("location", "/orders/17"),
        ("set-cookie", "a=1; Path=/"),
        ("set-cookie", "sid=\"q\"; HttpOnly"),
        ("x-raw", "caf\u{e9}"),
        ("x-empty", ""),
    ];
    let mut table = String::new();
    for (rules, body) in [
        (status("failed"), job),
        (status("ready"), job),
        (wants("state", json!("ready")), job),
        (status("ready"), page),
        (status("ready"), ""),
        (wants("n", json!(3.0)), job),
        (wants("n", json!("3")), job),
        (wants("n", json!(4)), job),
        (wants("deep.list", json!([1.0, 2])), job),
        (wants("deep.list.1", json!(1)), job),
        (wants("deep", json!("x")), job),
        (wants("deep.token", json!("x")), job),
        (wants("deep.none", json!(true)), job),
        (
            status("ready"),
            "{\"status\":\"s3cret-token\\u001b[31m\\n\u{202e}\"}",
        ),
        (status("ready"), "{\"status\":NaN}"),
        (contains("Shop"), page),
        (contains("Cart"), page),
        (lacks("Traceback"), page),
        (lacks("Shop"), page),
        (header("content-type", "text/html"), page),
        (header("content-type", "application/json"), page),
        (header("x-none", "1"), page),
        (header("x-raw", "cafe"), page),
        (until("status", json!("failed")), job),
        (until("status", json!("done")), job),
        (until("none", json!("done")), page),
        (graphql.clone(), "{\"data\":{}}"),
        (graphql.clone(), "{\"data\":{},\"errors\":[ ]}"),
        (graphql.clone(), "{\"data\":{},\"errors\":null}"),
        (
            graphql.clone(),
            "{\"errors\":[{\"message\":\"no such field\"}]}",
        ),
        (graphql, page),
        (take("id", field("id")), job),
        (take("all", field("deep.list")), job),
        (take("id", field("none")), job),
        (take("id", field("deep.none")), job),
        (take("id", field("id")), page),
        (take("at", TakeFrom::Header("location".to_owned())), page),
        (take("at", TakeFrom::Header("x-none".to_owned())), page),
        (take("at", TakeFrom::Header("x-raw".to_owned())), page),
        (take("at", TakeFrom::Header("x-empty".to_owned())), page),
        (take("sid", TakeFrom::Cookie("sid".to_owned())), page),
        (take("sid", TakeFrom::Cookie("b".to_owned())), page),
        (take("csrf", text("name=\"csrf\" value=\"([^\"]+)\"")), page),
        (take("csrf", text("<h1>.*?</h1>")), page),
        (take("csrf", text("<h2>")), page),
    ] {
        let rule = serde_json::to_string(&rules).unwrap();
        let found = look(&rules, &answer(&headers, body.as_bytes()));
        let _ = writeln!(table, "{rule}\n  {found}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn hostile_answers_are_bounded_and_take_nothing_apart() {
    let id = || take("id", TakeFrom::Field("id".to_owned()));
    let deep = |depth: usize, id: &str| {
        let (open, shut) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{\"x\":{open}{shut},\"id\":{id}}}")
    };
    let nested = format!("{{\"id\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for (body, expected) in [
        (deep(45_000, "17"), "[(\"id\", Number(17))]"),
        (
            nested,
            "wrong_answer: no `id` to take: field `id` is nested too deep",
        ),
        (
            format!("{{\"id\":\"{}\"}}", "x".repeat(70_000)),
            "wrong_answer: no `id` to take: it is longer than 64 KiB",
        ),
        (
            "[".repeat(90_000),
            "wrong_answer: no `id` to take: the body is not JSON",
        ),
        (
            "{\"id\":\"a\\\"b\\u0000'\\\\\"}".to_owned(),
            "[(\"id\", String(\"a\\\"b\\0'\\\\\"))]",
        ),
    ] {
        let found = look(&id(), &answer(&[], body.as_bytes()));
        assert!(found.starts_with(expected), "{found}");
        assert!(found.len() < 400, "{found}");
    }
    let broken = look(&id(), &answer(&[], b"{\"id\":\"\xff\xfe\"}"));
    assert!(
        broken.starts_with("wrong_answer: no `id` to take: the body is not JSON"),
        "{broken}"
    );
    let text = take("t", TakeFrom::Text("b(.)d".to_owned()));
    assert_eq!(
        look(&text, &answer(&[], b"\xff\xfeabcd\xff")),
        "[(\"t\", String(\"c\"))]"
    );
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let level = Compression::best();
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "raw deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(body, level)
        }
        "br" => stored_brotli(body),
        _ => body.to_vec(),
    }
}

/// A stream of one uncompressed block of brotli (RFC 7932, 9.2); no encoder is at hand.
fn stored_brotli(body: &[u8]) -> Vec<u8> {
    assert!((1..=65_536).contains(&body.len()));
    // A window of 16 bits: `0`. Not the last block: `0`. Four digits of its length: `00`. The length less one; uncompressed.
    let bits = ((body.len() - 1) as u32) << 4 | 1 << 20;
    let mut stream = bits.to_le_bytes()[..3].to_vec();
    stream.extend_from_slice(body);
    stream.push(0b11);
    stream
}

#[test]
fn compressed_bodies_are_looked_into_and_bombs_are_not() {
    let status = wants("status", json!("ready"));
    let body = b"{\"status\":\"ready\"}";
    for (name, header) in [
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("gzip", "X-GZip"),
        ("deflate", "deflate"),
        ("raw deflate", "deflate"),
        ("zstd", "zstd"),
        ("br", "br"),
    ] {
        let body = encoded(name, body);
        let with = |body: &[u8]| answer(&[("content-encoding", header)], body);
        assert_eq!(look(&status, &with(&body)), "right", "{name}");
        if header == "identity" {
            continue;
        }
        let cut = look(&status, &with(&body[..body.len() / 2]));
        assert!(
            cut.starts_with("bad_body: the body is not valid"),
            "{name}: {cut}"
        );
        let other = look(&status, &with(b"what?"));
        assert!(
            other.starts_with("bad_body: the body is not valid"),
            "{name}: {other}"
        );
    }
    let twice = encoded("zstd", &encoded("gzip", body));
    let layers = |text| answer(&[("content-encoding", text)], &twice);
    assert_eq!(look(&status, &layers("gzip, zstd")), "right");
    let odd = [
        look(&status, &layers("gzip, compress")),
        look(&status, &layers("gzip, gzip, gzip, gzip")),
        look(&status, &answer(&[("content-encoding", "gzip")], b"")),
    ];
    insta::assert_snapshot!(odd.join("\n"));
    let bomb = vec![b' '; 20 * LONGEST as usize];
    for encoding in ["gzip", "deflate", "zstd"] {
        let bomb = answer(&[("content-encoding", encoding)], &encoded(encoding, &bomb));
        let found = look(&status, &bomb);
        let expected =
            format!("bad_body: the body is longer than 100000 bytes once {encoding} is decoded");
        assert_eq!(found, expected);
    }
}

#[test]
fn a_body_is_kept_only_where_it_is_looked_into() {
    let looks = |rules: &AnswerRules| {
        let check = AnswerCheck::new(rules).unwrap();
        check.map(|check| check.looks_into_body())
    };
    assert_eq!(looks(&AnswerRules::default()), None);
    let head = take("at", TakeFrom::Header("location".to_owned()));
    assert_eq!(looks(&head), Some(false));
    assert_eq!(looks(&wants("a", json!(1))), Some(true));
    assert!(AnswerCheck::new(&take("x", TakeFrom::Text("(".to_owned()))).is_err());
}

/// JSON in which the names of the paths below stand at several depths.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        "[a-c\"\\\\é]{0,3}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let name = prop::sample::select(vec!["a", "b", "a.b", "0", "", "\"\u{e9}"]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_field_is_found_without_a_tree_where_a_tree_has_it(
        document in document(),
        path in prop::collection::vec(prop::sample::select(vec!["a", "b", "0", "1", "", "\"é"]), 1..4),
        pretty: bool,
    ) {
        let path = path.join(".");
        let text = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let body = JsonBody::read(text.as_bytes()).expect("JSON");
        let found = body.field(&path).map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap());
        prop_assert_eq!(found.as_ref(), json_field(&document, &path), "{} in {}", path, text);
    }

    #[test]
    fn any_bytes_are_looked_at_without_a_panic(
        body in prop::collection::vec(any::<u8>(), 0..200),
        encoding in prop::sample::select(vec!["gzip", "br", "zstd", "deflate", "identity"]),
        path in "[a.0]{0,4}",
    ) {
        let rules = AnswerRules {
            fields: fields(&[(&path, json!(1))]),
            ..take("t", TakeFrom::Text("(a|b)*c".to_owned()))
        };
        let found = look(&rules, &answer(&[("content-encoding", encoding)], &body));
        prop_assert!(!found.contains('\n') && found.len() < 1_500, "{}", found);
    }
}

use std::fmt::Write as _;

use super::*;
use crate::profile::text::tree::parse;

/// The rules as a plan has them, or what is wrong with them.
fn read_text(text: &str, asked: Asked) -> String {
    let (table, mut problems) = parse("own.toml", text);
    let mut reader = Reader::new(&table, &ANSWER_KEYS, &mut problems);
    let raw = read(&mut reader, asked);
    assert_eq!(raw.rules.take.len(), raw.takes.len());
    if problems.is_empty() {
        return serde_json::to_string(&raw.rules).unwrap();
    }
    let shown = problems.iter().map(ToString::to_string);
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn rules_are_read_or_refused_with_their_place() {
    let mut table = String::new();
    for text in [
        "answer = { status = \"ready\", \"checks.database\" = \"up\", checks.redis = \"up\", count = 3, share = 0.5, ok = true, list = [1, 2] }",
        "contains = \"Welcome\"\nlacks = [\"error\", \"Traceback\"]",
        "header = { Content-Type = \"application/json\", x-count = 3 }",
        "take = { order = \"data.id\", place = \"header Location\", sid = \"cookie session\", csrf = 'text name=\"csrf\" value=\"([^\"]+)\"', header = \"header\" }",
        "until = { status = \"done\" }\nredirects = true",
        "answer = {}",
        "answer = \"ready\"",
        "answer = { a = { b = {} }, c = nan }",
        "contains = \"\"\nlacks = []",
        "contains = { a = 1 }",
        "header = { \"a b\" = \"c\", d = true }",
        "header = {}",
        "take = { user = \"id\", \"a b\" = \"id\", x = \"\", y = \"header a b\", z = \"text \", r = \"text (a\" }",
        "take = {}\nuntil = {}",
        "until = true",
    ] {
        let _ = writeln!(table, "{text}\n=> {}\n", read_text(text, Asked::Step));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_belongs_to_steps_is_refused_at_an_endpoint() {
    let text = "take = { order = \"id\" }\nuntil = { status = \"done\" }\ncontains = \"x\"";
    insta::assert_snapshot!(read_text(text, Asked::Endpoint));
}

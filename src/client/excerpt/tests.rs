use proptest::prelude::*;

use super::*;

const SENT: [&str; 3] = [
    "s3cret-token",
    "acme",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
];

#[test]
fn what_a_body_says_without_secrets() {
    let bodies: [&[u8]; 24] = [
        b"{\"detail\":\"Organization membership required\"}",
        b"\xef\xbb\xbf{\"detail\":\"with a mark\"}",
        b"{\"error\":{\"message\":\"out of\\nmemory\",\"code\":1}}",
        b"{\"detail\":[{\"msg\":\"Field required\",\"input\":{\"password\":\"hunter2\"}}]}",
        b"{\"code\":7,\"password\":\"hunter2\",\"user\":\"ann\"}",
        b"'AsyncSession' object has no attribute 'query'",
        b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>p{color:red}</style></head><p>nginx",
        b"<html><script>var token = 'x'</script><h1>Oops</h1><!-- <b> secret --></html>",
        b"bad key s3cret-token of acme",
        b"got Bearer abcdefghijkl; want another",
        b"the bearer of bad news",
        b"Authorization: Bearer zzzzzzzz was refused",
        b"GET /x?token=abc123&page=2 failed",
        b"could not connect to postgresql+asyncpg://app:hunter2@db:5432/app",
        b"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln expired",
        b"key AKIAabcdefgh0123456789ABCDEFGHIJ is wrong",
        b"trace 550e8400-e29b-41d4-a716-446655440000 at test_that_has_a_very_long_name_with_1",
        b"digest 0123456789abcdef0123456789abcdef",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00",
        b"a\x1b[31mred\x1b[0m\r\nb\t\xe2\x80\xaec",
        b"",
        b"\"just a text\"",
        b"{\"sessionId\": 12345678}",
        b"tokenizer failed: unexpected token ] in line 3",
    ];
    let table: Vec<String> = bodies.iter().map(|body| excerpt(body, &SENT)).collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn a_secret_that_the_end_cuts_is_hidden_too() {
    // Tags shrink, so that the very end of what was kept comes to be shown.
    let cut = EXCERPT_BYTES - 7;
    let mut body = format!("<p {}>", " ".repeat(cut - 4));
    body.push_str("s3cret-token");
    let shown = excerpt(body.as_bytes(), &SENT);
    assert_eq!(shown, "***");
}

#[test]
fn a_long_body_is_cut_at_a_character() {
    let shown = excerpt("ü ".repeat(400).as_bytes(), &[]);
    assert_eq!(shown.chars().count(), SHOWN);
    assert!(shown.ends_with('…'), "{shown}");
}

proptest! {
    #[test]
    fn whatever_is_answered_is_one_short_line_without_what_was_sent(
        before in ".{0,60}", after in any::<Vec<u8>>(), secret in "[a-zA-Z0-9]{8,40}",
    ) {
        let mut body = format!("{before}{secret}").into_bytes();
        body.extend(after);
        let shown = excerpt(&body, &[&secret]);
        prop_assert!(shown.chars().count() <= SHOWN + 1);
        prop_assert!(!shown.contains(&secret));
        prop_assert!(!shown.chars().any(char::is_control));
    }
}

use super::*;

fn variable(name: &str) -> Place {
    Place::Variable(name.to_owned())
}

fn sent_to(text: &str, place: &Place) -> String {
    let read = endpoint(text, place).expect(text).expect("somewhere");
    Otlp::new(read).shown()
}

#[test]
fn the_path_of_metrics_is_added_where_it_is_not_there() {
    let flag = Place::Flag("--otlp".to_owned());
    let general = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    let table = [
        ("http://localhost:4318", "http://localhost:4318/v1/metrics"),
        ("http://localhost:4318/", "http://localhost:4318/v1/metrics"),
        ("https://h/api/v1/otlp/", "https://h/api/v1/otlp/v1/metrics"),
        ("https://h/otlp/v1/metrics", "https://h/otlp/v1/metrics"),
    ];
    for (text, expected) in table {
        assert_eq!(sent_to(text, &flag), expected);
        assert_eq!(sent_to(text, &general), expected);
    }
    let whole = variable(WHOLE);
    assert_eq!(sent_to("http://h:1", &whole), "http://h:1/");
    assert_eq!(sent_to("http://h:1/push", &whole), "http://h:1/push");
    assert!(endpoint("off", &flag).expect("nowhere").is_none());
}

#[test]
fn headers_are_decoded_and_never_shown() {
    let read = headers("Authorization=Basic%20aWQ6a2V5==, x-scope=a b,").expect("headers");
    let shown: Vec<(&str, &str)> = read
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal()))
        .collect();
    assert_eq!(
        shown,
        [("authorization", "Basic aWQ6a2V5=="), ("x-scope", "a b")]
    );
    assert!(!format!("{read:?}").contains("aWQ6"));
}

#[test]
fn what_is_no_header_is_told_without_its_value() {
    let table = [
        ("hunter2", "header 1 has no `=`"),
        ("a=b,hunter2", "header 2 has no `=`"),
        ("hunter2 x=1", "header 1 has a name that no header can have"),
        ("a=hunter2%", "percent sign"),
        ("a=hunter2%zz", "percent sign"),
        ("a=hunter2%0A", "has a value that no header can have"),
        ("a=", "header 1 has no value"),
        ("Content-Length=7", "set by itself"),
        (",", "names no header"),
        (
            "hunter2,b,c=%",
            "header 1 has no `=`; header 2 has no `=`; header 3",
        ),
    ];
    for (text, expected) in table {
        let told = format!("{:?}", headers(text).expect_err("refused"));
        assert!(told.contains(expected), "{text}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn times_are_milliseconds_where_the_specification_has_them() {
    let standard = variable("OTEL_EXPORTER_OTLP_TIMEOUT");
    assert_eq!(
        timeout("1500", &standard).ok(),
        Some(Duration::from_millis(1_500))
    );
    let ours = variable("PERF_OTLP_TIMEOUT");
    assert_eq!(timeout("3s", &ours).ok(), Some(Duration::from_secs(3)));
    for text in ["0", "-1", "3s", ""] {
        assert!(timeout(text, &standard).is_err(), "{text}");
    }
}

fn answered(status: u16, body: &str) -> Result<(), String> {
    let place = Place::Flag("--otlp".to_owned());
    let read = endpoint("http://localhost", &place).expect("a URL");
    let otlp = Otlp::new(read.expect("somewhere"))
        .with_headers(headers("authorization=Bearer%20hunter2").ok());
    let answer = Answer {
        status,
        headers: http::HeaderMap::new(),
        body: body.as_bytes().to_vec(),
        whole: true,
        is_http2: false,
        took: Duration::ZERO,
    };
    otlp.judge(&answer).map_err(|error| error.to_string())
}

#[test]
fn what_a_receiver_says_is_told_on_a_line_without_secrets() {
    for body in [
        "",
        "{}",
        "{\"partialSuccess\":{}}",
        "{\"partialSuccess\":{\"rejectedDataPoints\":\"0\"}}",
        "ok",
    ] {
        assert_eq!(answered(200, body), Ok(()), "{body}");
    }
    let table = [
        (
            200,
            "{\"partialSuccess\":{\"rejectedDataPoints\":\"7\",\"errorMessage\":\"too\\nold\"}}",
            "7 of its points were rejected (too old)",
        ),
        (
            401,
            "{\"code\":16,\"message\":\"no such key: hunter2\"}",
            "it was answered 401 (no such key: ***); look at the headers in OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            404,
            "<html>",
            "it was answered 404; name the address at which it takes OTLP over HTTP, without /v1/metrics",
        ),
        (503, "", "it was answered 503; its own log may tell why"),
    ];
    for (status, body, expected) in table {
        assert_eq!(answered(status, body), Err(expected.to_owned()), "{body}");
    }
}

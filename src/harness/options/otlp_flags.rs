//! What was given of sending a session's figures, by flags or by the variables of `OpenTelemetry`.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use url::Url;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin};
use crate::harness::options::flags::otlp::OtlpFlags;
use crate::harness::output::otlp::Otlp;
use crate::profile::Target;
use crate::profile::quantity::{self, ReadValue};
use crate::secret::Secret;

/// Where metrics go below an endpoint.
const METRICS: &str = "/v1/metrics";
/// The variable whose URL is taken as it is.
const WHOLE: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
/// In the place of an address: nothing is sent, even if a variable is set.
const NOWHERE: &str = "off";
/// Beginnings of variables that are OpenTelemetry's own.
const STANDARD: &str = "OTEL_";
/// Headers that are as the message has it, whatever anybody wants.
const OWN: [&str; 5] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

/// Where to send to, if anywhere.
///
/// A wrong variable that other programs read as well does not matter where nothing is sent.
pub(in crate::harness) fn otlp(flags: &OtlpFlags, problems: &mut Vec<Diagnostic>) -> Option<Otlp> {
    let Some(address) = &flags.address else {
        let places = [
            flags.headers.as_ref().map(|given| &given.place),
            flags.timeout.as_ref().map(|given| &given.place),
        ];
        for place in places
            .into_iter()
            .flatten()
            .filter(|place| !is_standard(place))
        {
            let complaint = InvalidValue::new("there is nowhere to send to")
                .help("name it with --otlp http://HOST:4318");
            problems.push(complaint.at(place.clone()));
        }
        return None;
    };
    if address.value.eq_ignore_ascii_case(NOWHERE) {
        return None;
    }
    let mut told =
        |complaint: InvalidValue, place: &Origin| problems.push(complaint.at(place.clone()));
    let address = endpoint(address.value.trim(), &address.place)
        .map_err(|complaint| told(complaint, &address.place));
    let headers = flags.headers.as_ref().map(|given| {
        headers(given.value.reveal().trim()).map_err(|complaint| told(complaint, &given.place))
    });
    let timeout = flags.timeout.as_ref().map(|given| {
        timeout(given.value.trim(), &given.place).map_err(|complaint| told(complaint, &given.place))
    });
    let (target, path) = address.ok()?;
    let headers = headers.and_then(Result::ok).unwrap_or_default();
    Some(Otlp::new(
        target,
        path,
        headers,
        timeout.and_then(Result::ok),
    ))
}

/// Reads where metrics are sent, and the path there: a URL to which `/v1/metrics` is added unless it ends so, or the
/// whole of it where it comes from the variable of metrics alone.
///
/// # Errors
/// When it is not a URL that can be sent to.
fn endpoint(text: &str, place: &Origin) -> ReadValue<(Target, String)> {
    let url = Url::parse(text).ok();
    if url
        .as_ref()
        .is_some_and(|url| !url.username().is_empty() || url.password().is_some())
    {
        return Err(
            InvalidValue::new("a URL with a user or a password is refused")
                .help("give them in OTEL_EXPORTER_OTLP_HEADERS, as Authorization=Basic%20BASE64"),
        );
    }
    if !text.contains('@') && text.contains(['?', '#']) {
        return Err(
            InvalidValue::new("the URL has a query (?…) or a fragment (#…)")
                .help("give keys in OTEL_EXPORTER_OTLP_HEADERS"),
        );
    }
    let target = Target::parse(text)?;
    let whole = *place == Origin::Variable(WHOLE.to_owned());
    let path = match (url.filter(|_| whole), target.base_path.as_str()) {
        (Some(url), _) => url.path().to_owned(),
        (None, base) if base.ends_with(METRICS) => base.to_owned(),
        (None, base) => format!("{base}{METRICS}"),
    };
    Ok((target, path))
}

/// Reads `name=value,name=value`, values percent-encoded as the specification has it. Messages repeat none of them.
///
/// # Errors
/// With everything that can't be a header.
fn headers(text: &str) -> ReadValue<Vec<(String, Secret)>> {
    let mut wrong = Vec::new();
    let mut headers = Vec::new();
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    for (place, part) in parts.enumerate() {
        match header(part) {
            Ok(header) => headers.push(header),
            Err(what) => wrong.push(format!("header {} {what}", place + 1)),
        }
    }
    if headers.is_empty() && wrong.is_empty() {
        wrong.push("it names no header".to_owned());
    }
    if wrong.is_empty() {
        return Ok(headers);
    }
    Err(InvalidValue::new(wrong.join("; "))
        .help("write Authorization=Bearer%20TOKEN,X-Scope-OrgID=7"))
}

fn header(part: &str) -> Result<(String, Secret), &'static str> {
    let (name, value) = part.split_once('=').ok_or("has no `=`")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "has a name that no header can have")?;
    if OWN.contains(&name.as_str()) {
        return Err("is one that is set by itself");
    }
    let value = decoded(value.trim())
        .ok_or("has a percent sign that begins no code; write %25 for the sign itself")?;
    match HeaderValue::from_str(&value) {
        Ok(_) if !value.is_empty() => Ok((name.as_str().to_owned(), Secret::new(value))),
        Ok(_) => Err("has no value"),
        Err(_) => Err("has a value that no header can have"),
    }
}

/// `a%20b` as `a b`; `None` for a code that is none, or text that is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// Reads how long sending may take: in the variables of the specification, whole milliseconds.
///
/// # Errors
/// When it is not a time above 0.
fn timeout(text: &str, place: &Origin) -> ReadValue<Duration> {
    if !is_standard(place) {
        return quantity::lasting(text);
    }
    match text.parse() {
        Ok(ms @ 1..=86_400_000) => Ok(Duration::from_millis(ms)),
        _ => Err(
            InvalidValue::new(format!("`{text}` is not a number of milliseconds above 0"))
                .help("write 10000 for 10 seconds"),
        ),
    }
}

/// Whether it is a variable that other programs read as well.
fn is_standard(place: &Origin) -> bool {
    matches!(place, Origin::Variable(name) if name.starts_with(STANDARD))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Origin {
        Origin::Variable(name.to_owned())
    }

    fn sent_to(text: &str, place: &Origin) -> String {
        let read = endpoint(text, place).expect(text);
        let (target, path) = read;
        Otlp::new(target, path, Vec::new(), None).shown()
    }

    #[test]
    fn the_path_of_metrics_is_added_where_it_is_not_there() {
        let flag = Origin::Flag("--otlp".to_owned());
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
        assert_eq!(sent_to("http://h:1/push/", &whole), "http://h:1/push/");
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
}

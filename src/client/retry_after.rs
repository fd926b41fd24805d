//! How long a target that refuses a request asks to wait before the next one.

use std::time::{Duration, SystemTime};

use super::json::{self, json_field};

/// Where services say it in a JSON body, with the seconds that one unit stands for.
const FIELDS: [(&str, f64); 6] = [
    ("retry_after", 1.0),
    ("retryAfter", 1.0),
    ("retry-after", 1.0),
    ("retry_after_seconds", 1.0),
    ("retry_after_ms", 1e-3),
    ("retryAfterMs", 1e-3),
];
/// The objects that these fields are in.
const PARENTS: [&str; 5] = ["", "error.", "detail.", "parameters.", "errors.0."];

/// The wait in whole seconds that a `Retry-After` header names (RFC 9110, 10.2.3): seconds, or a date, which is read
/// against the answer's own `Date` because clocks differ.
pub(super) fn of_header(value: &[u8], date: Option<&[u8]>) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return whole(seconds);
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = date.and_then(|date| std::str::from_utf8(date).ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    let wait = until.duration_since(date.unwrap_or_else(SystemTime::now));
    whole(wait.as_ref().map_or(0.0, Duration::as_secs_f64))
}

/// The wait in whole seconds that a JSON body names.
pub(super) fn of_body(body: &[u8]) -> Option<u32> {
    let document = json::parse(body)?;
    PARENTS.iter().find_map(|parent| {
        FIELDS.iter().find_map(|(field, seconds)| {
            let value = json_field(&document, &format!("{parent}{field}"))?;
            let text = value.as_str().and_then(|text| text.trim().parse().ok());
            whole(value.as_f64().or(text)? * seconds)
        })
    })
}

/// `come back after 60 s`
pub(super) fn come_back(seconds: u32) -> String {
    format!("come back after {seconds} s")
}

/// Rounded up; nothing when there is no wait.
fn whole(seconds: f64) -> Option<u32> {
    let is_wait = seconds > 0.0 && seconds <= f64::from(u32::MAX);
    is_wait.then(|| seconds.ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_in_seconds_or_as_a_date() {
        let date = "Fri, 27 Nov 2026 10:00:00 GMT";
        for (value, date, wait) in [
            ("60", None, Some(60)),
            (" 1.2 ", None, Some(2)),
            ("0", None, None),
            ("-5", None, None),
            ("soon", None, None),
            ("inf", None, None),
            ("NaN", None, None),
            ("99999999999999999999", None, None),
            ("Fri, 27 Nov 2026 10:01:30 GMT", Some(date), Some(90)),
            ("Friday, 27-Nov-26 10:01:30 GMT", Some(date), Some(90)),
            ("Fri, 27 Nov 2026 09:00:00 GMT", Some(date), None),
            ("Fri, 27 Nov 2015 09:00:00 GMT", None, None),
        ] {
            let found = of_header(value.as_bytes(), date.map(str::as_bytes));
            assert_eq!(found, wait, "{value}");
        }
        let later = SystemTime::now() + Duration::from_secs(3_600);
        let found = of_header(httpdate::fmt_http_date(later).as_bytes(), None).unwrap();
        assert!((1..=3_600).contains(&found), "{found}");
    }

    #[test]
    fn a_body_that_names_it() {
        for (body, wait) in [
            (
                r#"{"detail":"Rate limit exceeded","retry_after":60}"#,
                Some(60),
            ),
            (r#"{"retry_after":"30"}"#, Some(30)),
            (r#"{"error":{"message":"no","retryAfter":0.4}}"#, Some(1)),
            (r#"{"parameters":{"retry_after":5}}"#, Some(5)),
            (r#"{"detail":{"retry_after_ms":1500}}"#, Some(2)),
            (r#"{"retry_after":null}"#, None),
            (r#"{"retry_after":0}"#, None),
            (r#"{"retry_after":"#, None),
            ("slow down", None),
            ("", None),
        ] {
            assert_eq!(of_body(body.as_bytes()), wait, "{body}");
        }
    }
}

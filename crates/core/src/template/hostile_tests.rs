//! Whatever a value is, what is parsed is what was put in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::Given;
use super::*;

/// Quotes, control characters, braces, line breaks, emoji, percent signs, and text that is nothing special.
fn hostile() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\"", "\\", "\r\n", "\n", "\0", "\u{1b}", "\u{7f}", "{", "}", "{user}", "{{", "😀", "é",
        "%", "%00", "&", "=", "+", " ", "/", "..", ".", "?", "#", ";", "\u{2028}", "\u{fffd}",
        "--b", "x", "true", "1",
    ]);
    let all =
        prop_oneof![3 => odd.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    let bytes = prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        4 => prop::collection::vec(all, 0..12).prop_map(|parts| parts.concat()),
        1 => bytes.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

fn render(text: &str, place: Place, value: &Value) -> Result<String, RenderError> {
    let plan = PlanValues::default();
    let taken = json!({ "x": value });
    let user = value.as_str().unwrap_or_default();
    let marks = RequestMarks {
        seed: 1,
        endpoint: 0,
        number: 2,
        id: 3,
        user: 4,
    };
    let mut out = Vec::new();
    let bound = BoundTemplate::new(&Template::parse(text), place, &plan)?;
    bound.render(
        &plan,
        &marks,
        &Given {
            user,
            taken: &taken,
        },
        &mut out,
    )?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

fn decoded(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn json_says_what_was_put_in(text in hostile(), number in any::<f64>()) {
        let source = r#"{"a":"<{x}>","b":{x},"c":[{user}],"d":"\"{x}"}"#;
        let made = render(source, Place::Json, &json!(text)).unwrap();
        let read: Value = serde_json::from_str(&made).unwrap();
        prop_assert_eq!(read, json!({ "a": format!("<{text}>"), "b": text, "c": [text], "d": format!("\"{text}") }));
        let value = json!({ "deep": [number, null, { text.clone(): true }] });
        let made = render(source, Place::Json, &value).unwrap();
        let read: Value = serde_json::from_str(&made).unwrap();
        prop_assert_eq!(&read["b"], &value);
        prop_assert_eq!(read["a"].as_str().unwrap(), format!("<{value}>"));
    }

    #[test]
    fn a_url_and_a_form_have_as_many_parts_as_were_written(text in hostile()) {
        let made = render("/a/{x}/b?q={x}&r=1", Place::Url, &json!(text)).unwrap();
        prop_assert!(made.bytes().all(|byte| byte.is_ascii_graphic()));
        let (path, query) = made.split_once('?').unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        prop_assert_eq!(parts.len(), 4);
        prop_assert_eq!(&decoded(parts[2], false), &text);
        let pairs: Vec<&str> = query.split('&').collect();
        prop_assert_eq!(pairs.len(), 2);
        prop_assert_eq!(&decoded(pairs[0].strip_prefix("q=").unwrap(), false), &text);
        let form = render("a={x}&b={user}", Place::Form, &json!(text)).unwrap();
        let pairs: Vec<&str> = form.split('&').collect();
        prop_assert_eq!(pairs.len(), 2);
        prop_assert_eq!(decoded(pairs[0].strip_prefix("a=").unwrap(), true), text);
    }

    #[test]
    fn a_header_is_one_line_or_nothing(text in hostile()) {
        match render("Bearer {x}", Place::Header, &json!(text)) {
            Ok(made) => {
                prop_assert!(is_header_text(&text));
                prop_assert_eq!(made, format!("Bearer {text}"));
            }
            Err(error) => {
                prop_assert!(!is_header_text(&text));
                prop_assert_eq!(error, RenderError::Header("x".to_owned()));
            }
        }
        let quoted = render("{x}", Place::Quoted, &json!(text)).unwrap();
        prop_assert!(!quoted.contains(['"', '\r', '\n']));
    }

    #[test]
    fn a_literal_stays_what_it_is(text in hostile()) {
        let template = Template::parse(&escape_literal(&text));
        prop_assert!(!template.has_marks());
        prop_assert_eq!(template.with(|_| String::new()), text);
    }
}

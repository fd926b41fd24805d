//! Which formats a report is written in, as `--report` names them.

use crate::diagnostic::InvalidValue;
use crate::profile::quantity::ReadValue;
use crate::profile::suggest::{advice, list};
use crate::report::Format;

/// Reads `json,markdown`: each format once, in the order of their table.
///
/// # Errors
/// With every name that is none.
pub(in crate::harness) fn formats(text: &str) -> ReadValue<Vec<Format>> {
    let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let (mut wanted, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match Format::parse(&name.to_lowercase()) {
            Some(format) => wanted.push(format),
            None => unknown.push(name),
        }
    }
    match unknown.as_slice() {
        [] if wanted.is_empty() => {
            Err(InvalidValue::new("names no format").help(format!("there are {}", list(&known))))
        }
        [] => {
            wanted.sort_unstable();
            wanted.dedup();
            Ok(wanted)
        }
        [one] => {
            Err(InvalidValue::new(format!("`{one}` is not a report format"))
                .help(advice(one, &known)))
        }
        many => {
            let quoted: Vec<String> = many.iter().map(|name| format!("`{name}`")).collect();
            let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
            let all = format!("there are {}", list(&known));
            Err(InvalidValue::new(format!("{} are not report formats", list(&quoted))).help(all))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_whatever_their_order() {
        let names = Format::ALL.map(Format::name).join(",");
        let table: [(&str, &[Format]); 4] = [
            ("json", &[Format::Json]),
            ("Markdown, json,json", &[Format::Json, Format::Markdown]),
            ("csv,,hdrlog", &[Format::Csv, Format::Hdrlog]),
            (&names, &Format::ALL),
        ];
        for (text, wanted) in table {
            assert_eq!(formats(text).ok().as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_format_is_told_with_the_nearest() {
        let table = [
            (
                "markdwon",
                "`markdwon` is not a report format",
                "did you mean `markdown`?",
            ),
            (
                "pdf",
                "`pdf` is not a report format",
                "there are json, html",
            ),
            (
                "pdf,docx,json",
                "`pdf` and `docx` are not report formats",
                "there are json",
            ),
            (" , ", "names no format", "there are json"),
        ];
        for (text, what, help) in table {
            let told = format!("{:?}", formats(text).expect_err("refused"));
            assert!(told.contains(what) && told.contains(help), "{text}: {told}");
        }
    }
}

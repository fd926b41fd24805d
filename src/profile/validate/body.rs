//! From a body as it was written to what is sent.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::plan::{Content, FileBytes, Part, PartValue};
use crate::profile::raw::body::{RawBody, RawPart};
use crate::profile::raw::profile::RawEndpoint;
use crate::profile::raw::source::reason;
use crate::template::{Template, mix, uuid};

/// What a file is, by its ending; [`BYTES`] where that says nothing.
const TYPES: [(&str, &str); 14] = [
    ("json", "application/json"),
    ("csv", "text/csv"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("xml", "application/xml"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
];
const BYTES: &str = "application/octet-stream";

/// A body, ready for a plan.
pub(in crate::profile) struct Body {
    /// Its text.
    pub(in crate::profile) text: String,
    /// What it is.
    pub(in crate::profile) content: Content,
    /// The type that is sent with it unless the profile says another.
    pub(in crate::profile) content_type: Option<String>,
}

impl Body {
    fn new(text: String, content: Content, content_type: &str) -> Body {
        Body {
            content: match content {
                // A text that stands as it is needs no escaping.
                Content::Json | Content::Form if !Template::parse(&text).has_marks() => {
                    Content::Text
                }
                content => content,
            },
            text,
            content_type: Some(content_type)
                .filter(|it| !it.is_empty())
                .map(str::to_owned),
        }
    }
}

/// The body of an endpoint; `None` when one of its files cannot be read.
pub(in crate::profile) fn body(
    written: &RawEndpoint,
    problems: &mut Vec<Diagnostic>,
) -> Option<Body> {
    let Some(body) = &written.body else {
        return Some(Body::new(String::new(), Content::Text, ""));
    };
    Some(match &body.value {
        RawBody::Text(text) => {
            let is_json = Template::parse(text).is_json();
            let content = if is_json {
                Content::Json
            } else {
                Content::Text
            };
            Body::new(text.clone(), content, "")
        }
        RawBody::Json(text) => Body::new(text.clone(), Content::Json, "application/json"),
        RawBody::Form(fields) => {
            let kind = "application/x-www-form-urlencoded";
            Body::new(form_text(fields), Content::Form, kind)
        }
        RawBody::Multipart(parts) => multipart(parts, problems)?,
        RawBody::File(path) => {
            let file = read(&Spanned::new(path.clone(), body.place.clone()), problems)?;
            Body::new(String::new(), Content::File(file), type_of(path))
        }
    })
}

/// Names and values in percent form, marks as they are.
fn form_text(fields: &[(String, String)]) -> String {
    let escaped = |text: &str| -> String {
        let bytes = text.as_bytes();
        url::form_urlencoded::byte_serialize(bytes).collect()
    };
    let field = |(name, value): &(String, String)| {
        let value = Template::parse(value).map_text(&escaped);
        format!("{}={value}", escaped(name))
    };
    let fields: Vec<String> = fields.iter().map(field).collect();
    fields.join("&")
}

fn multipart(written: &[RawPart], problems: &mut Vec<Diagnostic>) -> Option<Body> {
    let mut parts = Vec::new();
    for part in written {
        parts.extend(self::part(part, problems));
    }
    if parts.len() < written.len() {
        return None;
    }
    let boundary = boundary(&parts);
    let kind = format!("multipart/form-data; boundary={boundary}");
    let content = Content::Multipart { boundary, parts };
    Some(Body::new(String::new(), content, &kind))
}

fn part(written: &RawPart, problems: &mut Vec<Diagnostic>) -> Option<Part> {
    let value = match (&written.file, &written.value) {
        (Some(file), _) => PartValue::File(read(file, problems)?),
        (None, Some(value)) => PartValue::Text(value.value.clone()),
        (None, None) => return None,
    };
    let file_name = written.file.as_ref().and_then(|file| {
        let name = Path::new(&file.value).file_name()?;
        Some(crate::template::escape_literal(&name.to_string_lossy()))
    });
    let by_ending = written
        .file
        .as_ref()
        .map(|file| type_of(&file.value).to_owned());
    Some(Part {
        name: written.name.value.clone(),
        value,
        filename: written
            .filename
            .as_ref()
            .map(|at| at.value.clone())
            .or(file_name),
        content_type: written
            .content_type
            .as_ref()
            .map(|at| at.value.clone())
            .or(by_ending),
    })
}

/// A line that no part has in it, and the same in every session.
fn boundary(parts: &[Part]) -> String {
    let is_in = |text: &str, part: &Part| match &part.value {
        PartValue::Text(value) => value.contains(text),
        PartValue::File(file) => {
            let mut windows = file.bytes().windows(text.len());
            windows.any(|window| window == text.as_bytes())
        }
    };
    let named = |draw: u64| {
        let id = uuid(mix(0x6d75_6c74_6970_6172, draw));
        format!("agentos-perf-{}", String::from_utf8_lossy(&id))
    };
    let mut boundaries = (0..).map(named);
    let free = boundaries.find(|text| !parts.iter().any(|part| is_in(text, part)));
    free.unwrap_or_default()
}

fn read(path: &Spanned<String>, problems: &mut Vec<Diagnostic>) -> Option<FileBytes> {
    match std::fs::read(beside(&path.place, &path.value)) {
        Ok(bytes) => Some(FileBytes::new(bytes)),
        Err(error) => {
            let complaint = InvalidValue::new(format!(
                "`{}` cannot be read: {}",
                path.value,
                reason(&error)
            ));
            problems.push(complaint.help(FROM_PROFILE).at(path.place.clone()));
            None
        }
    }
}

/// What is said of a path that leads nowhere.
pub(in crate::profile) const FROM_PROFILE: &str = "a path counts from the folder of the profile";

/// A path that counts from the folder of the file in which it is written.
pub(in crate::profile) fn beside(place: &Origin, path: &str) -> PathBuf {
    match place {
        Origin::File { file, .. } if !file.starts_with("built-in ") => {
            Path::new(file).parent().unwrap_or(Path::new("")).join(path)
        }
        _ => PathBuf::from(path),
    }
}

fn type_of(path: &str) -> &'static str {
    let ending = Path::new(path).extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    let known = TYPES.iter().find(|(known, _)| *known == ending);
    known.map_or(BYTES, |(_, kind)| kind)
}

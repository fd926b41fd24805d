//! Bodies that are filled in.

use bytes::Bytes;

use super::rendering::Sender;
use super::request_template::bind;
use crate::plan::{Content, Endpoint, Part, PartValue};
use crate::template::{BoundTemplate, Place, PlanValues, RenderError, Template};

/// A body, bound to the plan's values.
pub(super) enum BodyTemplate {
    /// The same each time.
    Fixed(Bytes),
    /// A text.
    Text(BoundTemplate),
    /// Parts with a line between them.
    Parts {
        boundary: Box<str>,
        parts: Box<[PartTemplate]>,
    },
}

/// A part of a multipart body.
pub(super) struct PartTemplate {
    name: BoundTemplate,
    filename: Option<BoundTemplate>,
    content_type: Option<Box<str>>,
    value: PartBytes,
}

enum PartBytes {
    Text(BoundTemplate),
    File(crate::plan::FileBytes),
}

impl BodyTemplate {
    /// # Errors
    /// When it names a variable or data that there is not.
    pub(super) fn new(endpoint: &Endpoint, values: &PlanValues) -> Result<Self, RenderError> {
        let place = match &endpoint.content {
            Content::File(file) => {
                return Ok(BodyTemplate::Fixed(Bytes::copy_from_slice(file.bytes())));
            }
            Content::Multipart { boundary, parts } => {
                let parts = parts.iter().map(|part| PartTemplate::new(part, values));
                return Ok(BodyTemplate::Parts {
                    boundary: boundary.as_str().into(),
                    parts: parts.collect::<Result<_, _>>()?,
                });
            }
            Content::Json => Place::Json,
            Content::Form => Place::Form,
            Content::Text => Place::Raw,
        };
        let template = Template::parse(&endpoint.body);
        if endpoint.content.is_text() && !template.has_marks() {
            let text = template.with(|_| String::new());
            return Ok(BodyTemplate::Fixed(Bytes::from(text)));
        }
        BoundTemplate::new(&template, place, values).map(BodyTemplate::Text)
    }

    pub(super) fn is_fixed(&self) -> bool {
        let is_static = |text: &BoundTemplate| text.as_static().is_some();
        match self {
            BodyTemplate::Fixed(_) => true,
            BodyTemplate::Text(text) => is_static(text),
            BodyTemplate::Parts { parts, .. } => parts.iter().all(|part| {
                let value = match &part.value {
                    PartBytes::Text(text) => is_static(text),
                    PartBytes::File(_) => true,
                };
                value && is_static(&part.name) && part.filename.as_ref().is_none_or(is_static)
            }),
        }
    }

    /// # Errors
    /// When a value is missing, or cannot stand in its place.
    pub(super) fn render(&self, sender: &Sender<'_>) -> Result<Bytes, RenderError> {
        let mut out = Vec::new();
        match self {
            BodyTemplate::Fixed(bytes) => return Ok(bytes.clone()),
            BodyTemplate::Text(text) => sender.write(text, &mut out)?,
            BodyTemplate::Parts { boundary, parts } => {
                for part in parts {
                    part.write(boundary, sender, &mut out)?;
                }
                out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
            }
        }
        Ok(Bytes::from(out))
    }
}

impl PartTemplate {
    fn new(part: &Part, values: &PlanValues) -> Result<PartTemplate, RenderError> {
        let quoted = |text: &str| bind(text, Place::Quoted, values);
        Ok(PartTemplate {
            name: quoted(&part.name)?,
            filename: part.filename.as_deref().map(quoted).transpose()?,
            content_type: part.content_type.as_deref().map(Into::into),
            value: match &part.value {
                PartValue::Text(text) => PartBytes::Text(bind(text, Place::Raw, values)?),
                PartValue::File(file) => PartBytes::File(file.clone()),
            },
        })
    }

    fn write(
        &self,
        boundary: &str,
        sender: &Sender<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), RenderError> {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(b"content-disposition: form-data; name=\"");
        sender.write(&self.name, out)?;
        out.push(b'"');
        if let Some(filename) = &self.filename {
            out.extend_from_slice(b"; filename=\"");
            sender.write(filename, out)?;
            out.push(b'"');
        }
        if let Some(content_type) = &self.content_type {
            out.extend_from_slice(format!("\r\ncontent-type: {content_type}").as_bytes());
        }
        out.extend_from_slice(b"\r\n\r\n");
        match &self.value {
            PartBytes::File(file) => out.extend_from_slice(file.bytes()),
            PartBytes::Text(text) => {
                let from = out.len();
                sender.write(text, out)?;
                let mut windows = out[from..].windows(boundary.len());
                if windows.any(|window| window == boundary.as_bytes()) {
                    return Err(RenderError::Boundary);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// The texts of a body's parts, in which something may be filled in.
pub(super) fn part_texts(content: &Content) -> Vec<&str> {
    let Content::Multipart { parts, .. } = content else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    for part in parts {
        texts.push(part.name.as_str());
        texts.extend(part.filename.as_deref());
        if let PartValue::Text(text) = &part.value {
            texts.push(text.as_str());
        }
    }
    texts
}

//! What a request's body is, besides its text.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// How a body is made, and how values are escaped in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The text of the endpoint as it is.
    #[default]
    Text,
    /// The text of the endpoint, which is JSON.
    Json,
    /// The text of the endpoint, which is a form: names and values, in percent form.
    Form,
    /// Parts with a line between them.
    Multipart {
        /// What the line says.
        boundary: String,
        /// The parts, in order.
        parts: Vec<Part>,
    },
    /// The bytes of a file.
    File(FileBytes),
}

impl Content {
    /// Whether the body is a text as it is.
    pub fn is_text(&self) -> bool {
        *self == Content::Text
    }
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Its name; may have marks.
    pub name: String,
    /// What it says.
    pub value: PartValue,
    /// The name of its file; may have marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// What a part says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartValue {
    /// A text; may have marks.
    Text(String),
    /// The bytes of a file.
    File(FileBytes),
}

/// The bytes of a file, which serialise as what tells them from others.
#[derive(Clone, PartialEq, Eq)]
pub struct FileBytes(Arc<[u8]>);

impl FileBytes {
    /// Keeps the bytes of a file.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> FileBytes {
        FileBytes(bytes.into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for FileBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digest = String::with_capacity(16);
        for byte in Sha256::digest(&self.0).iter().take(8) {
            let _ = write!(digest, "{byte:02x}");
        }
        serializer.serialize_str(&digest)
    }
}

//! What an answer must say, and what is taken from it.

use serde::Serialize;
use serde_json::Value;

/// What is looked at in an answer besides its status. A body is kept only where this is not empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AnswerRules {
    /// Fields of a JSON body, dotted for nested ones, and their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, Value)>,
    /// Texts that the body has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// Texts that the body must not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Headers, in small letters, and their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Fields of a JSON body that end a poll, and their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<(String, Value)>,
    /// What later steps of the journey use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub take: Vec<Take>,
    /// Whether a JSON body with `errors`, as GraphQL answers with status 200, is a wrong answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_graphql_errors: bool,
    /// Whether redirects within the target are followed as a browser follows them, unless their status is expected.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub redirects: bool,
}

impl AnswerRules {
    /// Whether nothing but the status is looked at.
    pub fn is_empty(&self) -> bool {
        *self == AnswerRules::default()
    }
}

/// A value that is taken from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Take {
    /// What later steps call it.
    pub name: String,
    /// Where it stands.
    pub from: TakeFrom,
}

/// Where a value stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeFrom {
    /// A field of a JSON body, dotted for nested ones.
    Field(String),
    /// A header, in small letters.
    Header(String),
    /// A cookie that the answer sets.
    Cookie(String),
    /// The first group of a regular expression in the body, or else the whole match.
    Text(String),
}

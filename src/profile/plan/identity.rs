//! Who the virtual users are to the target.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::plan::Rate;
use crate::profile::plan::target_rules::TargetRules;
use crate::secret::Secret;
use crate::template::{
    BoundTemplate, MarkValues, Place, PlanValues, RequestMarks, TakenValue, Template, Variables,
};

/// How users get their names, tokens and headers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdentityRules {
    /// The name of a user; `{n}` is its number, from 1 up.
    pub user: String,
    /// What a minted token claims, with `{user}` and `{n}` in its texts; `exp` and `iat` are added.
    pub claims: Value,
    /// How a minted token is signed.
    pub algorithm: Algorithm,
    /// How long a minted token is good for.
    pub expires: Duration,
    /// Whether users without a token of their own may all have the session's.
    pub shared: bool,
    /// Headers of every request of a user, with `{user}`, `{n}`, `{ip}` (an address of 10.0.0.0/8) and `{env.NAME}`.
    pub headers: Vec<(String, String)>,
    /// The environment variables that may stand in them.
    #[serde(skip)]
    pub variables: Variables,
    /// How a user logs in.
    pub login: Option<Login>,
}

impl Default for IdentityRules {
    fn default() -> Self {
        IdentityRules {
            user: "load-user-{n}".to_owned(),
            claims: serde_json::json!({ "sub": "{user}" }),
            algorithm: Algorithm::Hs256,
            expires: Duration::from_secs(24 * 3600),
            shared: false,
            headers: Vec::new(),
            variables: Variables::default(),
            login: None,
        }
    }
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Algorithm {
    /// With a secret that the target knows too.
    #[serde(rename = "HS256")]
    Hs256,
    /// With a private RSA key in PEM form.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Reads an algorithm as a profile names it.
    pub fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "HS256" => Some(Algorithm::Hs256),
            "RS256" => Some(Algorithm::Rs256),
            _ => None,
        }
    }
}

/// The request by which a user gets its token, sent once per user before the load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Login {
    /// Path and query, base path included.
    pub path: String,
    /// The JSON body, with `{user}`, `{n}` and `{password}` in its texts.
    pub body: Value,
    /// The field of the JSON answer that holds the token, dotted.
    pub token_field: String,
    /// How many users log in per second, at most.
    pub rate: Rate,
    /// What logins have in common with all other requests.
    pub rules: TargetRules,
}

/// One virtual user, as the target knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's name.
    pub user: String,
    /// The bearer token, if any.
    pub token: Option<Secret>,
    /// Headers of all its requests.
    pub headers: Vec<(String, String)>,
}

impl IdentityRules {
    /// The name of user `n`, from 1 up.
    pub fn name(&self, n: u32) -> String {
        self.user.replace("{n}", &n.to_string())
    }

    /// The headers of user `n`.
    pub fn headers(&self, n: u32, user: &str) -> Vec<(String, String)> {
        let values = PlanValues {
            variables: self.variables.clone(),
            ..PlanValues::default()
        };
        let marks = RequestMarks {
            seed: 0,
            endpoint: 0,
            number: 0,
            id: 0,
            user: u64::from(n).saturating_sub(1),
        };
        let fill = |text: &str| {
            let mut filled = Vec::new();
            // The place is checked where the header is sent.
            let bound = BoundTemplate::new(&Template::parse(text), Place::Raw, &values);
            let written =
                bound.and_then(|it| it.render(&values, &marks, &NamedUser(user), &mut filled));
            let filled = written.ok().and_then(|()| String::from_utf8(filled).ok());
            filled.unwrap_or_else(|| text.to_owned())
        };
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.clone(), fill(value)))
            .collect()
    }
}

/// A user of whom no more is known than its name.
struct NamedUser<'a>(&'a str);

impl MarkValues for NamedUser<'_> {
    fn user(&self, write: &mut dyn FnMut(&str)) {
        write(self.0);
    }

    fn taken(&self, _: &str) -> Option<TakenValue<'_>> {
        None
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The texts of a JSON value with their marks replaced; keys stay as they are.
pub fn fill_marks(value: &Value, marks: &[(&str, &str)]) -> Value {
    match value {
        Value::String(text) => Value::String(
            marks
                .iter()
                .fold(text.clone(), |text, (mark, with)| text.replace(mark, with)),
        ),
        Value::Array(items) => items.iter().map(|item| fill_marks(item, marks)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, item)| (key.clone(), fill_marks(item, marks)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_user_has_a_name_and_an_address_of_its_own() {
        let rules = IdentityRules {
            headers: vec![("X-Forwarded-For".to_owned(), "{ip}".to_owned())],
            ..IdentityRules::default()
        };
        assert_eq!(rules.name(7), "load-user-7");
        let header = |n| rules.headers(n, "x")[0].1.clone();
        assert_eq!(
            (header(1), header(300)),
            ("10.0.0.1".into(), "10.0.1.44".into())
        );
    }

    #[test]
    fn marks_are_replaced_in_texts_alone() {
        let claims = json!({ "sub": "{user}", "{user}": [1, "no {n}"], "deep": { "a": "{user}" } });
        let filled = fill_marks(&claims, &[("{user}", "ann"), ("{n}", "3")]);
        assert_eq!(
            filled,
            json!({ "sub": "ann", "{user}": [1, "no 3"], "deep": { "a": "ann" } })
        );
    }
}

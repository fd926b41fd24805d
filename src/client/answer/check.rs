//! The rules of one endpoint's answers, ready to be applied to any number of them.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use memchr::memmem;
use regex_lite::Regex;
use serde_json::Value;
use serde_json::value::RawValue;

use super::decode::decode;
use super::field::JsonBody;
use super::keeper::KeptAnswer;
use crate::client::set_cookie::SetCookie;
use crate::client::{RequestError, excerpt};
use crate::plan::{AnswerRules, Take, TakeFrom};
use crate::record::Outcome;

/// The longest value that is compared or taken, in bytes.
const VALUE_BYTES: usize = 64 * 1024;
/// How much of a body a regular expression looks at, in bytes: it is slower than all else that is done with an answer.
const TEXT_BYTES: usize = 1024 * 1024;

/// What the answers of one endpoint must have, and what is taken from them.
#[derive(Debug)]
pub struct AnswerCheck {
    rules: AnswerRules,
    /// Those of `rules.take` that are regular expressions, in the same places.
    patterns: Vec<Option<Regex>>,
    looks_into_body: bool,
    reads_json: bool,
}

/// What a right answer holds.
#[derive(Debug, Default, PartialEq)]
pub(in crate::client) struct AnswerFinding {
    /// Whether it lacks what ends a poll; then nothing is taken from it.
    pub(in crate::client) is_pending: bool,
    /// Names and values.
    pub(in crate::client) taken: Vec<(String, Value)>,
}

/// Why an answer is not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) struct WrongAnswer {
    pub(in crate::client) outcome: Outcome,
    /// Which rule it breaks, and what stood there; one line without secrets.
    pub(in crate::client) said: String,
}

impl WrongAnswer {
    pub(super) fn with(outcome: Outcome, said: String) -> WrongAnswer {
        WrongAnswer { outcome, said }
    }

    fn of(said: String) -> WrongAnswer {
        WrongAnswer::with(Outcome::WrongAnswer, said)
    }
}

impl AnswerCheck {
    /// Prepares the rules of an endpoint; `None` when it has none.
    ///
    /// # Errors
    /// [`RequestError::Pattern`].
    pub fn new(rules: &AnswerRules) -> Result<Option<AnswerCheck>, RequestError> {
        if rules.is_empty() {
            return Ok(None);
        }
        let pattern = |from: &TakeFrom| match from {
            TakeFrom::Text(pattern) => Regex::new(pattern)
                .map(Some)
                .map_err(|_| RequestError::Pattern(pattern.clone())),
            _ => Ok(None),
        };
        let patterns = rules.take.iter().map(|take| pattern(&take.from));
        let mut takes = rules.take.iter().map(|take| &take.from);
        let reads_json = !rules.fields.is_empty()
            || !rules.until.is_empty()
            || rules.no_graphql_errors
            || takes.clone().any(|from| matches!(from, TakeFrom::Field(_)));
        let reads_text = !rules.contains.is_empty()
            || !rules.lacks.is_empty()
            || takes.any(|from| matches!(from, TakeFrom::Text(_)));
        Ok(Some(AnswerCheck {
            patterns: patterns.collect::<Result<_, _>>()?,
            rules: rules.clone(),
            looks_into_body: reads_json || reads_text,
            reads_json,
        }))
    }

    /// What is taken from a right answer.
    pub(in crate::client) fn takes(&self) -> &[Take] {
        &self.rules.take
    }

    /// Whether redirects are followed.
    pub(in crate::client) fn follows_redirects(&self) -> bool {
        self.rules.redirects
    }

    /// Whether a body must be kept for it.
    pub(in crate::client) fn looks_into_body(&self) -> bool {
        self.looks_into_body
    }

    /// Looks at an answer with an expected status; a decoded body of at most `longest` bytes. `secrets` are not to be
    /// shown; they are asked for only when there is something to show.
    pub(in crate::client) fn look(
        &self,
        answer: &KeptAnswer,
        longest: u64,
        secrets: &dyn Fn() -> Vec<String>,
    ) -> Result<AnswerFinding, WrongAnswer> {
        let body = if self.looks_into_body {
            decode(&answer.headers, &answer.body, longest)?
        } else {
            (&[][..]).into()
        };
        let look = Look {
            headers: &answer.headers,
            body: &body,
            json: self.reads_json.then(|| JsonBody::read(&body)).flatten(),
            secrets,
        };
        look.headers(&self.rules)?;
        look.texts(&self.rules)?;
        if self.rules.no_graphql_errors {
            look.graphql_errors()?;
        }
        for (path, wanted) in &self.rules.fields {
            look.field(path, wanted)?;
        }
        let is_met = |(path, wanted): &(String, Value)| {
            let found = look.json.as_ref().and_then(|json| json.field(path));
            found.is_some_and(|found| is_same(found, wanted))
        };
        if !self.rules.until.iter().all(is_met) {
            return Ok(AnswerFinding {
                is_pending: true,
                taken: Vec::new(),
            });
        }
        let mut taken = Vec::with_capacity(self.rules.take.len());
        for (take, pattern) in self.rules.take.iter().zip(&self.patterns) {
            let value = look.taken(&take.from, pattern.as_ref());
            let value =
                value.map_err(|why| look.wrong(&format!("no `{}` to take: {why}", take.name)))?;
            taken.push((take.name.clone(), value));
        }
        Ok(AnswerFinding {
            is_pending: false,
            taken,
        })
    }
}

/// One answer that is looked at.
struct Look<'a> {
    headers: &'a HeaderMap,
    body: &'a [u8],
    /// `None` when the body is not JSON.
    json: Option<JsonBody<'a>>,
    secrets: &'a dyn Fn() -> Vec<String>,
}

impl Look<'_> {
    /// With how the body begins.
    fn wrong(&self, what: &str) -> WrongAnswer {
        let secrets = (self.secrets)();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let begins = excerpt::excerpt(self.body, &secrets);
        let colon = if begins.is_empty() { "" } else { ": " };
        WrongAnswer::of(format!("{what}{colon}{begins}"))
    }

    /// What stood under a name, fit to be shown.
    fn shown(&self, name: &str, found: &str) -> String {
        let secrets = (self.secrets)();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        excerpt::value(name, found, &secrets)
    }

    fn headers(&self, rules: &AnswerRules) -> Result<(), WrongAnswer> {
        for (name, wanted) in &rules.headers {
            let mut values = self.headers.get_all(name).iter();
            if values.any(|value| value.as_bytes().trim_ascii() == wanted.trim().as_bytes()) {
                continue;
            }
            let first = self.headers.get(name).map(HeaderValue::as_bytes);
            return Err(WrongAnswer::of(match first {
                Some(first) => {
                    let found = self.shown(name, &String::from_utf8_lossy(first));
                    format!("header `{name}`: `{found}` instead of `{wanted}`")
                }
                None => format!("header `{name}` is missing"),
            }));
        }
        Ok(())
    }

    fn texts(&self, rules: &AnswerRules) -> Result<(), WrongAnswer> {
        let has = |text: &String| memmem::find(self.body, text.as_bytes()).is_some();
        if let Some(text) = rules.contains.iter().find(|text| !has(text)) {
            return Err(self.wrong(&format!("the body does not contain `{text}`")));
        }
        match rules.lacks.iter().find(|text| has(text)) {
            Some(text) => Err(self.wrong(&format!("the body contains `{text}`"))),
            None => Ok(()),
        }
    }

    fn json(&self) -> Result<&JsonBody<'_>, WrongAnswer> {
        let json = self.json.as_ref();
        json.ok_or_else(|| self.wrong("the body is not JSON"))
    }

    /// GraphQL says in a 200 what went wrong.
    fn graphql_errors(&self) -> Result<(), WrongAnswer> {
        let errors = self.json()?.field("errors");
        match errors.map(|errors| errors.get().trim_ascii()) {
            None | Some("null") => Ok(()),
            Some(list) if is_empty_list(list) => Ok(()),
            Some(_) => Err(self.wrong("the answer has GraphQL `errors`")),
        }
    }

    fn field(&self, path: &str, wanted: &Value) -> Result<(), WrongAnswer> {
        let Some(found) = self.json()?.field(path) else {
            return Err(self.wrong(&format!("field `{path}` is missing")));
        };
        if is_same(found, wanted) {
            return Ok(());
        }
        let (found, wanted) = shown(found, wanted);
        let found = self.shown(path, &found);
        Err(WrongAnswer::of(format!(
            "field `{path}`: `{found}` instead of `{wanted}`"
        )))
    }

    /// What stands at a place; an empty text is nothing.
    fn taken(&self, from: &TakeFrom, pattern: Option<&Regex>) -> Result<Value, String> {
        let found = match from {
            TakeFrom::Field(path) => return self.taken_field(path),
            TakeFrom::Header(name) => {
                let value = self.headers.get(name);
                let value = value.ok_or_else(|| format!("header `{name}` is missing"))?;
                let text = value.to_str().map(str::trim);
                text.map_err(|_| format!("header `{name}` is not plain text"))?
                    .to_owned()
            }
            TakeFrom::Cookie(name) => {
                cookie(self.headers, name).ok_or_else(|| format!("no cookie `{name}` is set"))?
            }
            TakeFrom::Text(_) => {
                let body = &self.body[..self.body.len().min(TEXT_BYTES)];
                let found = pattern.and_then(|pattern| first_group(pattern, body));
                found.ok_or_else(|| "the body has no match".to_owned())?
            }
        };
        fitting(found.len())?;
        if found.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Value::String(found))
    }

    fn taken_field(&self, path: &str) -> Result<Value, String> {
        let json = self.json.as_ref().ok_or("the body is not JSON")?;
        let found = json.field(path);
        let found = found.ok_or_else(|| format!("field `{path}` is missing"))?;
        fitting(found.get().len())?;
        match serde_json::from_str(found.get()) {
            Ok(Value::Null) => Err(format!("field `{path}` is null")),
            Ok(Value::String(text)) if text.is_empty() => Err(format!("field `{path}` is empty")),
            Ok(value) => Ok(value),
            Err(_) => Err(format!("field `{path}` is nested too deep")),
        }
    }
}

fn fitting(bytes: usize) -> Result<(), String> {
    let fits = bytes <= VALUE_BYTES;
    fits.then_some(())
        .ok_or_else(|| format!("it is longer than {} KiB", VALUE_BYTES / 1024))
}

fn is_empty_list(json: &str) -> bool {
    let inner = json
        .strip_prefix('[')
        .and_then(|json| json.strip_suffix(']'));
    inner.is_some_and(|inner| inner.trim().is_empty())
}

fn first_group(pattern: &Regex, body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let found = pattern.captures(&text)?;
    let group = found.get(1).or_else(|| found.get(0))?;
    Some(group.as_str().to_owned())
}

/// The value of a cookie that an answer sets; of several, the last one counts.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(SET_COOKIE).iter();
    let cookies = lines.filter_map(|line| SetCookie::parse(line.to_str().ok()?));
    let mut named = cookies.filter(|cookie| cookie.name == name);
    named.next_back().map(|cookie| cookie.value.to_owned())
}

/// Numbers are the same however they are written.
fn is_same(found: &RawValue, wanted: &Value) -> bool {
    let found = found.get();
    let is_nested = found.starts_with(['{', '[']);
    let wants_nested = matches!(wanted, Value::Array(_) | Value::Object(_));
    if found.len() > VALUE_BYTES || is_nested != wants_nested {
        return false;
    }
    serde_json::from_str(found).is_ok_and(|found: Value| are_same(&found, wanted))
}

fn are_same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => {
            found == wanted
                || (found.is_f64() || wanted.is_f64()) && found.as_f64() == wanted.as_f64()
        }
        (Value::Array(found), Value::Array(wanted)) => {
            let mut pairs = found.iter().zip(wanted);
            found.len() == wanted.len() && pairs.all(|(found, wanted)| are_same(found, wanted))
        }
        (Value::Object(found), Value::Object(wanted)) => {
            let same = |(name, wanted): (&String, &Value)| {
                found.get(name).is_some_and(|found| are_same(found, wanted))
            };
            found.len() == wanted.len() && wanted.iter().all(same)
        }
        _ => found == wanted,
    }
}

/// Both as they are shown: texts without quotes, unless that would hide the difference.
fn shown(found: &RawValue, wanted: &Value) -> (String, String) {
    let found = found.get();
    let text = serde_json::from_str::<String>(found).ok();
    match (text, wanted) {
        (Some(found), Value::String(wanted)) => (found, wanted.clone()),
        _ => (found.to_owned(), wanted.to_string()),
    }
}

//! A template that knows the plan's data and variables, and writes a request.

use serde_json::Value;

use super::draw::{between, mix, uuid};
use super::escape::{Place, write_text};
use super::mark::{Mark, MarkUse};
use super::parse::{JsonText, Segment, Template};
use super::values::{Address, MarkValues, PlanValues, RequestMarks, TakenValue};

/// Why a text could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Nothing was taken under this name, or the row has no such column.
    #[error("there is no value for `{{{0}}}`")]
    Missing(String),
    /// The value cannot stand in its place.
    #[error("the value of `{{{0}}}` has characters that no header may have")]
    Header(String),
    /// The value would lead to another path.
    #[error("the path would not be the one of the endpoint: a segment is `.` or `..`")]
    Path,
    /// A value has the line that separates the parts of the body.
    #[error("a value contains the boundary of the parts")]
    Boundary,
}

/// A template ready to be rendered often. It may hold secrets, and is never shown.
#[derive(Clone, Default)]
pub struct BoundTemplate {
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Text(Box<[u8]>),
    Value {
        kind: Kind,
        place: Place,
        /// What stands in the braces.
        source: Box<str>,
    },
}

#[derive(Clone)]
enum Kind {
    User,
    N,
    Ip,
    Id,
    Uuid,
    Now,
    Random(i64, i64),
    Column(usize, usize),
    Taken(Box<str>),
}

impl BoundTemplate {
    /// Binds a template whose values all stand in the same kind of place. In [`Place::Json`] it is looked up for each
    /// mark whether it stands within a string.
    ///
    /// # Errors
    /// When there is no such data, column or variable, or a variable cannot stand in its place.
    pub fn new(
        template: &Template,
        place: Place,
        values: &PlanValues,
    ) -> Result<BoundTemplate, RenderError> {
        let mut bound = BoundTemplate::default();
        let mut json = JsonText::default();
        for segment in template.segments() {
            match segment {
                Segment::Text(text) => {
                    json.read(text);
                    bound.push_text(text.as_bytes());
                }
                Segment::Mark(mark) => {
                    let place = match place {
                        Place::Json if json.is_in_string => Place::JsonString,
                        place => place,
                    };
                    bound.push(mark, place, values)?;
                }
            }
        }
        Ok(bound)
    }

    fn push_text(&mut self, text: &[u8]) {
        if let Some(Part::Text(before)) = self.parts.last_mut() {
            *before = [before, text].concat().into();
        } else if !text.is_empty() {
            self.parts.push(Part::Text(text.into()));
        }
    }

    fn push(
        &mut self,
        mark: &MarkUse,
        place: Place,
        values: &PlanValues,
    ) -> Result<(), RenderError> {
        let missing = || RenderError::Missing(mark.source.clone());
        let kind = match &mark.mark {
            Mark::Env(name) => {
                let secret = values.variables.get(name).ok_or_else(missing)?;
                let mut text = Vec::new();
                if !write_text(secret.reveal(), place, &mut text) {
                    return Err(RenderError::Header(mark.source.clone()));
                }
                self.push_text(&text);
                return Ok(());
            }
            Mark::Column { data, column } => {
                let mut tables = values.data.iter();
                let table = tables.position(|table| table.name() == data);
                let table = table.ok_or_else(missing)?;
                let mut columns = values.data[table].columns().iter();
                let column = columns.position(|known| known == column);
                Kind::Column(table, column.ok_or_else(missing)?)
            }
            Mark::User => Kind::User,
            Mark::N => Kind::N,
            Mark::Ip => Kind::Ip,
            Mark::Id => Kind::Id,
            Mark::Uuid => Kind::Uuid,
            Mark::Now => Kind::Now,
            Mark::Random(low, high) => Kind::Random(*low, *high),
            Mark::Taken(name) => Kind::Taken(name.as_str().into()),
        };
        self.parts.push(Part::Value {
            kind,
            place,
            source: mark.source.as_str().into(),
        });
        Ok(())
    }

    /// The whole text, when it has nothing to fill in but variables.
    pub fn as_static(&self) -> Option<&[u8]> {
        match &self.parts[..] {
            [] => Some(b""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the name of the user stands in it.
    pub fn names_the_user(&self) -> bool {
        let named = |part: &Part| {
            matches!(
                part,
                Part::Value {
                    kind: Kind::User,
                    ..
                }
            )
        };
        self.parts.iter().any(named)
    }

    /// Appends the text of a request.
    ///
    /// # Errors
    /// When a value is missing or cannot stand in its place; what was appended is not to be sent.
    pub fn render(
        &self,
        plan: &PlanValues,
        marks: &RequestMarks,
        values: &impl MarkValues,
        out: &mut Vec<u8>,
    ) -> Result<(), RenderError> {
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Value {
                    kind,
                    place,
                    source,
                } => {
                    let written = write(kind, *place, index, (plan, marks, values), out);
                    match written {
                        Some(true) => {}
                        Some(false) => return Err(RenderError::Header(source.to_string())),
                        None => return Err(RenderError::Missing(source.to_string())),
                    }
                }
            }
        }
        Ok(())
    }
}

/// Appends one value; `None` when there is none, `false` when it cannot stand there.
fn write(
    kind: &Kind,
    place: Place,
    index: usize,
    (plan, marks, values): (&PlanValues, &RequestMarks, &impl MarkValues),
    out: &mut Vec<u8>,
) -> Option<bool> {
    match kind {
        // What is made of digits needs no escaping anywhere.
        Kind::Id => digits(marks.id, out),
        Kind::N => digits(marks.user + 1, out),
        Kind::Now => digits(values.now(), out),
        Kind::Random(low, high) => {
            let drawn = between(mix(marks.drawn_from(), index as u64), *low, *high);
            if drawn < 0 {
                out.push(b'-');
            }
            digits(drawn.unsigned_abs(), out);
        }
        Kind::Ip => return Some(plain(&Address(marks.user + 1).to_string(), place, out)),
        Kind::Uuid => {
            let uuid = uuid(marks.drawn_from());
            return Some(plain(std::str::from_utf8(&uuid).ok()?, place, out));
        }
        Kind::User => {
            let mut is_written = true;
            values.user(&mut |name| is_written = write_text(name, place, out));
            return Some(is_written);
        }
        Kind::Column(table, column) => {
            let value = plan.data.get(*table)?.value(*column, marks)?;
            return Some(json(value, place, out));
        }
        Kind::Taken(name) => {
            return Some(match values.taken(name)? {
                TakenValue::Text(text) => write_text(text, place, out),
                TakenValue::Json(value) => json(value, place, out),
            });
        }
    }
    Some(true)
}

fn plain(text: &str, place: Place, out: &mut Vec<u8>) -> bool {
    write_text(text, place, out)
}

/// A JSON value: as it is where a JSON value stands, its text everywhere else.
fn json(value: &Value, place: Place, out: &mut Vec<u8>) -> bool {
    match (value, place) {
        (_, Place::Json) => serde_json::to_writer(out, value).is_ok(),
        (Value::String(text), _) => write_text(text, place, out),
        (Value::Null, _) => true,
        (other, _) => write_text(&other.to_string(), place, out),
    }
}

fn digits(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut begin, mut left) = (digits.len(), number);
    loop {
        begin -= 1;
        digits[begin] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[begin..]);
}

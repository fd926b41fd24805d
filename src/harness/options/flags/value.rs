//! What a flag takes, and how what was given becomes a value. The type of a flag's field says what is kept of it: all
//! values or the last one, with or without the place where it stands.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::harness::options::flags::{Flag, Takes};
use crate::profile::quantity::{self, ReadValue};
use crate::secret::Secret;

/// From what was given of a flag, in the order of typing, to the value of its field.
pub(super) trait Read<T> {
    /// The value; what is wrong is added to `problems`.
    fn read(&self, flag: &Flag, given: &[Spanned<String>], problems: &mut Vec<Diagnostic>) -> T;
}

/// Nothing: it is given or not.
pub(super) struct Switch;

impl Switch {
    #[expect(clippy::unused_self, reason = "the tables ask every reader")]
    pub(super) const fn takes(&self) -> Takes {
        Takes::Nothing
    }
}

impl Read<bool> for Switch {
    fn read(&self, _: &Flag, given: &[Spanned<String>], _: &mut Vec<Diagnostic>) -> bool {
        !given.is_empty()
    }
}

/// Yes where it is given, unless it says no.
pub(super) struct YesNo;

impl YesNo {
    #[expect(clippy::unused_self, reason = "the tables ask every reader")]
    pub(super) const fn takes(&self) -> Takes {
        Takes::YesNo
    }
}

impl Read<bool> for YesNo {
    fn read(&self, _: &Flag, given: &[Spanned<String>], problems: &mut Vec<Diagnostic>) -> bool {
        let parse = |text: &str| match text {
            "" => Ok(true),
            text => quantity::yes_or_no(text),
        };
        given
            .last()
            .and_then(|last| parsed(last, parse, problems))
            .is_some_and(|at| at.value)
    }
}

/// A value, called so in the help.
pub(super) struct Value<T>(pub(super) &'static str, pub(super) fn(&str) -> ReadValue<T>);

impl<T> Value<T> {
    pub(super) const fn takes(&self) -> Takes {
        Takes::Value(self.0)
    }
}

impl<T> Read<Option<Spanned<T>>> for Value<T> {
    fn read(
        &self,
        flag: &Flag,
        given: &[Spanned<String>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<T>> {
        let last = given.last()?;
        if last.value.trim().is_empty() {
            let complaint = InvalidValue::new("its value is empty").help(format!(
                "write {} {}",
                flag.dashed(),
                self.0
            ));
            problems.push(complaint.at(last.place.clone()));
            return None;
        }
        parsed(last, self.1, problems)
    }
}

impl<T> Read<Option<T>> for Value<T> {
    fn read(
        &self,
        flag: &Flag,
        given: &[Spanned<String>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let read: Option<Spanned<T>> = self.read(flag, given, problems);
        read.map(|at| at.value)
    }
}

/// A value, and what it is where none is given or it is wrong.
pub(super) struct Or<T>(pub(super) Value<T>, pub(super) fn() -> T);

impl<T> Or<T> {
    pub(super) const fn takes(&self) -> Takes {
        self.0.takes()
    }
}

impl<T> Read<T> for Or<T> {
    fn read(&self, flag: &Flag, given: &[Spanned<String>], problems: &mut Vec<Diagnostic>) -> T {
        let read: Option<T> = self.0.read(flag, given, problems);
        read.unwrap_or_else(self.1)
    }
}

/// A value behind `=`, or none, which is read as an empty one.
pub(super) struct Optional<T>(pub(super) fn(&str) -> ReadValue<T>);

impl<T> Optional<T> {
    #[expect(clippy::unused_self, reason = "the tables ask every reader")]
    pub(super) const fn takes(&self) -> Takes {
        Takes::Optional
    }
}

impl<T> Read<Option<Spanned<T>>> for Optional<T> {
    fn read(
        &self,
        _: &Flag,
        given: &[Spanned<String>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<T>> {
        parsed(given.last()?, self.0, problems)
    }
}

impl<T> Read<Option<T>> for Optional<T> {
    fn read(
        &self,
        flag: &Flag,
        given: &[Spanned<String>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let read: Option<Spanned<T>> = self.read(flag, given, problems);
        read.map(|at| at.value)
    }
}

/// Any text, even an empty one: it is judged together with other flags.
pub(super) struct Text<T>(pub(super) &'static str, pub(super) fn(&str) -> T);

impl<T> Text<T> {
    pub(super) const fn takes(&self) -> Takes {
        Takes::Value(self.0)
    }
}

impl<T> Read<Option<Spanned<T>>> for Text<T> {
    fn read(
        &self,
        _: &Flag,
        given: &[Spanned<String>],
        _: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<T>> {
        let last = given.last()?;
        Some(Spanned::new((self.1)(&last.value), last.place.clone()))
    }
}

/// Texts, as often as it is given.
pub(super) struct Each(pub(super) &'static str);

impl Each {
    pub(super) const fn takes(&self) -> Takes {
        Takes::Value(self.0)
    }
}

impl Read<Vec<Spanned<String>>> for Each {
    fn read(
        &self,
        _: &Flag,
        given: &[Spanned<String>],
        _: &mut Vec<Diagnostic>,
    ) -> Vec<Spanned<String>> {
        given.to_vec()
    }
}

impl Read<Vec<String>> for Each {
    fn read(&self, _: &Flag, given: &[Spanned<String>], _: &mut Vec<Diagnostic>) -> Vec<String> {
        given.iter().map(|given| given.value.clone()).collect()
    }
}

fn parsed<T>(
    given: &Spanned<String>,
    parse: impl Fn(&str) -> ReadValue<T>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Spanned<T>> {
    match parse(&given.value) {
        Ok(value) => Some(Spanned::new(value, given.place.clone())),
        Err(complaint) => {
            problems.push(complaint.at(given.place.clone()));
            None
        }
    }
}

/// A text that is not shown.
pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
pub(super) fn any(text: &str) -> ReadValue<String> {
    Ok(text.to_owned())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
pub(super) fn name(text: &str) -> ReadValue<String> {
    Ok(text.trim().to_owned())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reader of values, of which others refuse some"
)]
pub(super) fn path(text: &str) -> ReadValue<PathBuf> {
    Ok(PathBuf::from(text))
}

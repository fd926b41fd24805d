//! Values that are one of a few words.

use crate::diagnostic::InvalidValue;
use crate::profile::text::suggest::advice;
use crate::profile::value::quantity::ReadValue;

/// One of a few words.
pub(in crate::profile) fn word<T>(
    text: &str,
    what: &str,
    known: &[&str],
    found: Option<T>,
) -> ReadValue<T> {
    found.ok_or_else(|| {
        InvalidValue::new(format!("`{text}` is not a valid {what}")).help(advice(text, known))
    })
}

//! What was given of sources beside the profile: the values of their flags, each of a type of its source's own.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::profile::quantity::ReadValue;

/// A value of any source.
pub type AnyValue = Arc<dyn Any + Send + Sync>;

/// The flag that says where a source is asked.
pub struct SourceFlag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// The environment variables that set it too.
    pub variables: &'static [&'static str],
    /// What the help calls its value.
    pub value: &'static str,
    /// Its help.
    pub help: &'static str,
    /// Reads the value.
    pub read: fn(&str) -> ReadValue<AnyValue>,
}

impl SourceFlag {
    /// A value that was read, to be found again by its type.
    pub(super) fn value<T: Send + Sync + 'static>(read: ReadValue<T>) -> ReadValue<AnyValue> {
        Ok(Arc::new(read?))
    }
}

/// One value at most of each type.
#[derive(Clone, Default)]
pub struct GivenSources(HashMap<TypeId, AnyValue>);

impl GivenSources {
    /// Enters a value of a flag.
    pub fn insert_any(&mut self, value: AnyValue) {
        self.0.insert((*value).type_id(), value);
    }

    /// Enters a value.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.insert_any(Arc::new(value));
    }

    /// The same with one more value.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> GivenSources {
        self.insert(value);
        self
    }

    /// The value of a type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

/// Addresses may hold passwords.
impl fmt::Debug for GivenSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values of sources", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_type_and_not_shown() {
        let mut given = GivenSources::default().with("redis://:s3cret@localhost".to_owned());
        let read = SourceFlag::value(Ok(7_u32)).expect("a value");
        given.insert_any(read);
        assert_eq!(given.get::<u32>(), Some(&7));
        assert!(given.get::<String>().is_some() && given.get::<u64>().is_none());
        assert!(!format!("{given:?}").contains("s3cret"));
    }
}

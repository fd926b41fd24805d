//! What was given of sources beside the profile: the values of flags, each of a type of its source's own.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// One value at most of each type.
#[derive(Clone, Default)]
pub struct GivenSources(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl GivenSources {
    /// Enters a value, in the place of an earlier one of its type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The same with one more value.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> GivenSources {
        self.insert(value);
        self
    }

    /// The same with a value, where there is one.
    #[must_use]
    pub fn with_any<T: Send + Sync + 'static>(self, value: Option<T>) -> GivenSources {
        match value {
            Some(value) => self.with(value),
            None => self,
        }
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
        let given = GivenSources::default()
            .with("redis://:s3cret@localhost".to_owned())
            .with_any(Some(7_u32))
            .with_any(None::<u64>);
        assert_eq!(given.get::<u32>(), Some(&7));
        assert!(given.get::<String>().is_some() && given.get::<u64>().is_none());
        assert!(!format!("{given:?}").contains("s3cret"));
    }
}

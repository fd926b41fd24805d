//! What a user has taken from the answers of its journey, for the requests that follow.

use serde_json::Value;

/// Values by name. They are few, so that looking through them is quicker than a map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenValues(Vec<(String, Value)>);

impl TakenValues {
    /// The value of this name; `None` when nothing was taken under it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// Keeps a value, in the place of an earlier one of the same name.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, kept)) => *kept = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Names and values, in the order in which they were first taken.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

//! Performance requirements as cargo tests.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "reference")]
pub mod reference;

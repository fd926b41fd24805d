//! Performance requirements as cargo tests.

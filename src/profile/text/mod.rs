//! A profile as text, with the place of every key.

pub(super) mod reader;
pub(crate) mod suggest;
pub(super) mod text_file;
pub(super) mod tree;

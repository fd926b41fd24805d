//! The flags that ask for a text instead of a session.

use crate::diagnostic::Diagnostic;
use crate::harness::options::flags::value::{Read as _, Switch};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::raw_args::Typed;

flags! {
    /// What is printed instead of a session; nothing else is looked at then.
    OtherFlags {
        help: bool = Switch,
            "help" letter 'h', [], Never, NoEffect,
            "This text";
        version: bool = Switch,
            "version" letter 'V', [], Never, NoEffect,
            "The version";
    }
}

//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::output::streams::note;

/// What a shell takes a program for that was ended by Ctrl-C.
const BROKEN_OFF: i32 = 130;

/// The first Ctrl-C ends the load and lets the session tell what it has; the second ends everything.
pub(in crate::harness) fn on_interrupt(interrupted: &Arc<AtomicBool>) {
    let interrupted = Arc::clone(interrupted);
    let handler = move || {
        if interrupted.swap(true, Ordering::SeqCst) {
            std::process::exit(BROKEN_OFF);
        }
        note("\nperf: ending the load; once more to end at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        note(format_args!(
            "warning: Ctrl-C will end everything at once: {error}"
        ));
    }
}

//! When whom to wake: the alarms of one worker thread, and how long the thread itself was held up.
//!
//! tokio's timers are a millisecond coarse, and each request would register and remove two of them. Here a
//! worker keeps one heap of times for all of its users, and one alarm of the system's set to the earliest.

mod deadline;
mod os_timer;
mod stalls;
mod timer_queue;

pub use deadline::Deadline;
pub use os_timer::OsTimer;
pub use timer_queue::{Timer, TimerQueue};

#[cfg(test)]
mod tests;

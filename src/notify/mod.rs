//! Telling others what happens: programs that are run, named pipes that are written to, mails.
//!
//! All of it has a thread of its own. Whoever tells it something never waits, however slow a
//! program, a reader or a disk may be; and one slow program delays nobody but its own successor.

mod event;
mod fifo;
mod lanes;
mod letter;
mod notifier;
mod post;
mod resolve;
mod smtp;
mod thread;

pub use event::{Event, State, Subject, What};
pub use notifier::{Notifier, Setup};
pub use resolve::refusal;

//! What operators see: the log, and the change of an instance's state in its words.

pub mod difference;
pub mod dump;
pub mod log;
pub mod refusal;
pub mod transition;

mod console;
mod limit;
mod syslog;

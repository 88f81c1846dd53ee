//! The operating system: sockets, waiting, processes. The only `unsafe` stands here, each block
//! behind a safe function.

pub mod clock;
mod error;
mod poll;
mod wake;

pub use error::Error;
pub use poll::{Poller, wait_exactly};
pub use wake::{PipeWaker, Waker};

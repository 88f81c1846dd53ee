//! The operating system: sockets, waiting, processes. The only `unsafe` stands here, each block
//! behind a safe function.

#[expect(unsafe_code, reason = "recvmmsg has no safe wrapper")]
mod arrivals;
#[expect(unsafe_code, reason = "socket options that no crate knows")]
mod call;
pub mod clock;
mod control;
mod error;
mod frames;
#[expect(unsafe_code, reason = "unshare is unsafe for some of its flags")]
pub mod namespace;
mod poll;
#[expect(unsafe_code, reason = "sendmmsg has no safe wrapper")]
mod queue;
mod receive;
mod transmit;
mod wake;

pub use arrivals::Arrivals;
pub use error::Error;
pub use frames::FrameSender;
pub use poll::{Poller, wait_exactly};
pub use receive::Receiver;
pub use transmit::{Departure, Transmitter};
pub use wake::{PipeWaker, Waker};

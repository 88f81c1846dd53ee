//! The operating system: sockets, waiting, processes. The only `unsafe` stands here, each block
//! behind a safe function.

#[expect(unsafe_code, reason = "the user database has no safe wrapper")]
pub mod accounts;
#[expect(unsafe_code, reason = "recvmmsg has no safe wrapper")]
mod arrivals;
#[expect(unsafe_code, reason = "the calendar of the C library has no safe wrapper")]
pub mod calendar;
#[expect(unsafe_code, reason = "socket options that no crate knows")]
mod call;
#[expect(unsafe_code, reason = "what happens between fork and exec has no safe wrapper")]
mod child;
pub mod clock;
mod control;
mod error;
mod frames;
#[expect(unsafe_code, reason = "the calendar and the resolver have no safe wrappers")]
pub mod host;
#[expect(unsafe_code, reason = "unshare is unsafe for some of its flags")]
pub mod namespace;
mod poll;
#[expect(unsafe_code, reason = "fork is safe for one thread alone")]
pub mod process;
mod process_events;
pub mod programs;
#[expect(unsafe_code, reason = "sendmmsg has no safe wrapper")]
mod queue;
#[expect(unsafe_code, reason = "sched_setscheduler has no safe wrapper")]
pub mod realtime;
mod receive;
#[expect(unsafe_code, reason = "mapped memory is raw until it is a slice of atomics")]
mod shared;
#[expect(unsafe_code, reason = "signalfd and real-time signals have no safe wrappers")]
mod signal;
mod transmit;
mod wake;

pub use accounts::Identity;
pub use arrivals::Arrivals;
pub use child::{Child, Outcome};
pub use error::Error;
pub use frames::FrameSender;
pub use poll::{Poller, wait_exactly, wait_for};
pub use process_events::{Heard, ProcessEvent, ProcessEvents, Silence};
pub use receive::Receiver;
pub use shared::Region;
pub use signal::{Caught, Signal, Signals, hush};
pub use transmit::{Departure, Transmitter};
pub use wake::{PipeWaker, Waker};

//! A laboratory of network namespaces: a switch, routers and a client, joined by veth.
//!
//! ```text
//!            ┌────────────── switch ──────────────┐
//!            │  a ────┐      br0      ┌──── client │    every port is a veth; the capture and the
//!            │  b ────┴───────────────┘            │    cut of a link sit on the switch's side
//!            └──│──────────────────────────│───────┘
//!         eth0 in namespace a …      eth0 in namespace client
//! ```
//!
//! Every lab has names of its own, so any number of them run at the same time. A lab removes its
//! namespaces when it is dropped, after a panic too; what a killed test process leaves behind is
//! removed by the next lab. Needs root (or a user namespace with a tmpfs on `/run`) and iproute2,
//! and says so when it lacks them: no test is skipped.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::map_err_ignore,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "each test uses a part of the lab; a lab that cannot be built must fail loudly"
)]

pub mod capture;
pub mod clock;
pub mod daemon;
pub mod dice;
pub mod forge;
pub mod frame;
pub mod hog;
pub mod namespace;
pub mod packet;
pub mod prober;
pub mod router;
pub mod topology;
pub mod watch;

pub use capture::Capture;
pub use clock::{Stamp, eventually, now, pause};
pub use daemon::{Daemon, Program};
pub use dice::Dice;
pub use forge::Forge;
pub use frame::{Advert, Claim, Frame};
pub use prober::Prober;
pub use router::{Protocol, Router};
pub use topology::{Lab, Node};
pub use watch::{Settled, Watch};

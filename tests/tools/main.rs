//! vipd as tools know keepalived: their start lines to the letter, what they look at, their
//! signals, their reloads and stops; each beside the installed keepalived.
//!
//! A test is a script that runs twice, each time on a machine of its own (see `sandbox`). They
//! need root, keepalived and util-linux, and fail without.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod field;
mod monitors;
mod places;
mod sandbox;
mod signals;
mod starts;

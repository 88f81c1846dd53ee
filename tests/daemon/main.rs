//! The daemon as operators and tools meet it: processes, files, signals, exit codes.
//!
//! Each test has network namespaces of its own. They need root and iproute2, and fail without.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

#[path = "../lab/mod.rs"]
mod lab;

mod allocations;
mod command_line;
mod death;
mod endurance;
mod hang;
mod log;
mod processes;
mod reload;
mod service;
mod stop;
mod support;
mod timed;

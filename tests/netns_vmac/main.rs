//! Virtual interfaces (`use_vmac`) beside the real keepalived: what is made, who is known where
//! over failovers, and what is left at the end.
//!
//! Needs root, iproute2, nftables and keepalived, and fails without.
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

mod ends;
mod image;
mod pairs;
mod repair;
mod same;

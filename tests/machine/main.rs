//! Each cell of RFC 9568 §6.4, and what vipd adds to it, on one machine without a clock.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "the test's own helpers")]

mod active;
mod backup;
mod bench;
mod fast_yield;
mod initialize;
mod leaving;

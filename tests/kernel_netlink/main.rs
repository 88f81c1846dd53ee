//! The agent over the real kernel, each test in a network namespace of its own.
//!
//! They need root (CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_RAW), iproute2 and tcpdump, and fail
//! without.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod addresses;
mod host;
mod links;
mod routes;

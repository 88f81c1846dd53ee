//! The agent over a host in memory: what it adds, deletes, announces and says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod addresses;
mod announcements;
mod bench;
mod properties;
mod routes;

//! The node's decisions: links, faults, dispatch, refusals, succession, without a network.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the test's own helpers"
)]

mod authentication;
mod elections;
mod groups;
mod links;
mod node;
mod packets;
mod trackers;

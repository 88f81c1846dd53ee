//! Packets across a cable: two network namespaces of this test's own, joined by a veth pair.
//!
//! Needs root, or at least CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod adverts;
mod batches;
mod cable;
mod refusals;

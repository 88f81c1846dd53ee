//! The files that keepalived's signals ask for, as keepalived and vipd write them for one
//! configuration in one run, and what the programs make of them that read them.

#![expect(clippy::expect_used, reason = "a panic fails the test")]

mod compare;
mod hang;
mod readers;
#[path = "../tools/sandbox.rs"]
mod sandbox;

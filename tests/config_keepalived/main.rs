//! keepalived's configuration: every keyword that works, as keepalived 2.2.7 was seen to take it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the tests' own helpers")]

mod addresses;
mod arbitrary;
mod election;
mod groups;
mod identity;
mod interfaces;
mod links;
mod mail;
mod mistakes;
mod node;
mod ordinary;
mod policy;
mod reading;
mod routes;
mod transport;

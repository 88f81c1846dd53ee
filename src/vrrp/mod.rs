//! The protocol and the node's decisions: events and the time go in, effects come out.

mod interface;

pub use interface::{Desire, Input, Listen, Outbox, Reannounce, Transmit};

//! The protocol and the node's decisions: events and the time go in, effects come out.

mod deadlines;
mod interface;
pub mod machine;
pub mod timing;

pub use interface::{Desire, Input, Listen, Outbox, Reannounce, Transmit};

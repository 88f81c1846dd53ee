//! The protocol and the node's decisions: events and the time go in, effects come out.

mod deadlines;
mod dispatch;
mod group;
mod instance;
mod interface;
mod links;
pub mod machine;
mod priority;
mod receive;
mod release;
mod remarks;
mod router;
pub mod timing;
mod trackers;
mod view;
mod watchers;

pub use interface::{Desire, Input, Listen, Outbox, Reannounce, Transmit};
pub use priority::{Contribution, Tracked};
pub use release::taught;
pub use router::Router;
pub use view::{Obstacles, View};

//! Numbers and names that carry their unit. Once you hold one it is valid.

mod address;
mod announce;
mod counters;
mod differs;
mod family;
mod group;
mod instant;
mod interval;
mod link;
mod packet;
mod prefix;
mod priority;
mod program;
mod reject;
mod report;
mod route;
mod rule;
mod slot;
mod tracker;
mod transition;
mod vrid;

pub use address::{Address, Broadcast, Scope};
pub use announce::Announce;
pub use counters::Counters;
pub use differs::{Difference, Differs};
pub use family::{Family, Version};
pub use group::{GroupId, GroupTransition};
pub use instant::Instant;
pub use interval::Centis;
pub use link::{IfIndex, LinkName, MacAddr};
pub use packet::{Envelope, Packet, Protocol};
pub use prefix::Prefix;
pub use priority::{Priority, Weight};
pub use program::{Account, Program, Unrun};
pub use reject::{Refused, Reject};
pub use report::{LinkAddress, LinkFacts, LinkReport};
pub use route::{Hop, Lock, PathMetric, PathProperty, Place, Preference, Route, RouteKind};
pub use rule::{Rule, RuleAction};
pub use slot::Slot;
pub use tracker::{TrackerId, Verdict};
pub use transition::{Cause, Fault, Occasion, Outranked, Reprioritised, Standing, Transition};
pub use vrid::Vrid;

/// A number is outside the range that its type allows. Nothing was built.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{value} is outside {least}..={most}")]
pub struct OutOfRange {
    /// The number that was offered.
    pub value: i64,
    /// The least number allowed.
    pub least: i64,
    /// The greatest number allowed.
    pub most: i64,
}

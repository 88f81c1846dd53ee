//! What is particular about single interfaces.

use std::time::Duration;

use crate::types::LinkName;

/// `interface_up_down_delays`: for how long an interface must stay down, or up, to be taken for it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct LinkDelay {
    /// Until it counts as down.
    pub down: Duration,
    /// Until it counts as up again.
    pub up: Duration,
}

/// `garp_group`: interfaces that take turns in telling the neighbours, in place of each keeping
/// the pace of the node. One with virtual interfaces stands for these as well.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pace {
    /// The interfaces, at least one; none is in two of these.
    pub links: Vec<LinkName>,
    /// Least time between two gratuitous ARPs on any of them.
    pub arp_interval: Duration,
    /// Least time between two unsolicited Neighbor Advertisements on any of them.
    pub na_interval: Duration,
}

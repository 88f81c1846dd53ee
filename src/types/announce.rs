//! When and how often neighbours are told.

use std::time::Duration;

/// Timings of gratuitous ARP and unsolicited Neighbor Advertisements, keepalived's `garp_*`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Announce {
    /// `garp_master_repeat`: rounds over all addresses in a burst, at least 1.
    pub repeat: u32,
    /// `garp_master_delay`: how long after the first burst the second follows; zero for never.
    pub delay: Duration,
    /// `garp_master_refresh`: how often the addresses are announced while Active; zero for never.
    pub refresh: Duration,
    /// `garp_master_refresh_repeat`: rounds in such a refresh, at least 1.
    pub refresh_repeat: u32,
    /// `garp_lower_prio_repeat`: rounds after a lower-priority advert was heard; 0 for none.
    pub lower_repeat: u32,
    /// `garp_lower_prio_delay`: when these are repeated; zero for never.
    pub lower_delay: Duration,
    /// `garp_interval`: least time between two gratuitous ARPs on one interface.
    pub arp_interval: Duration,
    /// `gna_interval`: least time between two unsolicited NAs on one interface.
    pub na_interval: Duration,
}

impl Default for Announce {
    fn default() -> Self {
        Self {
            repeat: 5,
            delay: Duration::from_secs(5),
            refresh: Duration::ZERO,
            refresh_repeat: 1,
            lower_repeat: 5,
            lower_delay: Duration::from_secs(5),
            arp_interval: Duration::ZERO,
            na_interval: Duration::ZERO,
        }
    }
}

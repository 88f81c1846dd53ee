//! What a peer has otherwise than we, in adverts that count all the same.

use std::net::IpAddr;

use super::{Centis, Instant, Slot};

/// A peer whose settings are not ours: evidence for the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Differs {
    /// Which instance.
    pub slot: Slot,
    /// When.
    pub at: Instant,
    /// Who sent it.
    pub peer: IpAddr,
    /// What is not the same.
    pub what: Difference,
}

/// What is not the same on two routers of one instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Difference {
    /// The addresses.
    Addresses {
        /// One that only the peer lists.
        theirs: Option<IpAddr>,
        /// One that only we list.
        ours: Option<IpAddr>,
    },
    /// The interval of adverts.
    Interval {
        /// The peer's.
        theirs: Centis,
        /// Ours.
        ours: Centis,
    },
    /// The checksum of unicast VRRPv3 is an old keepalived's. From now on ours are, too.
    OldChecksum,
}

//! How short an interval Backups may be taught before we leave.
//!
//! A shorter interval also shrinks what separates two Backups: one priority step is a 256th of it,
//! 39 µs at 10 ms. Two that claim together settle it at once by priority, but the loser's
//! gratuitous ARP may leave after the winner's. So the shortest interval is for the one router
//! that can succeed us alone; where several may, they are taught 100 ms.

use std::net::IpAddr;

use crate::config::model::{FastRelease, Instance, Peer, Transport};
use crate::types::{Centis, Priority, Version};

/// What Backups are taught, and which of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Release {
    /// The interval; `None` where priority 0 alone is sent.
    pub(super) interval: Option<Centis>,
    /// The only peer that is taught; `None` for all.
    pub(super) successor: Option<IpAddr>,
    /// Whether more than one router may follow.
    pub(super) several: bool,
}

/// Decides for `instance`, whose unicast peers have the priorities `known`, in their order.
pub(super) fn plan(instance: &Instance, known: &[Option<Priority>]) -> Release {
    let peers = match &instance.transport {
        Transport::Unicast { peers, .. } => Some(peers.as_slice()),
        Transport::Multicast { .. } => None,
    };
    let several = peers.is_none_or(|peers| peers.len() > 1);
    let all = |interval| Release { interval: Some(interval), successor: None, several };
    let release = match (instance.version, instance.fast_release) {
        (Version::V2, _) | (Version::V3, FastRelease::Off) => return Release::default(),
        (Version::V3, FastRelease::To(interval)) => all(interval),
        (Version::V3, FastRelease::Auto) if instance.interval <= SEVERAL => {
            return Release::default();
        }
        (Version::V3, FastRelease::Auto) if !several => all(Centis::SHORTEST),
        (Version::V3, FastRelease::Auto) => match peers.and_then(|peers| successor(peers, known)) {
            Some(peer) => {
                Release { interval: Some(Centis::SHORTEST), successor: Some(peer), several: false }
            }
            None => all(SEVERAL),
        },
    };
    let shorter = release.interval.is_some_and(|short| short < instance.interval);
    if shorter { release } else { Release::default() }
}

/// The interval that every Backup may be taught before `instance` leaves, when nothing is known
/// of their priorities; `None` where priority 0 alone is sent.
#[must_use]
pub fn taught(instance: &Instance) -> Option<Centis> {
    plan(instance, &[]).interval
}

/// The peer that will take over, if that is certain: all priorities are known and one is highest.
fn successor(peers: &[Peer], known: &[Option<Priority>]) -> Option<IpAddr> {
    let mut best: Option<(Priority, IpAddr)> = None;
    let mut tied = false;
    for (index, peer) in peers.iter().enumerate() {
        let priority = known.get(index).copied().flatten()?;
        match best {
            Some((highest, _)) if priority < highest => {}
            Some((highest, _)) if priority == highest => tied = true,
            Some(_) | None => (best, tied) = (Some((priority, peer.address)), false),
        }
    }
    best.filter(|_| !tied).map(|(_, address)| address)
}

/// What several possible successors are taught: 100 ms.
const SEVERAL: Centis = match Centis::new(10) {
    Ok(interval) => interval,
    Err(_) => Centis::SHORTEST,
};

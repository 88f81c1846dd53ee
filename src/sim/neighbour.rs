//! The hosts on the link: what they take for the hardware address of each virtual address.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::types::Instant;

use super::roster::NodeId;

/// A host that talks to the virtual addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbour {
    entries: BTreeMap<IpAddr, Entry>,
}

/// What a host believes about one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// Whose hardware address it sends to.
    pub(super) holder: NodeId,
    /// When it was misled without a router that was Active by then knowing of it: by the answer
    /// of a host whose daemon is dead, or because the holder went unseen.
    pub(super) misled: Option<Instant>,
}

impl Neighbour {
    /// It hears a gratuitous ARP or an unsolicited NA, or an answer to its own question: the last
    /// word counts.
    pub(super) fn hear(&mut self, ip: IpAddr, entry: Entry) {
        self.entries.insert(ip, entry);
    }

    /// Those that it believes go without anybody knowing.
    pub(super) fn mislead(&mut self, gone: impl Fn(NodeId) -> bool, now: Instant) {
        let entries = self.entries.values_mut();
        for entry in entries.filter(|entry| gone(entry.holder)) {
            entry.misled.get_or_insert(now);
        }
    }

    /// What it believes; `None` if it never heard of the address.
    pub(super) fn believes(&self, ip: IpAddr) -> Option<Entry> {
        self.entries.get(&ip).copied()
    }
}

//! Virtual interfaces, and what is kept away from their addresses.

use super::{Instance, Transport};
use crate::types::{LinkName, MacAddr};

/// A virtual interface on top of a real one, with a hardware address of its own (macvlan).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Vmac {
    /// Its name, which no other instance's has.
    pub name: LinkName,
    /// The interface under it.
    pub base: LinkName,
    /// Its hardware address.
    pub mac: MacAddr,
    /// Its device group; that of the interface under it where absent.
    pub group: Option<u32>,
    /// Adverts leave by it, with its hardware address (`vmac_xmit_base` clears it).
    pub sends: bool,
}

/// `nftables`: the packet filter's tables, one for each family, made when they are needed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Firewall {
    /// Their name.
    pub table: String,
    /// `nftables_priority`: when their chains have their turn; lower is earlier.
    pub priority: i32,
    /// `nftables_counters`: their rules count what they catch.
    pub counters: bool,
}

impl Default for Firewall {
    fn default() -> Self {
        Self { table: "keepalived".to_owned(), priority: -1, counters: false }
    }
}

impl Instance {
    /// Its virtual interfaces.
    pub fn vmacs(&self) -> impl Iterator<Item = &Vmac> {
        self.vmac.iter().chain(&self.address_vmacs)
    }

    /// The interface that its adverts leave by.
    #[must_use]
    pub fn outlet(&self) -> LinkName {
        let sending = self.vmac.as_ref().filter(|vmac| vmac.sends);
        sending.map_or(self.interface, |vmac| vmac.name)
    }

    /// The interface that adverts arrive on.
    ///
    /// A frame to a group that comes from the virtual router's hardware address, as those of
    /// peers with virtual interfaces do, is delivered to the virtual interface of that address
    /// alone; others are delivered to both.
    #[must_use]
    pub fn inlet(&self) -> LinkName {
        match (&self.vmac, &self.transport) {
            (Some(vmac), Transport::Multicast { .. }) => vmac.name,
            (_, Transport::Multicast { .. } | Transport::Unicast { .. }) => self.interface,
        }
    }

    /// Packets to its addresses are kept away while it holds them.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        !self.accept && !self.priority.is_owner()
    }
}

//! Every address that some plan names, who names it, and where it stands.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::types::{Address, Family, IfIndex, Instant, LinkName, Slot};

use super::fight::Fight;
use super::host::Stands;
use super::reconcile::Actual;

/// An entry of the ledger. Valid while some plan names the address or it still stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AddressId(u32);

impl AddressId {
    /// Builds an id; `None` above `u32::MAX`.
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }

    #[expect(clippy::as_conversions, reason = "usize holds u32 on every target with an MMU")]
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of one planned address.
#[derive(Debug)]
pub(super) struct Entry {
    /// The address, as the latest plan has it.
    pub(super) address: Arc<Address>,
    /// Whose plans name it.
    pub(super) slots: Vec<Slot>,
    /// Where it stands.
    pub(super) actual: Actual,
    /// It waits in a queue to be reconciled.
    pub(super) queued: bool,
    /// An event says that somebody deleted it; the next addition will tell.
    pub(super) suspect: bool,
    /// How often in a row the kernel refused; the operator knows of it from 1 on.
    pub(super) refusals: u32,
    /// When it is tried again.
    pub(super) retry_at: Option<Instant>,
    /// How often it was put back after somebody deleted it.
    pub(super) fight: Fight,
}

/// What makes two addresses of a host the same one.
///
/// The kernel holds one IPv4 address per interface, subnet and peer, and one IPv6 address per
/// interface whatever its prefix.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Key {
    link: LinkName,
    identity: Identity,
}

/// An address without its interface.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Identity {
    ip: IpAddr,
    prefix: u8,
    peer: Option<IpAddr>,
}

impl Identity {
    pub(super) fn of(address: &Address) -> Self {
        let (peer, prefix) = match address.peer {
            Some((peer, prefix)) => (Some(peer), prefix),
            None => (None, address.prefix),
        };
        Self::new(address.ip, prefix, peer)
    }

    pub(super) const fn of_standing(stands: &Stands) -> Self {
        Self::new(stands.ip, stands.prefix, stands.peer)
    }

    const fn new(ip: IpAddr, prefix: u8, peer: Option<IpAddr>) -> Self {
        match Family::of(ip) {
            Family::V4 => Self { ip, prefix, peer },
            Family::V6 => Self { ip, prefix: 128, peer: None },
        }
    }
}

/// All entries, reached by their id without a search.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Option<Entry>>,
    free: Vec<AddressId>,
    by_key: HashMap<Key, AddressId>,
}

impl Ledger {
    /// The plan of `slot` names `address`: its entry, made if there is none.
    pub(super) fn claim(&mut self, slot: Slot, address: &Address) -> Option<AddressId> {
        let key = Key { link: address.link, identity: Identity::of(address) };
        if let Some(&id) = self.by_key.get(&key) {
            let entry = self.get_mut(id)?;
            if *entry.address != *address {
                entry.address = Arc::new(address.clone());
            }
            if !entry.slots.contains(&slot) {
                entry.slots.push(slot);
            }
            return Some(id);
        }
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let id = AddressId::new(self.entries.len())?;
                self.entries.push(None);
                id
            }
        };
        *self.entries.get_mut(id.index())? = Some(Entry {
            address: Arc::new(address.clone()),
            slots: vec![slot],
            actual: Actual::Unknown,
            queued: false,
            suspect: false,
            refusals: 0,
            retry_at: None,
            fight: Fight::default(),
        });
        self.by_key.insert(key, id);
        Some(id)
    }

    /// The plan of `slot` does not name the address any more.
    pub(super) fn release(&mut self, slot: Slot, id: AddressId) {
        if let Some(entry) = self.get_mut(id) {
            entry.slots.retain(|&other| other != slot);
        }
    }

    /// Forgets the entry if no plan names it, it is gone and nothing is left to be done.
    pub(super) fn forget_if_done(&mut self, id: AddressId) {
        let Some(entry) = self.get(id) else { return };
        if entry.slots.is_empty() && !entry.queued && entry.actual == Actual::Nowhere {
            let key = Key { link: entry.address.link, identity: Identity::of(&entry.address) };
            self.by_key.remove(&key);
            if let Some(place) = self.entries.get_mut(id.index()) {
                *place = None;
            }
            self.free.push(id);
        }
    }

    pub(super) fn get_mut(&mut self, id: AddressId) -> Option<&mut Entry> {
        self.entries.get_mut(id.index())?.as_mut()
    }

    pub(super) fn get(&self, id: AddressId) -> Option<&Entry> {
        self.entries.get(id.index())?.as_ref()
    }

    /// The entry of an address that stands, or stood, on the interface called `link`.
    pub(super) fn find(&self, link: LinkName, stands: &Stands) -> Option<AddressId> {
        let identity = Identity::of_standing(stands);
        self.by_key.get(&Key { link, identity }).copied()
    }

    /// All entries, in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (AddressId, &Entry)> {
        let numbered = self.entries.iter().enumerate();
        numbered.filter_map(|(index, entry)| Some((AddressId::new(index)?, entry.as_ref()?)))
    }

    /// The ids of the entries that `wanted` holds for.
    pub(super) fn ids(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<AddressId> {
        let chosen = self.iter().filter(|(_, entry)| wanted(entry));
        chosen.map(|(id, _)| id).collect()
    }
}

impl Entry {
    /// The interface that it stands on.
    pub(super) const fn stands_on(&self) -> Option<IfIndex> {
        match self.actual {
            Actual::On(link, _) => Some(link),
            Actual::Unknown | Actual::Nowhere => None,
        }
    }
}

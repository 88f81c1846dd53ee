//! Which instances a packet may be for.

use std::collections::BTreeMap;

use crate::types::{Family, IfIndex, Slot, Vrid};

/// A 256-entry table of slots for each link and family.
///
/// An entry is a list because instances may share a VRID on one link: unicast ones that have no
/// peer in common, multicast ones of different groups.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    tables: BTreeMap<(IfIndex, Family), Vec<Vec<Slot>>>,
}

impl Dispatch {
    /// The instances of this VRID on this link.
    pub(super) fn find(&self, link: IfIndex, family: Family, vrid: Vrid) -> &[Slot] {
        let table = self.tables.get(&(link, family));
        table.and_then(|table| table.get(usize::from(vrid.get()))).map_or(&[], Vec::as_slice)
    }

    /// Packets for `vrid` may be for `slot` from now on.
    pub(super) fn insert(&mut self, link: IfIndex, family: Family, vrid: Vrid, slot: Slot) {
        let table = self.tables.entry((link, family)).or_insert_with(|| vec![Vec::new(); 256]);
        if let Some(entry) = table.get_mut(usize::from(vrid.get()))
            && !entry.contains(&slot)
        {
            entry.push(slot);
        }
    }

    /// No packet is for `slot` any more.
    pub(super) fn remove(&mut self, link: IfIndex, family: Family, vrid: Vrid, slot: Slot) {
        let Some(table) = self.tables.get_mut(&(link, family)) else {
            return;
        };
        if let Some(entry) = table.get_mut(usize::from(vrid.get())) {
            entry.retain(|other| *other != slot);
        }
        if table.iter().all(Vec::is_empty) {
            self.tables.remove(&(link, family));
        }
    }
}

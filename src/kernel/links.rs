//! The interfaces as they are called at this moment.

use std::collections::HashMap;

use crate::types::{IfIndex, LinkName, LinkReport, MacAddr};

/// What the agent needs to know of an interface.
#[derive(Clone, Copy, Debug)]
struct Link {
    name: LinkName,
    up: bool,
    mac: Option<MacAddr>,
}

/// What a report changed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Change {
    /// This name means no interface any more.
    pub(super) lost: Option<LinkName>,
    /// This name means another interface than before, or one for the first time.
    pub(super) found: Option<LinkName>,
    /// The interface came up, or has another hardware address: its neighbours know nothing.
    pub(super) fresh: bool,
}

/// Every interface, by index and by name.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_index: HashMap<IfIndex, Link>,
    by_name: HashMap<LinkName, IfIndex>,
}

impl Links {
    pub(super) fn update(&mut self, report: &LinkReport) -> Change {
        let link = Link { name: report.name, up: report.up, mac: report.mac };
        let mut change = Change::default();
        let before = self.by_index.insert(report.index, link);
        if let Some(old) = before {
            let renamed = old.name != report.name;
            if renamed && self.by_name.get(&old.name) == Some(&report.index) {
                self.by_name.remove(&old.name);
                change.lost = Some(old.name);
            }
        }
        if self.by_name.insert(report.name, report.index) != Some(report.index) {
            change.found = Some(report.name);
        }
        let (was_up, mac) = before.map_or((false, None), |old| (old.up, old.mac));
        change.fresh = report.up && (!was_up || mac != report.mac);
        change
    }

    pub(super) fn remove(&mut self, index: IfIndex) {
        if let Some(link) = self.by_index.remove(&index)
            && self.by_name.get(&link.name) == Some(&index)
        {
            self.by_name.remove(&link.name);
        }
    }

    pub(super) fn index(&self, name: LinkName) -> Option<IfIndex> {
        self.by_name.get(&name).copied()
    }

    pub(super) fn name(&self, index: IfIndex) -> Option<LinkName> {
        self.by_index.get(&index).map(|link| link.name)
    }

    pub(super) fn exists(&self, index: IfIndex) -> bool {
        self.by_index.contains_key(&index)
    }

    pub(super) fn is_up(&self, index: IfIndex) -> bool {
        self.by_index.get(&index).is_some_and(|link| link.up)
    }

    /// The hardware address to announce on an interface; `None` while it is down or has none.
    pub(super) fn audible(&self, index: IfIndex) -> Option<MacAddr> {
        let link = self.by_index.get(&index)?;
        link.mac.filter(|_| link.up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(index: u32, name: &str, up: bool) -> LinkReport {
        LinkReport {
            index: IfIndex::new(index).unwrap(),
            name: LinkName::new(name).unwrap(),
            up,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            addresses: Vec::new(),
        }
    }

    #[test]
    fn two_interfaces_that_swap_names_are_both_found_again() {
        let (a, b) = (LinkName::new("a").unwrap(), LinkName::new("b").unwrap());
        let mut links = Links::default();
        links.update(&report(1, "a", true));
        links.update(&report(2, "b", true));

        let away = links.update(&report(1, "tmp", true));
        assert_eq!((away.lost, away.found), (Some(a), LinkName::new("tmp")));
        let over = links.update(&report(2, "a", true));
        assert_eq!((over.lost, over.found), (Some(b), Some(a)));
        links.update(&report(1, "b", true));

        assert_eq!((links.index(a), links.index(b)), (IfIndex::new(2), IfIndex::new(1)));
    }

    #[test]
    fn only_the_way_up_and_a_new_hardware_address_make_a_link_fresh() {
        let mut links = Links::default();
        assert!(links.update(&report(1, "a", true)).fresh);
        assert!(!links.update(&report(1, "a", true)).fresh);
        assert!(!links.update(&report(1, "a", false)).fresh);
        assert!(links.update(&report(1, "a", true)).fresh);
        let mut other = report(1, "a", true);
        other.mac = Some(MacAddr([2, 0, 0, 0, 0, 9]));
        assert!(links.update(&other).fresh);
    }

    #[test]
    fn removing_an_old_index_leaves_the_name_with_its_new_owner() {
        let name = LinkName::new("a").unwrap();
        let mut links = Links::default();
        links.update(&report(1, "a", true));
        links.update(&report(7, "a", true));
        links.remove(IfIndex::new(1).unwrap());
        assert_eq!(links.index(name), IfIndex::new(7));
    }
}

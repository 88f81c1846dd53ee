//! Every interface with its addresses, kept up to date by the kernel's messages. Pure.

use std::collections::{BTreeMap, BTreeSet};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};

use crate::kernel::agent::AddressEvent;
use crate::kernel::host::Stands;
use crate::types::{Family, IfIndex, LinkName, LinkReport, MacAddr};

use super::message::{Found, found};
use super::monitor::Event;

/// The interfaces, and what has changed since it was last told.
#[derive(Debug, Default)]
pub(super) struct Table {
    links: BTreeMap<IfIndex, Link>,
    changed: BTreeSet<IfIndex>,
    gone: BTreeSet<IfIndex>,
    /// Interfaces that went down since the last telling.
    fallen: BTreeSet<IfIndex>,
    addresses: Vec<AddressEvent>,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Link {
    /// Unknown while only its addresses were heard of.
    properties: Option<Properties>,
    v4: Vec<Found>,
    v6: Vec<Found>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Properties {
    name: LinkName,
    up: bool,
    mac: Option<MacAddr>,
}

impl Table {
    /// An interface appeared or changed.
    pub(super) fn link(&mut self, message: &LinkMessage) {
        // A bridge tells of its ports in its own family; a port that leaves it is no interface
        // that disappears.
        if message.header.interface_family != AddressFamily::Unspec {
            return;
        }
        let (Some(index), Some(properties)) =
            (IfIndex::new(message.header.index), properties(message))
        else {
            return;
        };
        let link = self.links.entry(index).or_default();
        let before = link.properties.replace(properties);
        if before != Some(properties) {
            self.changed.insert(index);
        }
        if before.is_some_and(|before| before.up) && !properties.up {
            self.fallen.insert(index);
        }
    }

    /// An interface disappeared.
    pub(super) fn link_gone(&mut self, message: &LinkMessage) {
        if message.header.interface_family != AddressFamily::Unspec {
            return;
        }
        if let Some(index) = IfIndex::new(message.header.index) {
            self.forget(index);
        }
    }

    /// An address appeared or changed.
    pub(super) fn address(&mut self, message: &AddressMessage) {
        self.put(message, place);
    }

    fn put(&mut self, message: &AddressMessage, place: impl Fn(&[Found], &Found) -> usize) {
        let Some(new) = found(message) else { return };
        let index = new.stands.link;
        let link = self.links.entry(index).or_default();
        let list = link.list(Family::of(new.stands.ip));
        match list.iter_mut().find(|it| it.stands == new.stands) {
            Some(old) if *old == new => return,
            Some(old) if old.secondary == new.secondary => *old = new,
            _ => {
                list.retain(|it| it.stands != new.stands);
                let place = place(list, &new);
                list.insert(place, new);
            }
        }
        self.changed.insert(index);
        self.addresses.push(AddressEvent::Added(new.stands));
    }

    /// An address disappeared.
    pub(super) fn address_gone(&mut self, message: &AddressMessage) {
        let Some(old) = found(message) else { return };
        let index = old.stands.link;
        if let Some(link) = self.links.get_mut(&index) {
            let list = link.list(Family::of(old.stands.ip));
            list.retain(|it| it.stands != old.stands);
            self.changed.insert(index);
        }
        self.addresses.push(AddressEvent::Removed(old.stands));
    }

    /// Takes over a whole new listing: what it does not name any more has disappeared.
    pub(super) fn replace(&mut self, links: &[LinkMessage], addresses: &[AddressMessage]) {
        let before = std::mem::take(&mut self.links);
        let untold = std::mem::take(&mut self.changed);
        let mut events = std::mem::take(&mut self.addresses);
        for message in links {
            self.link(message);
        }
        for message in addresses {
            self.put(message, |list, _| list.len());
        }
        // What is as it was is not told again.
        let stood = |stands: &Stands| before.get(&stands.link).is_some_and(|it| it.holds(stands));
        let stands =
            |stands: &Stands| self.links.get(&stands.link).is_some_and(|it| it.holds(stands));
        events.extend(self.addresses.drain(..).filter(|event| match event {
            AddressEvent::Added(new) => !stood(new),
            AddressEvent::Removed(_) => true,
        }));
        for link in before.values() {
            let lost = link.all().map(|it| it.stands).filter(|it| !stands(it));
            events.extend(lost.map(AddressEvent::Removed));
        }
        self.addresses = events;
        let same = |index: &IfIndex| before.get(index) == self.links.get(index);
        let changed = std::mem::take(&mut self.changed);
        let changed = changed.into_iter().filter(|index| !same(index));
        self.changed = changed.chain(untold).collect();
        for index in before.into_keys() {
            if !self.links.contains_key(&index) {
                self.forget(index);
            }
        }
    }

    /// What has changed since the last call: interfaces that are gone, those that are as never
    /// told before, and then the addresses in their order.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        let gone = std::mem::take(&mut self.gone).into_iter().map(Event::Gone);
        let changed = std::mem::take(&mut self.changed);
        let reports: Vec<_> = changed.into_iter().filter_map(|index| self.report(index)).collect();
        // One that is up again already took routes with it that nobody was told of.
        let fallen = std::mem::take(&mut self.fallen);
        let missed = reports.iter().any(|report| report.up && fallen.contains(&report.index));
        let events: Vec<_> = gone.chain(reports.into_iter().map(Event::Link)).collect();
        let addresses = self.addresses.drain(..).map(Event::Address);
        let missed = missed.then_some(Event::Missed);
        events.into_iter().chain(addresses).chain(missed).collect()
    }

    fn report(&self, index: IfIndex) -> Option<LinkReport> {
        let link = self.links.get(&index)?;
        let Properties { name, up, mac } = link.properties?;
        Some(LinkReport {
            index,
            name,
            up,
            mac,
            addresses: link.all().map(|it| it.address).collect(),
        })
    }

    fn forget(&mut self, index: IfIndex) {
        self.links.remove(&index);
        self.changed.remove(&index);
        self.gone.insert(index);
    }
}

impl Link {
    const fn list(&mut self, family: Family) -> &mut Vec<Found> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Found> {
        self.v4.iter().chain(&self.v6)
    }

    fn holds(&self, stands: &Stands) -> bool {
        self.all().any(|it| it.stands == *stands)
    }
}

/// Where the kernel puts a new address among those of its family.
///
/// IPv4: primary addresses, the narrowest scope first and within it the oldest first, then the
/// secondary ones. IPv6: the widest scope first, and within it the newest first; where duplicate
/// address detection runs, it is told of late, and may be out of place until the next listing.
fn place(list: &[Found], new: &Found) -> usize {
    let scope = new.address.scope.0;
    if Family::of(new.stands.ip) == Family::V6 {
        let before = list.iter().position(|it| it.address.scope.0 >= scope);
        return before.unwrap_or(list.len());
    }
    if new.secondary {
        return list.len();
    }
    let last = list.iter().rposition(|it| !it.secondary && it.address.scope.0 >= scope);
    last.map_or(0, |last| last + 1)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows dozens of attributes, of which a few matter"
)]
fn properties(message: &LinkMessage) -> Option<Properties> {
    let flags = message.header.flags;
    let ethernet = message.header.link_layer_type == LinkLayerType::Ether;
    let speaks_arp = ethernet && !flags.contains(LinkFlags::Noarp);
    let (mut name, mut mac) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(text) => name = LinkName::new(text),
            LinkAttribute::Address(octets) if speaks_arp => {
                mac = octets.as_slice().try_into().ok().map(MacAddr);
            }
            _ => {}
        }
    }
    Some(Properties { name: name?, up: flags.contains(LinkFlags::Up | LinkFlags::Running), mac })
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::link::LinkAttribute;

    use super::*;
    use crate::kernel::host::Verb;
    use crate::kernel::netlink::message::request;
    use crate::types::Address;

    fn index(number: u32) -> IfIndex {
        IfIndex::new(number).unwrap()
    }

    fn name(text: &str) -> LinkName {
        LinkName::new(text).unwrap()
    }

    fn link(number: u32, name: &str, up: bool) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = number;
        message.header.link_layer_type = LinkLayerType::Ether;
        if up {
            message.header.flags = LinkFlags::Up | LinkFlags::Running;
        }
        let mac = vec![2, 0, 0, 0, 0, 1];
        message.attributes =
            vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::Address(mac)];
        message
    }

    fn address(number: u32, ip: &str) -> AddressMessage {
        let address = Address::new(ip.parse().unwrap(), name("any"));
        request(Verb::Add, index(number), &address)
    }

    /// What the events are about, shortly.
    fn told(table: &mut Table) -> Vec<String> {
        let events = table.take_events().into_iter();
        let words = events.map(|event| match event {
            Event::Link(report) => {
                let ips = report.addresses.iter().map(|it| it.ip.to_string());
                let state = if report.up { "up" } else { "down" };
                format!("{} {state} {}", report.name, ips.collect::<Vec<_>>().join(" "))
            }
            Event::Gone(index) => format!("gone {index}"),
            Event::Address(AddressEvent::Added(it)) => format!("+{}", it.ip),
            Event::Address(AddressEvent::Removed(it)) => format!("-{}", it.ip),
            Event::Lost(trace) => format!("{trace:?}"),
            Event::Missed => "missed".to_owned(),
            Event::Listed => "listed".to_owned(),
        });
        words.map(|it| it.trim_end().to_owned()).collect()
    }

    #[test]
    fn many_events_become_one_report_of_their_interface() {
        let mut table = Table::default();
        table.link(&link(1, "a", true));
        table.address(&address(1, "10.0.0.1"));
        table.address(&address(1, "10.0.0.2"));
        table.address_gone(&address(1, "10.0.0.1"));
        let expected = ["a up 10.0.0.2", "+10.0.0.1", "+10.0.0.2", "-10.0.0.1"];
        assert_eq!(told(&mut table), expected);
        assert!(told(&mut table).is_empty());
    }

    #[test]
    fn a_link_that_was_down_for_a_moment_took_something_with_it() {
        let mut table = Table::default();
        table.link(&link(1, "a", true));
        told(&mut table);
        table.link(&link(1, "a", false));
        table.link(&link(1, "a", true));
        assert_eq!(told(&mut table), ["a up", "missed"]);
        table.link(&link(1, "a", false));
        assert_eq!(told(&mut table), ["a down"]);
        table.link(&link(1, "a", true));
        assert_eq!(told(&mut table), ["a up"]);
    }

    #[test]
    fn what_is_told_twice_is_passed_on_once() {
        let mut table = Table::default();
        table.link(&link(1, "a", true));
        table.address(&address(1, "10.0.0.1"));
        told(&mut table);
        table.link(&link(1, "a", true));
        table.address(&address(1, "10.0.0.1"));
        assert!(told(&mut table).is_empty());
    }

    #[test]
    fn an_interface_that_is_made_anew_is_first_gone() {
        let mut table = Table::default();
        table.link(&link(1, "a", true));
        told(&mut table);
        table.link_gone(&link(1, "a", true));
        table.link(&link(2, "a", true));
        assert_eq!(told(&mut table), ["gone 1", "a up"]);
    }

    #[test]
    fn a_new_listing_tells_what_differs_and_nothing_else() {
        let mut table = Table::default();
        let links = [link(1, "a", true), link(2, "b", true), link(3, "c", true)];
        let addresses = [address(1, "10.0.0.1"), address(2, "10.0.0.2")];
        table.replace(&links, &addresses);
        let first = ["a up 10.0.0.1", "b up 10.0.0.2", "c up", "+10.0.0.1", "+10.0.0.2"];
        assert_eq!(told(&mut table), first);

        table.replace(&links, &addresses);
        assert!(told(&mut table).is_empty());

        let links = [link(1, "a", true), link(2, "b", false)];
        table.replace(&links, &[address(1, "10.0.0.3")]);
        let differences =
            ["gone 3", "a up 10.0.0.3", "b down", "+10.0.0.3", "-10.0.0.1", "-10.0.0.2"];
        assert_eq!(told(&mut table), differences);
    }

    #[test]
    fn what_was_not_told_before_a_listing_is_told_after_it() {
        let mut table = Table::default();
        table.link(&link(1, "a", true));
        table.replace(&[link(1, "a", true)], &[]);
        assert_eq!(told(&mut table), ["a up"]);
    }
}

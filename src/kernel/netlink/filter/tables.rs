//! The tables: their sets, chains and rules as requests, and what is put into the sets.
//!
//! The names are keepalived's, so that whoever looks with `nft list ruleset` finds what he knows.
//!
//! ```text
//! table ip keepalived                          likewise table ip6
//!   map vmac_map { vrrp.51 : eth0 }            set vmac_set { vrrp.51 }, IPv6 alone
//!   set vips { 10.0.0.10 }                     set link_vips { eth0 . fe80::10 }, IPv6 alone
//!   chain out   IGMP (MLD) of a virtual interface leaves by the interface under it;
//!               router solicitations of one stay here; neighbor discovery passes;
//!               what comes from an address that is not accepted is dropped
//!   chain in    neighbor discovery passes; what goes to such an address is dropped
//! ```

use std::net::IpAddr;

use super::attributes::{Attributes, Body};
use super::rules::{A, B, BEHIND, FIRST, Header, Meta, Register, Rule, Verdict};
use crate::types::{Family, IfIndex};

/// What the tables are like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Their name.
    pub table: String,
    /// When their chains have their turn; lower is earlier.
    pub priority: i32,
    /// Their rules count what they catch.
    pub counters: bool,
}

/// A request about a table.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) message: u8,
    pub(super) flags: u16,
    pub(super) body: Body,
}

/// Whether packets can be duplicated: not every kernel has that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Duplication {
    Works,
    Missing,
}

/// Something that the sets have or have not.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Element {
    /// An address that packets are kept away from, on this interface or on all.
    Guarded(IpAddr, Option<IfIndex>),
    /// A virtual interface and the one under it, in the tables of this family.
    Vmac(Family, IfIndex, IfIndex),
}

impl Default for Settings {
    fn default() -> Self {
        Self { table: "keepalived".to_owned(), priority: -1, counters: false }
    }
}

impl Settings {
    /// A new table of this family in the place of one that may be there, all in one step.
    pub(super) fn create(&self, family: Family, duplication: Duplication) -> Vec<Request> {
        let mut requests = vec![self.table(family, NEW_TABLE), self.table(family, DELETE_TABLE)];
        requests.push(self.table(family, NEW_TABLE));
        let address = match family {
            Family::V4 => IPV4_ADDR,
            Family::V6 => IPV6_ADDR,
        };
        requests.push(self.set(family, "vmac_map", IFACE_INDEX, Some(IFACE_INDEX)));
        requests.push(self.set(family, "vips", address, None));
        if family == Family::V6 {
            requests.push(self.set(family, "vmac_set", IFACE_INDEX, None));
            requests.push(self.set(family, "link_vips", IFACE_AND_ADDR, None));
        }
        for (name, hook) in [("out", HOOK_OUTPUT), ("in", HOOK_INPUT)] {
            requests.push(self.chain(family, name, hook));
        }
        let rules = match family {
            Family::V4 => self.rules_v4(duplication),
            Family::V6 => self.rules_v6(duplication),
        };
        for (chain, rule) in rules {
            let attributes = rule.attributes(&self.table, chain);
            requests.push(request(NEW_RULE, CREATE | APPEND, family, attributes));
        }
        requests
    }

    /// The removal of the table of this family with everything in it.
    pub(super) fn remove(&self, family: Family) -> Request {
        self.table(family, DELETE_TABLE)
    }

    /// Puts an element into its sets, or takes it out.
    pub(super) fn element(&self, element: Element, there: bool) -> Vec<Request> {
        let one = |family, set: &str, key: &[u8], value: Option<&[u8]>| {
            let data = |octets: &[u8]| Attributes::default().octets(1, octets);
            let mut entry = Attributes::default().nested(1, &data(key));
            if let Some(value) = value {
                entry = entry.nested(2, &data(value));
            }
            let list = Attributes::default().nested(1, &entry);
            let attributes =
                Attributes::default().text(1, &self.table).text(2, set).nested(3, &list);
            let (message, flags) = if there { (NEW_ELEMENT, CREATE) } else { (DELETE_ELEMENT, 0) };
            request(message, flags, family, attributes)
        };
        match element {
            Element::Guarded(IpAddr::V4(ip), _) => {
                vec![one(Family::V4, "vips", &ip.octets(), None)]
            }
            Element::Guarded(IpAddr::V6(ip), Some(link)) => {
                let mut key = link.get().to_ne_bytes().to_vec();
                key.extend(ip.octets());
                vec![one(Family::V6, "link_vips", &key, None)]
            }
            Element::Guarded(IpAddr::V6(ip), None) => {
                vec![one(Family::V6, "vips", &ip.octets(), None)]
            }
            Element::Vmac(family, vmac, base) => {
                let (vmac, base) = (vmac.get().to_ne_bytes(), base.get().to_ne_bytes());
                let map = one(family, "vmac_map", &vmac, Some(&base));
                match family {
                    Family::V4 => vec![map],
                    Family::V6 => vec![map, one(family, "vmac_set", &vmac, None)],
                }
            }
        }
    }

    fn rules_v4(&self, duplication: Duplication) -> Vec<(&'static str, Rule)> {
        let from_vips = self.of_vips(Rule::default().payload(A, Header::Network, 12, 4));
        let to_vips = self.of_vips(Rule::default().payload(A, Header::Network, 16, 4));
        let igmp = Rule::default().payload(A, Header::Network, 9, 1).equals(A, &[IGMP]);
        let mut rules = Vec::new();
        if duplication == Duplication::Works {
            rules.push(("out", self.by_base(igmp.payload(A, Header::Network, 16, 4))));
        }
        rules.extend([("out", from_vips), ("in", to_vips)]);
        rules
    }

    fn rules_v6(&self, duplication: Duplication) -> Vec<(&'static str, Rule)> {
        let mut rules = Vec::new();
        if duplication == Duplication::Works {
            let report = icmp(MLD2_REPORT).payload(A, Header::Network, 24, 16);
            rules.push(("out", self.by_base(report)));
        }
        let solicitation = of_macvlan(icmp(ROUTER_SOLICITATION)).meta(B, Meta::Leaves);
        let solicitation = solicitation.among(B, "vmac_set").counted(self.counters);
        rules.push(("out", solicitation.verdict(Verdict::Drop)));
        for chain in ["out", "in"] {
            for discovery in [NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT] {
                let rule = icmp(discovery).counted(self.counters);
                rules.push((chain, rule.verdict(Verdict::Accept)));
            }
        }
        for (chain, link, offset) in [("out", Meta::Leaves, 8), ("in", Meta::Arrived, 24)] {
            let rule = Rule::default().payload(A, Header::Network, offset, 16);
            rules.push((chain, self.of_vips(rule)));
            let rule = Rule::default().meta(FIRST, link);
            let rule = rule.payload(BEHIND, Header::Network, offset, 16);
            let rule = rule.among(FIRST, "link_vips").counted(self.counters);
            rules.push((chain, rule.verdict(Verdict::Drop)));
        }
        rules
    }

    /// The packet whose destination is in [`A`] leaves by the interface under the virtual one.
    fn by_base(&self, rule: Rule) -> Rule {
        let rule = of_macvlan(rule).meta(B, Meta::Leaves).mapped(B, "vmac_map");
        rule.duplicate(A, B).counted(self.counters).verdict(Verdict::Drop)
    }

    fn of_vips(&self, rule: Rule) -> Rule {
        rule.among(A, "vips").counted(self.counters).verdict(Verdict::Drop)
    }

    fn table(&self, family: Family, message: u8) -> Request {
        let flags = if message == NEW_TABLE { CREATE } else { 0 };
        request(message, flags, family, Attributes::default().text(1, &self.table))
    }

    fn chain(&self, family: Family, name: &str, hook: u32) -> Request {
        let hook = Attributes::default().number(1, hook).octets(2, &self.priority.to_be_bytes());
        let attributes = Attributes::default()
            .text(1, &self.table)
            .text(3, name)
            .nested(4, &hook)
            .number(5, POLICY_ACCEPT)
            .text(7, "filter");
        request(NEW_CHAIN, CREATE, family, attributes)
    }

    fn set(&self, family: Family, name: &str, key: DataType, data: Option<DataType>) -> Request {
        let mut attributes = Attributes::default().text(1, &self.table).text(2, name);
        if data.is_some() {
            attributes = attributes.number(3, SET_IS_MAP);
        }
        attributes = attributes.number(4, key.number).number(5, key.octets);
        let mut notes = note(0, key.order);
        if let Some(data) = data {
            attributes = attributes.number(6, data.number).number(7, data.octets);
            notes.extend(note(1, data.order));
        }
        // The number by which a rule of the same batch may name it; none does.
        let attributes = attributes.number(10, 1).octets(13, &notes);
        request(NEW_SET, CREATE, family, attributes)
    }
}

/// Matches an ICMPv6 message.
fn icmp(kind: u8) -> Rule {
    let rule = Rule::default().meta(A, Meta::Protocol).equals(A, &[ICMPV6]);
    rule.payload(A, Header::Transport, 0, 1).equals(A, &[kind])
}

/// Goes on where the packet leaves by a virtual interface.
fn of_macvlan(rule: Rule) -> Rule {
    let register: Register = B;
    rule.meta(register, Meta::LeavesKind).equals(register, b"macvlan\0\0\0\0\0\0\0\0\0")
}

/// A note for whoever shows the set, in which order the octets of a number stand.
fn note(kind: u8, order: u32) -> Vec<u8> {
    let mut note = vec![kind, 4];
    note.extend(order.to_ne_bytes());
    note
}

fn request(message: u8, flags: u16, family: Family, attributes: Attributes) -> Request {
    let family = match family {
        Family::V4 => NFPROTO_IPV4,
        Family::V6 => NFPROTO_IPV6,
    };
    Request { message, flags, body: Body { family, resource: 0, attributes } }
}

/// A type of `nft`'s.
#[derive(Clone, Copy, Debug)]
struct DataType {
    number: u32,
    octets: u32,
    order: u32,
}

const IPV4_ADDR: DataType = DataType { number: 7, octets: 4, order: NETWORK_ORDER };
const IPV6_ADDR: DataType = DataType { number: 8, octets: 16, order: NETWORK_ORDER };
const IFACE_INDEX: DataType = DataType { number: 20, octets: 4, order: HOST_ORDER };
/// Both, six bits for each number.
const IFACE_AND_ADDR: DataType = DataType { number: 20 << 6 | 8, octets: 20, order: 0 };
const HOST_ORDER: u32 = 1;
const NETWORK_ORDER: u32 = 2;

/// Numbers of linux/netfilter/nf_tables.h.
const NEW_TABLE: u8 = 0;
const DELETE_TABLE: u8 = 2;
const NEW_CHAIN: u8 = 3;
const NEW_RULE: u8 = 6;
const NEW_SET: u8 = 9;
const NEW_ELEMENT: u8 = 12;
const DELETE_ELEMENT: u8 = 14;
const SET_IS_MAP: u32 = 8;
const HOOK_INPUT: u32 = 1;
const HOOK_OUTPUT: u32 = 3;
const POLICY_ACCEPT: u32 = 1;
const NFPROTO_IPV4: u8 = 2;
const NFPROTO_IPV6: u8 = 10;
/// `NLM_F_CREATE` and `NLM_F_APPEND`.
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;
/// IP protocol numbers, and types of ICMPv6.
const IGMP: u8 = 2;
const ICMPV6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const NEIGHBOR_SOLICITATION: u8 = 135;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const MLD2_REPORT: u8 = 143;

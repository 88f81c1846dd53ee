//! What every simulated host looks like: its interfaces, addresses and haste.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::kernel::memory::Memory;
use crate::types::{Address, Family, IfIndex, LinkName, MacAddr, Scope};

use super::roster::NodeId;

/// The interface that adverts travel on and addresses stand on.
pub(super) const VRRP_LINK: IfIndex = index(2);

/// The interface whose state is tracked.
pub(super) const TRACKED_LINK: IfIndex = index(3);

/// How late a node that runs at all wakes at most.
pub(super) const LATENESS: Duration = Duration::from_millis(1);

/// How long a word takes at most from one of its threads to another.
pub(super) const HANDOVER: Duration = Duration::from_micros(200);

/// The name of [`VRRP_LINK`].
pub(super) fn vrrp_name() -> LinkName {
    name("eth0")
}

/// The name of [`TRACKED_LINK`].
pub(super) fn tracked_name() -> LinkName {
    name("eth1")
}

/// A freshly booted host.
pub(super) fn boot(node: NodeId) -> Memory {
    let mut host = Memory::new();
    host.add_link(VRRP_LINK, vrrp_name(), Some(mac(node)));
    host.add_link(TRACKED_LINK, tracked_name(), Some(mac(node)));
    let link_local = source(node, Family::V6, Reach::Link);
    for ip in [
        source(node, Family::V4, Reach::Link),
        link_local,
        source(node, Family::V6, Reach::Everywhere),
    ] {
        let prefix = if Family::of(ip) == Family::V4 { 24 } else { 64 };
        let scope = if ip == link_local { Scope::LINK } else { Scope::GLOBAL };
        let plain = Address::new(ip, vrrp_name());
        let address = Address { prefix, scope, ..plain };
        host.put(VRRP_LINK, address);
    }
    host.take_events();
    host
}

/// Which of its IPv6 addresses is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    /// The link-local one.
    Link,
    /// The global one.
    Everywhere,
}

/// The address that a node's adverts come from.
pub(super) fn source(node: NodeId, family: Family, reach: Reach) -> IpAddr {
    let number = node.number();
    match (family, reach) {
        (Family::V4, _) => IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)),
        (Family::V6, Reach::Link) => {
            IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number.into()))
        }
        (Family::V6, Reach::Everywhere) => {
            IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, number.into()))
        }
    }
}

/// The hardware address of a node's interface.
pub(super) fn mac(node: NodeId) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, node.number()])
}

#[expect(clippy::expect_used, reason = "the two names above are valid")]
fn name(text: &str) -> LinkName {
    LinkName::new(text).expect("a short name without blanks")
}

#[expect(clippy::expect_used, reason = "evaluated when compiling")]
const fn index(number: u32) -> IfIndex {
    IfIndex::new(number).expect("not 0")
}

//! From where and to whom adverts are sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Findings;
use super::instance::is;
use crate::config::declared::{self, Policy, Setting};
use crate::config::diagnostic::Verdict;
use crate::config::model::{Peer, Transport};
use crate::types::Family;

/// The configured source of the adverts, if it is of the instance's family.
pub(super) fn source(
    written: &declared::Instance,
    family: Family,
    findings: &mut Findings<'_>,
) -> Option<IpAddr> {
    of_family(written.source, "source address", family, findings)
}

/// Multicast unless there are peers.
pub(super) fn compile(
    written: &declared::Instance,
    node: &declared::Node,
    policy: &Policy,
    family: Family,
    findings: &mut Findings<'_>,
) -> Transport {
    let peers = peers(written, family, findings);
    if !peers.is_empty() {
        if let Some(group) = written.group {
            let message = format!("{} uses no group: it has peers", written.name.value);
            findings.push(findings.flaw("group-with-peers", message).at(group.span, "ignored"));
        }
        let ttl_ranges = peers.iter().any(|it| (it.min_ttl, it.max_ttl) != (0, 255));
        return Transport::Unicast {
            peers,
            ttl: written.ttl.map_or(255, |it| it.value),
            check_source: is(policy.check_source) || ttl_ranges,
        };
    }
    check_without_peers(written, findings);
    let own = of_family(written.group, "group", family, findings);
    let (of_node, usual) = match family {
        Family::V4 => (node.group_v4, IpAddr::V4(GROUP_V4)),
        Family::V6 => (node.group_v6, IpAddr::V6(GROUP_V6)),
    };
    let group = own.unwrap_or_else(|| of_node.map_or(usual, |it| it.value));
    Transport::Multicast { group }
}

/// Reports settings that only peers give a meaning to.
fn check_without_peers(written: &declared::Instance, findings: &mut Findings<'_>) {
    let name = &written.name.value;
    let flaw = if let Some(unicast) = &written.peers {
        let message = format!("{name} has no unicast peer: it uses multicast");
        findings
            .flaw("unicast-without-peers", message)
            .at(unicast.span, "")
            .help("name the other routers' addresses, or drop the unicast settings")
    } else if let Some(check) = written.policy.check_source {
        let message = format!("{name} checks no source: it has no peers");
        findings
            .flaw("check-without-peers", message)
            .at(check.span, "multicast adverts are taken from everybody")
    } else if let Some(ttl) = written.ttl {
        let message = format!("the TTL of {name} is not used: it has no peers");
        findings
            .flaw("ttl-without-peers", message)
            .at(ttl.span, "adverts to a group always have 255")
    } else {
        return;
    };
    findings.push(flaw);
}

/// The group of VRRP over IPv4 (RFC 9568 §5.1.1.2).
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// The group of VRRP over IPv6 (RFC 9568 §5.1.2.2).
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

fn of_family(
    setting: Setting<IpAddr>,
    what: &str,
    family: Family,
    findings: &mut Findings<'_>,
) -> Option<IpAddr> {
    let setting = setting?;
    if Family::of(setting.value) == family {
        return Some(setting.value);
    }
    findings.push(
        findings
            .flaw("wrong-family", format!("the {what} is not an {family} address"))
            .at(setting.span, "left out"),
    );
    None
}

fn peers(written: &declared::Instance, family: Family, findings: &mut Findings<'_>) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    for entry in written.peers.iter().flat_map(|it| &it.value) {
        let written = Some(entry.map(|peer| peer.address));
        let Some(address) = of_family(written, "peer", family, findings) else {
            continue;
        };
        if peers.iter().any(|other| other.address == address) {
            findings.push(
                findings
                    .flaw("duplicate-peer", format!("{address} is a peer twice"))
                    .at(entry.span, "this one is left out")
                    .verdict(Verdict::Silent),
            );
            continue;
        }
        let peer = Peer {
            address,
            min_ttl: entry.value.min_ttl.map_or(0, |it| it.value),
            max_ttl: entry.value.max_ttl.map_or(255, |it| it.value),
        };
        if peer.min_ttl > peer.max_ttl {
            findings.push(
                findings
                    .flaw("ttl-range", format!("every advert of {address} is refused"))
                    .at(entry.span, "the least TTL is above the greatest")
                    .help("swap the two"),
            );
        }
        peers.push(peer);
    }
    peers
}

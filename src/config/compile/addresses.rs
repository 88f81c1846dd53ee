//! What an instance is to hold: advertised and excluded addresses.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Findings;
use super::instance::is;
use super::vmac::{Names, Vmacs};
use crate::config::declared::{self, Setting};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::types::{Address, Broadcast, Family, LinkName, Version};

/// The addresses of an instance.
pub(super) struct Held {
    pub(super) advertised: Vec<Address>,
    pub(super) excluded: Vec<Address>,
}

/// Both lists, each address once; advertised ones are of the instance's family and as many as an
/// advert can carry, the others are moved to the excluded ones.
pub(super) fn compile(
    written: &declared::Instance,
    family: Family,
    vmacs: &mut Vmacs<'_>,
    names: &mut Names,
    findings: &mut Findings<'_>,
) -> Held {
    let mut seen = HashSet::new();
    let mut advertised = Vec::with_capacity(written.addresses.len());
    for entry in &written.addresses {
        if Family::of(entry.ip.value) != family {
            findings.push(second_family(written, entry, family, findings));
            continue;
        }
        let carrier = vmacs.carrier(entry, names, findings);
        advertised.extend(address(entry, carrier, &mut seen, findings));
    }
    let most = most(family);
    let mut excluded = Vec::with_capacity(written.excluded.len());
    if advertised.len() > most {
        excluded.extend(advertised.drain(most..));
        findings.push(too_many(written, most, findings));
    }
    for entry in &written.excluded {
        let carrier = vmacs.carrier(entry, names, findings);
        excluded.extend(address(entry, carrier, &mut seen, findings));
    }
    Held { advertised, excluded }
}

/// Reports an instance that has nothing to advertise.
pub(super) fn check_count(
    written: &declared::Instance,
    held: &Held,
    version: Version,
    strict: bool,
    findings: &mut Findings<'_>,
) {
    if !held.advertised.is_empty() {
        return;
    }
    let name = &written.name;
    if version == Version::V3 || strict {
        findings.push(
            Diagnostic::error(
                "no-address",
                format!("{} advertises no address, and needs one at least", name.value),
            )
            .at(name.span, "")
            .help("add the address that is to move between the routers"),
        );
    } else if !is(written.no_addresses) {
        findings.push(
            Diagnostic::warning(
                "no-address",
                format!("{} advertises no address: an election about nothing", name.value),
            )
            .at(name.span, ""),
        );
    }
}

/// Addresses that an advert of 1500 bytes can carry, and no more than its count can say.
const fn most(family: Family) -> usize {
    match family {
        Family::V4 => 255,
        Family::V6 => 89,
    }
}

fn second_family(
    written: &declared::Instance,
    entry: &declared::Address,
    family: Family,
    findings: &Findings<'_>,
) -> Diagnostic {
    let name = &written.name.value;
    let message = format!("{} is left out: {name} advertises {family}", entry.ip.value);
    findings
        .flaw("second-family", message)
        .at(entry.ip.span, "of the other family")
        .help("list it among the excluded addresses: those may be of either family")
}

fn too_many(written: &declared::Instance, most: usize, findings: &Findings<'_>) -> Diagnostic {
    let count = written.addresses.len();
    let name = &written.name.value;
    let place = written.addresses.get(most).map_or(written.name.span, |it| it.span);
    findings
        .flaw(
            "too-many-addresses",
            format!("{name} has {count} addresses and an advert carries {most}"),
        )
        .at(place, "from here on they are held but not advertised")
        .help("list them among the excluded addresses")
}

/// The address with its defaults; `None` for one that is already there or cannot be.
pub(super) fn address(
    entry: &declared::Address,
    link: LinkName,
    seen: &mut HashSet<(IpAddr, u8, LinkName)>,
    findings: &mut Findings<'_>,
) -> Option<Address> {
    let ip = entry.ip.value;
    let family = Family::of(ip);
    let plain = Address::new(ip, link);
    let prefix = entry.prefix.map_or(plain.prefix, |it| it.value);
    if !seen.insert((ip, prefix, link)) {
        findings.push(
            findings
                .flaw("duplicate-address", format!("{ip}/{prefix} stands on {link} twice"))
                .at(entry.span, "this one is left out")
                .verdict(Verdict::Silent),
        );
        return None;
    }
    let preferred = match family {
        Family::V6 if prefix == family.bits() => Some(0),
        Family::V4 | Family::V6 => None,
    };
    let scope = only(Family::V4, entry.scope, "a scope", family, findings);
    let label = only(Family::V4, entry.label, "a label", family, findings);
    let broadcast = only(Family::V4, entry.broadcast, "a broadcast address", family, findings);
    let preferred_secs = only(Family::V6, entry.preferred_secs, "a lifetime", family, findings);
    let dad = only(Family::V6, entry.dad, "duplicate detection", family, findings);
    let home = only(Family::V6, entry.home, "a home address", family, findings);
    let what = "management of temporary addresses";
    let manage_temporary = only(Family::V6, entry.manage_temporary, what, family, findings);
    Some(Address {
        prefix,
        scope: scope.map_or(plain.scope, |it| it.value),
        broadcast: in_net(broadcast, &entry.ip.value, prefix, findings),
        label: label.map(|it| it.value),
        peer: entry.peer.map(|it| it.value),
        preferred_secs: preferred_secs.map_or(preferred, |it| it.value),
        dad: is(dad),
        home: is(home),
        manage_temporary: is(manage_temporary),
        no_prefix_route: is(entry.no_prefix_route),
        auto_join: is(entry.auto_join),
        tracked: entry.tracked.is_none_or(|it| it.value),
        ..plain
    })
}

/// A setting that only addresses of one family have.
fn only<T: Copy>(
    whose: Family,
    setting: Setting<T>,
    what: &str,
    family: Family,
    findings: &mut Findings<'_>,
) -> Setting<T> {
    let written = setting?;
    if family == whose {
        return setting;
    }
    let flaw = findings.flaw("wrong-family", format!("{what} belongs to an {whose} address"));
    // keepalived says something of IPv6 addresses only.
    let flaw = match whose {
        Family::V4 => flaw,
        Family::V6 => flaw.verdict(Verdict::Silent),
    };
    findings.push(flaw.at(written.span, "left out"));
    None
}

/// The broadcast address, unless it is to be derived from a net that has none.
fn in_net(
    setting: Setting<Broadcast>,
    ip: &IpAddr,
    prefix: u8,
    findings: &mut Findings<'_>,
) -> Broadcast {
    let Some(written) = setting else {
        return Broadcast::None;
    };
    if prefix <= 30 || matches!(written.value, Broadcast::Is(_)) {
        return written.value;
    }
    findings.push(
        findings
            .flaw("broadcast-without-net", format!("{ip}/{prefix} has no broadcast address"))
            .at(written.span, "left out")
            .help("write the prefix of the network behind the address"),
    );
    Broadcast::None
}

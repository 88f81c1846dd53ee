//! The interfaces.

use std::net::IpAddr;

use super::super::{Snapshot, date};
use super::{line, list};
use crate::config::model::Instance;
use crate::types::{Family, LinkFacts, MacAddr, Scope};

pub(super) fn render(text: &mut String, snapshot: &Snapshot) {
    if !snapshot.links.is_empty() {
        *text += "------< Interfaces >------\n";
    }
    for link in &snapshot.links {
        one(text, link, snapshot);
    }
}

fn one(text: &mut String, link: &LinkFacts, snapshot: &Snapshot) {
    line(text, " Name", link.name);
    line(text, "   index", link.index);
    addresses(text, link, snapshot);
    let mac = |mac: MacAddr| mac.to_string().to_lowercase();
    let has_mac = !link.is(LinkFacts::LOOPBACK);
    if let Some(own) = link.mac.filter(|_| has_mac) {
        line(text, "   MAC", mac(own));
    }
    if let Some(broadcast) = link.broadcast.filter(|_| has_mac) {
        line(text, "   MAC broadcast", mac(broadcast));
    }
    line(text, "   State", state(link));
    let up = link.is(LinkFacts::UP) && link.is(LinkFacts::RUNNING);
    line(text, "   Seen up", u8::from(up));
    *text += "   Delayed state change running = false\n";
    *text += "   Up debounce timer = 0us\n   Down debounce timer = 0us\n";
    let base = snapshot.links.iter().find(|base| Some(base.index) == link.base);
    if let (true, Some(base)) = (link.private, base) {
        let (name, state) = (base.name, up_and_running(base));
        *text += &format!("   VMAC type private, underlying interface = {name}, state = {state}\n");
    }
    let mut vmacs = snapshot.instances.iter().flat_map(|it| it.config.vmacs());
    if vmacs.any(|vmac| vmac.name == link.name) {
        *text += "   I/f created by keepalived\n";
    }
    line(text, "   MTU", link.mtu);
    match link.kind {
        LOOPBACK => *text += "   HW Type = LOOPBACK\n",
        ETHERNET => *text += "   HW Type = ETHERNET\n",
        INFINIBAND => *text += "   HW Type = INFINIBAND\n",
        other => *text += &format!("   HW Type = UNKNOWN ({other})\n"),
    }
    *text += "   NIC netlink status update\n";
    settings(text, link, snapshot);
    forwarding(text, link, snapshot);
    trackers(text, link, snapshot);
}

/// The first address of each family, and then the others.
fn addresses(text: &mut String, link: &LinkFacts, snapshot: &Snapshot) {
    // Virtual addresses are shown where their instances are.
    let is_virtual = |ip: IpAddr| {
        snapshot.instances.iter().any(|it| it.config.held().any(|address| address.ip == ip))
    };
    for (family, first, others) in [
        (Family::V4, "IPv4 address", "   Additional IPv4 addresses :"),
        (Family::V6, "IPv6 address", "   Additional IPv6 addresses :"),
    ] {
        let of_it = link.addresses.iter().filter(|it| Family::of(it.ip) == family);
        // Adverts of IPv6 come from link-local addresses, those of IPv4 from any.
        let fits = |scope: Scope| family == Family::V4 || scope == Scope::LINK;
        let shown = of_it.filter(|it| fits(it.scope) && !is_virtual(it.ip) && !it.tentative);
        let mut shown = shown.map(|it| it.ip.to_string());
        line(text, &format!("   {first}"), shown.next().unwrap_or_else(|| "(none)".to_owned()));
        list(text, others, shown);
    }
}

fn state(link: &LinkFacts) -> String {
    let mut text = up_and_running(link);
    for (is, words) in [
        (!link.is(LinkFacts::BROADCAST), ", no broadcast"),
        (link.is(LinkFacts::LOOPBACK), ", loopback"),
        (link.is(LinkFacts::POINT_TO_POINT), ", point to point"),
        (link.is(LinkFacts::NO_ARP), ", no arp"),
        (!link.is(LinkFacts::MULTICAST), ", no multicast"),
    ] {
        text += if is { words } else { "" };
    }
    text
}

fn up_and_running(link: &LinkFacts) -> String {
    let not = |is: bool| if is { "" } else { "not " };
    let (up, running) = (link.is(LinkFacts::UP), link.is(LinkFacts::RUNNING));
    format!("{}UP, {}RUNNING", not(up), not(running))
}

/// What is changed of an interface that has virtual ones on it, or is one.
fn settings(text: &mut String, link: &LinkFacts, snapshot: &Snapshot) {
    let configs = || snapshot.instances.iter().map(|it| &it.config);
    let v4 = |it: &&Instance| it.family == Family::V4;
    let vmacs = || configs().filter(v4).flat_map(Instance::vmacs);
    let on_it = vmacs().filter(|vmac| vmac.base == link.name).count();
    let is_ours = on_it > 0 || vmacs().any(|vmac| vmac.name == link.name);
    let changed = |value: u32| if is_ours { value } else { 0 };
    line_of(text, "   Reset ARP config counter", on_it);
    line_of(text, "   Original arp_ignore", changed(link.arp_ignore));
    line_of(text, "   Original arp_filter", changed(link.arp_filter));
    let promotes = configs().filter(|it| it.promote_secondaries && it.interface == link.name);
    let promotes = promotes.count();
    let is_set = if promotes > 0 { link.promote_secondaries } else { 0 };
    line_of(text, "   Original promote_secondaries", changed(link.promote_secondaries).max(is_set));
    line_of(text, "   Reset promote_secondaries counter", promotes);
}

/// Whether neighbours are told that this is a router, where they are told at all.
fn forwarding(text: &mut String, link: &LinkFacts, snapshot: &Snapshot) {
    let tells = snapshot.instances.iter().any(|seen| {
        let v6 = |it: &&crate::types::Address| it.family() == Family::V6;
        seen.holds() && seen.config.interface == link.name && seen.config.held().any(|it| v6(&it))
    });
    if tells {
        let not = if link.forwards_v6 { "" } else { "Not " };
        let now = date::show_year_first(snapshot.taken);
        *text += &format!("   {not}IPv6 forwarding. Last checked {now}\n");
    }
}

/// The instances that depend on it, with what it adds to their priority.
fn trackers(text: &mut String, link: &LinkFacts, snapshot: &Snapshot) {
    let all = snapshot.instances.iter().filter_map(|seen| {
        let config = &seen.config;
        let mut tracked = config.tracked_interfaces.iter();
        let weight = match tracked.find(|it| it.link == link.name) {
            Some(it) => format!("{}{}", it.weight.get(), if it.reverse { " reverse" } else { "" }),
            None if !config.track_primary && config.interface == link.name => "255".to_owned(),
            None if config.links().any(|it| it == link.name) => "0".to_owned(),
            None => return None,
        };
        Some(format!("{}, weight {weight}", config.name))
    });
    list(text, "   Tracking VRRP instances :", all);
}

/// A line without a sign between name and value.
fn line_of(text: &mut String, name: &str, value: impl std::fmt::Display) {
    *text += &format!("{name} {value}\n");
}

/// `ARPHRD_*`
const ETHERNET: u16 = 1;
const INFINIBAND: u16 = 32;
const LOOPBACK: u16 = 772;

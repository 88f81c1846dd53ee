//! A model as native text: what `vipd convert` prints.

mod hooks;
mod trackers;

use std::fmt::Display;
use std::time::Duration;

use super::{route, rule};
use crate::config::model::{
    Authentication, ChecksumForm, FastRelease, Firewall, Fixtures, Group, Instance, Model, Node,
    Peer, Preempt, Realtime, TrackedInterface, Transport, Vmac,
};
use crate::types::{Address, Announce, Broadcast, MacAddr, Scope, Version, Weight};

mod daemon;
mod links;

/// The text that means `model`. What has its default is left out.
#[must_use]
pub fn write(model: &Model) -> String {
    let mut text = Text::default();
    text.node(&model.node);
    text.links(&model.node.link_delays);
    text.daemon(&model.node.daemon);
    text.reload(&model.node.reload);
    text.fixtures(&model.fixtures);
    text.scripts(&model.node);
    text.mail(&model.node.mail);
    for tracker in &model.trackers {
        text.tracker(tracker);
    }
    for instance in &model.instances {
        text.instance(instance, model);
    }
    for group in &model.groups {
        text.group(group, &model.instances);
    }
    text.0
}

/// Text that grows line by line.
#[derive(Default)]
struct Text(String);

impl Text {
    fn node(&mut self, node: &Node) {
        // What other tables say of the node is none of this table's.
        let usual = Node {
            script_account: node.script_account.clone(),
            secure_scripts: node.secure_scripts,
            fifos: node.fifos.clone(),
            mail: node.mail.clone(),
            daemon: node.daemon.clone(),
            reload: node.reload.clone(),
            link_delays: node.link_delays.clone(),
            ..Node::default()
        };
        if *node == usual {
            return;
        }
        self.header("node");
        if let Some(router_id) = &node.router_id {
            self.line("router_id", quoted(router_id));
        }
        let delay = node.startup_delay;
        self.unless(delay == usual.startup_delay, "startup_delay", time(delay));
        let dynamic = node.dynamic_interfaces;
        self.unless(dynamic == usual.dynamic_interfaces, "dynamic_interfaces", dynamic);
        match node.realtime {
            Realtime::IfPermitted => {}
            Realtime::Off => self.line("realtime", "\"off\""),
            Realtime::Priority(priority) => self.line("realtime", priority),
        }
        self.unless(node.nice == usual.nice, "nice", node.nice);
        let log = node.log_unknown_vrids;
        self.unless(log == usual.log_unknown_vrids, "log_unknown_vrids", log);
        self.unless(node.local_igmp, "local_igmp", false);
        let Firewall { table, priority, counters } = &node.firewall;
        self.unless(*table == usual.firewall.table, "firewall.table", quoted(table));
        self.unless(*priority == usual.firewall.priority, "firewall.priority", priority);
        self.unless(!counters, "firewall.counters", true);
        self.paces(&node.paces);
    }

    fn instance(&mut self, instance: &Instance, model: &Model) {
        self.header(&format!("instance.{}", key(&instance.name)));
        self.line("interface", quoted(instance.interface.as_str()));
        self.line("vrid", instance.vrid);
        self.unless(instance.version == Version::V3, "version", instance.version);
        self.line("priority", instance.priority);
        self.line("interval", time(instance.interval.duration()));
        match instance.preempt {
            Preempt::Yes => {}
            Preempt::No => self.line("preempt", false),
            Preempt::After(delay) => self.line("preempt", time(delay)),
        }
        if let Some(source) = instance.source {
            self.line("source", quoted(&source.to_string()));
        }
        self.transport(&instance.transport);
        match instance.authentication {
            Authentication::None => {}
            Authentication::Pass(octets) => self.line("password", password(&octets)),
            Authentication::Ah(octets) => {
                self.line("authentication", quoted("ah"));
                self.line("password", password(&octets));
            }
        }
        if let Some(vmac) = &instance.vmac {
            self.line("vmac", own_vmac(vmac, instance));
        }
        self.unless(instance.accept, "accept", false);
        self.unless(!instance.promote_secondaries, "promote_secondaries", true);
        self.line("addresses", addresses(&instance.addresses, instance));
        if !instance.excluded.is_empty() {
            self.line("excluded", addresses(&instance.excluded, instance));
        }
        self.entries("routes", instance.routes.iter().map(route::write));
        self.entries("rules", instance.rules.iter().map(rule::write));
        self.unless(instance.track_primary, "track_primary", false);
        self.track(instance, &model.trackers);
        self.policy(instance);
        self.announce(&instance.announce);
        self.hooks(&instance.hooks);
    }

    fn group(&mut self, group: &Group, instances: &[Instance]) {
        self.header(&format!("group.{}", key(&group.name)));
        let named = |member| instances.iter().find(|instance| instance.key() == member);
        let members = group.members.iter().filter_map(|member| named(*member));
        self.line("members", list(members.map(|member| quoted(&member.name))));
        if !group.tracked_interfaces.is_empty() {
            self.line("track", list(group.tracked_interfaces.iter().map(tracked_interface)));
        }
        self.hooks(&group.hooks);
    }

    fn transport(&mut self, transport: &Transport) {
        match transport {
            Transport::Multicast { group } => {
                let usual = ["224.0.0.18", "ff02::12"].contains(&group.to_string().as_str());
                self.unless(usual, "multicast_group", quoted(&group.to_string()));
            }
            Transport::Unicast { peers, ttl, check_source } => {
                self.line("peers", list(peers.iter().map(peer)));
                self.unless(*ttl == 255, "ttl", ttl);
                self.unless(!check_source, "check_source", true);
            }
        }
    }

    /// What could stand in `[defaults]` too.
    fn policy(&mut self, instance: &Instance) {
        let Instance { down_adverts, answer_lower, answer_higher, skip_address_check, .. } =
            instance;
        self.unless(*down_adverts == 3, "down_adverts", down_adverts);
        match instance.fast_release {
            FastRelease::Auto => {}
            FastRelease::Off => self.line("fast_release", "\"off\""),
            FastRelease::To(interval) => self.line("fast_release", time(interval.duration())),
        }
        self.unless(*answer_lower, "answer_lower", false);
        self.unless(!answer_higher, "answer_higher", true);
        self.unless(!skip_address_check, "skip_address_check", true);
        match instance.checksum {
            ChecksumForm::PseudoHeader => {}
            ChecksumForm::PseudoHeaderOnly => self.line("checksum", "\"pseudo-header-only\""),
            ChecksumForm::OldUnicast => self.line("checksum", "\"old-unicast\""),
            ChecksumForm::MessageOnly => self.line("checksum", "\"message-only\""),
        }
    }

    fn announce(&mut self, announce: &Announce) {
        let usual = Announce::default();
        let counts = [
            ("repeat", announce.repeat, usual.repeat),
            ("refresh_repeat", announce.refresh_repeat, usual.refresh_repeat),
            ("lower_repeat", announce.lower_repeat, usual.lower_repeat),
        ];
        let spans = [
            ("delay", announce.delay, usual.delay),
            ("refresh", announce.refresh, usual.refresh),
            ("lower_delay", announce.lower_delay, usual.lower_delay),
            ("arp_interval", announce.arp_interval, usual.arp_interval),
            ("na_interval", announce.na_interval, usual.na_interval),
        ];
        for (name, count, usual) in counts {
            self.unless(count == usual, &format!("announce.{name}"), count);
        }
        for (name, span, usual) in spans {
            self.unless(span == usual, &format!("announce.{name}"), time(span));
        }
    }

    fn fixtures(&mut self, fixtures: &Fixtures) {
        if *fixtures == Fixtures::default() {
            return;
        }
        self.header("static");
        // None is the interface of all: each address names its own.
        let nowhere = |one: &Address| address_on(one, None);
        self.entries("addresses", fixtures.addresses.iter().map(nowhere));
        self.entries("routes", fixtures.routes.iter().map(route::write));
        self.entries("rules", fixtures.rules.iter().map(rule::write));
    }

    /// A list that is left out where there is nothing in it.
    fn entries(&mut self, key: &str, entries: impl ExactSizeIterator<Item = String>) {
        self.unless(entries.len() == 0, key, lines(entries));
    }

    fn header(&mut self, name: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0 += &format!("{gap}[{name}]\n");
    }

    fn line(&mut self, key: &str, value: impl Display) {
        self.0 += &format!("{key} = {value}\n");
    }

    /// A line that is left out where it would say the default.
    fn unless(&mut self, usual: bool, key: &str, value: impl Display) {
        if !usual {
            self.line(key, value);
        }
    }
}

/// A password without what it is padded with.
fn password(octets: &[u8; 8]) -> String {
    quoted(String::from_utf8_lossy(octets).trim_end_matches('\0'))
}

/// A list of addresses, one to a line where there are several.
fn addresses(all: &[Address], instance: &Instance) -> String {
    lines(all.iter().map(|one| address(one, instance)))
}

/// A list, one entry to a line where there are several.
fn lines(mut entries: impl ExactSizeIterator<Item = String>) -> String {
    if entries.len() < 2 {
        return list(entries);
    }
    let lines: String = entries.by_ref().map(|entry| format!("    {entry},\n")).collect();
    format!("[\n{lines}]")
}

/// An address; a table only if it says more than itself and its prefix.
fn address(address: &Address, instance: &Instance) -> String {
    address_on(address, Some(instance))
}

/// The address as it stands in an instance, or in none.
fn address_on(address: &Address, instance: Option<&Instance>) -> String {
    let plain = Address::new(address.ip, address.link);
    let usual_life = plain.preferred_secs.filter(|_| address.prefix == plain.prefix);
    let place = match address.prefix {
        prefix if prefix == plain.prefix => address.ip.to_string(),
        prefix => format!("{}/{prefix}", address.ip),
    };
    let mut more = Vec::new();
    let vmacs = instance.map_or(&[][..], |instance| &instance.address_vmacs);
    let carrier = vmacs.iter().find(|vmac| vmac.name == address.link);
    let link = carrier.map_or(address.link, |vmac| vmac.base);
    let usual = instance.is_some_and(|instance| match (&instance.vmac, carrier) {
        (Some(own), None) => link == own.name,
        (None, None) | (_, Some(_)) => link == instance.interface,
    });
    if !usual {
        more.push(format!("interface = {}", quoted(link.as_str())));
    }
    if let Some(vmac) = carrier {
        more.push(format!("vmac = {}", quoted(vmac.name.as_str())));
    }
    if address.scope != Scope::GLOBAL {
        more.push(format!("scope = {}", address.scope.0));
    }
    match address.broadcast {
        Broadcast::None => {}
        Broadcast::AllOnes => more.push("broadcast = \"all-ones\"".to_owned()),
        Broadcast::AllZeros => more.push("broadcast = \"all-zeros\"".to_owned()),
        Broadcast::Is(ip) => more.push(format!("broadcast = \"{ip}\"")),
    }
    if let Some(label) = &address.label {
        more.push(format!("label = {}", quoted(label.as_str())));
    }
    if let Some((ip, prefix)) = address.peer {
        more.push(format!("peer = \"{ip}/{prefix}\""));
    }
    if address.preferred_secs != usual_life {
        let secs = address.preferred_secs.map(|secs| format!("{secs}s"));
        more.push(format!("preferred = \"{}\"", secs.as_deref().unwrap_or("forever")));
    }
    let flags = [
        (address.dad, "dad = true"),
        (address.home, "home = true"),
        (address.manage_temporary, "manage_temporary = true"),
        (address.no_prefix_route, "no_prefix_route = true"),
        (address.auto_join, "auto_join = true"),
        (!address.tracked, "tracked = false"),
    ];
    more.extend(flags.iter().filter(|(set, _)| *set).map(|(_, text)| (*text).to_owned()));
    if more.is_empty() {
        return quoted(&place);
    }
    format!("{{ ip = {}, {} }}", quoted(&place), more.join(", "))
}

/// The instance's virtual interface: its name, and a table only if there is more to say.
fn own_vmac(vmac: &Vmac, instance: &Instance) -> String {
    let name = quoted(vmac.name.as_str());
    let mut more = vec![format!("name = {name}")];
    if vmac.mac != MacAddr::of_virtual_router(instance.family, instance.vrid) {
        more.push(format!("mac = \"{}\"", vmac.mac));
    }
    if let Some(group) = vmac.group {
        more.push(format!("group = {group}"));
    }
    if !vmac.sends {
        more.push("adverts = \"base\"".to_owned());
    }
    match more.as_slice() {
        [_] => name,
        _ => format!("{{ {} }}", more.join(", ")),
    }
}

fn peer(peer: &Peer) -> String {
    match (peer.min_ttl, peer.max_ttl) {
        (0, 255) => quoted(&peer.address.to_string()),
        (min, max) => {
            format!("{{ ip = \"{}\", min_ttl = {min}, max_ttl = {max} }}", peer.address)
        }
    }
}

fn tracked_interface(tracked: &TrackedInterface) -> String {
    let link = quoted(tracked.link.as_str());
    match (tracked.weight, tracked.reverse) {
        (Weight::FAULT, false) => link,
        (weight, false) => format!("{{ interface = {link}, weight = {} }}", weight.get()),
        (weight, true) => {
            format!("{{ interface = {link}, weight = {}, reverse = true }}", weight.get())
        }
    }
}

pub(super) fn list(entries: impl Iterator<Item = String>) -> String {
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}

/// A span of time in its largest whole unit.
fn time(span: Duration) -> String {
    let nanos = span.as_nanos();
    let units = [("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000)];
    let whole = |unit: &&(&str, u128)| nanos >= unit.1 && nanos.is_multiple_of(unit.1);
    match units.iter().find(whole) {
        Some((unit, size)) => format!("\"{}{unit}\"", nanos / size),
        None if nanos == 0 => "\"0s\"".to_owned(),
        None => format!("\"{}us\"", nanos / 1000),
    }
}

/// A key, in quotes where it has to be.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::arbitrary;
    use crate::config::diagnostic::Diagnostics;
    use crate::config::source::Sources;
    use crate::config::toml::load;

    proptest! {
        #[test]
        fn every_model_can_be_said_and_is_understood(model in arbitrary::model()) {
            let text = write(&model);
            let mut sources = Sources::sealed();
            let file = sources.add("vipd.toml", text.as_str()).unwrap();
            let mut findings = Diagnostics::default();

            let read = load(&sources, file, &mut findings);

            prop_assert_eq!(read, Some(model), "{}\n{:?}", text, findings);
        }

        #[test]
        fn any_text_survives_its_quotes(text in "\\PC{0,20}|[\\x00-\\x7f]{0,20}") {
            let table: toml::Table = format!("a = {}", quoted(&text)).parse().unwrap();
            prop_assert_eq!(table["a"].as_str(), Some(text.as_str()));
        }
    }
}

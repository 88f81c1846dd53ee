//! `keepalived.data`. How far a line is indented tells its readers what it is.

mod global;
mod instance;
mod links;
mod trackers;

use std::fmt::Write as _;

use super::{Group, Seen, Snapshot, words};
use crate::config::model::{TrackedInterface, TrackerKind, Transport};
use crate::types::{Family, Protocol};

pub(super) use global::parent;

pub(super) fn render(snapshot: &Snapshot) -> String {
    let mut text = global::worker(snapshot);
    fixtures(&mut text, snapshot);
    if !snapshot.instances.is_empty() {
        text += "------< VRRP Topology >------\n";
    }
    for seen in &snapshot.instances {
        instance::render(&mut text, seen, snapshot);
    }
    sockets(&mut text, snapshot);
    groups(&mut text, snapshot);
    trackers::render(&mut text, snapshot);
    links::render(&mut text, snapshot);
    text
}

/// What the node holds by itself.
fn fixtures(text: &mut String, snapshot: &Snapshot) {
    let fixtures = &snapshot.model.fixtures;
    let stands = |address| snapshot.stands(address);
    let addresses = fixtures.addresses.iter().map(|it| words::address(it, None, stands(it)));
    list(text, "------< Static Addresses >------", addresses);
    list(text, "------< Static Routes >------", fixtures.routes.iter().map(words::route));
    list(text, "------< Static Rules >------", fixtures.rules.iter().map(words::rule));
}

/// The sockets, with those that share each.
fn sockets(text: &mut String, snapshot: &Snapshot) {
    let mut pools: Vec<(Socket<'_>, Vec<&Seen>)> = Vec::new();
    for seen in &snapshot.instances {
        let socket = Socket::of(seen);
        match pools.iter_mut().find(|(other, _)| *other == socket) {
            Some((_, users)) => users.push(seen),
            None => pools.push((socket, vec![seen])),
        }
    }
    if !pools.is_empty() {
        *text += "------< VRRP Sockpool >------\n";
    }
    for (socket, mut users) in pools {
        users.sort_by_key(|seen| seen.config.vrid.get());
        let (input, output) = users.iter().find_map(|it| it.descriptors).unwrap_or((-1, -1));
        *text += &format!(" fd_in {input} fd_out = {output}\n");
        line(text, "   Interface", socket.link);
        line(text, "   Family", if socket.family == Family::V4 { "IPv4" } else { "IPv6" });
        line(text, "   Protocol", if socket.signed { "AH" } else { "VRRP" });
        line(text, "   Type", if socket.unicast { "Unicast" } else { "Multicast" });
        if let (true, Some(source)) = (socket.unicast, socket.source) {
            line(text, "   Address", source);
        }
        line(text, "   Rx buf size", 0);
        *text += "   VRRP instances\n";
        for seen in users {
            *text += &format!("     {} vrid {}\n", seen.config.name, seen.config.vrid);
        }
    }
}

/// What tells sockets apart.
#[derive(Eq, PartialEq)]
struct Socket<'a> {
    link: &'a str,
    family: Family,
    unicast: bool,
    source: Option<std::net::IpAddr>,
    signed: bool,
}

impl<'a> Socket<'a> {
    fn of(seen: &'a Seen) -> Self {
        let vmac = seen.config.vmac.as_ref().filter(|vmac| vmac.sends);
        let unicast = matches!(seen.config.transport, Transport::Unicast { .. });
        Self {
            link: vmac.map_or(&seen.config.interface, |vmac| &vmac.name).as_str(),
            family: seen.config.family,
            unicast,
            source: seen.source.filter(|_| unicast),
            signed: seen.config.authentication.protocol() == Protocol::Ah,
        }
    }
}

fn groups(text: &mut String, snapshot: &Snapshot) {
    if !snapshot.groups.is_empty() {
        *text += "------< VRRP Sync groups >------\n";
    }
    for group in &snapshot.groups {
        let Group { config, shown, .. } = group;
        line(text, " VRRP Sync Group", format!("{}, {}", config.name, snapshot.state_of(group)));
        let members = || snapshot.members(group);
        let at_fault = members().filter(|seen| seen.faults > 0).count();
        let untold = members().filter(|seen| seen.untold > 0).count();
        *text += &format!("   Num member fault {at_fault}, num member init {untold}\n");
        list(text, "   VRRP member instances :", members().map(|it| it.config.name.clone()));
        if shown.member_weights {
            *text += "   sync group tracking weight set\n";
        }
        let mails = if config.hooks.mail { "yes" } else { "no" };
        line(text, "   Using smtp notification", mails);
        interfaces(text, &shown.tracked_interfaces);
        let of = |kind| shown.tracked.iter().filter(move |it| it.tracker.kind == kind);
        let scripts = of(TrackerKind::Script).map(|it| trackers::weighted(it, " "));
        list(text, "   Tracked scripts :", scripts);
        let files = of(TrackerKind::File).map(|it| trackers::weighted(it, ", "));
        list(text, "   Tracked files :", files);
        let processes = of(TrackerKind::Process).map(|it| trackers::weighted(it, ", "));
        list(text, "   Tracked process :", processes);
        let hooks = &config.hooks;
        for (name, program) in [
            ("Backup", &hooks.backup),
            ("Master", &hooks.active),
            ("Fault", &hooks.fault),
            ("Stop", &hooks.stop),
            ("Generic", &hooks.any),
        ] {
            if let Some(program) = program {
                let node = snapshot.model.node.script_account.as_ref();
                instance::script(text, name, program, node);
            }
        }
    }
}

fn interfaces(text: &mut String, tracked: &[TrackedInterface]) {
    let lines = tracked.iter().map(|it| {
        let reverse = if it.reverse { " reverse" } else { "" };
        format!("{} weight {}{reverse}", it.link, it.weight.get())
    });
    list(text, "   Tracked interfaces :", lines);
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    // A String takes whatever is written into it.
    let _infallible = writeln!(text, "{name} = {value}").is_err();
}

/// A heading with its members, if there are any.
fn list(text: &mut String, heading: &str, members: impl Iterator<Item = String>) {
    let mut members = members.peekable();
    if members.peek().is_some() {
        *text += &format!("{heading}\n");
    }
    members.for_each(|member| *text += &format!("     {member}\n"));
}

/// `true` and `false`, as most lines say it.
const fn enabled(is: bool) -> &'static str {
    if is { "enabled" } else { "disabled" }
}

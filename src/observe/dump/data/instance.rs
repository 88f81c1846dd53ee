//! An instance.

use std::net::IpAddr;
use std::time::Duration;

use super::super::{Seen, Snapshot, State, date, words};
use super::{enabled, interfaces, line, list, trackers};
use crate::config::model::{
    Authentication, ChecksumForm, Deletion, Hooks, Instance, Preempt, Tracked, TrackerKind,
    Transport,
};
use crate::types::{Account, Family, Program, Version};

pub(super) fn render(text: &mut String, seen: &Seen, snapshot: &Snapshot) {
    let config = &seen.config;
    line(text, " VRRP Instance", &config.name);
    line(text, "   VRRP Version", seen.version());
    if let Some(group) = &seen.group {
        line(text, "   Sync group", group);
    }
    if config.family == Family::V6 {
        *text += "   Using Native IPv6\n";
    }
    state(text, seen);
    carrier(text, seen);
    audience(text, seen, snapshot);
    policy(text, seen);
    security(text, config);
    *text += &format!("   Virtual IP ({}):\n", config.addresses.len());
    for address in &config.addresses {
        *text += &format!("     {}\n", seen.address(address));
    }
    list(text, "   Virtual IP Excluded :", config.excluded.iter().map(|it| seen.address(it)));
    peers(text, config);
    match seen.descriptors {
        Some((input, output)) => *text += &format!("   fd_in {input}, fd_out {output}\n"),
        None => *text += "   No sockets allocated\n",
    }
    list(text, "   Virtual Routes :", config.routes.iter().map(words::route));
    list(text, "   Virtual Rules :", config.rules.iter().map(words::rule));
    interfaces(text, &config.tracked_interfaces);
    let own = |kind| {
        let is_own = move |it: &&Tracked| it.tracker.kind == kind && snapshot.is_own(seen, it);
        config.tracked.iter().filter(is_own)
    };
    let scripts = own(TrackerKind::Script).map(|it| trackers::weighted(it, " "));
    list(text, "   Tracked scripts :", scripts);
    let files = own(TrackerKind::File).map(|it| trackers::weighted(it, ", "));
    list(text, "   Tracked files :", files);
    let processes = own(TrackerKind::Process).map(|it| trackers::weighted(it, ", "));
    list(text, "   Tracked processes :", processes);
    line(text, "   Using smtp notification", yes(config.hooks.mail));
    hooks(text, &config.hooks, snapshot.model.node.script_account.as_ref());
}

fn state(text: &mut String, seen: &Seen) {
    let config = &seen.config;
    line(text, "   State", seen.state().word());
    if seen.state() == State::Backup {
        let (master, priority) = seen.follows.map_or_else(
            || (unspecified(config.family), 0),
            |(master, priority)| (master, priority.get()),
        );
        line(text, "   Master router", master);
        line(text, "   Master priority", priority);
        if config.version == Version::V3 {
            let secs = seen.interval.duration().as_secs_f64();
            line(text, "   Master advert int", format!("{secs:.2} sec"));
        }
    }
    flags(text, config);
    line(text, "   Wantstate", seen.wanted().word());
    line(text, "   Number of config faults", 0);
    line(text, "   Number of interface and track script faults", seen.faults);
    line(text, "   Number of track scripts init", seen.untold);
    line(text, "   Last transition", date::show(seen.changed));
    match seen.deadline {
        Some(time) => line(text, "   Read timeout", date::show(time)),
        None => *text += "   Read timeout = DISABLED\n",
    }
    line(text, "   Master down timer", format!("{} usecs", seen.down.as_micros()));
}

/// Most of keepalived's flags have no name there.
fn flags(text: &mut String, config: &Instance) {
    let unicast = matches!(config.transport, Transport::Unicast { .. });
    let unnamed = config.preempt == Preempt::No
        || config.promote_secondaries
        || config.skip_address_check
        || config.vmac.is_some();
    *text += if unicast || unnamed { "   Flags:\n" } else { "   Flags: none\n" };
    *text += if unicast { "     Using unicast\n" } else { "" };
}

fn carrier(text: &mut String, seen: &Seen) {
    let config = &seen.config;
    let Some(vmac) = &config.vmac else {
        if !config.address_vmacs.is_empty() {
            *text += "   Use VMAC for VIPs on other interfaces\n";
        }
        return line(text, "   Interface", config.interface);
    };
    let from_base = !vmac.sends;
    *text += &format!(
        "   Use VMAC, i/f name {}, is_up = {}, xmit_base = {from_base}\n",
        vmac.name, seen.vmac_up
    );
    if !config.address_vmacs.is_empty() {
        *text += "   Use VMAC for VIPs on other interfaces\n";
    }
    let base = if from_base { ", xmit base i/f" } else { "" };
    line(text, "   Interface", format!("{}, vmac on {}{base}", vmac.name, vmac.base));
}

fn audience(text: &mut String, seen: &Seen, snapshot: &Snapshot) {
    let config = &seen.config;
    if !config.track_primary {
        *text += "   VRRP interface tracking disabled\n";
    }
    if config.skip_address_check {
        *text += "   Skip checking advert IP addresses\n";
    }
    if seen.strict {
        *text += "   Enforcing strict VRRP compliance\n";
    }
    let written = if config.source.is_some() { " (from configuration)" } else { "" };
    match seen.source {
        Some(source) => line(text, "   Using src_ip", format!("{source}{written}")),
        None => line(text, "   Using src_ip", "(none)"),
    }
    if let Transport::Multicast { group } = &config.transport {
        let link = snapshot.link(config.outlet()).filter(|_| config.family == Family::V6);
        let index = link.map_or_else(String::new, |link| format!(", ifindex {}", link.index));
        *text += &format!("   Multicast address {group}{index}\n");
    }
}

fn policy(text: &mut String, seen: &Seen) {
    let config = &seen.config;
    let announce = &config.announce;
    line(text, "   Gratuitous ARP delay", announce.delay.as_secs());
    line(text, "   Gratuitous ARP repeat", announce.repeat);
    line(text, "   Gratuitous ARP refresh", announce.refresh.as_secs());
    line(text, "   Gratuitous ARP refresh repeat", announce.refresh_repeat);
    line(text, "   Gratuitous ARP lower priority delay", announce.lower_delay.as_secs());
    line(text, "   Gratuitous ARP lower priority repeat", announce.lower_repeat);
    line(text, "   Down timer adverts", config.down_adverts);
    line(text, "   Send advert after receive lower priority advert", config.answer_lower);
    line(text, "   Send advert after receive higher priority advert", config.answer_higher);
    line(text, "   Virtual Router ID", config.vrid);
    line(text, "   Priority", config.priority);
    line(text, "   Effective priority", seen.priority);
    line(text, "   Total priority", seen.priority);
    let interval = config.interval.duration();
    match config.version {
        Version::V2 => line(text, "   Advert interval", format!("{} sec", interval.as_secs())),
        Version::V3 => {
            line(text, "   Advert interval", format!("{} milli-sec", interval.as_millis()));
            if seen.state() == State::Backup {
                let learned = seen.interval.duration().as_millis();
                line(text, "   Master advert interval", format!("{learned} milli-sec"));
            }
        }
    }
    line(text, "   Accept", enabled(config.accept));
    line(text, "   Preempt", enabled(config.preempt != Preempt::No));
    if let Preempt::After(delay) = config.preempt {
        line(text, "   Preempt delay", format!("{} secs", secs(delay)));
    }
    line(text, "   Promote_secondaries", enabled(config.promote_secondaries));
}

fn security(text: &mut String, config: &Instance) {
    match config.authentication {
        Authentication::None if config.version == Version::V3 => {}
        Authentication::None => *text += "   Authentication type = none\n",
        Authentication::Pass(_) => {
            *text += "   Authentication type = SIMPLE_PASSWORD\n   Password = ********\n";
        }
        Authentication::Ah(_) => *text += "   Authentication type = IPSEC_AH\n",
    }
}

fn peers(text: &mut String, config: &Instance) {
    let Transport::Unicast { peers, ttl, check_source } = &config.transport else { return };
    line(text, "   Unicast TTL", ttl);
    *text += &format!("   Check unicast src : {}\n", yes(*check_source));
    let peers = peers
        .iter()
        .map(|peer| format!("{} min_ttl {} max_ttl {}", peer.address, peer.min_ttl, peer.max_ttl));
    list(text, "   Unicast Peer :", peers);
    if config.family == Family::V4 {
        let is_old = config.checksum == ChecksumForm::MessageOnly;
        line(text, "   Unicast checksum compatibility", if is_old { "config" } else { "no" });
    }
}

fn hooks(text: &mut String, hooks: &Hooks, node: Option<&Account>) {
    let deleted = match &hooks.deleted {
        Deletion::AsFault => {
            *text += "   Notify deleted = Fault\n";
            None
        }
        Deletion::AsDeleted(program) => {
            *text += "   Notify deleted = Deleted\n";
            program.as_ref()
        }
    };
    let programs: [(&str, Option<&Program>); 7] = [
        ("Backup", hooks.backup.as_ref()),
        ("Master", hooks.active.as_ref()),
        ("Fault", hooks.fault.as_ref()),
        ("Stop", hooks.stop.as_ref()),
        ("Deleted", deleted),
        ("Generic", hooks.any.as_ref()),
        ("Master rx lower pri", hooks.outranking.as_ref()),
    ];
    for (name, program) in programs {
        if let Some(program) = program {
            script(text, name, program, node);
        }
    }
    line(text, "   Notify priority changes", hooks.priority_changes);
}

/// A program that is run at a change of state.
pub(super) fn script(text: &mut String, name: &str, program: &Program, node: Option<&Account>) {
    let runner = words::runner(program.account.as_ref(), node);
    let program = words::program(program, runner);
    let (user, group) = (runner.user, runner.group);
    *text += &format!("   {name} state transition script = {program}, uid:gid {user}:{group}\n");
}

const fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Seconds without zeros behind the point.
fn secs(time: Duration) -> String {
    let text = format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

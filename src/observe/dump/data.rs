//! `keepalived.data`. How far a line is indented tells its readers what it is.

use std::fmt::Write as _;

use super::{Seen, Snapshot, date, quoted};
use crate::config::model::{Authentication, Deletion, Hooks, Preempt, Transport};
use crate::types::{Program, Version};

pub(super) fn render(snapshot: &Snapshot) -> String {
    let mut text = String::from("------< Global definitions >------\n");
    line(&mut text, " Router ID", &snapshot.router_id);
    text += "------< VRRP Topology >------\n";
    for seen in &snapshot.instances {
        instance(&mut text, seen);
    }
    if !snapshot.groups.is_empty() {
        text += "------< VRRP Sync groups >------\n";
    }
    for group in &snapshot.groups {
        let members =
            snapshot.instances.iter().filter(|seen| group.members.contains(&seen.config.name));
        let state = members.map(|seen| seen.state().word()).next().unwrap_or("INIT");
        line(&mut text, " VRRP Sync Group", format!("{}, {state}", group.name));
        text += "   VRRP member instances :\n";
        for member in &group.members {
            text += &format!("     {member}\n");
        }
    }
    text
}

fn instance(text: &mut String, seen: &Seen) {
    let config = &seen.config;
    line(text, " VRRP Instance", &config.name);
    line(text, "   VRRP Version", seen.version());
    if let Some(group) = &seen.group {
        line(text, "   Sync group", group);
    }
    line(text, "   State", seen.state().word());
    *text += "   Flags: none\n";
    line(text, "   Wantstate", seen.wanted().word());
    line(text, "   Number of interface and track script faults", u8::from(seen.at_fault));
    line(text, "   Last transition", date::show(seen.changed));
    line(text, "   Interface", config.interface);
    if let Some(source) = seen.source {
        line(text, "   Using src_ip", source);
    }
    match &config.transport {
        Transport::Multicast { group } => *text += &format!("   Multicast address {group}\n"),
        Transport::Unicast { peers, .. } => {
            *text += &format!("   Unicast Peer ({}):\n", peers.len());
            for peer in peers {
                *text += &format!("     {}\n", peer.address);
            }
        }
    }
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
    let interval = u32::from(config.interval.get());
    match config.version {
        Version::V2 => line(text, "   Advert interval", format!("{} sec", interval / 100)),
        Version::V3 => line(text, "   Advert interval", format!("{} milli-sec", interval * 10)),
    }
    *text += "   Accept = enabled\n";
    match config.preempt {
        Preempt::No => *text += "   Preempt = disabled\n",
        Preempt::Yes | Preempt::After(_) => *text += "   Preempt = enabled\n",
    }
    if let Preempt::After(delay) = config.preempt {
        line(text, "   Preempt delay", format!("{:.6} secs", delay.as_secs_f64()));
    }
    match config.authentication {
        Authentication::None if config.version == Version::V3 => {}
        Authentication::None => *text += "   Authentication type = none\n",
        Authentication::Pass(_) => {
            *text += "   Authentication type = SIMPLE_PASSWORD\n   Password = ********\n";
        }
        Authentication::Ah(_) => *text += "   Authentication type = IPSEC_AH\n",
    }
    *text += &format!("   Virtual IP ({}):\n", config.addresses.len());
    for address in &config.addresses {
        *text += &format!("     {}\n", seen.address(address));
    }
    if !config.excluded.is_empty() {
        *text += "   Virtual IP Excluded :\n";
    }
    for address in &config.excluded {
        *text += &format!("     {}\n", seen.address(address));
    }
    *text += "   Using smtp notification = no\n";
    hooks(text, &config.hooks);
}

fn hooks(text: &mut String, hooks: &Hooks) {
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
        ("Backup state transition script", hooks.backup.as_ref()),
        ("Master state transition script", hooks.active.as_ref()),
        ("Fault state transition script", hooks.fault.as_ref()),
        ("Stop state transition script", hooks.stop.as_ref()),
        ("Deleted state transition script", deleted),
        ("Generic state transition script", hooks.any.as_ref()),
        ("Master rx lower priority script", hooks.outranking.as_ref()),
    ];
    for (name, program) in programs {
        if let Some(program) = program {
            *text += &format!("   {name} = {}\n", quoted(program));
        }
    }
    line(text, "   Notify priority changes", hooks.priority_changes);
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    // A String takes whatever is written into it.
    let _infallible = writeln!(text, "{name} = {value}").is_err();
}

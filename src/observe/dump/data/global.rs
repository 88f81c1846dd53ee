//! What holds for the node as a whole.

use super::super::{Snapshot, words};
use super::{enabled, line};
use crate::config::model::{
    Fifo, Firewall, Instance, Mail, Marker, Model, Node, Realtime, Reload, Shown,
};
use crate::types::Version;

/// `keepalived_parent.data`: what the supervisor knows.
pub(in super::super) fn parent(snapshot: &Snapshot) -> String {
    render(snapshot, Whose::Supervisor)
}

/// The first section of `keepalived.data`.
pub(super) fn worker(snapshot: &Snapshot) -> String {
    render(snapshot, Whose::Worker)
}

/// Which process tells.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Whose {
    Supervisor,
    Worker,
}

fn render(snapshot: &Snapshot, whose: Whose) -> String {
    let Snapshot { model, shown, .. } = snapshot;
    let node = &model.node;
    let mut text = String::from("------< Global definitions >------\n");
    processes(&mut text, node, &snapshot.host);
    mail(&mut text, &node.mail, &snapshot.host);
    text += " Default smtp_alert = unset\n Default smtp_alert_vrrp = unset\n";
    text += " Default smtp_alert_checker = unset\n";
    text += " Checkers log all failures = false\n";
    reload(&mut text, &node.reload);
    line(&mut text, " Dynamic interfaces", node.dynamic_interfaces);
    if node.dynamic_interfaces {
        text += " Allow interface changes = false\n";
    }
    if whose == Whose::Worker {
        text += " Default interface = eth0\n";
    }
    line(&mut text, " Disable local IGMP", if node.local_igmp { "no" } else { "yes" });
    text += " LVS flush = false\n LVS flush on stop = disabled\n";
    fifos(&mut text, node);
    line(&mut text, " VRRP notify priority changes", shown.priority_changes);
    defaults(&mut text, shown);
    firewall(&mut text, model, whose);
    line(&mut text, " VRRP check unicast_src", shown.check_source);
    line(&mut text, " VRRP skip check advert addresses", shown.skip_address_check);
    line(&mut text, " VRRP strict mode", shown.strict);
    scheduling(&mut text, node);
    text += NOT_SERVED;
    text += &format!(" Script security {}\n", enabled(node.secure_scripts));
    let runner = words::runner(None, node.script_account.as_ref());
    text += &format!(" Default script uid:gid {}:{}\n", runner.user, runner.group);
    text += BUFFERS;
    line(&mut text, " umask", format!("0{:o}", node.daemon.umask));
    if !node.startup_delay.is_zero() {
        line(&mut text, " vrrp_startup_delay", node.startup_delay.as_secs_f64());
    }
    if node.log_unknown_vrids {
        text += " log_unknown_vrids\n";
    }
    if let Some(prefix) = &shown.vmac_prefix {
        line(&mut text, " VMAC prefix", prefix);
    }
    if let Some(prefix) = &shown.address_vmac_prefix {
        line(&mut text, " VMAC address prefix", prefix);
    }
    text
}

fn processes(text: &mut String, node: &Node, host: &str) {
    let daemon = &node.daemon;
    line(text, " Network namespace", daemon.namespace.as_deref().unwrap_or("(default)"));
    *text += " Network namespace ipvs = (main namespace)\n";
    if let Some(instance) = &daemon.instance {
        line(text, " Instance name", instance);
    }
    if let Some(name) = &daemon.name {
        line(text, " Parent process name", name);
    }
    if let Some(name) = &daemon.worker_name {
        line(text, " VRRP process name", name);
    }
    line(text, " Router ID", node.router_id.as_deref().unwrap_or(host));
}

/// How mails are sent.
fn mail(text: &mut String, mail: &Mail, host: &str) {
    if let Some(server) = &mail.server {
        line(text, " Smtp server", &server.host);
        line(text, " Smtp server port", server.port);
        line(text, " Smtp HELO name", mail.greeting.as_deref().unwrap_or(host));
        line(text, " Smtp server connection timeout", mail.timeout.as_secs());
    }
    if let Some(from) = &mail.from {
        line(text, " Email notification from", from);
    }
    if !mail.to.is_empty() {
        *text += " Email notification to:\n";
    }
    for address in &mail.to {
        *text += &format!("   {address}\n");
    }
}

fn reload(text: &mut String, reload: &Reload) {
    match (reload.strict, &reload.report) {
        (true, Some(report)) => {
            *text += &format!(" Test config before reload, log to {}\n", report.display());
        }
        (true, None) => *text += " Test config before reload\n",
        (false, _) => *text += " No test config before reload\n",
    }
    if let Some(file) = &reload.time_file {
        let repeat = if reload.repeat { " (repeat)" } else { "" };
        line(text, " Reload time file", format!("{}{repeat}", file.display()));
    }
    match &reload.marker {
        Some(Marker::At(path)) => line(text, " Reload_file", path.display()),
        Some(Marker::BesidePidFile) => line(text, " Reload_file", "(default)"),
        None => {}
    }
}

fn fifos(text: &mut String, node: &Node) {
    for (which, fifo) in [("Global", &node.fifos.all), ("VRRP", &node.fifos.vrrp)] {
        if let Some(fifo) = fifo {
            self::fifo(text, which, fifo, node);
        }
    }
    line(text, " FIFO write vrrp states on reload", node.fifos.repeat_on_reload);
}

fn fifo(text: &mut String, which: &str, fifo: &Fifo, node: &Node) {
    let path = fifo.path.display();
    let owner = words::runner(fifo.account.as_ref(), node.script_account.as_ref());
    let (user, group) = (owner.user, owner.group);
    *text += &format!(" {which} notify fifo = {path}, uid:gid {user}:{group}\n");
    if let Some(reader) = &fifo.reader {
        let runner = words::runner(reader.account.as_ref(), node.script_account.as_ref());
        let (user, group) = (runner.user, runner.group);
        let program = words::program(reader, runner);
        *text +=
            &format!(" {which} notify fifo script = {program} '{path}', uid:gid {user}:{group}\n");
    }
}

/// What instances have that say nothing themselves.
fn defaults(text: &mut String, shown: &Shown) {
    let [v4, v6] = shown.audiences;
    line(text, " VRRP IPv4 mcast group", v4);
    line(text, " VRRP IPv6 mcast group", v6);
    let announce = &shown.announce;
    line(text, " Gratuitous ARP delay", announce.delay.as_secs());
    line(text, " Gratuitous ARP repeat", announce.repeat);
    line(text, " Gratuitous ARP refresh timer", announce.refresh.as_secs());
    line(text, " Gratuitous ARP refresh repeat", announce.refresh_repeat);
    line(text, " Gratuitous ARP lower priority delay", announce.lower_delay.as_secs());
    line(text, " Gratuitous ARP lower priority repeat", announce.lower_repeat);
    line(text, " Num adverts before down", shown.down_adverts);
    *text += " Gratuitous ARP for each secondary VMAC = 0s\n";
    line(text, " Send advert after receive lower priority advert", shown.answer_lower);
    line(text, " Send advert after receive higher priority advert", shown.answer_higher);
    let secs = |time: std::time::Duration| format!("{:.6}", time.as_secs_f64());
    line(text, " Gratuitous ARP interval", secs(announce.arp_interval));
    line(text, " Gratuitous NA interval", secs(announce.na_interval));
    let version = match shown.version {
        Version::V2 => 2,
        Version::V3 => 3,
    };
    line(text, " VRRP default protocol version", version);
}

/// The packet filter, where anything needs it.
fn firewall(text: &mut String, model: &Model, whose: Whose) {
    let Firewall { table, priority, counters } = &model.node.firewall;
    let is_needed = |it: &Instance| it.is_guarded() || it.vmacs().next().is_some();
    let by_need = whose == Whose::Worker && model.instances.iter().any(is_needed);
    if by_need || model.node.firewall != Firewall::default() {
        line(text, " nftables table name", table);
        line(text, " nftables base chain priority", priority);
        *text += " nftables don't force use ifindex for link local IPv6\n";
    }
    *text += if *counters { " nftables with counters\n" } else { " nftables without counters\n" };
}

fn scheduling(text: &mut String, node: &Node) {
    *text += " Max auto priority = 0\n Min auto priority delay = 1000000 usecs\n";
    line(text, " VRRP process priority", node.nice);
    let (locked, priority) = match node.realtime {
        Realtime::Priority(priority) => (true, priority),
        Realtime::IfPermitted | Realtime::Off => (false, 0),
    };
    line(text, " VRRP don't swap", locked);
    line(text, " VRRP realtime priority", priority);
    *text += " VRRP realtime limit = 10000\n";
}

/// What vipd does not do at all, as a keepalived says it that does not do it either.
const NOT_SERVED: &str = " Checker process priority = 0
 Checker don't swap = false
 Checker realtime priority = 0
 Checker realtime limit = 10000
 BFD process priority = 0
 BFD don't swap = false
 BFD realtime priority = 0
 BFD realtime limit = 10000
 SNMP vrrp disabled
 SNMP checker disabled
 SNMP RFCv2 disabled
 SNMP RFCv3 disabled
 SNMP traps disabled
 SNMP socket = default (unix:/var/agentx/master)
 DBus disabled
 DBus service name = 
";

/// Sizes of buffers: the system's own.
const BUFFERS: &str = " vrrp_netlink_cmd_rcv_bufs = 0
 vrrp_netlink_cmd_rcv_bufs_force = 0
 vrrp_netlink_monitor_rcv_bufs = 0
 vrrp_netlink_monitor_rcv_bufs_force = 0
 process_monitor_rcv_bufs = 0
 process_monitor_rcv_bufs_force = 0
 lvs_netlink_cmd_rcv_bufs = 0
 lvs_netlink_cmd_rcv_bufs_force = 0
 lvs_netlink_monitor_rcv_bufs = 0
 lvs_netlink_monitor_rcv_bufs_force = 0
 rs_init_notifies = 0
 no_checker_emails = 0
 rx_bufs_multiples = 3
";

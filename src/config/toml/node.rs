//! `[node]`: what holds for the node as a whole.

use std::net::IpAddr;
use std::time::Duration;

use super::links;
use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Node, Setting};
use crate::config::model::Realtime;
use crate::types::Family;

/// Reads `[node]`.
pub(super) fn read(table: &mut Table<'_, '_>) -> Node {
    let firewall = table.section("firewall", firewall).unwrap_or_default();
    let no_table = |value: Value<'_>, _| Err(Mistake::kind("a table", value));
    let paces = table.list("announce_groups", no_table, links::pace);
    Node {
        router_id: table.setting("router_id", value::word),
        startup_delay: table.setting("startup_delay", value::duration(LONGEST_DELAY)),
        dynamic_interfaces: table.setting("dynamic_interfaces", value::boolean),
        realtime: table.setting("realtime", realtime),
        nice: table.setting("nice", value::integer(-20, 19)),
        log_unknown_vrids: table.setting("log_unknown_vrids", value::boolean),
        group_v4: table.setting("multicast_group_v4", group(Family::V4)),
        group_v6: table.setting("multicast_group_v6", group(Family::V6)),
        local_igmp: table.setting("local_igmp", value::boolean),
        firewall_table: firewall.table,
        firewall_priority: firewall.priority,
        firewall_counters: firewall.counters,
        paces: paces.map(|it| it.value).unwrap_or_default(),
        ..Node::default()
    }
}

/// What `[node.firewall]` says.
#[derive(Default)]
struct Firewall {
    table: Setting<String>,
    priority: Setting<i32>,
    counters: Setting<bool>,
}

/// Reads `[node.firewall]`.
fn firewall(table: &mut Table<'_, '_>) -> Firewall {
    Firewall {
        table: table.setting("table", value::word),
        priority: table.setting("priority", value::integer(i32::MIN.into(), i32::MAX.into())),
        counters: table.setting("counters", value::boolean),
    }
}

/// `"auto"`, `"off"` or a priority from 1 to 99.
fn realtime(value: Value<'_>) -> Read<Realtime> {
    if value.is_integer() {
        return value::integer(1, 99)(value).map(Realtime::Priority);
    }
    let words = [("auto", Realtime::IfPermitted), ("off", Realtime::Off)];
    let help = "or a real-time priority from 1 to 99, without quotes";
    value::choice(&words)(value).map_err(|mistake| mistake.help_if_none(help))
}

/// A multicast group of `family`.
pub(super) fn group(family: Family) -> impl Fn(Value<'_>) -> Read<IpAddr> {
    move |value| {
        let ip = multicast(value)?;
        let other = || Mistake::value(format!("is {ip}, which is not of {family}"));
        if Family::of(ip) == family { Ok(ip) } else { Err(other()) }
    }
}

/// A multicast group.
pub(super) fn multicast(value: Value<'_>) -> Read<IpAddr> {
    let ip = value::ip(value)?;
    let unicast = || Mistake::value(format!("is {ip}, which is no multicast group"));
    if ip.is_multicast() { Ok(ip) } else { Err(unicast()) }
}

/// An hour: whoever waits longer has forgotten it.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

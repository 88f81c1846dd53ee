//! `[instance.NAME]`: one virtual router.

use std::time::Duration;

use super::node::multicast;
use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use super::{address, peer, policy, program, route, rule, trackers, vmac};
use crate::config::declared::{AuthKind, Instance};
use crate::config::source::Spanned;
use crate::types::{Centis, Family, Priority, Vrid};

/// Reads `[instance.NAME]` into `named`, of which only the name is known.
pub(super) fn read(named: Instance, table: &mut Table<'_, '_>) -> Instance {
    let families = [("ipv4", Family::V4), ("ipv6", Family::V6)];
    let interface = table.required("interface", "\"eth0\"", value::link);
    let vrid = table.required("vrid", "51", vrid);
    let priority = table.setting("priority", priority);
    let interval = table.setting("interval", value::duration(Centis::MAX_V2.duration()));
    let family = table.setting("family", value::choice(&families));
    let preempt = table.setting("preempt", preempt);
    let source = table.setting("source", value::ip);
    let group = table.setting("multicast_group", multicast);
    let peers = table.list("peers", peer::plain, peer::detailed);
    let ttl = table.setting("ttl", value::integer(0, 255));
    let auth_pass = table.setting("password", value::word);
    let kinds = [("password", AuthKind::Pass), ("ah", AuthKind::Ah)];
    let auth_kind = table.setting("authentication", value::choice(&kinds));
    let addresses = table.list("addresses", address::plain, address::detailed);
    let excluded = table.list("excluded", address::plain, address::detailed);
    let routes = table.list("routes", route::plain, route::detailed);
    let rules = table.list("rules", route::plain, rule::detailed);
    let track_primary = table.setting("track_primary", value::boolean);
    let (tracked_interfaces, tracked) = trackers::track(table);
    let hooks = table.section("notify", program::hooks).unwrap_or_default();
    let (vmac, adverts_from_base) = vmac::read(table);
    let accept = table.setting("accept", value::boolean);
    let promote_secondaries = table.setting("promote_secondaries", value::boolean);
    if let (Some(group), Some(_)) = (&group, &peers) {
        let mistake =
            Mistake::value("means nothing beside `peers`, which make the adverts unicast");
        table.tell("multicast_group", group.span, mistake);
    }
    let none_meant = addresses.as_ref().filter(|list| list.value.is_empty());
    Instance {
        interface,
        vrid,
        priority,
        interval,
        family,
        preempt: preempt.map(|written| written.map(|(preempt, _)| preempt)),
        preempt_delay: preempt.and_then(|written| {
            let (_, delay) = written.value;
            delay.map(|delay| Spanned::new(delay, written.span))
        }),
        source,
        group,
        peers,
        ttl,
        auth_kind: auth_kind
            .or_else(|| auth_pass.as_ref().map(|pass| Spanned::new(AuthKind::Pass, pass.span))),
        auth_pass,
        no_addresses: none_meant.map(|list| Spanned::new(true, list.span)),
        addresses: addresses.map_or_else(Vec::new, |list| list.value),
        excluded: excluded.map_or_else(Vec::new, |list| list.value),
        routes: routes.map_or_else(Vec::new, |list| list.value),
        rules: rules.map_or_else(Vec::new, |list| list.value),
        track_primary,
        tracked_interfaces,
        tracked,
        hooks,
        vmac,
        adverts_from_base,
        accept,
        promote_secondaries,
        policy: policy::read(table),
        ..named
    }
}

/// 1 to 255.
fn vrid(value: Value<'_>) -> Read<Vrid> {
    let number = value::integer(1, 255)(value)?;
    Vrid::new(number).map_err(|outside| Mistake::value(format!("is {outside}")))
}

/// 1 to 255.
fn priority(value: Value<'_>) -> Read<Priority> {
    value::integer(1, 255)(value).map(Priority::new)
}

/// `true`, `false`, or for how long a lower priority is heard first.
fn preempt(value: Value<'_>) -> Read<(bool, Option<Duration>)> {
    if let Some(preempt) = value.as_bool() {
        return Ok((preempt, None));
    }
    if value.as_str().is_none_or(|text| text.parse::<bool>().is_ok()) {
        return Err(Mistake::kind("true, false or a duration such as \"30s\"", value));
    }
    let delay = value::duration(LONGEST_DELAY)(value)?;
    Ok((true, Some(delay)))
}

/// keepalived's bound for `preempt_delay`.
const LONGEST_DELAY: Duration = Duration::from_secs(1000);

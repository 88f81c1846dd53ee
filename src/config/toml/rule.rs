//! Rules, both ways, and what the node holds by itself.

use super::route::{Inline, in_halves, plain, prefix, protocol, realms, table_number};
use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use super::{address, route};
use crate::config::declared::{Fixtures, Rule, Setting};
use crate::types::{self, Family, Prefix, Route, RuleAction};

/// A rule: `{ from = "10.0.0.0/8", table = 100, priority = 1000 }`.
pub(super) fn detailed(table: &mut Table<'_, '_>) -> Option<Rule> {
    let span = table.span();
    let families = [("ipv4", Family::V4), ("ipv6", Family::V6)];
    let action = action(table);
    let mark = table.setting("mark", value::integer(0, i64::from(u32::MAX)));
    let mask = table.setting("mask", value::integer(0, i64::from(u32::MAX)));
    let whole = |setting: Setting<Prefix>| setting.map(|it| it.map(Some));
    Some(Rule {
        family: table.setting("family", value::choice(&families)),
        priority: table.required("priority", "1000", value::integer(0, i64::from(u32::MAX))),
        action,
        negated: table.setting("not", value::boolean),
        from: whole(table.setting("from", prefix)),
        to: whole(table.setting("to", prefix)),
        input: table.setting("input", value::link),
        output: table.setting("output", value::link),
        mark: mark.map(|it| it.map(|mark| (mark, mask.map_or(u32::MAX, |it| it.value)))),
        tos: table.setting("tos", value::integer(0, 255)),
        tunnel: table.setting("tunnel", value::integer(0, i64::from(u32::MAX))),
        users: table.setting("users", range::<u32>),
        carries: table.setting("carries", value::integer(0, 255)),
        source_ports: table.setting("source_ports", range::<u16>),
        destination_ports: table.setting("destination_ports", range::<u16>),
        realms: table.setting("realms", realms),
        suppress_length: table.setting("suppress_length", value::integer(0, 128)),
        suppress_group: table.setting("suppress_group", value::integer(0, i64::from(u32::MAX))),
        protocol: table.setting("protocol", protocol),
        tracked: table.setting("tracked", value::boolean),
        ..Rule::new(span)
    })
}

/// `table`, `goto` or `action`: one of them.
fn action(table: &mut Table<'_, '_>) -> Setting<RuleAction> {
    let lookup = table.setting("table", table_number);
    let goto = table.setting("goto", value::integer(0, i64::from(u32::MAX)));
    let words = [
        ("nop", RuleAction::Nop),
        ("blackhole", RuleAction::Blackhole),
        ("unreachable", RuleAction::Unreachable),
        ("prohibit", RuleAction::Prohibit),
        ("vrf", RuleAction::Vrf),
    ];
    let other = table.setting("action", value::choice(&words));
    let lookup = lookup.map(|it| it.map(RuleAction::Table));
    let mut all = [lookup, goto.map(|it| it.map(RuleAction::Goto)), other].into_iter().flatten();
    let first = all.next();
    if let Some(second) = all.next() {
        let mistake = Mistake::value("says a second time what becomes of packets");
        table.tell("action", second.span, mistake.help("keep one of table, goto, action"));
    }
    first
}

/// `"FIRST-LAST"`, or one number.
fn range<T>(value: Value<'_>) -> Read<(T, T)>
where
    T: Copy + PartialOrd + std::str::FromStr,
{
    let text = value::text(value)?;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let ends = first.parse().ok().zip(last.parse().ok());
    ends.filter(|(first, last)| first <= last).ok_or_else(|| {
        Mistake::value(format!("is \"{text}\"")).help("first and last: \"1000-1999\"")
    })
}

/// `[static]`: what the node holds by itself.
pub(super) fn fixtures(table: &mut Table<'_, '_>) -> Fixtures {
    let addresses = table.list("addresses", address::plain, address::detailed);
    let routes = table.list("routes", plain, route::detailed);
    let rules = table.list("rules", plain, detailed);
    let addresses = addresses.map_or_else(Vec::new, |list| list.value);
    Fixtures {
        addresses: addresses.into_iter().map(|address| (address, None)).collect(),
        routes: routes.map_or_else(Vec::new, |list| list.value),
        rules: rules.map_or_else(Vec::new, |list| list.value),
        ..Fixtures::default()
    }
}

/// The rule as an inline table.
pub(super) fn write(rule: &types::Rule) -> String {
    let mut entry = Inline::default();
    entry.bare("priority", rule.priority);
    if rule.negated {
        entry.bare("not", true);
    }
    if rule.family == Family::V6 && rule.from.is_none() && rule.to.is_none() {
        entry.text("family", "ipv6");
    }
    for (key, prefix) in [("from", rule.from), ("to", rule.to)] {
        if let Some(prefix) = prefix {
            entry.text(key, prefix);
        }
    }
    for (key, link) in [("input", rule.input), ("output", rule.output)] {
        if let Some(link) = link {
            entry.text(key, link);
        }
    }
    if let Some((mark, mask)) = rule.mark {
        entry.bare("mark", mark);
        if mask != u32::MAX {
            entry.bare("mask", mask);
        }
    }
    if rule.tos != 0 {
        entry.bare("tos", rule.tos);
    }
    if let Some(tunnel) = rule.tunnel {
        entry.bare("tunnel", tunnel);
    }
    if let Some((first, last)) = rule.users {
        entry.text("users", format!("{first}-{last}"));
    }
    if let Some(carries) = rule.carries {
        entry.bare("carries", carries);
    }
    for (key, ports) in
        [("source_ports", rule.source_ports), ("destination_ports", rule.destination_ports)]
    {
        if let Some((first, last)) = ports {
            entry.text(key, format!("{first}-{last}"));
        }
    }
    match rule.action {
        RuleAction::Table(table) => entry.bare("table", table),
        RuleAction::Goto(priority) => entry.bare("goto", priority),
        RuleAction::Nop => entry.text("action", "nop"),
        RuleAction::Blackhole => entry.text("action", "blackhole"),
        RuleAction::Unreachable => entry.text("action", "unreachable"),
        RuleAction::Prohibit => entry.text("action", "prohibit"),
        RuleAction::Vrf => entry.text("action", "vrf"),
    }
    if let Some(realms) = rule.realms {
        entry.text("realms", in_halves(realms));
    }
    if let Some(length) = rule.suppress_length {
        entry.bare("suppress_length", length);
    }
    if let Some(group) = rule.suppress_group {
        entry.bare("suppress_group", group);
    }
    if rule.protocol != Route::PROTOCOL {
        entry.bare("protocol", rule.protocol);
    }
    if !rule.tracked {
        entry.bare("tracked", false);
    }
    entry.finish()
}

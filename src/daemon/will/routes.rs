//! Routes and rules in the will: as much of each as its deletion needs.
//!
//! A route with several ways is deleted with all of them, so none is written down.

use std::net::IpAddr;

use super::layout::{Words, route, rule, word};
use crate::types::{Family, Hop, LinkName, Prefix, Route, RouteKind, Rule, RuleAction, Scope};

pub(super) fn write_route(words: Words<'_>, at: usize, slot: u64, wanted: &Route) {
    for offset in 0..route::WORDS {
        words.write(at + offset, 0);
    }
    let octet = |value: u8, place: u32| u64::from(value) << place;
    let lengths = octet(wanted.destination.length(), 32)
        | octet(wanted.source.map_or(0, Prefix::length), 40)
        | octet(wanted.kind.get(), 48)
        | octet(wanted.tos, 56);
    words.write(at + route::SLOT_AND_LENGTHS, slot | lengths);
    words.write_ip(at + route::DESTINATION, wanted.destination.ip());
    let metric = u64::from(wanted.metric.unwrap_or_default());
    words.write(at + route::TABLE_AND_METRIC, u64::from(wanted.table) | metric << 32);
    let only = match wanted.hops.as_slice() {
        [only] => *only,
        _ => Hop::NONE,
    };
    if let Some(via) = only.via {
        words.write_ip(at + route::VIA, via);
    }
    if let Some(link) = only.link {
        words.write_octets(at + route::LINK, link.as_str().as_bytes());
    }
    if let Some(source) = wanted.source {
        words.write_ip(at + route::SOURCE, source.ip());
    }
    let flags =
        u64::from(wanted.metric.is_some()) << HAS_METRIC | u64::from(only.via.is_some()) << HAS_VIA;
    let mark = u64::from(wanted.protocol) | u64::from(wanted.scope.0) << 8;
    words.write(at + route::PROTOCOL_AND_SCOPE, mark | flags);
}

pub(super) fn read_route(words: Words<'_>, at: usize) -> Option<Route> {
    let [tos, kind, source_length, length, ..] =
        words.read(at + route::SLOT_AND_LENGTHS).to_be_bytes();
    let kinds = RouteKind::ALL.iter();
    let destination = Prefix::new(words.read_ip(at + route::DESTINATION), length)?;
    let (table, metric) = halves(words.read(at + route::TABLE_AND_METRIC));
    let marks = words.read(at + route::PROTOCOL_AND_SCOPE);
    let [.., scope, protocol] = marks.to_be_bytes();
    let has = |flag: u32| marks >> flag & 1 == 1;
    let hop = Hop {
        via: has(HAS_VIA).then(|| words.read_ip(at + route::VIA)),
        link: words.read_name(at + route::LINK),
        ..Hop::NONE
    };
    let source = Prefix::new(words.read_ip(at + route::SOURCE), source_length);
    Some(Route {
        kind: kinds.copied().find(|(.., number)| *number == kind).map(|(kind, ..)| kind)?,
        source: source.filter(|it| it.length() > 0),
        table,
        protocol,
        scope: Scope(scope),
        tos,
        metric: has(HAS_METRIC).then_some(metric),
        hops: if hop == Hop::NONE { Vec::new() } else { vec![hop] },
        ..Route::new(destination)
    })
}

pub(super) fn write_rule(words: Words<'_>, at: usize, slot: u64, wanted: &Rule) {
    for offset in 0..rule::WORDS {
        words.write(at + offset, 0);
    }
    let length = |prefix: Option<Prefix>| u64::from(prefix.map_or(0, Prefix::length));
    let flag = |value: bool, place: u32| u64::from(value) << place;
    let flags = flag(wanted.negated, NEGATED)
        | flag(wanted.mark.is_some(), HAS_MARK)
        | flag(wanted.family == Family::V6, IS_V6);
    let lengths = length(wanted.from) << 32 | length(wanted.to) << 40;
    words.write(at + rule::SLOT_AND_LENGTHS, slot | lengths | flags);
    for (place, prefix) in [(rule::FROM, wanted.from), (rule::TO, wanted.to)] {
        if let Some(prefix) = prefix {
            words.write_ip(at + place, prefix.ip());
        }
    }
    for (place, link) in [(rule::INPUT, wanted.input), (rule::OUTPUT, wanted.output)] {
        if let Some(link) = link {
            words.write_octets(at + place, link.as_str().as_bytes());
        }
    }
    let (mark, mask) = wanted.mark.unwrap_or_default();
    words.write(at + rule::MARK, u64::from(mark) | u64::from(mask) << 32);
    let (action, argument) = number(wanted.action);
    words.write(at + rule::PRIORITY, u64::from(wanted.priority) | u64::from(argument) << 32);
    let rest = word(action) | u64::from(wanted.protocol) << 8 | u64::from(wanted.tos) << 16;
    words.write(at + rule::ACTION, rest);
}

pub(super) fn read_rule(words: Words<'_>, at: usize) -> Option<Rule> {
    let first = words.read(at + rule::SLOT_AND_LENGTHS);
    let [_, _, to, from, ..] = first.to_be_bytes();
    let has = |flag: u32| first >> flag & 1 == 1;
    let family = if has(IS_V6) { Family::V6 } else { Family::V4 };
    let prefix = |place: usize, length: u8| {
        let ip: IpAddr = words.read_ip(at + place);
        Prefix::new(ip, length).filter(|it| length > 0 && it.family() == family)
    };
    let (priority, argument) = halves(words.read(at + rule::PRIORITY));
    let [.., tos, protocol, action] = words.read(at + rule::ACTION).to_be_bytes();
    let name = |place: usize| -> Option<LinkName> { words.read_name(at + place) };
    Some(Rule {
        negated: has(NEGATED),
        from: prefix(rule::FROM, from),
        to: prefix(rule::TO, to),
        input: name(rule::INPUT),
        output: name(rule::OUTPUT),
        mark: has(HAS_MARK).then(|| halves(words.read(at + rule::MARK))),
        tos,
        protocol,
        ..Rule::new(family, priority, numbered(action, argument)?)
    })
}

/// An action as it stands in the will, with its argument.
const fn number(action: RuleAction) -> (usize, u32) {
    match action {
        RuleAction::Table(table) => (1, table),
        RuleAction::Goto(priority) => (2, priority),
        RuleAction::Nop => (3, 0),
        RuleAction::Blackhole => (4, 0),
        RuleAction::Unreachable => (5, 0),
        RuleAction::Prohibit => (6, 0),
        RuleAction::Vrf => (7, 0),
    }
}

const fn numbered(number: u8, argument: u32) -> Option<RuleAction> {
    match number {
        1 => Some(RuleAction::Table(argument)),
        2 => Some(RuleAction::Goto(argument)),
        3 => Some(RuleAction::Nop),
        4 => Some(RuleAction::Blackhole),
        5 => Some(RuleAction::Unreachable),
        6 => Some(RuleAction::Prohibit),
        7 => Some(RuleAction::Vrf),
        _ => None,
    }
}

/// The lower and the upper half of a word.
fn halves(word: u64) -> (u32, u32) {
    #[expect(clippy::as_conversions, reason = "the two halves of the word")]
    (word as u32, (word >> 32) as u32)
}

/// Bits of a route's flags.
const HAS_METRIC: u32 = 16;
const HAS_VIA: u32 = 17;
/// Bits of a rule's flags.
const NEGATED: u32 = 48;
const HAS_MARK: u32 = 49;
const IS_V6: u32 = 50;

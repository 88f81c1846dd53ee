//! Rules as netlink messages.

use netlink_packet_core::DefaultNla;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::rule::{
    RuleAction as Action, RuleAttribute, RuleFlags, RuleHeader, RuleMessage, RulePortRange,
    RuleUidRange,
};

use crate::kernel::object::Trace;
use crate::types::{Family, Prefix, Rule, RuleAction};

/// The body of a request that adds or deletes `rule`.
pub(super) fn request(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    let (action, table) = action(rule.action);
    message.header = RuleHeader {
        family: match rule.family {
            Family::V4 => AddressFamily::Inet,
            Family::V6 => AddressFamily::Inet6,
        },
        dst_len: rule.to.map_or(0, Prefix::length),
        src_len: rule.from.map_or(0, Prefix::length),
        tos: rule.tos,
        // The attribute says it.
        table: 0,
        action,
        flags: if rule.negated { RuleFlags::Invert } else { RuleFlags::empty() },
    };
    let attributes = &mut message.attributes;
    attributes.push(RuleAttribute::Priority(rule.priority));
    attributes.extend(table);
    attributes.push(RuleAttribute::Protocol(rule.protocol.into()));
    attributes.extend(rule.from.map(|from| RuleAttribute::Source(from.ip())));
    attributes.extend(rule.to.map(|to| RuleAttribute::Destination(to.ip())));
    attributes.extend(rule.input.map(|it| RuleAttribute::Iifname(it.as_str().to_owned())));
    attributes.extend(rule.output.map(|it| RuleAttribute::Oifname(it.as_str().to_owned())));
    if let Some((mark, mask)) = rule.mark {
        attributes.push(RuleAttribute::FwMark(mark));
        attributes.push(RuleAttribute::FwMask(mask));
    }
    attributes.extend(rule.tunnel.map(RuleAttribute::TunId));
    attributes.extend(
        rule.users.map(|(start, end)| RuleAttribute::UidRange(RuleUidRange { start, end })),
    );
    attributes.extend(rule.carries.map(|it| RuleAttribute::IpProtocol(it.into())));
    let ports = |(start, end)| RulePortRange { start, end };
    attributes.extend(rule.source_ports.map(ports).map(RuleAttribute::SourcePortRange));
    attributes.extend(rule.destination_ports.map(ports).map(RuleAttribute::DestinationPortRange));
    attributes.extend(rule.realms.map(|realms| {
        // The library has its halves in another order than the kernel.
        RuleAttribute::Other(DefaultNla::new(FRA_FLOW, realms.to_ne_bytes().to_vec()))
    }));
    attributes.extend(rule.suppress_length.map(RuleAttribute::SuppressPrefixLen));
    attributes.extend(rule.suppress_group.map(RuleAttribute::SuppressIfGroup));
    message
}

/// By what a rule that is gone is recognised.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows more families and attributes than matter"
)]
pub(super) fn trace(message: &RuleMessage) -> Option<Trace> {
    let family = match message.header.family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    let priority = message.attributes.iter().find_map(|attribute| match attribute {
        RuleAttribute::Priority(priority) => Some(*priority),
        _ => None,
    });
    // The kernel does not tell a priority of 0.
    Some(Trace::Rule { family, priority: priority.unwrap_or(0) })
}

fn action(action: RuleAction) -> (Action, Option<RuleAttribute>) {
    match action {
        RuleAction::Table(table) => (Action::ToTable, Some(RuleAttribute::Table(table))),
        RuleAction::Goto(priority) => (Action::Goto, Some(RuleAttribute::Goto(priority))),
        RuleAction::Nop => (Action::Nop, None),
        RuleAction::Blackhole => (Action::Blackhole, None),
        RuleAction::Unreachable => (Action::Unreachable, None),
        RuleAction::Prohibit => (Action::Prohibit, None),
        RuleAction::Vrf => (Action::ToTable, Some(RuleAttribute::L3MDev(true))),
    }
}

/// Attribute type of linux/fib_rules.h.
const FRA_FLOW: u16 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_recognised() {
        for (family, priority) in [(Family::V4, 0), (Family::V6, 1000)] {
            let rule = Rule::new(family, priority, RuleAction::Table(9));
            let expected = Trace::Rule { family, priority };
            assert_eq!(trace(&request(&rule)), Some(expected));
        }
    }
}

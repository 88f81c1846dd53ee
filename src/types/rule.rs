//! A rule that chooses the routing table, as the kernel is to hold it.

use std::fmt;

use super::{Family, LinkName, Prefix};

/// One rule: which packets, and what becomes of them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Rule {
    /// Whose packets.
    pub family: Family,
    /// `priority`: rules are asked in the order of this number.
    pub priority: u32,
    /// What becomes of the packets.
    pub action: RuleAction,
    /// `not`: all packets but those that fit.
    pub negated: bool,
    /// `from`: their source.
    pub from: Option<Prefix>,
    /// `to`: their destination.
    pub to: Option<Prefix>,
    /// `iif`: the interface they came in by.
    pub input: Option<LinkName>,
    /// `oif`: the interface that their socket is bound to.
    pub output: Option<LinkName>,
    /// `fwmark`: their mark, and which of its bits count.
    pub mark: Option<(u32, u32)>,
    /// `tos`: their type of service.
    pub tos: u8,
    /// `tunnel-id`: the tunnel they came out of.
    pub tunnel: Option<u64>,
    /// `uidrange`: whose socket they are from, both ends included.
    pub users: Option<(u32, u32)>,
    /// `ipproto`: the protocol they carry.
    pub carries: Option<u8>,
    /// `sport`: both ends included.
    pub source_ports: Option<(u16, u16)>,
    /// `dport`: both ends included.
    pub destination_ports: Option<(u16, u16)>,
    /// `realms`: from « 16 | to, IPv4 only.
    pub realms: Option<u32>,
    /// `suppress_prefixlength`: a route that the table has counts only if its prefix is longer.
    pub suppress_length: Option<u32>,
    /// `suppress_ifgroup`: a route that the table has does not count if it leaves by this group.
    pub suppress_group: Option<u32>,
    /// Who made the rule, as `ip rule` shows it.
    pub protocol: u8,
    /// Its interfaces' state is a fault of the instance.
    pub tracked: bool,
}

impl Rule {
    /// A rule for all packets of a family.
    #[must_use]
    pub const fn new(family: Family, priority: u32, action: RuleAction) -> Self {
        Self {
            family,
            priority,
            action,
            negated: false,
            from: None,
            to: None,
            input: None,
            output: None,
            mark: None,
            tos: 0,
            tunnel: None,
            users: None,
            carries: None,
            source_ports: None,
            destination_ports: None,
            realms: None,
            suppress_length: None,
            suppress_group: None,
            protocol: super::Route::PROTOCOL,
            tracked: true,
        }
    }

    /// Every interface that it names.
    pub fn links(&self) -> impl Iterator<Item = LinkName> {
        self.input.into_iter().chain(self.output)
    }
}

impl fmt::Display for Rule {
    /// As `ip rule` writes it, as far as it tells rules apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("not ")?;
        }
        match self.from {
            Some(from) => write!(f, "from {from}")?,
            None => f.write_str("from all")?,
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        if let Some(link) = self.input {
            write!(f, " iif {link}")?;
        }
        if let Some(link) = self.output {
            write!(f, " oif {link}")?;
        }
        if let Some((mark, mask)) = self.mark {
            write!(f, " fwmark {mark:#x}/{mask:#x}")?;
        }
        write!(f, " priority {} {}", self.priority, self.action)
    }
}

/// What becomes of packets that a rule is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RuleAction {
    /// They are looked up in this table.
    Table(u32),
    /// The rule of this priority is next; it comes later.
    Goto(u32),
    /// Nothing; the next rule is asked.
    Nop,
    /// They vanish.
    Blackhole,
    /// They are answered with "unreachable".
    Unreachable,
    /// They are answered with "prohibited".
    Prohibit,
    /// They are looked up in the table of the VRF that they belong to.
    Vrf,
}

impl fmt::Display for RuleAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "lookup {table}"),
            Self::Goto(priority) => write!(f, "goto {priority}"),
            Self::Nop => f.write_str("nop"),
            Self::Blackhole => f.write_str("blackhole"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Prohibit => f.write_str("prohibit"),
            Self::Vrf => f.write_str("l3mdev"),
        }
    }
}

//! What a rule of the packet filter consists of: expressions that load, compare and decide.

use super::attributes::Attributes;

/// A rule's expressions, carried out in their order until one does not match.
///
/// Values travel in registers: [`A`] of 16 octets, [`B`] behind it, and the first words of both
/// under other numbers where two values are looked up as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule(Attributes);

/// A register.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register(u32);

/// The first register.
pub(super) const A: Register = Register(1);
/// The second register.
pub(super) const B: Register = Register(2);
/// The first word of [`A`].
pub(super) const FIRST: Register = Register(8);
/// What lies behind that word.
pub(super) const BEHIND: Register = Register(9);

/// What is known of a packet besides its octets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meta {
    /// The interface that it came by.
    Arrived,
    /// The interface that it leaves by.
    Leaves,
    /// Its protocol above IP, behind all extension headers.
    Protocol,
    /// Of what kind the interface is that it leaves by.
    LeavesKind,
}

/// From where octets are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Header {
    /// The IP header.
    Network,
    /// What follows it.
    Transport,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    /// It is not delivered.
    Drop,
    /// It is, as far as this chain goes.
    Accept,
}

impl Rule {
    /// Loads `length` octets at `offset`.
    pub(super) fn payload(self, to: Register, header: Header, offset: u32, length: u32) -> Self {
        let data = Attributes::default()
            .number(1, to.0)
            .number(2, number(header))
            .number(3, offset)
            .number(4, length);
        self.expression("payload", &data)
    }

    /// Loads what is known of the packet.
    pub(super) fn meta(self, to: Register, what: Meta) -> Self {
        let key = match what {
            Meta::Arrived => 4,
            Meta::Leaves => 5,
            Meta::Protocol => 16,
            Meta::LeavesKind => 27,
        };
        self.expression("meta", &Attributes::default().number(2, key).number(1, to.0))
    }

    /// Goes on if the register begins with this.
    pub(super) fn equals(self, register: Register, value: &[u8]) -> Self {
        let value = Attributes::default().octets(1, value);
        let data = Attributes::default().number(1, register.0).number(2, 0).nested(3, &value);
        self.expression("cmp", &data)
    }

    /// Goes on if the set has what begins in the register.
    pub(super) fn among(self, register: Register, set: &str) -> Self {
        let data = Attributes::default().text(1, set).number(2, register.0);
        self.expression("lookup", &data)
    }

    /// Goes on if the map has what begins in the register, with what it says in its place.
    pub(super) fn mapped(self, register: Register, map: &str) -> Self {
        let data = Attributes::default().text(1, map).number(2, register.0).number(3, register.0);
        self.expression("lookup", &data)
    }

    /// Sends a copy to an address by an interface.
    pub(super) fn duplicate(self, address: Register, link: Register) -> Self {
        let data = Attributes::default().number(1, address.0).number(2, link.0);
        self.expression("dup", &data)
    }

    /// Counts packets and octets, if wanted.
    pub(super) fn counted(self, wanted: bool) -> Self {
        if !wanted {
            return self;
        }
        let none = 0_u64.to_be_bytes();
        let data = Attributes::default().octets(1, &none).octets(2, &none);
        self.expression("counter", &data)
    }

    /// Decides.
    pub(super) fn verdict(self, verdict: Verdict) -> Self {
        let code = match verdict {
            Verdict::Drop => 0,
            Verdict::Accept => 1,
        };
        let code = Attributes::default().number(1, code);
        let data = Attributes::default().nested(2, &code);
        self.expression("immediate", &Attributes::default().number(1, 0).nested(2, &data))
    }

    /// The rule as the last rule of a chain.
    pub(super) fn attributes(self, table: &str, chain: &str) -> Attributes {
        Attributes::default().text(1, table).text(2, chain).nested(4, &self.0)
    }

    fn expression(self, name: &str, data: &Attributes) -> Self {
        let expression = Attributes::default().text(1, name).nested(2, data);
        Self(self.0.nested(1, &expression))
    }
}

const fn number(header: Header) -> u32 {
    match header {
        Header::Network => 1,
        Header::Transport => 2,
    }
}

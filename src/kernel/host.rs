//! What may be done to the host, and how the host answers.

use std::net::IpAddr;

use crate::types::{Family, IfIndex, Instant, MacAddr};

use super::ledger::ObjectId;
use super::object::Target;

/// A host's addresses, routes and rules, and its way to tell the neighbours.
///
/// The calls return when the host has answered: an answer is the truth, not a promise.
pub trait Kernel {
    /// Carries out `operations` in their order and says of each how it went, in that order.
    ///
    /// One that is refused does not keep the others from being done.
    fn apply(&mut self, operations: &[Operation]) -> Vec<Outcome>;

    /// Every address of every interface.
    ///
    /// # Errors
    /// [`Unlisted`] when the host does not answer in time or not to the end; nothing changed.
    fn addresses(&mut self) -> Result<Vec<Stands>, Unlisted>;

    /// Sends one gratuitous ARP or unsolicited Neighbor Advertisement for each entry, in their
    /// order, and returns how many left.
    fn announce(&mut self, announcements: &[Announcement], now: Instant) -> usize;
}

/// One change of one address, route or rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// Whose entry of the ledger it fulfils.
    pub id: ObjectId,
    /// What is done.
    pub verb: Verb,
    /// With what.
    pub target: Target,
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verb {
    /// It is taken away.
    Delete,
    /// It is put in place.
    Add,
}

/// How one operation went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// There was nothing to do: what was to be added stood, what was to be deleted did not.
    Already,
    /// It was not done.
    Refused(Refusal),
}

/// Why the host did not do as it was told.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The interface does not exist (ENODEV, or no interface has the name).
    #[error("the interface does not exist")]
    LinkMissing,
    /// EPERM.
    #[error("not permitted: vipd needs CAP_NET_ADMIN")]
    NotPermitted,
    /// EACCES, which the kernel says of IPv6 addresses.
    #[error(
        "permission denied: is IPv6 disabled on this interface (net.ipv6.conf.*.disable_ipv6)?"
    )]
    Ipv6Disabled,
    /// EINVAL, with the kernel's own words where it has some.
    #[error("the kernel finds it invalid{}", hint.as_deref().map(|hint| format!(": {hint}")).unwrap_or_default())]
    Invalid {
        /// The kernel's words.
        hint: Option<Box<str>>,
    },
    /// No answer came within the deadline; it may or may not have been done.
    #[error("no answer from the kernel")]
    NoAnswer,
    /// Any other errno.
    #[error("{}{}", std::io::Error::from_raw_os_error(*errno), hint.as_deref().map(|hint| format!(": {hint}")).unwrap_or_default())]
    Errno {
        /// Its number, positive.
        errno: i32,
        /// The kernel's words.
        hint: Option<Box<str>>,
    },
}

/// The addresses could not be listed.
#[derive(Debug, thiserror::Error)]
#[error("the addresses of this host cannot be listed")]
pub struct Unlisted(#[source] pub std::io::Error);

/// An address that stands on an interface, as far as it identifies itself.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Stands {
    /// The interface.
    pub link: IfIndex,
    /// The address.
    pub ip: IpAddr,
    /// Length of the prefix, 0..=32 or 0..=128; of the peer's, where there is one.
    pub prefix: u8,
    /// The other end of a point-to-point address.
    pub peer: Option<IpAddr>,
}

/// "This address is at this hardware address", for the neighbours on a link.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Announcement {
    /// The interface it leaves by.
    pub link: IfIndex,
    /// The hardware address that is announced.
    pub mac: MacAddr,
    /// The address: ARP for IPv4, Neighbor Advertisement for IPv6.
    pub ip: IpAddr,
}

impl Announcement {
    /// The family of the announced address.
    #[must_use]
    pub const fn family(&self) -> Family {
        Family::of(self.ip)
    }
}

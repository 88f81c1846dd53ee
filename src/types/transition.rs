//! A change of state with its cause and the evidence, for logs, metrics and history.

use std::net::IpAddr;
use std::time::Duration;

use super::{Instant, LinkName, Priority, Slot, TrackerId, Verdict};

/// One change of an instance's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transition {
    /// Which instance.
    pub slot: Slot,
    /// When.
    pub at: Instant,
    /// The state it left.
    pub from: Standing,
    /// The state it entered.
    pub to: Standing,
    /// Its effective priority then.
    pub priority: Priority,
    /// Why.
    pub cause: Cause,
}

/// An instance's state as the operator sees it: RFC 9568 §6.3's three, and the way out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Standing {
    /// Not started, stopped, or (with a [`Fault`] as the cause) at fault.
    Initialize,
    /// Listening.
    Backup,
    /// Holding the addresses.
    Active,
    /// Giving up the addresses; priority 0 follows.
    Leaving,
}

/// Why an instance changed its state, with the evidence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The daemon started, or the instance was added.
    Started,
    /// The address owner takes what is its own.
    Owner,
    /// No acceptable advert arrived for the down interval. `silence` is the age of the last one,
    /// `None` if there never was one.
    Silence {
        /// Age of the last accepted advert.
        silence: Option<Duration>,
    },
    /// The Active Router announced that it leaves.
    Released {
        /// Who left.
        peer: IpAddr,
    },
    /// Only adverts of lower priority were heard until the timer ran out.
    Preempted {
        /// Who was outranked.
        peer: IpAddr,
        /// Its priority.
        theirs: Priority,
    },
    /// An advert of higher priority was heard.
    HigherPriority {
        /// Who outranks us.
        peer: IpAddr,
        /// Its priority.
        theirs: Priority,
    },
    /// An advert of equal priority from a higher address was heard.
    HigherAddress {
        /// Who outranks us.
        peer: IpAddr,
    },
    /// Something the instance needs is missing.
    Fault(Fault),
    /// Nothing is missing any more.
    Recovered,
    /// The process or the machine stood still for longer than the peers wait.
    Stalled {
        /// For how long.
        lasted: Duration,
    },
    /// Another member of its sync group is not Active any more.
    Member(Slot),
    /// The instance was removed from the configuration, or replaced.
    Removed,
    /// The daemon stops.
    Stopped,
    /// The addresses are gone and priority 0 is sent.
    Left,
}

/// What an instance lacks to take part in the election.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fault {
    /// The interface does not exist.
    LinkMissing(LinkName),
    /// The interface is down or has no carrier.
    LinkDown(LinkName),
    /// The interface is up, and is not to be (`weight 0 reverse`).
    LinkUp(LinkName),
    /// The interface has no address that adverts could be sent from.
    NoSource(LinkName),
    /// The only such address is still tentative: duplicate address detection runs.
    Tentative(LinkName),
    /// No interface has the configured source address of unicast adverts.
    SourceMissing(IpAddr),
    /// No socket for its adverts could be opened on the interface: nobody would be heard.
    Deaf(LinkName),
    /// A tracked object that it cannot do without is not as it should be.
    Tracked(TrackerId),
    /// Nothing is known yet of a tracked object that it cannot do without.
    Untold(TrackerId),
    /// Another member of its sync group is at fault.
    Member(Slot),
}

impl Cause {
    /// The other member of its sync group that it is about.
    #[must_use]
    pub const fn member(&self) -> Option<Slot> {
        match self {
            Self::Member(slot) | Self::Fault(Fault::Member(slot)) => Some(*slot),
            Self::Fault(_)
            | Self::Started
            | Self::Owner
            | Self::Silence { .. }
            | Self::Released { .. }
            | Self::Preempted { .. }
            | Self::HigherPriority { .. }
            | Self::HigherAddress { .. }
            | Self::Recovered
            | Self::Stalled { .. }
            | Self::Removed
            | Self::Stopped
            | Self::Left => None,
        }
    }
}

impl Fault {
    /// Whether it is a wait that every start begins with, and nothing that anybody is told of.
    #[must_use]
    pub const fn is_wait(self) -> bool {
        match self {
            Self::Untold(_) => true,
            Self::LinkMissing(_)
            | Self::LinkDown(_)
            | Self::LinkUp(_)
            | Self::NoSource(_)
            | Self::Tentative(_)
            | Self::SourceMissing(_)
            | Self::Deaf(_)
            | Self::Tracked(_)
            | Self::Member(_) => false,
        }
    }
}

/// An instance goes into the election with another priority than before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reprioritised {
    /// Which instance.
    pub slot: Slot,
    /// When.
    pub at: Instant,
    /// In which state it is.
    pub standing: Standing,
    /// The effective priority until now.
    pub from: Priority,
    /// The effective priority from now on.
    pub to: Priority,
    /// What changed it.
    pub occasion: Occasion,
}

/// An Active Router heard an advert that is worse than its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outranked {
    /// Which instance.
    pub slot: Slot,
    /// When.
    pub at: Instant,
    /// Who sent the advert.
    pub peer: IpAddr,
    /// Its priority.
    pub theirs: Priority,
    /// Our effective priority.
    pub ours: Priority,
}

/// What makes a router look at its instances again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Occasion {
    /// A change of the configuration, or time.
    #[default]
    Own,
    /// News of this interface.
    Link(LinkName),
    /// News of this tracked object, and what they are.
    Tracker(TrackerId, Verdict),
}

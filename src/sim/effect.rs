//! What goes into a simulated router and what comes out, as values that can be held back,
//! changed and judged.

use std::fmt;
use std::rc::Rc;

use crate::config::model::{Instance, Key};
use crate::types::{LinkReport, Slot, Standing, Transition, Verdict};
use crate::vrrp::{Desire, Outbox, Reannounce, Transmit};

use super::packet::{Message, Told};

/// Something that happens to one node's router.
#[derive(Clone, Debug)]
pub(super) enum Stimulus {
    /// A packet arrived.
    Received(Rc<Message>),
    /// The time that it asked for has come.
    Timeout,
    /// An interface changed.
    Link(LinkReport),
    /// What is known of its service changed.
    Verdict(Verdict),
    /// The kernel acknowledged a desire.
    Applied { slot: Slot, generation: u32 },
    /// A virtual router is configured, or configured differently.
    Configure(Rc<Instance>),
    /// A virtual router is configured no more.
    Remove(Key),
    /// The daemon is to stop.
    Stop,
}

impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(message) => write!(f, "hears {message}"),
            Self::Timeout => f.write_str("wakes"),
            Self::Link(report) => {
                let up = if report.up { "up" } else { "down" };
                let count = report.addresses.len();
                write!(f, "is told that {} is {up}, {count} addresses", report.name)
            }
            Self::Verdict(verdict) => write!(f, "is told that its service is {verdict:?}"),
            Self::Applied { slot, generation } => {
                write!(f, "is told that slot {slot} has generation {generation}")
            }
            Self::Configure(new) => write!(
                f,
                "is configured: vrid {} priority {} interval {} {:?} {:?} links {:?} service {:?}",
                new.vrid,
                new.priority,
                new.interval,
                new.preempt,
                new.fast_release,
                new.tracked_interfaces.iter().map(|it| (it.weight.get(), it.reverse)).next(),
                new.tracked.iter().map(|it| (it.weight.get(), it.reverse)).next(),
            ),
            Self::Remove(key) => write!(f, "loses vrid {} from its configuration", key.vrid),
            Self::Stop => f.write_str("is to stop"),
        }
    }
}

impl Stimulus {
    /// An operator wants it.
    pub(super) const fn is_command(&self) -> bool {
        match self {
            Self::Configure(_) | Self::Remove(_) | Self::Stop => true,
            Self::Received(_)
            | Self::Timeout
            | Self::Link(_)
            | Self::Verdict(_)
            | Self::Applied { .. } => false,
        }
    }

    /// What a virtual router is configured to be by this.
    pub(super) fn configured(&self) -> Option<&Instance> {
        let Self::Configure(instance) = self else {
            return None;
        };
        Some(instance)
    }
}

/// Something that a router wants.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Transmit(Slot, Message),
    Assign(Slot, Option<Box<Instance>>),
    Desire(Slot, Desire),
    Announce(Slot),
    Tell(Transition),
}

impl Effect {
    /// The change of state that it tells.
    pub(super) const fn told(&self) -> Option<&Transition> {
        if let Self::Tell(transition) = self { Some(transition) } else { None }
    }

    /// The state that an instance enters by it.
    pub(super) fn entered(&self) -> Option<Standing> {
        self.told().map(|transition| transition.to)
    }

    /// It sends an advert.
    pub(super) const fn is_advert(&self) -> bool {
        matches!(self, Self::Transmit(..))
    }

    /// It sends priority 0.
    pub(super) const fn is_release(&self) -> bool {
        let Self::Transmit(_, message) = self else {
            return false;
        };
        matches!(message.told, Told::Advert { priority, .. } if priority.is_release())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit(_, message) => write!(f, "sends {message}"),
            Self::Assign(slot, Some(instance)) => {
                write!(f, "assigns vrid {} to slot {slot}", instance.vrid)
            }
            Self::Assign(slot, None) => write!(f, "frees slot {slot}"),
            Self::Desire(slot, desire) => {
                let wish = if desire.present { "takes" } else { "drops" };
                let generation = desire.generation;
                write!(f, "{wish} slot {slot}'s addresses, generation {generation}")
            }
            Self::Announce(slot) => write!(f, "announces slot {slot}'s addresses again"),
            Self::Tell(it) => write!(
                f,
                "slot {}: {:?} -> {:?} at priority {}, {:?}",
                it.slot, it.from, it.to, it.priority, it.cause
            ),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.source, self.destination);
        match self.told {
            Told::Advert { vrid, priority, interval } => {
                write!(f, "{from} > {to} vrid {vrid} prio {priority} int {interval}")
            }
            Told::Noise => write!(f, "{from} > {to} noise"),
        }
    }
}

/// An [`Outbox`] that keeps what it is given, in order.
#[derive(Debug, Default)]
pub(super) struct Effects(pub(super) Vec<Effect>);

impl Outbox for Effects {
    fn transmit(&mut self, packet: Transmit<'_>) {
        let message = Message::of(&packet);
        self.0.push(Effect::Transmit(packet.slot, message));
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        let instance = instance.cloned().map(Box::new);
        self.0.push(Effect::Assign(slot, instance));
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.0.push(Effect::Desire(slot, desire));
    }

    fn announce(&mut self, slot: Slot, why: Reannounce) {
        match why {
            Reannounce::Contested => self.0.push(Effect::Announce(slot)),
        }
    }

    fn tell(&mut self, transition: Transition) {
        self.0.push(Effect::Tell(transition));
    }
}

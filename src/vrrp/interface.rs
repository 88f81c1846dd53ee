//! What goes into the router and what comes out.

use std::net::IpAddr;

use crate::config::model::Instance;
use crate::types::{
    Differs, Envelope, GroupTransition, IfIndex, LinkReport, Outranked, Protocol, Refused,
    Reprioritised, Slot, TrackerId, Transition, Verdict,
};
use crate::wire::Packet;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A packet of IP protocol 112 or 51 arrived on `link`.
    Received {
        /// Where it arrived.
        link: IfIndex,
        /// What arrived.
        packet: Packet<'a>,
    },
    /// [`next_timeout`](crate::vrrp::Router::next_timeout) has passed. A spurious one is harmless.
    Timeout,
    /// An interface appeared or changed.
    Link(&'a LinkReport),
    /// An interface disappeared.
    LinkGone(IfIndex),
    /// The kernel acknowledged what was desired for `slot` in `generation`.
    Applied {
        /// Whose addresses.
        slot: Slot,
        /// The generation of the [`Desire`] that it answers.
        generation: u32,
    },
    /// What is known of a tracked object changed.
    Verdict {
        /// Which one.
        tracker: TrackerId,
        /// What is known of it now.
        verdict: Verdict,
    },
    /// These, and no others, of what is to be listened to cannot be.
    Deaf(&'a [Listen]),
    /// The daemon stops: every instance leaves.
    Stop,
}

/// Where the router puts its effects, in the order in which they are to happen.
pub trait Outbox {
    /// Send this advert now.
    fn transmit(&mut self, packet: Transmit<'_>);

    /// From now on the kernel is to hold these addresses for `slot`; `instance` is `None` when
    /// the slot is free again. Comes before the first [`Outbox::desire`] of the slot and whenever
    /// a reload changes the instance.
    fn assign(&mut self, slot: Slot, instance: Option<&Instance>);

    /// From now on the addresses of `slot` are to be present or absent. An [`Input::Applied`]
    /// of the same generation is the answer.
    fn desire(&mut self, slot: Slot, desire: Desire);

    /// Tell the neighbours again who holds the addresses of `slot`.
    fn announce(&mut self, slot: Slot, why: Reannounce);

    /// This happened.
    fn tell(&mut self, transition: Transition);

    /// A sync group is in another state than before; comes after its members' transitions.
    /// Nothing follows from it; who does not tell anybody need not listen.
    fn tell_group(&mut self, _transition: GroupTransition) {}

    /// An instance goes into the election with another priority. Nothing follows from it; who
    /// does not log need not listen.
    fn reprioritise(&mut self, _change: Reprioritised) {}

    /// An Active instance heard an advert of lower priority. Comes with each of them, however many
    /// there are. Nothing follows from it; who tells nobody need not listen.
    fn outrank(&mut self, _outranked: Outranked) {}

    /// A running instance refused this packet. Comes with each of them, however many there are.
    /// Nothing follows from it; who does not log need not listen.
    fn refuse(&mut self, _refused: Refused) {}

    /// A peer has other settings than we. Comes now and then as long as it has. Nothing follows
    /// from it; who does not log need not listen.
    fn remark(&mut self, _differs: Differs) {}
}

/// One advert on its way out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transmit<'a> {
    /// Whose advert it is.
    pub slot: Slot,
    /// The interface it leaves by.
    pub link: IfIndex,
    /// Its source address.
    pub source: IpAddr,
    /// A group or a unicast peer.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// What it travels in.
    pub envelope: Envelope,
    /// The VRRP message, its checksum included, behind its Authentication Header if it has one.
    pub payload: &'a [u8],
}

/// Whether the addresses of a slot are to be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Desire {
    /// They are to be there.
    pub present: bool,
    /// Counts the desires of a slot; the acknowledgement names it. Wraps.
    pub generation: u32,
}

/// Why neighbours are told again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reannounce {
    /// An advert of lower priority was heard: `garp_lower_prio_repeat` rounds now, the
    /// last of them after 50 ms, and again after `garp_lower_prio_delay`; and, since its sender
    /// may have announced the addresses too, once more after 550 ms.
    Contested,
}

/// Where adverts for an instance arrive: what the daemon must listen to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Listen {
    /// On this interface.
    pub link: IfIndex,
    /// For this group, or in unicast mode for this address of ours.
    pub address: IpAddr,
    /// In packets of this protocol.
    pub protocol: Protocol,
}

//! A virtual router of this node: the machine with its identity, addresses, frame and counters.

use std::net::IpAddr;

use super::group::Place;
use super::interface::{Desire, Listen, Outbox, Reannounce, Transmit};
use super::machine::{Action, Actions, Advert, Event, Machine, Settings};
use super::receive::{Accepted, Receiver, fingerprint};
use super::release::{self, Release};
use super::remarks::Remarks;
use crate::config::model::{self, Authentication, ChecksumForm, Preempt, Transport};
use crate::types::{
    Cause, Centis, Counters, Difference, Differs, Envelope, Fault, IfIndex, Instant, Outranked,
    Priority, Refused, Reject, Slot, Standing, TrackerId, Transition, Version,
};
use crate::wire::{Authenticator, Coverage, Datagram, Format, Frame, FrameError, Header};

/// One virtual router with everything that its adverts and addresses need.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) slot: Slot,
    pub(super) config: model::Instance,
    pub(super) machine: Machine,
    pub(super) counters: Counters,
    /// Where adverts arrive, while the interface exists.
    pub(super) link: Option<IfIndex>,
    /// Where its own leave.
    pub(super) outlet: Option<IfIndex>,
    /// What it lacks, as last told.
    pub(super) fault: Option<Fault>,
    /// What it lacks itself, whatever the other members of its sync group lack.
    pub(super) own_fault: Option<Fault>,
    /// Its sync group.
    pub(super) group: Option<Place>,
    /// How many of the interfaces that `config` tracks are not its group's.
    pub(super) own_links: usize,
    /// It left because of its group and comes back as soon as it can.
    pub(super) retreats: bool,
    /// The indexes of what it tracks, in the order of its configuration.
    pub(super) trackers: Vec<Option<TrackerId>>,
    /// It was removed from the configuration and goes once its addresses are gone.
    pub(super) removed: bool,
    source: Option<IpAddr>,
    /// Whose advert was last accepted, and its priority.
    follows: Option<(IpAddr, Priority)>,
    frame: Frame,
    /// What signs its adverts and knows its peers' by.
    authenticator: Option<Authenticator>,
    fingerprint: u64,
    remarks: Remarks,
    coverage: Coverage,
    /// Priorities of the unicast peers as last heard, in the peers' order.
    known: Vec<Option<Priority>>,
    release: Release,
    desired: Desire,
    acknowledged: u32,
}

impl Instance {
    /// A virtual router in Initialize. `generation` is that of the last desire of its slot:
    /// a desire that another thread has not taken in yet must not look like an older one.
    ///
    /// # Errors
    /// [`FrameError`] where no advert can hold its addresses.
    pub(super) fn new(
        slot: Slot,
        generation: u32,
        config: model::Instance,
    ) -> Result<Self, FrameError> {
        let known = vec![None; peers(&config.transport).len()];
        let release = release::plan(&config, &known);
        Ok(Self {
            slot,
            machine: Machine::new(settings(&config, release), config.priority),
            counters: Counters::default(),
            link: None,
            outlet: None,
            fault: None,
            own_fault: None,
            group: None,
            own_links: config.tracked_interfaces.len(),
            retreats: false,
            trackers: Vec::new(),
            removed: false,
            source: None,
            follows: None,
            frame: frame(&config)?,
            authenticator: authenticator(&config, 0),
            fingerprint: fingerprint(config.addresses.iter().map(|address| address.ip)),
            remarks: Remarks::default(),
            coverage: coverage(&config),
            known,
            release,
            desired: Desire { present: false, generation },
            acknowledged: generation,
            config,
        })
    }

    /// Takes over a new configuration of the same key; a running election goes on.
    ///
    /// # Errors
    /// [`FrameError`] where no advert can hold the new addresses. Nothing was changed.
    pub(super) fn replace(
        &mut self,
        config: model::Instance,
        now: Instant,
        out: &mut impl Outbox,
    ) -> Result<(), FrameError> {
        let frame = frame(&config)?;
        // What the old settings still have to say is said in their version, to their peers.
        self.handle(Event::Timeout, now, out);
        self.frame = frame;
        if self.config.authentication != config.authentication {
            // Of what was counted nothing may be said twice, whatever the key.
            let last = self.authenticator.as_ref().map_or(0, Authenticator::last);
            self.authenticator = authenticator(&config, last);
        }
        self.fingerprint = fingerprint(config.addresses.iter().map(|address| address.ip));
        self.remarks = Remarks::default();
        self.coverage = coverage(&config);
        if peers(&self.config.transport) != peers(&config.transport) {
            self.known = vec![None; peers(&config.transport).len()];
        }
        self.release = release::plan(&config, &self.known);
        self.own_links = config.tracked_interfaces.len();
        self.config = config;
        out.assign(self.slot, Some(&self.config));
        let settings = settings(&self.config, self.release);
        let actions = self.machine.reconfigure(settings, now);
        self.perform(actions, now, out);
        Ok(())
    }

    /// Sets the address that adverts come from.
    pub(super) fn set_source(&mut self, source: IpAddr) {
        self.source = Some(source);
        self.machine.set_source(source);
    }

    /// Whether a packet for this VRID is meant for this instance rather than for another one.
    pub(super) fn expects(&self, datagram: &Datagram<'_>) -> bool {
        let from_peer = match &self.config.transport {
            Transport::Multicast { .. } => true,
            Transport::Unicast { peers, .. } => {
                peers.iter().any(|peer| peer.address == datagram.source)
            }
        };
        from_peer && self.is_addressed(datagram)
    }

    /// Whether it went to where this instance listens, whoever sent it.
    pub(super) fn is_addressed(&self, datagram: &Datagram<'_>) -> bool {
        let own = match &self.config.transport {
            Transport::Multicast { group } => Some(*group),
            Transport::Unicast { .. } => self.source,
        };
        own == Some(datagram.destination)
    }

    /// Takes in a datagram of its VRID; says whether neighbours may have listened to its sender.
    pub(super) fn receive(
        &mut self,
        datagram: &Datagram<'_>,
        header: &Header<'_>,
        now: Instant,
        out: &mut impl Outbox,
    ) -> bool {
        match self.judge(datagram, header) {
            Ok(accepted) => {
                self.remark(&accepted, header, now, out);
                self.accept(accepted, now, out)
            }
            Err(reason) => {
                self.counters.reject(reason);
                if reason != Reject::NotRunning {
                    let (slot, peer) = (self.slot, datagram.source);
                    out.refuse(Refused { slot, at: now, peer, reason });
                }
                false
            }
        }
    }

    fn judge(&self, datagram: &Datagram<'_>, header: &Header<'_>) -> Result<Accepted, Reject> {
        let follows = match self.machine.standing() {
            Standing::Initialize if !self.machine.is_watching() => return Err(Reject::NotRunning),
            Standing::Backup => self.follows.map(|(source, _)| source),
            Standing::Initialize | Standing::Active | Standing::Leaving => None,
        };
        let from_us = self.source == Some(datagram.source);
        let receiver = Receiver {
            config: &self.config,
            authenticator: self.authenticator.as_ref(),
            source: self.source,
            echo: from_us && self.machine.may_have_said(header.priority()),
            follows,
            fingerprint: self.fingerprint,
        };
        receiver.judge(datagram, header)
    }

    fn accept(&mut self, accepted: Accepted, now: Instant, out: &mut impl Outbox) -> bool {
        let Accepted { advert, addresses_differ, interval_differs, coverage, sequence } = accepted;
        self.counters.adverts_received += 1;
        self.follows = Some((advert.source, advert.priority));
        if let (Some(authenticator), Some(sequence)) = (&mut self.authenticator, sequence) {
            authenticator.accept(sequence);
        }
        self.counters.releases_received += u64::from(advert.priority.is_release());
        self.counters.address_list_differs += u64::from(addresses_differ);
        self.counters.interval_differs += u64::from(interval_differs);
        if coverage == Coverage::GroupPseudoHeader && self.coverage == Coverage::PseudoHeader {
            // An old keepalived among the unicast peers: it understands nothing else.
            self.coverage = coverage;
            let (slot, peer) = (self.slot, advert.source);
            out.remark(Differs { slot, at: now, peer, what: Difference::OldChecksum });
        }
        self.learn(advert.source, advert.priority);
        let actions = self.machine.handle(Event::Advert(advert), now);
        let contested = actions.contains(&Action::Announce);
        self.perform(actions, now, out);
        self.note_lower(advert, now, out);
        contested
    }

    /// Reports an advert that was worse than our own.
    fn note_lower(&self, advert: Advert, now: Instant, out: &mut impl Outbox) {
        let (slot, ours) = (self.slot, self.machine.priority());
        let Advert { priority: theirs, source: peer, .. } = advert;
        let lower_address = self.source.is_some_and(|ours| peer < ours);
        let lower = theirs < ours || (theirs == ours && lower_address);
        if self.machine.standing() == Standing::Active && lower && !theirs.is_release() {
            out.outrank(Outranked { slot, at: now, peer, theirs, ours });
        }
    }

    /// Tells the operator of a peer with other settings, from time to time.
    fn remark(
        &mut self,
        accepted: &Accepted,
        header: &Header<'_>,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        let (slot, peer) = (self.slot, accepted.advert.source);
        if self.remarks.interval(accepted.interval_differs, now) {
            let (theirs, ours) = (accepted.advert.interval, self.config.interval);
            let what = Difference::Interval { theirs, ours };
            out.remark(Differs { slot, at: now, peer, what });
        }
        if self.remarks.addresses(accepted.addresses_differ, now)
            && let Ok(advert) = header.advertisement(self.config.version, self.config.family)
        {
            let own = || self.config.addresses.iter().map(|address| address.ip);
            let theirs = advert.addresses().find(|ip| !own().any(|own| own == *ip));
            let ours = own().find(|ip| !advert.addresses().any(|their| their == *ip));
            let what = Difference::Addresses { theirs, ours };
            out.remark(Differs { slot, at: now, peer, what });
        }
    }

    /// Remembers a unicast peer's priority for the choice of the successor.
    fn learn(&mut self, peer: IpAddr, priority: Priority) {
        let place = peers(&self.config.transport).iter().position(|p| p.address == peer);
        let Some(known) = place.and_then(|place| self.known.get_mut(place)) else {
            return;
        };
        let heard = Some(priority).filter(|priority| !priority.is_release());
        if heard.is_some() && *known != heard {
            *known = heard;
            self.release = release::plan(&self.config, &self.known);
            self.machine.set_release(self.release.interval, self.release.several);
        }
    }

    /// Hands an event to the machine and carries out what it wants.
    pub(super) fn handle(&mut self, event: Event, now: Instant, out: &mut impl Outbox) {
        let actions = self.machine.handle(event, now);
        self.perform(actions, now, out);
    }

    fn perform(&mut self, actions: Actions, now: Instant, out: &mut impl Outbox) {
        for action in actions {
            match action {
                Action::Advertise(priority, interval) => self.advertise(priority, interval, out),
                Action::TakeAddresses => self.desire(true, out),
                Action::DropAddresses => self.desire(false, out),
                Action::Announce => out.announce(self.slot, Reannounce::Contested),
                Action::Tell(from, to, cause) => self.tell(from, to, cause, now, out),
            }
        }
    }

    fn advertise(&mut self, priority: Priority, interval: Centis, out: &mut impl Outbox) {
        let (Some(link), Some(source)) = (self.outlet, self.source) else {
            return;
        };
        let released = u64::from(priority.is_release());
        let short = self.release.interval == Some(interval) && !priority.is_release();
        let Self { slot, frame, coverage, counters, authenticator, .. } = self;
        // All peers are sent the same number.
        authenticator.iter_mut().for_each(Authenticator::advance);
        let mut send = |destination, ttl| {
            let message = frame.seal(priority, interval, source, destination, *coverage);
            let (envelope, payload) = match authenticator {
                None => (Envelope::Vrrp, message),
                Some(it) => match it.sign(message, source, destination, ttl) {
                    Some(signed) => signed,
                    None => return,
                },
            };
            let slot = *slot;
            out.transmit(Transmit { slot, link, source, destination, ttl, envelope, payload });
            counters.adverts_sent += 1;
            counters.releases_sent += released;
        };
        match &self.config.transport {
            Transport::Multicast { group } => send(*group, 255),
            Transport::Unicast { peers, ttl, .. } => {
                let only = self.release.successor.filter(|_| short);
                let taught = peers.iter().filter(|p| only.is_none_or(|only| only == p.address));
                taught.for_each(|peer| send(peer.address, *ttl));
            }
        }
    }

    fn desire(&mut self, present: bool, out: &mut impl Outbox) {
        let generation = self.desired.generation.wrapping_add(1);
        self.desired = Desire { present, generation };
        out.desire(self.slot, self.desired);
    }

    /// Reports a change of state, or of what is missing.
    pub(super) fn tell(
        &mut self,
        from: Standing,
        to: Standing,
        cause: Cause,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        let counters = &mut self.counters;
        counters.became_active += u64::from(to == Standing::Active);
        counters.left_active += u64::from(from == Standing::Active);
        counters.stalls += u64::from(matches!(cause, Cause::Stalled { .. }));
        let priority = self.machine.priority();
        out.tell(Transition { slot: self.slot, at: now, from, to, priority, cause });
    }

    /// Takes in the kernel's acknowledgement; an outdated one changes nothing.
    pub(super) fn applied(&mut self, generation: u32, now: Instant, out: &mut impl Outbox) {
        if generation != self.desired.generation {
            return;
        }
        self.acknowledged = generation;
        if !self.desired.present {
            self.handle(Event::AddressesGone, now, out);
        }
    }

    /// The generation of its last desire.
    pub(super) fn generation(&self) -> u32 {
        self.desired.generation
    }

    /// Whether it has nothing more to say or to hear and the kernel holds none of its addresses.
    pub(super) fn is_gone(&self) -> bool {
        let settled = self.acknowledged == self.desired.generation && !self.desired.present;
        let silent = self.machine.standing() == Standing::Initialize;
        silent && settled && !self.machine.is_watching()
    }

    /// Where its adverts arrive; `None` while that is not known.
    pub(super) fn listen(&self) -> Option<Listen> {
        listen(&self.config, self.link, self.source)
    }

    /// Whom a Backup heard last, and of what priority.
    pub(super) fn follows(&self) -> Option<(IpAddr, Priority)> {
        self.follows.filter(|_| self.machine.heard().is_some())
    }

    /// The address that its adverts come from.
    pub(super) fn source(&self) -> Option<IpAddr> {
        self.source
    }
}

/// Where the adverts for `config` arrive on this link, its own coming from `source`.
pub(super) fn listen(
    config: &model::Instance,
    link: Option<IfIndex>,
    source: Option<IpAddr>,
) -> Option<Listen> {
    let address = match &config.transport {
        Transport::Multicast { group } => *group,
        Transport::Unicast { .. } => source?,
    };
    let protocol = config.authentication.protocol();
    Some(Listen { link: link?, address, protocol })
}

fn peers(transport: &Transport) -> &[model::Peer] {
    match transport {
        Transport::Multicast { .. } => &[],
        Transport::Unicast { peers, .. } => peers,
    }
}

fn settings(config: &model::Instance, release: Release) -> Settings {
    let preempt = if config.priority.is_owner() { Preempt::Yes } else { config.preempt };
    Settings {
        version: config.version,
        interval: config.interval,
        preempt,
        down_adverts: config.down_adverts,
        answer_lower: config.answer_lower,
        answer_higher: config.answer_higher,
        release: release.interval,
        several: release.several,
    }
}

fn frame(config: &model::Instance) -> Result<Frame, FrameError> {
    let format = match (config.version, config.authentication) {
        (Version::V2, Authentication::None) => Format::V2 { password: None },
        (Version::V2, Authentication::Pass(password)) => Format::V2 { password: Some(password) },
        (Version::V2, Authentication::Ah(_)) => Format::V2Signed,
        (Version::V3, _) => Format::V3(config.family),
    };
    Frame::new(format, config.vrid, config.addresses.iter().map(|address| address.ip))
}

fn authenticator(config: &model::Instance, last: u32) -> Option<Authenticator> {
    match config.authentication {
        Authentication::None | Authentication::Pass(_) => None,
        Authentication::Ah(key) => Some(Authenticator::new(key, last)),
    }
}

fn coverage(config: &model::Instance) -> Coverage {
    match (config.checksum, &config.transport) {
        (ChecksumForm::MessageOnly, _) => Coverage::MessageOnly,
        (ChecksumForm::OldUnicast, Transport::Unicast { .. }) => Coverage::GroupPseudoHeader,
        (
            ChecksumForm::PseudoHeader | ChecksumForm::PseudoHeaderOnly | ChecksumForm::OldUnicast,
            _,
        ) => Coverage::PseudoHeader,
    }
}

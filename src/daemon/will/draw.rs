//! The worker's side: the will is drawn on a reload and kept up to date with every advert.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use crate::config::model::{Authentication, Instance, Model, Transport};
use crate::types::{Address, Centis, Envelope, IfIndex, Route, Rule, Slot};
use crate::vrrp::{Transmit, taught};
use crate::wire::AUTH_HEADER;

use super::layout::{HELD, TABLE_HEAD, Words, address, advert, index, ip_words, route, rule, word};
use super::routes::{write_route, write_rule};

/// Draws the will. Kept by the core thread; nothing here blocks, and only [`Drawer::draw`]
/// allocates.
#[derive(Debug)]
pub(in crate::daemon) struct Drawer<M> {
    memory: M,
    /// What each slot leaves behind.
    estates: Vec<Option<Estate>>,
}

/// What the will says about one slot.
#[derive(Clone, Debug)]
struct Estate {
    slot: Slot,
    adverts: Adverts,
    /// To whom they are sent.
    destinations: Vec<IpAddr>,
    taught: Option<Centis>,
    /// What signs the release; 0 where nothing does.
    key: u64,
    /// What was sent to whom the drawn table has no place for: that of the next one.
    early: Vec<Early>,
    addresses: Vec<Address>,
    routes: Vec<Route>,
    rules: Vec<Rule>,
    /// What may have become true before anything was drawn.
    standing: Standing,
    /// Where that stands in the drawn table, if it does.
    drawn: Option<Drawn>,
}

/// An advert that was sent before there was a place for it.
#[derive(Clone, Debug)]
struct Early {
    link: IfIndex,
    source: IpAddr,
    destination: IpAddr,
    ttl: u8,
    envelope: Envelope,
    message: Vec<u8>,
}

/// What is to be left behind of a slot at this moment.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    active: bool,
    holds: bool,
}

/// Where one slot stands in a table.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    /// Word of its first advert.
    first_advert: usize,
    adverts: Adverts,
    addresses: Section,
    routes: Section,
    rules: Section,
}

/// A run of things of one size.
#[derive(Clone, Copy, Debug)]
struct Section {
    /// Word of the first.
    first: usize,
    /// How many there are.
    count: usize,
    /// Words of each.
    size: usize,
}

/// How many adverts a slot sends at a time, and how long they are.
#[derive(Clone, Copy, Debug, Default)]
struct Adverts {
    count: usize,
    /// Room for the message, in words.
    room: usize,
}

impl<M: Deref<Target = [AtomicU64]>> Drawer<M> {
    /// Draws into `memory`, in which nothing stands yet.
    pub(in crate::daemon) const fn new(memory: M) -> Self {
        Self { memory, estates: Vec::new() }
    }

    /// From now on `slot` is this instance, or free. Takes effect with [`Drawer::draw`].
    pub(in crate::daemon) fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        if self.estates.len() <= slot.index() {
            self.estates.resize(slot.index() + 1, None);
        }
        let Some(estate) = self.estates.get_mut(slot.index()) else {
            return;
        };
        let old = estate.take();
        *estate = instance.map(|instance| Estate {
            slot,
            adverts: Adverts::of(instance),
            destinations: destinations(&instance.transport),
            taught: taught(instance),
            key: key(instance.authentication),
            early: Vec::new(),
            addresses: instance.held().cloned().collect(),
            routes: instance.routes.clone(),
            rules: instance.rules.clone(),
            standing: old.as_ref().map_or_else(Standing::default, |old| old.standing),
            drawn: old.and_then(|old| old.drawn),
        });
    }

    /// Draws a new table with all slots. What the old one says of adverts and addresses that
    /// stay is kept. Says whether there was room; without, the old table stays.
    pub(in crate::daemon) fn draw(&mut self) -> bool {
        let words = Words(&self.memory);
        let needed: usize = self.estates.iter().flatten().map(Estate::words).sum();
        let Some(start) = room_for(words, TABLE_HEAD + needed) else {
            return false;
        };
        let adverts = self.adverts().map(|adverts| adverts.count).sum();
        let count = |of: fn(&Estate) -> usize| self.estates.iter().flatten().map(of).sum();
        let counts: [usize; 4] = [
            adverts,
            count(|it| it.addresses.len()),
            count(|it| it.routes.len()),
            count(|it| it.rules.len()),
        ];
        for (place, count) in (start..).zip(counts) {
            words.write(place, word(count));
        }
        let [_, addresses, routes, _] = counts;
        let mut first_advert = start + TABLE_HEAD;
        let first = first_advert + self.adverts().map(Adverts::words).sum::<usize>();
        let mut addresses = Cursor { next: first, end: first + addresses * address::WORDS };
        let mut routes = Cursor { next: addresses.end, end: addresses.end + routes * route::WORDS };
        let mut rules = Cursor { next: routes.end, end: routes.end };
        for (slot, estate) in (0..).zip(&mut self.estates) {
            let Some(estate) = estate else { continue };
            let drawn = Drawn {
                first_advert,
                adverts: estate.adverts,
                addresses: addresses.take(estate.addresses.len(), address::WORDS),
                routes: routes.take(estate.routes.len(), route::WORDS),
                rules: rules.take(estate.rules.len(), rule::WORDS),
            };
            estate.draw(words, slot, drawn);
            first_advert += drawn.adverts.words();
        }
        words.write(0, word(start));
        true
    }

    /// Remembers an advert that is about to leave. The first ones of an owner leave, and those to
    /// a new peer, before the table is drawn that has a place for them.
    pub(in crate::daemon) fn record(&mut self, packet: &Transmit<'_>) {
        let words = Words(&self.memory);
        let Some(estate) = self.estates.get_mut(packet.slot.index()).and_then(Option::as_mut)
        else {
            return;
        };
        match estate.drawn.and_then(|drawn| drawn.find(words, packet)) {
            Some(at) => write_advert(words, at, packet, estate.key),
            None => estate.remember(packet),
        }
    }

    /// The router of `slot` is Active from now on.
    pub(in crate::daemon) fn is_active(&mut self, slot: Slot) {
        self.mark(slot, |standing| standing.active = true);
    }

    /// The router of `slot` is not Active any more, and the peers know it.
    pub(in crate::daemon) fn has_left(&mut self, slot: Slot) {
        self.mark(slot, |standing| standing.active = false);
    }

    /// The addresses of `slot` may be on their interfaces from now on.
    pub(in crate::daemon) fn may_hold(&mut self, slot: Slot) {
        self.mark(slot, |standing| standing.holds = true);
    }

    /// The addresses of `slot` are on no interface.
    pub(in crate::daemon) fn holds_nothing(&mut self, slot: Slot) {
        self.mark(slot, |standing| standing.holds = false);
    }

    fn mark(&mut self, slot: Slot, change: impl FnOnce(&mut Standing)) {
        let Some(estate) = self.estates.get_mut(slot.index()).and_then(Option::as_mut) else {
            return;
        };
        change(&mut estate.standing);
        if let Some(drawn) = estate.drawn {
            drawn.mark(Words(&self.memory), estate.standing);
        }
    }

    fn adverts(&self) -> impl Iterator<Item = Adverts> {
        self.estates.iter().flatten().map(|estate| estate.adverts)
    }
}

impl Estate {
    fn words(&self) -> usize {
        let (addresses, routes, rules) = (&self.addresses, &self.routes, &self.rules);
        self.adverts.words() + words_of(addresses.len(), routes.len(), rules.len())
    }

    /// Keeps an advert for the next table, in place of an older one to the same destination.
    fn remember(&mut self, packet: &Transmit<'_>) {
        let Transmit { link, source, destination, ttl, envelope, payload, .. } = *packet;
        if !self.destinations.contains(&destination) || payload.len() > self.adverts.room * 8 {
            return;
        }
        let known = self.early.iter_mut().find(|early| early.destination == destination);
        match known {
            Some(early) => {
                (early.link, early.source, early.ttl) = (link, source, ttl);
                early.envelope = envelope;
                early.message.clear();
                early.message.extend_from_slice(payload);
            }
            None => {
                let message = payload.to_vec();
                self.early.push(Early { link, source, destination, ttl, envelope, message });
            }
        }
    }

    /// Draws this slot at its new place, with what was said about it at the old one.
    fn draw(&mut self, words: Words<'_>, slot: u64, new: Drawn) {
        let old = self.drawn.replace(new);
        let destinations = &self.destinations;
        let wanted = |at: &usize| destinations.contains(&words.read_ip(at + advert::DESTINATION));
        let old_adverts = old.into_iter().flat_map(|old| old.advert_places());
        let mut old_adverts = old_adverts.filter(wanted);
        for at in new.advert_places() {
            for offset in 0..advert::MESSAGE {
                words.write(at + offset, 0);
            }
            if let Some(from) = old_adverts.next() {
                carry_over(words, from, at, new.adverts);
            }
            let room = word(new.adverts.room) << 32;
            let taught = self.taught.map_or(0, Centis::get);
            words.write(at + advert::SLOT_AND_ROOM, slot | room);
            words.write(at + advert::TAUGHT, u64::from(taught));
        }
        for early in self.early.drain(..) {
            let Early { link, source, destination, ttl, envelope, ref message } = early;
            let (slot, payload) = (self.slot, message);
            let packet = Transmit { slot, link, source, destination, ttl, envelope, payload };
            if let Some(at) = new.find(words, &packet) {
                write_advert(words, at, &packet, self.key);
            }
        }
        for (at, wanted) in new.addresses.places().zip(&self.addresses) {
            write_address(words, at, slot, wanted);
        }
        for (at, wanted) in new.routes.places().zip(&self.routes) {
            write_route(words, at, slot, wanted);
        }
        for (at, wanted) in new.rules.places().zip(&self.rules) {
            write_rule(words, at, slot, wanted);
        }
        new.mark(words, self.standing);
    }
}

impl Drawn {
    /// Writes down what is to be left behind.
    fn mark(self, words: Words<'_>, standing: Standing) {
        for at in self.advert_places() {
            words.write(at + advert::ACTIVE, u64::from(standing.active));
        }
        let sections = [self.addresses, self.routes, self.rules];
        for at in sections.into_iter().flat_map(Section::places) {
            words.write(at + HELD, u64::from(standing.holds));
        }
    }

    /// The place for `packet`: that of the last advert to the same destination, else one that
    /// was never used. `None` where there is no room.
    fn find(self, words: Words<'_>, packet: &Transmit<'_>) -> Option<usize> {
        let destination = ip_words(packet.destination);
        let fits = packet.payload.len() <= self.adverts.room * 8;
        let mut places = self.advert_places().filter(|_| fits);
        places.find(|at| {
            let at = at + advert::DESTINATION;
            let there = [words.read(at), words.read(at + 1)];
            there == destination || there == [0, 0]
        })
    }

    fn advert_places(self) -> impl Iterator<Item = usize> {
        let size = advert::MESSAGE + self.adverts.room;
        (0..self.adverts.count).map(move |place| self.first_advert + place * size)
    }
}

impl Section {
    fn places(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |place| self.first + place * self.size)
    }
}

/// Where the next section of a kind begins.
struct Cursor {
    next: usize,
    /// Where the kind ends.
    end: usize,
}

impl Cursor {
    const fn take(&mut self, count: usize, size: usize) -> Section {
        let first = self.next;
        self.next += count * size;
        Section { first, count, size }
    }
}

impl Adverts {
    fn of(instance: &Instance) -> Self {
        let count = match &instance.transport {
            Transport::Multicast { .. } => 1,
            Transport::Unicast { peers, .. } => peers.len(),
        };
        let octets = instance.addresses.len() * instance.family.octets();
        let message = AUTH_HEADER + HEADER + octets + AUTHENTICATION;
        Self { count, room: message.div_ceil(8) }
    }

    const fn words(self) -> usize {
        self.count * (advert::MESSAGE + self.room)
    }
}

/// What signs an instance's adverts, as a word.
fn key(authentication: Authentication) -> u64 {
    match authentication {
        Authentication::None | Authentication::Pass(_) => 0,
        Authentication::Ah(key) => u64::from_be_bytes(key),
    }
}

/// To whom an instance's adverts are sent.
fn destinations(transport: &Transport) -> Vec<IpAddr> {
    match transport {
        Transport::Multicast { group } => vec![*group],
        Transport::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
    }
}

/// Copies what the old table says of an advert, as far as there is room.
fn carry_over(words: Words<'_>, from: usize, to: usize, adverts: Adverts) {
    let length = index(words.read(from + advert::LENGTH));
    if length <= adverts.room * 8 {
        for offset in advert::LINK_AND_TTL..advert::MESSAGE + length.div_ceil(8) {
            words.write(to + offset, words.read(from + offset));
        }
    }
}

fn write_advert(words: Words<'_>, at: usize, packet: &Transmit<'_>, key: u64) {
    let id = match packet.envelope {
        Envelope::Vrrp => 0,
        Envelope::Ah(id) => id.get(),
    };
    let link = u64::from(packet.link.get()) | u64::from(packet.ttl) << 32 | u64::from(id) << 40;
    words.write(at + advert::LENGTH, 0);
    words.write(at + advert::LINK_AND_TTL, link);
    words.write_ip(at + advert::SOURCE, packet.source);
    words.write_ip(at + advert::DESTINATION, packet.destination);
    words.write(at + advert::KEY, key);
    words.write_octets(at + advert::MESSAGE, packet.payload);
    words.write(at + advert::LENGTH, word(packet.payload.len()));
}

fn write_address(words: Words<'_>, at: usize, slot: u64, wanted: &Address) {
    for offset in 0..address::WORDS {
        words.write(at + offset, 0);
    }
    let prefix = u64::from(wanted.prefix) << 32;
    let peer = wanted.peer.map_or(0, |(_, prefix)| u64::from(prefix) << 40 | 1 << 48);
    words.write(at + address::SLOT_AND_PREFIXES, slot | prefix | peer);
    words.write_ip(at + address::IP, wanted.ip);
    if let Some((ip, _)) = wanted.peer {
        words.write_ip(at + address::PEER, ip);
    }
    words.write_octets(at + address::LINK, wanted.link.as_str().as_bytes());
}

/// How many words a will of `model` should have: room for it twice, because a new table is drawn
/// beside the old one, and for reloads that add to it.
pub(in crate::daemon) fn words_for(model: &Model) -> usize {
    let estates = model.instances.iter().map(|instance| {
        let addresses = instance.held().count();
        let held = words_of(addresses, instance.routes.len(), instance.rules.len());
        Adverts::of(instance).words() + held
    });
    let needed: usize = estates.sum();
    (4 * needed).max(LEAST_WORDS)
}

/// Words of so many addresses, routes and rules.
const fn words_of(addresses: usize, routes: usize, rules: usize) -> usize {
    addresses * address::WORDS + routes * route::WORDS + rules * rule::WORDS
}

/// Where a table of `needed` words can be drawn without touching the current one.
fn room_for(words: Words<'_>, needed: usize) -> Option<usize> {
    let half = words.len() / 2;
    let current = index(words.read(0));
    let start = if current == 0 || current >= half { 1 } else { half };
    let end = if start == 1 { half } else { words.len() };
    (start.checked_add(needed)? <= end).then_some(start)
}

/// Words of a small configuration's will: 64 KiB.
const LEAST_WORDS: usize = 8192;
/// Octets of a VRRP message before its addresses.
const HEADER: usize = 8;
/// Octets of version 2's authentication data.
const AUTHENTICATION: usize = 8;

//! The supervisor's side: what the dead worker left behind.

use std::net::IpAddr;
use std::sync::atomic::AtomicU64;

use crate::types::{Address, Centis, IfIndex, Route, Rule};

use super::layout::{HELD, TABLE_HEAD, Words, address, advert, index, route, rule};
use super::routes::{read_route, read_rule};

/// What a worker left behind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::daemon) struct Will {
    /// The last advert of every Active instance, one for each destination.
    pub(in crate::daemon) adverts: Vec<LastAdvert>,
    /// The addresses that may be on their interfaces.
    pub(in crate::daemon) addresses: Vec<Address>,
    /// The routes that may be in their tables, as far as a deletion needs them.
    pub(in crate::daemon) routes: Vec<Route>,
    /// The rules that may be there, likewise.
    pub(in crate::daemon) rules: Vec<Rule>,
}

/// An advert as it was sent last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::daemon) struct LastAdvert {
    /// The interface it left by.
    pub(in crate::daemon) link: IfIndex,
    /// Its source address.
    pub(in crate::daemon) source: IpAddr,
    /// Its destination.
    pub(in crate::daemon) destination: IpAddr,
    /// Its TTL or hop limit.
    pub(in crate::daemon) ttl: u8,
    /// The interval that Backups are to be taught before priority 0, if any.
    pub(in crate::daemon) taught: Option<Centis>,
    /// What makes its Authentication Header, if it has one.
    pub(in crate::daemon) key: Option<[u8; 8]>,
    /// The VRRP message, behind its Authentication Header if it has one.
    pub(in crate::daemon) message: Vec<u8>,
}

/// Reads the will out of `memory`. What makes no sense is left out: a worker that went mad may
/// have written anything.
pub(in crate::daemon) fn read(memory: &[AtomicU64]) -> Will {
    let words = Words(memory);
    let start = index(words.read(0));
    let mut will = Will::default();
    if start == 0 {
        return will;
    }
    let mut at = start + TABLE_HEAD;
    for _ in 0..words.read(start) {
        if at >= words.len() {
            return will;
        }
        will.adverts.extend(read_advert(words, at));
        let room = index(words.read(at + advert::SLOT_AND_ROOM) >> 32);
        at = at.saturating_add(advert::MESSAGE).saturating_add(room);
    }
    let mut section = |count: u64, size: usize, take: &mut dyn FnMut(usize)| {
        for _ in 0..count {
            if at >= words.len() {
                return;
            }
            if words.read(at + HELD) == 1 {
                take(at);
            }
            at += size;
        }
    };
    let count = |place: usize| words.read(start + place);
    section(count(1), address::WORDS, &mut |at| will.addresses.extend(read_address(words, at)));
    section(count(2), route::WORDS, &mut |at| will.routes.extend(read_route(words, at)));
    section(count(3), rule::WORDS, &mut |at| will.rules.extend(read_rule(words, at)));
    will
}

fn read_advert(words: Words<'_>, at: usize) -> Option<LastAdvert> {
    let room = index(words.read(at + advert::SLOT_AND_ROOM) >> 32);
    let length = index(words.read(at + advert::LENGTH));
    if words.read(at + advert::ACTIVE) != 1 || length == 0 || length > room.saturating_mul(8) {
        return None;
    }
    let link = words.read(at + advert::LINK_AND_TTL);
    let taught = u16::try_from(words.read(at + advert::TAUGHT)).ok();
    Some(LastAdvert {
        link: IfIndex::new(u32::try_from(link & 0xffff_ffff).ok()?)?,
        source: words.read_ip(at + advert::SOURCE),
        destination: words.read_ip(at + advert::DESTINATION),
        ttl: u8::try_from(link >> 32 & 0xff).ok()?,
        key: (link >> 40 != 0).then(|| words.read(at + advert::KEY).to_be_bytes()),
        taught: taught.and_then(|centis| Centis::new(centis).ok()),
        message: words.read_octets(at + advert::MESSAGE, length),
    })
}

fn read_address(words: Words<'_>, at: usize) -> Option<Address> {
    let [_, has_peer, peer_prefix, prefix, ..] =
        words.read(at + address::SLOT_AND_PREFIXES).to_be_bytes();
    let link = words.read_name(at + address::LINK)?;
    let mut found = Address::new(words.read_ip(at + address::IP), link);
    found.prefix = prefix;
    if has_peer == 1 {
        found.peer = Some((words.read_ip(at + address::PEER), peer_prefix));
    }
    Some(found)
}

/// Forgets the will, so that the next worker begins with none.
pub(in crate::daemon) fn clear(memory: &[AtomicU64]) {
    Words(memory).write(0, 0);
}

//! The packet filter (nftables): what must not reach or leave some addresses and interfaces.
//!
//! Written in nfnetlink messages of our own: the crates there are start the `nft` program, which
//! is not everywhere, or are of a licence that would become ours. What is needed is two tables.

mod attributes;
mod rules;
mod tables;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::ControlFlow;

use netlink_packet_core::NLM_F_ACK;
use rustix::io::Errno;

use super::answer::Answer;
use super::journal::Journal;
use super::socket::{Kind, Lost, RouteSocket};
use crate::types::{Family, IfIndex};
use attributes::{Attributes, Body};
use tables::{Duplication, Element, Request};

pub use tables::Settings;

/// A packet filter of our own, made when it is first needed and removed at the end.
#[derive(Debug)]
pub struct Filter {
    socket: RouteSocket,
    settings: Settings,
    journal: Journal,
    /// How often each element is wanted.
    wanted: BTreeMap<Element, usize>,
    v4: Made,
    v6: Made,
}

/// Whether a family's table is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Made {
    NotYet,
    Yes,
}

/// The kernel did not take a request; nothing of what it belonged to was done.
#[derive(Debug, thiserror::Error)]
#[error("the packet filter (nftables) refuses: {0}")]
pub struct FilterError(#[source] io::Error);

impl Filter {
    /// Opens the socket; nothing is made yet. What is made stands in `journal`.
    ///
    /// # Errors
    /// Where the process has no descriptors left.
    pub fn open(settings: Settings, journal: Journal) -> io::Result<Self> {
        Ok(Self {
            socket: RouteSocket::of_filter()?,
            settings,
            journal,
            wanted: BTreeMap::new(),
            v4: Made::NotYet,
            v6: Made::NotYet,
        })
    }

    /// Keeps packets away from `ip`, which is about to stand on `link`.
    ///
    /// # Errors
    /// [`FilterError`]: they are not kept away.
    pub fn guard(&mut self, ip: IpAddr, link: IfIndex) -> Result<(), FilterError> {
        self.want(Element::guarded(ip, link))
    }

    /// Lets packets reach `ip` again, which stood on `link`.
    ///
    /// # Errors
    /// [`FilterError`]: they are still kept away.
    pub fn release(&mut self, ip: IpAddr, link: IfIndex) -> Result<(), FilterError> {
        self.unwant(Element::guarded(ip, link))
    }

    /// Has the groups that are joined on `vmac` reported by the interface under it.
    ///
    /// # Errors
    /// [`FilterError`]: they are reported by itself.
    pub fn divert(
        &mut self,
        family: Family,
        vmac: IfIndex,
        base: IfIndex,
    ) -> Result<(), FilterError> {
        self.want(Element::Vmac(family, vmac, base))
    }

    /// Forgets an interface that is gone.
    pub fn forget(&mut self, vmac: IfIndex) {
        let is_it = |element: &&Element| matches!(element, Element::Vmac(_, it, _) if *it == vmac);
        let gone: Vec<Element> = self.wanted.keys().filter(is_it).copied().collect();
        for element in gone {
            // What cannot be taken out names an interface that will not come back.
            let _stays = self.unwant(element).is_err();
            let family = element.family();
            let is_empty = !self.wanted.keys().any(|it| it.family() == family);
            if is_empty && std::mem::replace(self.made(family), Made::NotYet) == Made::Yes {
                self.remove(&self.settings.clone(), family);
            }
        }
        if [self.v4, self.v6] == [Made::NotYet; 2] {
            self.journal.table(&self.settings.table, false);
        }
    }

    /// From now on the tables are like this. Those that are there are replaced, with everything
    /// that stands in them, in one step: nothing passes meanwhile that is to be kept away.
    ///
    /// # Errors
    /// [`FilterError`]: they are as they were.
    pub fn configure(&mut self, settings: Settings) -> Result<(), FilterError> {
        if self.settings == settings {
            return Ok(());
        }
        let old = std::mem::replace(&mut self.settings, settings);
        let done = self.replace(&old);
        if done.is_err() {
            self.settings = old;
        } else if old.table != self.settings.table {
            self.journal.table(&old.table, false);
        }
        done
    }

    fn replace(&mut self, old: &Settings) -> Result<(), FilterError> {
        let families = [Family::V4, Family::V6].into_iter();
        let made: Vec<_> = families.filter(|it| *self.made(*it) == Made::Yes).collect();
        if made.is_empty() {
            return Ok(());
        }
        self.journal.table(&self.settings.table, true);
        let requests = |duplication| {
            let mut requests = Vec::new();
            for &family in &made {
                if old.table != self.settings.table {
                    requests.push(old.remove(family));
                }
                requests.extend(self.settings.create(family, duplication));
            }
            let elements = self.wanted.keys();
            requests.extend(elements.flat_map(|it| self.settings.element(*it, true)));
            requests
        };
        let whole = requests(Duplication::Works);
        let rest = requests(Duplication::Missing);
        self.send(&whole).or_else(|_| self.send(&rest))
    }

    /// Removes every table that the journal tells of.
    pub fn remove_left_behind(&mut self) {
        self.wanted.clear();
        (self.v4, self.v6) = (Made::NotYet, Made::NotYet);
        for table in self.journal.footprint().tables {
            let settings = Settings { table, ..self.settings.clone() };
            self.remove(&settings, Family::V4);
            self.remove(&settings, Family::V6);
            self.journal.table(&settings.table, false);
        }
    }

    fn remove(&mut self, settings: &Settings, family: Family) {
        // There may be none, which is as it should be.
        let _absent = self.send(&[settings.remove(family)]).is_err();
    }

    fn want(&mut self, element: Element) -> Result<(), FilterError> {
        let count = self.wanted.entry(element).or_insert(0);
        *count += 1;
        if *count > 1 {
            return Ok(());
        }
        let done = self.make(element.family()).and_then(|()| {
            let requests = self.settings.element(element, true);
            self.send(&requests)
        });
        if done.is_err() {
            self.wanted.remove(&element);
        }
        done
    }

    fn unwant(&mut self, element: Element) -> Result<(), FilterError> {
        let Some(count) = self.wanted.get_mut(&element) else {
            return Ok(());
        };
        *count -= 1;
        if *count > 0 {
            return Ok(());
        }
        self.wanted.remove(&element);
        let requests = self.settings.element(element, false);
        self.send(&requests)
    }

    /// Makes the table of this family, if it is not there.
    fn make(&mut self, family: Family) -> Result<(), FilterError> {
        if *self.made(family) == Made::Yes {
            return Ok(());
        }
        self.journal.table(&self.settings.table, true);
        let whole = self.settings.create(family, Duplication::Works);
        if self.send(&whole).is_err() {
            let rest = self.settings.create(family, Duplication::Missing);
            self.send(&rest)?;
        }
        *self.made(family) = Made::Yes;
        Ok(())
    }

    const fn made(&mut self, family: Family) -> &mut Made {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// Sends requests that are carried out together or not at all.
    fn send(&mut self, requests: &[Request]) -> Result<(), FilterError> {
        self.try_send(requests).map_err(FilterError)
    }

    fn try_send(&mut self, requests: &[Request]) -> io::Result<()> {
        let frame = |message_type| {
            let kind = Kind { message_type, flags: 0 };
            let attributes = Attributes::default();
            (kind, Body { family: 0, resource: NFTABLES.into(), attributes })
        };
        self.socket.clear();
        let (kind, body) = frame(BATCH_BEGIN);
        let first = self.socket.pack(kind, &body)?;
        let mut last = first;
        for (number, request) in requests.iter().enumerate() {
            let ack = if number + 1 == requests.len() { NLM_F_ACK } else { 0 };
            let message_type = u16::from(NFTABLES) << 8 | u16::from(request.message);
            let kind = Kind { message_type, flags: request.flags | ack };
            last = self.socket.pack(kind, &request.body)?;
        }
        let (kind, body) = frame(BATCH_END);
        self.socket.pack(kind, &body)?;
        self.socket.send()?;
        let answer = self.socket.answers(first, |message| match Answer::read(&message) {
            Some(Answer { error: Some(errno), .. }) => ControlFlow::Break(Err(errno)),
            Some(answer) if answer.sequence == last => ControlFlow::Break(Ok(())),
            Some(_) | None => ControlFlow::Continue(()),
        });
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(errno)) | Err(Lost::Errno(errno)) => Err(errno.into()),
            Err(Lost::Late) => Err(io::ErrorKind::TimedOut.into()),
            Err(Lost::Overrun) => Err(Errno::NOBUFS.into()),
        }
    }
}

impl Element {
    /// A link-local address is one on its interface alone; others are one wherever they stand.
    const fn guarded(ip: IpAddr, link: IfIndex) -> Self {
        match ip {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::Guarded(ip, Some(link)),
            IpAddr::V4(_) | IpAddr::V6(_) => Self::Guarded(ip, None),
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::Guarded(ip, _) => Family::of(ip),
            Self::Vmac(family, ..) => family,
        }
    }
}

/// `NFNL_SUBSYS_NFTABLES`.
const NFTABLES: u8 = 10;
/// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;

//! Virtual interfaces by netlink, with the settings that make them answer for their addresses.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::ControlFlow;
use std::rc::Rc;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLMSG_DONE, NLMSG_ERROR, Parseable as _,
};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoMacVlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, MacVlanMode,
};
use rustix::io::Errno;

use super::answer::Answer;
use super::described::{Described, Note};
use super::filter::Filter;
use super::journal::Journal;
use super::message::request;
use super::socket::{Kind, Lost, RouteSocket};
use super::sysctl;
use crate::kernel::host::Verb;
use crate::kernel::interfaces::{InterfaceHost, VmacError, VmacPlan};
use crate::types::{Address, Family, IfIndex, LinkName, Scope};

/// The interfaces of the calling thread's network namespace.
#[derive(Debug)]
pub struct Macvlans {
    socket: RouteSocket,
    journal: Journal,
    filter: Rc<RefCell<Filter>>,
}

impl Macvlans {
    /// Opens a socket. `filter` keeps the groups of virtual interfaces to those under them; what
    /// is changed stands in `journal`.
    ///
    /// # Errors
    /// Where the process has no descriptors left.
    pub fn open(filter: Rc<RefCell<Filter>>, journal: Journal) -> io::Result<Self> {
        Ok(Self { socket: RouteSocket::open()?, journal, filter })
    }

    /// Has the host report its membership in groups of its links, or not.
    pub fn report_local_groups(&mut self, reports: bool) {
        match reports {
            true => self.journal.restore(|path| path == LOCAL_REPORTS),
            false => self.journal.change(LOCAL_REPORTS, "0"),
        }
    }

    /// Takes back everything that the journal tells of, but the virtual interfaces of these names:
    /// whoever wants those takes them over as they are.
    pub fn take_back(&mut self, keeping: &BTreeSet<LinkName>) {
        for name in self.journal.footprint().vmacs.difference(keeping) {
            self.remove_left_behind(*name);
        }
        self.journal.restore(|_| true);
        self.filter.borrow_mut().remove_left_behind();
    }

    /// Removes the virtual interface of this name if it is one of ours, and takes back what was
    /// changed for it.
    fn remove_left_behind(&mut self, name: LinkName) {
        let Ok(Some(found)) = self.find(name) else {
            return self.journal.vmac(name, false);
        };
        if !found.private {
            return;
        }
        if let Err(error) = self.delete(found.index) {
            tracing::warn!(interface = %name, %error, "A virtual interface stays.");
            return;
        }
        self.journal.vmac(name, false);
        if let (Some(base), Some(note)) = (found.base, found.note) {
            let others = self.all().unwrap_or_default();
            let shared = others.iter().any(|it| it.note.is_some() && it.base == Some(base));
            let name = self.look_at(base).and_then(|it| it.name);
            if let (Some(name), false) = (name, shared) {
                note.restore(name);
                let of_base = Note::SETTINGS.map(|setting| sysctl::v4(name, setting));
                self.journal.restore(|path| of_base.iter().any(|it| it == path));
            }
        }
    }

    fn try_make(&mut self, plan: &VmacPlan, base: IfIndex) -> Result<(), VmacError> {
        let refused = |source| VmacError::Refused { name: plan.name, source };
        let found = self.find(plan.name).map_err(refused)?;
        let fits =
            |it: &Described| it.private && it.base == Some(base.get()) && it.mac == Some(plan.mac);
        let index = match found {
            // One that somebody left behind, keepalived perhaps.
            Some(found) if fits(&found) => {
                self.adopt(plan, base, &found).map_err(refused)?;
                found.index
            }
            // One that we left behind, and that is not wanted in this form any more.
            Some(found) if found.note.is_some() => {
                self.delete(found.index).map_err(refused)?;
                self.create(plan, base).map_err(refused)?
            }
            Some(_) => return Err(VmacError::Taken(plan.name)),
            None => self.create(plan, base).map_err(refused)?,
        };
        self.settle(plan);
        match self.set_up(index) {
            // The interface under it is down: it follows when that comes up.
            Ok(()) => Ok(()),
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NETDOWN) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }

    /// Makes the interface, down, and returns its index.
    fn create(&mut self, plan: &VmacPlan, base: IfIndex) -> io::Result<u32> {
        let note = self.note(plan.base, base)?;
        self.journal.vmac(plan.name, true);
        let group = plan.group.or_else(|| self.look_at(base.get())?.group);
        let mut message = LinkMessage::default();
        message.attributes = vec![
            LinkAttribute::IfName(plan.name.as_str().to_owned()),
            LinkAttribute::Link(base.get()),
            LinkAttribute::Address(plan.mac.0.to_vec()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::MacVlan),
                LinkInfo::Data(InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Private)])),
            ]),
        ];
        message.attributes.extend(group.map(LinkAttribute::Group));
        self.ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message)?;
        let found = self.find(plan.name)?.ok_or(Errno::NODEV)?;
        // An alias can be set on what there is only.
        self.write_down(found.index, note)?;
        Ok(found.index)
    }

    /// Takes over one that is there as it should be.
    fn adopt(&mut self, plan: &VmacPlan, base: IfIndex, found: &Described) -> io::Result<()> {
        let note = self.note(plan.base, base)?;
        self.journal.vmac(plan.name, true);
        if found.note.is_none() {
            self.write_down(found.index, note)?;
        }
        Ok(())
    }

    fn write_down(&mut self, index: u32, note: Note) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(LinkAttribute::IfAlias(note.text()));
        self.ask(RTM_NEWLINK, 0, &message)
    }

    /// What the interface was like before any virtual one of ours stood on it.
    fn note(&mut self, base: LinkName, index: IfIndex) -> io::Result<Note> {
        let all = self.all()?;
        let mut others = all.iter().filter(|it| it.base == Some(index.get()));
        let note = others.find_map(|it| it.note);
        let note = note.unwrap_or_else(|| {
            // Somebody may have deleted the one that bore the note.
            Note::of(|name| {
                let path = sysctl::v4(base, name);
                self.journal.before(&path).or_else(|| sysctl::read(&path))
            })
        });
        for (name, value) in Note::SETTINGS.into_iter().zip(note.values()) {
            self.journal.was(&sysctl::v4(base, name), &value.to_string());
        }
        Ok(note)
    }

    /// Has it answer for its own addresses and the one under it for its own.
    fn settle(&self, plan: &VmacPlan) {
        let VmacPlan { name, base, .. } = *plan;
        sysctl::write(&sysctl::v6(name, "addr_gen_mode"), "1");
        // Without this one without IPv4 addresses would answer for those of others.
        sysctl::write(&sysctl::v4(name, "arp_ignore"), "1");
        if plan.v4 {
            sysctl::write(&sysctl::v4(name, "accept_local"), "1");
            sysctl::write(&sysctl::v4(name, "promote_secondaries"), "1");
            // Replies leave by the interface under it. The stricter of this and the setting of
            // all interfaces holds, except that 2, "by any interface", is above 1.
            let strict = sysctl::read("ipv4/conf/all/rp_filter").as_deref() == Some("1");
            let lenient = if strict { "2" } else { "0" };
            sysctl::write(&sysctl::v4(name, "rp_filter"), lenient);
            for name in Note::SETTINGS {
                self.journal.change(&sysctl::v4(base, name), "1");
            }
        }
        let disabled = if plan.v6 { "0" } else { "1" };
        if sysctl::read(&sysctl::v6(name, "disable_ipv6")).is_some_and(|is| is != disabled) {
            sysctl::write(&sysctl::v6(name, "disable_ipv6"), disabled);
        }
    }

    fn set_up(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        self.ask(RTM_NEWLINK, 0, &message)
    }

    fn delete(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        match self.ask(RTM_DELLINK, 0, &message) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => Ok(()),
            done => done,
        }
    }

    fn find(&mut self, name: LinkName) -> io::Result<Option<Described>> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.as_str().to_owned()));
        match self.describe(&message) {
            Ok(found) => Ok(found),
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn describe(&mut self, message: &LinkMessage) -> io::Result<Option<Described>> {
        let links = self.list(message, 0)?;
        Ok(links.first().map(Described::of))
    }

    fn look_at(&mut self, index: u32) -> Option<Described> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.describe(&message).ok().flatten()
    }

    fn all(&mut self) -> io::Result<Vec<Described>> {
        let links = self.list(&LinkMessage::default(), NLM_F_DUMP)?;
        Ok(links.iter().map(Described::of).collect())
    }

    /// The interfaces that the kernel answers with.
    fn list(&mut self, message: &LinkMessage, flags: u16) -> io::Result<Vec<LinkMessage>> {
        self.socket.clear();
        let first = self.socket.pack(Kind { message_type: RTM_GETLINK, flags }, message)?;
        self.socket.send()?;
        let mut links = Vec::new();
        let one = flags & NLM_F_DUMP == 0;
        let end = self.socket.answers(first, |message| match message.message_type() {
            RTM_NEWLINK => {
                links.extend(LinkMessage::parse(message.payload()));
                if one { ControlFlow::Break(Ok(())) } else { ControlFlow::Continue(()) }
            }
            NLMSG_DONE => ControlFlow::Break(Ok(())),
            NLMSG_ERROR => match Answer::read(&message).and_then(|answer| answer.error) {
                Some(errno) => ControlFlow::Break(Err(errno)),
                None => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        });
        finished(end).map(|()| links)
    }

    /// Has the kernel change an interface.
    fn ask(&mut self, message_type: u16, flags: u16, message: &LinkMessage) -> io::Result<()> {
        self.socket.clear();
        let kind = Kind { message_type, flags: flags | NLM_F_ACK };
        let sequence = self.socket.pack(kind, message)?;
        self.socket.send()?;
        let end = self.socket.answers(sequence, |message| match Answer::read(&message) {
            Some(Answer { error: Some(errno), .. }) => ControlFlow::Break(Err(errno)),
            Some(_) => ControlFlow::Break(Ok(())),
            None => ControlFlow::Continue(()),
        });
        finished(end)
    }
}

impl InterfaceHost for Macvlans {
    fn make(&mut self, plan: &VmacPlan, base: IfIndex) -> Result<(), VmacError> {
        self.try_make(plan, base)
    }

    fn raise(&mut self, vmac: IfIndex) {
        if let Err(error) = self.set_up(vmac.get()) {
            tracing::warn!(link = %vmac, %error, "A virtual interface stays down.");
        }
    }

    fn made(&mut self, plan: &VmacPlan, vmac: IfIndex, base: IfIndex) {
        let families = [(plan.v4, Family::V4), (plan.v6, Family::V6)];
        for (_, family) in families.into_iter().filter(|(wanted, _)| *wanted) {
            if let Err(error) = self.filter.borrow_mut().divert(family, vmac, base) {
                let interface = plan.name;
                tracing::warn!(%interface, %error, "Groups are reported with the virtual MAC.");
            }
        }
    }

    fn gone(&mut self, vmac: IfIndex) {
        self.filter.borrow_mut().forget(vmac);
    }

    fn link_local(&mut self, vmac: IfIndex, ip: Ipv6Addr, there: bool) {
        let Some(any) = LinkName::new("vmac") else { return };
        let address =
            Address { prefix: 64, scope: Scope::LINK, ..Address::new(IpAddr::V6(ip), any) };
        let (verb, message_type, flags) = if there {
            (Verb::Add, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL)
        } else {
            (Verb::Delete, RTM_DELADDR, 0)
        };
        let body = request(verb, vmac, &address);
        self.socket.clear();
        let kind = Kind { message_type, flags: flags | NLM_F_ACK };
        let done = self.socket.pack(kind, &body).and_then(|sequence| {
            self.socket.send()?;
            let end = self.socket.answers(sequence, |message| match Answer::read(&message) {
                Some(answer) => ControlFlow::Break(answer.error.map_or(Ok(()), Err)),
                None => ControlFlow::Continue(()),
            });
            finished(end)
        });
        match done {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::EXIST) && there => {
                tracing::warn!(link = %vmac, %ip, %error, "A virtual interface lacks its address.");
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn remove(&mut self, name: LinkName) {
        self.remove_left_behind(name);
    }

    fn promote_secondaries(&mut self, link: LinkName, promotes: bool) {
        let setting = sysctl::v4(link, "promote_secondaries");
        match promotes {
            true => self.journal.change(&setting, "1"),
            false => self.journal.restore(|path| path == setting),
        }
    }

    fn lost(&mut self, link: LinkName) {
        self.journal.forget_settings_of(link);
    }
}

fn finished(end: Result<Result<(), Errno>, Lost>) -> io::Result<()> {
    match end {
        Ok(Ok(())) => Ok(()),
        Ok(Err(errno)) | Err(Lost::Errno(errno)) => Err(errno.into()),
        Err(Lost::Late) => Err(io::ErrorKind::TimedOut.into()),
        Err(Lost::Overrun) => Err(Errno::NOBUFS.into()),
    }
}

/// Whether the host reports its membership in 224.0.0.0/24.
const LOCAL_REPORTS: &str = "ipv4/igmp_link_local_mcast_reports";
/// Message types of linux/rtnetlink.h.
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;

//! Every interface with all that is told of it, at once, for those who show it.

use std::io;
use std::ops::ControlFlow;

use netlink_packet_core::{Emitable, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR, Parseable};
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};

use crate::types::{IfIndex, LinkFacts, MacAddr};

use super::answer::Answer;
use super::described::Described;
use super::message::found;
use super::socket::{Kind, Lost, RouteSocket};
use super::sysctl;

/// The interfaces of the calling thread's network namespace, by their indexes. May wait for the
/// kernel, a second at most.
///
/// # Errors
/// Where the process may not ask, or the kernel does not answer.
pub fn survey() -> io::Result<Vec<LinkFacts>> {
    let mut socket = RouteSocket::open()?;
    let links: Vec<LinkMessage> = dump(&mut socket, RTM_GETLINK, &LinkMessage::default())?;
    let addresses: Vec<AddressMessage> =
        dump(&mut socket, RTM_GETADDR, &AddressMessage::default())?;
    let mut all: Vec<LinkFacts> = links.iter().filter_map(facts).collect();
    for found in addresses.iter().filter_map(found) {
        let link = all.iter_mut().find(|link| link.index == found.stands.link);
        if let Some(link) = link {
            link.addresses.push(found.address);
        }
    }
    all.sort_by_key(|link| link.index.get());
    Ok(all)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows dozens of attributes, of which a few matter"
)]
fn facts(message: &LinkMessage) -> Option<LinkFacts> {
    let described = Described::of(message);
    let name = described.name?;
    let (mut mtu, mut broadcast) = (0, None);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::Mtu(octets) => mtu = *octets,
            LinkAttribute::Broadcast(octets) => {
                broadcast = octets.as_slice().try_into().ok().map(MacAddr);
            }
            _ => {}
        }
    }
    let setting = |what| sysctl::read(&sysctl::v4(name, what))?.parse().ok();
    let v4 = |what| setting(what).unwrap_or_default();
    Some(LinkFacts {
        index: IfIndex::new(described.index)?,
        name,
        flags: message.header.flags.bits(),
        kind: message.header.link_layer_type.into(),
        mtu,
        mac: described.mac,
        broadcast,
        base: described.base.and_then(IfIndex::new),
        private: described.private,
        addresses: Vec::new(),
        arp_ignore: v4("arp_ignore"),
        arp_filter: v4("arp_filter"),
        promote_secondaries: v4("promote_secondaries"),
        forwards_v6: sysctl::read(&sysctl::v6(name, "forwarding")).as_deref() == Some("1"),
    })
}

/// Everything of one kind that the kernel lists.
fn dump<T>(socket: &mut RouteSocket, kind: u16, request: &T) -> io::Result<Vec<T>>
where
    T: Emitable + Parseable<[u8]>,
{
    socket.clear();
    let sequence = socket.pack(Kind { message_type: kind, flags: NLM_F_DUMP }, request)?;
    socket.send()?;
    let mut all = Vec::new();
    let end = socket.answers(sequence, |message| match message.message_type() {
        NLMSG_DONE => ControlFlow::Break(Ok(())),
        NLMSG_ERROR => match Answer::read(&message).and_then(|answer| answer.error) {
            Some(errno) => ControlFlow::Break(Err(errno)),
            None => ControlFlow::Continue(()),
        },
        _ => {
            all.extend(T::parse(message.payload()));
            ControlFlow::Continue(())
        }
    });
    match end {
        Ok(Ok(())) => Ok(all),
        Ok(Err(errno)) | Err(Lost::Errno(errno)) => Err(errno.into()),
        Err(Lost::Overrun) => Err(io::ErrorKind::Interrupted.into()),
        Err(Lost::Late) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Message types of linux/rtnetlink.h.
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;

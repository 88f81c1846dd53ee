//! Sending VRRP: one socket for each family, messages in batches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::types::{self, Envelope, Family, IfIndex, Slot};

use super::call::fitted;
use super::control::Control;
use super::error::{During, Error};
use super::queue::{Queue, Target};

/// What VRRP messages of this node leave through.
#[derive(Debug)]
pub struct Transmitter {
    v4: Queue<Slot>,
    v6: Option<Queue<Slot>>,
    /// The identification of the next IPv4 packet. Never 0, which the kernel would replace.
    next_id: u16,
}

/// A VRRP message on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'a> {
    /// Whose message it is.
    pub slot: Slot,
    /// The interface it leaves by, whatever the routing table says.
    pub link: IfIndex,
    /// Its source address.
    pub source: IpAddr,
    /// A group or a router.
    pub destination: IpAddr,
    /// Its TTL or hop limit.
    pub ttl: u8,
    /// What it travels in.
    pub envelope: Envelope,
    /// The message, behind its Authentication Header if it has one.
    pub message: &'a [u8],
}

impl Transmitter {
    /// Opens the sockets, IPv6's only where the system has IPv6.
    ///
    /// # Errors
    /// Where the process may not open raw sockets. Nothing stays open.
    pub fn open() -> Result<Self, Error> {
        let v6 = match open_v6() {
            Ok(socket) => Some(Queue::new(socket)),
            Err(error) if error.errno == Errno::AFNOSUPPORT => None,
            Err(error) => return Err(error),
        };
        Ok(Self { v4: Queue::new(open_v4()?), v6, next_id: 1 })
    }

    /// The number of the socket of `family`.
    #[must_use]
    pub fn descriptor(&self, family: Family) -> Option<i32> {
        match family {
            Family::V4 => Some(self.v4.descriptor()),
            Family::V6 => self.v6.as_ref().map(Queue::descriptor),
        }
    }

    /// Takes in a message; up to 64 leave together at [`Transmitter::flush`], or before one that
    /// finds no room. Tells `refused` of each that the kernel did not take. Does not wait or
    /// allocate.
    pub fn push(&mut self, message: Departure<'_>, mut refused: impl FnMut(Slot, Errno)) {
        let slot = message.slot;
        match (message.source, message.destination, &mut self.v6) {
            (IpAddr::V4(source), IpAddr::V4(destination), _) => {
                let id = self.identify(message.envelope);
                let protocol = message.envelope.protocol();
                let header = v4_header(id, message.ttl, protocol, source, destination);
                let envelope = (v4_target(destination), v4_control(message.link));
                let parts = [&header, message.message];
                self.v4.push(slot, envelope, parts, &mut refused);
            }
            (IpAddr::V6(source), IpAddr::V6(destination), Some(queue)) => {
                let target = v6_target(destination, message.link);
                let control = v6_control(source, message.link, message.ttl);
                let parts = [message.message, &[]];
                queue.push(slot, (target, control), parts, &mut refused);
            }
            (IpAddr::V4(_) | IpAddr::V6(_), _, _) => refused(slot, Errno::AFNOSUPPORT),
        }
    }

    /// The identification of an IPv4 packet.
    fn identify(&mut self, envelope: Envelope) -> u16 {
        match envelope {
            Envelope::Ah(id) => id.get(),
            Envelope::Vrrp => {
                let id = self.next_id;
                self.next_id = id.checked_add(1).unwrap_or(1);
                id
            }
        }
    }

    /// Sends what was taken in. Tells `refused` of each message that the kernel did not take.
    pub fn flush(&mut self, mut refused: impl FnMut(Slot, Errno)) {
        self.v4.flush(&mut refused);
        if let Some(queue) = &mut self.v6 {
            queue.flush(&mut refused);
        }
    }
}

/// A raw socket that takes packets with their IPv4 header and receives nothing.
fn open_v4() -> Result<Socket, Error> {
    let raw = Some(Protocol::from(libc::IPPROTO_RAW));
    let socket = Socket::new(Domain::IPV4, Type::RAW.nonblocking(), raw)
        .during("open a raw socket to send IPv4")?;
    socket.set_multicast_loop_v4(false).during("keep our own packets from ourselves")?;
    prefer(&socket);
    Ok(socket)
}

/// A raw socket that sends IPv6 packets of protocol 112 and drops those that it would receive.
fn open_v6() -> Result<Socket, Error> {
    let vrrp = Some(Protocol::from(VRRP));
    let socket = Socket::new(Domain::IPV6, Type::RAW.nonblocking(), vrrp)
        .during("open a raw socket to send IPv6")?;
    socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)]).during("refuse incoming packets")?;
    socket.set_multicast_loop_v6(false).during("keep our own packets from ourselves")?;
    socket.set_freebind_v6(true).during("allow any source address")?;
    socket.set_tclass_v6(u32::from(INTERNETWORK_CONTROL)).during("set the traffic class")?;
    prefer(&socket);
    Ok(socket)
}

/// Has the interface's queue send these packets before others, and makes room for a burst. As
/// good as the system permits: nothing depends on it.
fn prefer(socket: &Socket) {
    let _refused = socket.set_priority(CONTROL_TRAFFIC);
    let _refused = socket.set_send_buffer_size(QUEUE);
}

/// The header of a packet; see `wire::Datagram` for its layout. The kernel fills in the total
/// length and the checksum.
const fn v4_header(
    id: u16,
    ttl: u8,
    protocol: types::Protocol,
    source: Ipv4Addr,
    destination: Ipv4Addr,
) -> [u8; 20] {
    let [id_high, id_low] = id.to_be_bytes();
    let [s0, s1, s2, s3] = source.octets();
    let [d0, d1, d2, d3] = destination.octets();
    [
        0x45,
        INTERNETWORK_CONTROL,
        0,
        0,
        id_high,
        id_low,
        0,
        0,
        ttl,
        protocol.number(),
        0,
        0,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ]
}

fn v4_target(destination: Ipv4Addr) -> Target {
    Target::V4(libc::sockaddr_in {
        sin_family: fitted(libc::AF_INET),
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(destination.octets()) },
        sin_zero: [0; 8],
    })
}

fn v6_target(destination: Ipv6Addr, link: IfIndex) -> Target {
    Target::V6(libc::sockaddr_in6 {
        sin6_family: fitted(libc::AF_INET6),
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: destination.octets() },
        sin6_scope_id: link.get(),
    })
}

/// An `in_pktinfo`: the interface, and two addresses that are left open.
fn v4_control(link: IfIndex) -> Control {
    let mut info = [0; 12];
    if let Some(index) = info.first_chunk_mut() {
        *index = link.get().to_ne_bytes();
    }
    Control::new().with(libc::IPPROTO_IP, libc::IP_PKTINFO, &info)
}

/// An `in6_pktinfo`, the source and the interface, and the hop limit.
fn v6_control(source: Ipv6Addr, link: IfIndex, hop_limit: u8) -> Control {
    let mut info = [0; 20];
    if let Some(address) = info.first_chunk_mut() {
        *address = source.octets();
    }
    if let Some(index) = info.last_chunk_mut() {
        *index = link.get().to_ne_bytes();
    }
    let hop_limit = libc::c_int::from(hop_limit).to_ne_bytes();
    Control::new().with(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info).with(
        libc::IPPROTO_IPV6,
        libc::IPV6_HOPLIMIT,
        &hop_limit,
    )
}

/// IP protocol number of VRRP.
const VRRP: i32 = 112;

/// The traffic class of routing protocols (RFC 4594 §3.2, CS6).
const INTERNETWORK_CONTROL: u8 = 0xc0;

/// `TC_PRIO_CONTROL`.
const CONTROL_TRAFFIC: u32 = 7;

/// Octets that may wait in the interface's queue, the kernel's book-keeping included.
const QUEUE: usize = 1 << 20;

/// The filter instruction that ends with "keep this many octets" (`BPF_RET | BPF_K`).
const RETURN: u16 = 0x06;

//! Listening for VRRP: one socket for each interface and address.

use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use crate::types::{self, Family, IfIndex};

use super::call::switch_on;
use super::error::{During, Error};

/// A raw socket for the VRRP packets of one protocol that arrive on one interface for one
/// address.
///
/// One each, because a socket may join 20 groups only (`igmp_max_memberships`).
#[derive(Debug)]
pub struct Receiver {
    socket: Socket,
    family: Family,
}

impl Receiver {
    /// Listens on `link` for packets to `address`: a group, which is joined, or an address of
    /// ours, which need not be there yet. They are of IP protocol `protocol`.
    ///
    /// # Errors
    /// Where the process may not open raw sockets, the interface is gone, or IPv6 is disabled
    /// on it. Nothing stays open.
    pub fn open(link: IfIndex, address: IpAddr, protocol: types::Protocol) -> Result<Self, Error> {
        let family = Family::of(address);
        let domain = match family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let protocol = Protocol::from(i32::from(protocol.number()));
        let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))
            .during("open a raw socket for VRRP")?;
        let receiver = Self { socket, family };
        match address {
            IpAddr::V4(address) => receiver.bind_v4(link, address)?,
            IpAddr::V6(address) => receiver.bind_v6(link, address)?,
        }
        switch_on(&receiver.socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS)
            .during("ask for times of arrival")?;
        receiver.make_room()?;
        receiver.forget_others();
        Ok(receiver)
    }

    /// Narrows an IPv4 socket down to the interface and the address.
    fn bind_v4(&self, link: IfIndex, address: Ipv4Addr) -> Result<(), Error> {
        let socket = &self.socket;
        let name = SocketAddrV4::new(address, 0);
        socket
            .bind_device_by_index_v4(NonZeroU32::new(link.get()))
            .during("bind to the interface")?;
        socket.set_freebind_v4(true).during("allow binding to an absent address")?;
        socket.bind(&name.into()).during("bind to the address")?;
        socket.set_multicast_all_v4(false).during("leave out groups that others joined")?;
        if address.is_multicast() {
            let interface = InterfaceIndexOrAddress::Index(link.get());
            socket.join_multicast_v4_n(&address, &interface).during("join the multicast group")?;
        }
        Ok(())
    }

    /// Narrows an IPv6 socket down to the interface and the address, and has each packet
    /// delivered with what stood in its header.
    fn bind_v6(&self, link: IfIndex, address: Ipv6Addr) -> Result<(), Error> {
        let socket = &self.socket;
        let name = SocketAddrV6::new(address, 0, 0, link.get());
        socket
            .bind_device_by_index_v6(NonZeroU32::new(link.get()))
            .during("bind to the interface")?;
        socket.set_freebind_v6(true).during("allow binding to an absent address")?;
        socket.bind(&name.into()).during("bind to the address")?;
        socket.set_multicast_all_v6(false).during("leave out groups that others joined")?;
        socket.set_recv_hoplimit_v6(true).during("ask for hop limits")?;
        switch_on(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
            .during("ask for destination addresses")?;
        if address.is_multicast() {
            socket.join_multicast_v6(&address, link.get()).during("join the multicast group")?;
        }
        Ok(())
    }

    /// Makes the queue long, beyond `net.core.rmem_max` where that is permitted: a burst that
    /// arrives while the core thread does not run is not to be lost.
    fn make_room(&self) -> Result<(), Error> {
        match set_socket_recv_buffer_size_force(&self.socket, QUEUE) {
            Ok(()) => Ok(()),
            Err(_not_permitted) => self.socket.set_recv_buffer_size(QUEUE),
        }
        .during("lengthen the receive queue")
    }

    /// Drops what the socket took in before it was bound, for other interfaces or addresses.
    fn forget_others(&self) {
        let mut octet = [MaybeUninit::uninit()];
        for _ in 0..FORGOTTEN {
            if self.socket.recv(&mut octet).is_err() {
                return;
            }
        }
    }

    /// The family of the packets that it delivers.
    pub(super) const fn family(&self) -> Family {
        self.family
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Octets of a receive queue, the kernel's book-keeping included: 1000 packets or so.
const QUEUE: usize = 1 << 20;

/// Packets that a new socket forgets at most.
const FORGOTTEN: usize = 1024;

//! A synchronous netlink socket: requests that are answered before the next one is sent.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use netlink_packet_core::{Emitable, NetlinkBuffer, NetlinkHeader};
use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE};
use netlink_sys::{Socket, SocketAddr};
use rustix::io::Errno;
use rustix::net::{RecvFlags, sockopt};

/// A socket that is connected to the kernel, its buffers, and a count of what was asked.
pub(super) struct RouteSocket {
    socket: Socket,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    sequence: u32,
}

/// What a request is, besides its body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Kind {
    /// `RTM_*`.
    pub(super) message_type: u16,
    /// `NLM_F_*`, without `NLM_F_REQUEST`, which all have.
    pub(super) flags: u16,
}

/// Why no more answers come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lost {
    /// None came within [`DEADLINE`].
    Late,
    /// There was no room for them (ENOBUFS).
    Overrun,
    /// Any other errno.
    Errno(Errno),
}

impl RouteSocket {
    /// Opens a socket for interfaces and addresses in the calling thread's network namespace.
    pub(super) fn open() -> io::Result<Self> {
        Self::of(NETLINK_ROUTE)
    }

    /// Opens a socket for the packet filter in the calling thread's network namespace.
    pub(super) fn of_filter() -> io::Result<Self> {
        Self::of(NETLINK_NETFILTER)
    }

    fn of(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // An error repeats the header of its request, not its body, and says why in words.
        socket.set_cap_ack(true)?;
        socket.set_ext_ack(true)?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(DEADLINE))?;
        // More room than the administrator allows is a privilege; the usual room is enough.
        if sockopt::set_socket_recv_buffer_size_force(&socket, ROOM).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, ROOM)?;
        }
        Ok(Self { socket, outgoing: Vec::new(), incoming: vec![0; DATAGRAM], sequence: 0 })
    }

    /// Begins a new datagram. What was packed and not sent is dropped.
    pub(super) fn clear(&mut self) {
        self.outgoing.clear();
    }

    /// Packs one more request into the datagram and returns its sequence number, the successor
    /// of that of the request before it.
    pub(super) fn pack(&mut self, kind: Kind, body: &impl Emitable) -> io::Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        let begin = self.outgoing.len();
        let length = HEADER + body.buffer_len();
        let mut header = NetlinkHeader::default();
        header.length = u32::try_from(length).map_err(io::Error::other)?;
        header.message_type = kind.message_type;
        header.flags = kind.flags | netlink_packet_core::NLM_F_REQUEST;
        header.sequence_number = self.sequence;
        self.outgoing.resize(begin + length.next_multiple_of(4), 0);
        if let Some(place) = self.outgoing.get_mut(begin..begin + length) {
            let (head, tail) = place.split_at_mut(HEADER);
            header.emit(head);
            body.emit(tail);
        }
        Ok(self.sequence)
    }

    /// Sends the datagram. The kernel carries out all of it before this returns.
    pub(super) fn send(&self) -> io::Result<()> {
        loop {
            match self.socket.send(&self.outgoing, 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Hands every answer from the sequence number `first` on to `take`, until it breaks. Where
    /// some were dropped, all that were not are handed on before [`Lost::Overrun`].
    pub(super) fn answers<B>(
        &mut self,
        first: u32,
        mut take: impl FnMut(NetlinkBuffer<&[u8]>) -> ControlFlow<B>,
    ) -> Result<B, Lost> {
        // A kernel that sends for ever what nobody asked for is no kernel; still, an end.
        let mut overrun = false;
        for _ in 0..DATAGRAMS {
            // What found room before others were dropped is there already.
            let flags = if overrun { DO_NOT_WAIT } else { 0 };
            let mut place = self.incoming.as_mut_slice();
            let length = match self.socket.recv(&mut place, flags) {
                Ok(length) => length,
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::INTR) => continue,
                    Some(Errno::NOBUFS) => {
                        overrun = true;
                        continue;
                    }
                    _ if overrun => return Err(Lost::Overrun),
                    Some(Errno::AGAIN) | None => return Err(Lost::Late),
                    Some(errno) => return Err(Lost::Errno(errno)),
                },
            };
            let mut rest = self.incoming.get(..length).unwrap_or_default();
            while let Ok(message) = NetlinkBuffer::new_checked(rest) {
                let length = usize::try_from(message.length()).unwrap_or(usize::MAX);
                let age = message.sequence_number().wrapping_sub(first);
                if age < u32::MAX / 2
                    && let ControlFlow::Break(result) = take(message)
                {
                    return if overrun { Err(Lost::Overrun) } else { Ok(result) };
                }
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            }
        }
        Err(Lost::Late)
    }

    /// The socket, for requests about interfaces that any socket answers.
    pub(super) const fn any(&self) -> &Socket {
        &self.socket
    }
}

impl std::fmt::Debug for RouteSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteSocket")
            .field("socket", &self.socket)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// How long an answer may take. The kernel answers before the request returns.
const DEADLINE: Duration = Duration::from_secs(1);
/// MSG_DONTWAIT.
const DO_NOT_WAIT: i32 = RecvFlags::DONTWAIT.bits().cast_signed();
/// Octets of a message's header.
const HEADER: usize = 16;
/// The kernel never makes a larger datagram (NLMSG_GOODSIZE and what a dump grows to).
const DATAGRAM: usize = 64 * 1024;
/// Room for answers that is asked for, in octets.
const ROOM: usize = 1024 * 1024;
/// Datagrams that may answer one request: a listing of half a million addresses.
const DATAGRAMS: usize = 4096;

//! Packet sockets with the kernel's stamps: all that the lab needs of `unsafe`.
#![expect(
    unsafe_code,
    reason = "no safe crate reads the stamp and the interface of a received frame"
)]

use std::io;
use std::mem::{MaybeUninit, size_of, size_of_val, zeroed};
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::clock::Stamp;

/// One received frame, from its Ethernet header on.
#[derive(Debug)]
pub struct Received {
    /// Its octets.
    pub octets: Vec<u8>,
    /// When the kernel received it.
    pub at: Stamp,
    /// The interface that received it.
    pub interface: u32,
}

/// A socket that receives every frame that any interface of the thread's namespace receives.
#[derive(Debug)]
pub struct PacketSocket(Socket);

/// What a [`PacketSocket`] lets through.
#[derive(Clone, Copy, Debug)]
pub enum Filter {
    /// ARP, VRRP (112), AH (51), ICMPv6.
    Control,
    /// The same, of one sender: the last four octets of its hardware address.
    ControlOf([u8; 4]),
    /// ICMP and ICMPv6.
    Echo,
}

impl PacketSocket {
    /// Opens the socket in the namespace of the calling thread.
    pub fn open(filter: Filter) -> io::Result<Self> {
        let every = Protocol::from(i32::from((libc::ETH_P_ALL as u16).to_be()));
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(every))?;
        socket.attach_filter(&program(filter))?;
        socket.set_recv_buffer_size(4 << 20)?;
        let on: libc::c_int = 1;
        // SAFETY: the pointer and the length describe `on`, which outlives the call.
        let outcome = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_TIMESTAMPNS,
                (&raw const on).cast(),
                size_of_val(&on) as libc::socklen_t,
            )
        };
        if outcome != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(socket))
    }

    /// Waits up to `patience` for the next frame that came in (those going out are left out).
    pub fn receive(&self, patience: Duration) -> io::Result<Option<Received>> {
        let mut wait = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let limit = libc::timespec {
            tv_sec: patience.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(patience.subsec_nanos()),
        };
        // SAFETY: one pollfd is passed with the count 1; both pointers outlive the call.
        let ready = unsafe { libc::ppoll(&raw mut wait, 1, &raw const limit, std::ptr::null()) };
        match ready {
            0 => Ok(None),
            1.. => self.take(),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn take(&self) -> io::Result<Option<Received>> {
        let mut octets = vec![0_u8; 2048];
        let mut control = MaybeUninit::<[u64; 16]>::uninit();
        // SAFETY: both are plain C structs for which all zeros is a valid value.
        let (mut from, mut header): (libc::sockaddr_ll, libc::msghdr) = unsafe { zeroed() };
        let mut part = libc::iovec { iov_base: octets.as_mut_ptr().cast(), iov_len: octets.len() };
        header.msg_name = (&raw mut from).cast();
        header.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        header.msg_iov = &raw mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        // SAFETY: every pointer in the header names a live buffer of the length beside it.
        let length =
            unsafe { libc::recvmsg(self.0.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT) };
        if length < 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EINTR | libc::ENETDOWN) => Ok(None),
                _ => Err(error),
            };
        }
        if from.sll_pkttype == libc::PACKET_OUTGOING {
            return Ok(None);
        }
        octets.truncate(length as usize);
        Ok(Some(Received { octets, at: stamp(&header), interface: from.sll_ifindex as u32 }))
    }
}

/// The SCM_TIMESTAMPNS of a received message.
fn stamp(header: &libc::msghdr) -> Stamp {
    // SAFETY: the kernel has filled the control buffer that the header names; CMSG_FIRSTHDR
    // returns null or a pointer into it.
    let first = unsafe { libc::CMSG_FIRSTHDR(header) };
    assert!(!first.is_null(), "SO_TIMESTAMPNS is on");
    // SAFETY: not null, so a whole cmsghdr; the only message asked for is a timespec.
    let time: libc::timespec = unsafe {
        assert_eq!((*first).cmsg_type, libc::SCM_TIMESTAMPNS);
        libc::CMSG_DATA(first).cast::<libc::timespec>().read_unaligned()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The filter in the kernel's byte code.
fn program(filter: Filter) -> Vec<SockFilter> {
    let (arp, first, second, third) = match filter {
        Filter::Control | Filter::ControlOf(_) => (0x0806, 112, 51, 58),
        Filter::Echo => (0xffff, 1, 1, 58),
    };
    const LOAD_WORD: u16 = 0x20;
    const LOAD_HALF: u16 = 0x28;
    const LOAD_BYTE: u16 = 0x30;
    const EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let mut program = match filter {
        Filter::ControlOf(sender) => vec![
            SockFilter::new(LOAD_WORD, 0, 0, 8), // the sender's hardware address, from its third
            SockFilter::new(EQUAL, 1, 0, u32::from_be_bytes(sender)),
            SockFilter::new(RETURN, 0, 0, 0),
        ],
        Filter::Control | Filter::Echo => Vec::new(),
    };
    program.extend([
        SockFilter::new(LOAD_HALF, 0, 0, 12),
        SockFilter::new(EQUAL, 9, 0, arp), // to accept
        SockFilter::new(EQUAL, 2, 0, 0x0800),
        SockFilter::new(EQUAL, 3, 0, 0x86dd),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(LOAD_BYTE, 0, 0, 23), // IPv4's protocol
        SockFilter::new(EQUAL, 1, 1, 0),      // past IPv6's
        SockFilter::new(LOAD_BYTE, 0, 0, 20), // IPv6's next header
        SockFilter::new(EQUAL, 2, 0, first),
        SockFilter::new(EQUAL, 1, 0, second),
        SockFilter::new(EQUAL, 0, 1, third),
        SockFilter::new(RETURN, 0, 0, 0x0004_0000),
        SockFilter::new(RETURN, 0, 0, 0),
    ]);
    program
}

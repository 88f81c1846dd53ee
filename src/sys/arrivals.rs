//! Received packets, up to 64 at a time.

use std::net::Ipv6Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;
use std::{mem, ptr};

use rustix::io::Errno;

use crate::types::{Family, Packet};

use super::call::{answered, fitted};
use super::clock;
use super::control::{self, find};
use super::error::{During, Error};
use super::receive::Receiver;

/// Room for 64 packets, reused for every receiver. 300 kB.
pub struct Arrivals {
    places: Vec<Place>,
    arrived: usize,
    family: Family,
    /// The time by the clock that stamps packets, when these were taken.
    wall: Duration,
}

/// Room for one packet.
struct Place {
    source: libc::sockaddr_in6,
    control: [u8; control::ROOM],
    control_length: usize,
    octets: [u8; PACKET],
    length: usize,
}

impl Arrivals {
    /// Builds an empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self {
            places: (0..BATCH).map(|_| Place::empty()).collect(),
            arrived: 0,
            family: Family::V4,
            wall: Duration::ZERO,
        }
    }

    /// Takes up to 64 packets from `receiver`, in place of those of before. Returns how many;
    /// none where none waits. Does not wait or allocate.
    ///
    /// # Errors
    /// What the socket has to report, such as its interface going down; packets may follow.
    pub fn receive(&mut self, receiver: &Receiver) -> Result<usize, Error> {
        self.family = receiver.family();
        self.arrived = 0;
        self.arrived = match self.receive_from(receiver) {
            Ok(arrived) => arrived,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(errno) => return Err(errno).during("receive VRRP packets"),
        };
        self.wall = clock::stamping();
        Ok(self.arrived)
    }

    /// The packets that arrived, in their order. Of a packet longer than any advertisement can
    /// be there is its beginning, which no parser takes for a whole one.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        let family = self.family;
        let arrived = self.places.iter().take(self.arrived);
        arrived.map(move |place| place.packet(family))
    }

    /// How long ago each of them reached the kernel, in their order. What it says is wrong by as
    /// much as the wall's clock was set in between: nothing longer than the packets can have
    /// waited is to be believed.
    pub fn waited(&self) -> impl Iterator<Item = Duration> {
        let wall = self.wall;
        let arrived = self.places.iter().take(self.arrived);
        arrived.map(move |place| wall.saturating_sub(place.stamp().unwrap_or(wall)))
    }

    fn receive_from(&mut self, receiver: &Receiver) -> Result<usize, Errno> {
        let mut vectors = [NO_OCTETS; BATCH];
        // SAFETY: all zeros is a valid mmsghdr: null pointers and lengths of 0.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for ((place, vector), message) in self.places.iter_mut().zip(&mut vectors).zip(&mut headers)
        {
            vector.iov_base = place.octets.as_mut_ptr().cast();
            vector.iov_len = place.octets.len();
            let header = &mut message.msg_hdr;
            header.msg_name = ptr::from_mut(&mut place.source).cast();
            header.msg_namelen = fitted(size_of_val(&place.source));
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_control = place.control.as_mut_ptr().cast();
            header.msg_controllen = fitted(place.control.len());
        }
        // SAFETY: every header points to a vector, a name and control octets of the lengths it
        // states, all of which live in `vectors` and `self.places` until this function returns
        // and are not looked at in between.
        let arrived = answered(unsafe {
            libc::recvmmsg(
                receiver.as_fd().as_raw_fd(),
                headers.as_mut_ptr(),
                fitted(headers.len()),
                0,
                ptr::null_mut(),
            )
        })?;
        for (place, message) in self.places.iter_mut().zip(&headers).take(arrived) {
            place.length = fitted(message.msg_len);
            place.control_length = fitted(message.msg_hdr.msg_controllen);
        }
        Ok(arrived)
    }
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    const fn empty() -> Self {
        Self {
            source: libc::sockaddr_in6 {
                sin6_family: 0,
                sin6_port: 0,
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
                sin6_scope_id: 0,
            },
            control: [0; control::ROOM],
            control_length: 0,
            octets: [0; PACKET],
            length: 0,
        }
    }

    /// What arrived here.
    fn packet(&self, family: Family) -> Packet<'_> {
        let octets = self.octets.get(..self.length).unwrap_or_default();
        match family {
            Family::V4 => Packet::V4(octets),
            Family::V6 => Packet::V6 {
                source: Ipv6Addr::from(self.source.sin6_addr.s6_addr),
                destination: self.destination(),
                hop_limit: self.hop_limit(),
                payload: octets,
            },
        }
    }

    /// The destination in the `in6_pktinfo`: an address and an interface.
    fn destination(&self) -> Ipv6Addr {
        find(self.control(), libc::IPPROTO_IPV6, libc::IPV6_PKTINFO)
            .and_then(|data| data.first_chunk::<16>())
            .map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }

    /// The hop limit; 0, which nobody accepts, if the kernel did not say.
    fn hop_limit(&self) -> u8 {
        find(self.control(), libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT)
            .and_then(|data| data.first_chunk::<4>())
            .and_then(|octets| u8::try_from(libc::c_int::from_ne_bytes(*octets)).ok())
            .unwrap_or(0)
    }

    /// When it reached the kernel, as a `timespec`.
    fn stamp(&self) -> Option<Duration> {
        let data = find(self.control(), libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS)?;
        let (seconds, rest) = data.split_first_chunk::<8>()?;
        let nanos = rest.first_chunk::<8>()?;
        let seconds = u64::try_from(i64::from_ne_bytes(*seconds)).ok()?;
        Some(Duration::new(seconds, u32::try_from(i64::from_ne_bytes(*nanos)).ok()?))
    }

    fn control(&self) -> &[u8] {
        self.control.get(..self.control_length).unwrap_or_default()
    }
}

/// Packets that are received at once.
const BATCH: usize = 64;

/// Octets of a packet that are kept: more than an advertisement can have, which over IPv6 is
/// 8 + 16 × 255 and over IPv4, with its header, 60 + 8 + 4 × 255 + 8.
const PACKET: usize = 4608;

/// A vector that points nowhere.
const NO_OCTETS: libc::iovec = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };

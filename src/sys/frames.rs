//! Sending Ethernet frames as they are: gratuitous ARP and unsolicited NA.

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use crate::types::IfIndex;

use super::call::fitted;
use super::control::Control;
use super::error::{During, Error};
use super::queue::{Queue, Target};

/// What whole Ethernet frames leave through. `T` tells the caller which frame was refused.
#[derive(Debug)]
pub struct FrameSender<T> {
    queue: Queue<T>,
}

impl<T: Copy> FrameSender<T> {
    /// Opens the socket; it receives nothing.
    ///
    /// # Errors
    /// Where the process may not open packet sockets.
    pub fn open() -> Result<Self, Error> {
        let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None)
            .during("open a packet socket")?;
        Ok(Self { queue: Queue::new(socket) })
    }

    /// Takes in `frame`, its Ethernet header included, to leave by `link`; up to 64 leave together
    /// at [`FrameSender::flush`], or before one that finds no room. Tells `refused` of each that
    /// the kernel did not take. Does not wait or allocate.
    pub fn push(
        &mut self,
        token: T,
        link: IfIndex,
        frame: &[u8],
        mut refused: impl FnMut(T, Errno),
    ) {
        let target = Target::Link(libc::sockaddr_ll {
            sll_family: fitted(libc::AF_PACKET),
            sll_protocol: 0,
            sll_ifindex: fitted(link.get()),
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        });
        let envelope = (target, Control::new());
        self.queue.push(token, envelope, [frame, &[]], &mut refused);
    }

    /// Sends what was taken in. Tells `refused` of each frame that the kernel did not take.
    pub fn flush(&mut self, mut refused: impl FnMut(T, Errno)) {
        self.queue.flush(&mut refused);
    }
}

//! The client: it asks the virtual address a thousand times a second and notes who answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::echo::PORT;
use super::node::inside;
use super::{During, Error};
use crate::sys::clock;
use crate::sys::namespace::Network;
use crate::types::Instant;

/// How often the client asks.
const PERIOD: Duration = Duration::from_millis(1);

/// An answer that the client received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// When.
    pub(super) at: Instant,
    /// The letter of the node that sent it.
    pub(super) by: char,
}

/// Starts the client in `network`. It ends with the receiver of its answers.
pub(super) fn ask(network: &Network, target: IpAddr) -> Result<Receiver<Answer>, Error> {
    let socket = inside(network, || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
        let socket = socket.during("open the client's socket")?;
        socket.set_nonblocking(true).during("open the client's socket")?;
        Ok::<_, Error>(socket)
    })??;
    let (answers, heard) = channel();
    thread::spawn(move || run(&socket, SocketAddr::new(target, PORT), &answers));
    Ok(heard)
}

fn run(socket: &UdpSocket, target: SocketAddr, answers: &Sender<Answer>) {
    let mut next = clock::now();
    let mut request = 0_u64;
    loop {
        let now = clock::now();
        if now >= next {
            next = now + PERIOD;
            request += 1;
            // Unreachable for now: an unanswered request, which is what is measured.
            let _unsent = socket.send_to(&request.to_be_bytes(), target).is_err();
        }
        // A socket's own time-out would be rounded up to the kernel's ticks.
        let wait = Timespec::try_from(next.since(now)).ok();
        let _interrupted = poll(&mut [PollFd::new(socket, PollFlags::IN)], wait.as_ref()).is_err();
        let mut answer = [0; 9];
        while socket.recv_from(&mut answer).is_ok() {
            let [by, ..] = answer;
            let heard = Answer { at: clock::now(), by: char::from(by) };
            if answers.send(heard).is_err() {
                return;
            }
        }
    }
}

//! The client: it asks the virtual address a thousand times a second and notes who answers.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::echo::PORT;
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
    let socket = super::node::inside(network, || {
        let socket = UdpSocket::bind(("0.0.0.0", 0)).during("open the client's socket")?;
        let patience = Some(PERIOD);
        socket.set_read_timeout(patience).during("set a time-out")?;
        Ok::<_, Error>(socket)
    })??;
    let (answers, heard) = channel();
    thread::spawn(move || run(&socket, SocketAddr::new(target, PORT), &answers));
    Ok(heard)
}

fn run(socket: &UdpSocket, target: SocketAddr, answers: &Sender<Answer>) {
    let mut asked = Instant::default();
    let mut request = 0_u64;
    loop {
        let now = clock::now();
        if now.since(asked) >= PERIOD {
            asked = now;
            request += 1;
            // Unreachable for now: an unanswered request, which is what is measured.
            let _unsent = socket.send_to(&request.to_be_bytes(), target).is_err();
        }
        let mut answer = [0; 9];
        if socket.recv_from(&mut answer).is_ok() {
            let [by, ..] = answer;
            let heard = Answer {
                at: clock::now(),
                by: char::from(by),
            };
            if answers.send(heard).is_err() {
                return;
            }
        }
    }
}

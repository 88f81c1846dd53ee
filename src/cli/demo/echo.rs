//! A stand-in for the service behind the virtual address: it answers with its name.

use std::net::{Ipv4Addr, UdpSocket};

use super::{During, Error};

/// Where the service listens.
pub(super) const PORT: u16 = 7;

/// Answers every datagram with the first octet of `name` and what it received, for ever.
pub(super) fn serve(name: &str) -> Result<(), Error> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).during("open the service")?;
    let mut answer = [0; 9];
    if let (Some(first), Some(letter)) = (answer.first_mut(), name.bytes().next()) {
        *first = letter;
    }
    loop {
        let [_, request @ ..] = &mut answer;
        let (length, client) = socket.recv_from(request).during("receive a request")?;
        let answer = answer.get(..=length).unwrap_or(&answer);
        // A client that is out of reach asks again.
        let _unsent = socket.send_to(answer, client).is_err();
    }
}

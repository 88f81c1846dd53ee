//! Many address operations in few system calls.

use std::collections::HashSet;
use std::ops::ControlFlow;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL};

use crate::kernel::host::{Operation, Outcome, Refusal, Unlisted, Verb};
use crate::kernel::ledger::Identity;
use crate::types::{Family, IfIndex};

use super::answer::Answer;
use super::dump::list;
use super::message::request;
use super::socket::{Kind, Lost, RouteSocket};

/// Carries out `operations` in their order; the outcomes are in the same order.
pub(super) fn apply(socket: &mut RouteSocket, operations: &[Operation]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(operations.len());
    for chunk in operations.chunks(CHUNK) {
        apply_chunk(socket, chunk, &mut outcomes);
    }
    outcomes
}

/// One datagram: only the last request asks for an acknowledgement, errors come of themselves.
///
/// When 1 000 requests in one datagram each asked for one, the kernel dropped all after 256 for
/// want of room.
fn apply_chunk(socket: &mut RouteSocket, chunk: &[Operation], outcomes: &mut Vec<Outcome>) {
    let begin = outcomes.len();
    let mut first = None;
    let mut last = 0;
    socket.clear();
    for (number, operation) in chunk.iter().enumerate() {
        let body = request(operation.verb, operation.link, &operation.address);
        let kind = kind(operation.verb, number + 1 == chunk.len());
        let Ok(sequence) = socket.pack(kind, &body) else {
            // One request of some hundred octets always fits.
            return outcomes.extend(chunk.iter().map(|_| Outcome::Refused(Refusal::NoAnswer)));
        };
        first = first.or(Some(sequence));
        last = sequence;
        outcomes.push(Outcome::Done);
    }
    let Some(first) = first else { return };
    if let Err(error) = socket.send() {
        let refusal =
            Refusal::Errno { errno: error.raw_os_error().unwrap_or_default(), hint: None };
        return set_all(outcomes, begin, &refusal);
    }
    let mut answered = vec![false; chunk.len()];
    let end = socket.answers(first, |message| {
        let Some(answer) = Answer::read(&message) else {
            return ControlFlow::Continue(());
        };
        let sequence = answer.sequence;
        let number = usize::try_from(sequence.wrapping_sub(first)).unwrap_or(usize::MAX);
        if let (Some(operation), Some(answered), Some(outcome)) =
            (chunk.get(number), answered.get_mut(number), outcomes.get_mut(begin + number))
        {
            *answered = true;
            *outcome = answer.outcome(operation.verb, Family::of(operation.address.ip));
        }
        if sequence == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let Err(lost) = end else { return };
    // Errors may be among what was lost: only a look at what stands tells.
    let standing = match lost {
        Lost::Overrun => standing(socket).ok(),
        Lost::Late | Lost::Errno(_) => None,
    };
    let told = chunk.iter().zip(answered);
    for ((operation, answered), outcome) in told.zip(outcomes.iter_mut().skip(begin)) {
        if answered {
            continue;
        }
        let key = (operation.link, Identity::of(&operation.address));
        let stands = standing.as_ref().map(|standing| standing.contains(&key));
        let as_told = stands == Some(operation.verb == Verb::Add);
        if !as_told {
            *outcome = Outcome::Refused(Refusal::NoAnswer);
        }
    }
}

const fn kind(verb: Verb, last: bool) -> Kind {
    let ack = if last { NLM_F_ACK } else { 0 };
    match verb {
        Verb::Add => Kind { message_type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL | ack },
        Verb::Delete => Kind { message_type: RTM_DELADDR, flags: ack },
    }
}

fn set_all(outcomes: &mut [Outcome], begin: usize, refusal: &Refusal) {
    for outcome in outcomes.iter_mut().skip(begin) {
        *outcome = Outcome::Refused(refusal.clone());
    }
}

fn standing(socket: &mut RouteSocket) -> Result<HashSet<(IfIndex, Identity)>, Unlisted> {
    let all = list(socket)?;
    let keys = all.iter().map(|it| (it.link, Identity::of_standing(it)));
    Ok(keys.collect())
}

/// Requests in one datagram. Their errors, 800 octets of the socket's room each, fit the 208 KiB
/// that a socket has without privilege.
const CHUNK: usize = 128;
/// Message types of linux/rtnetlink.h.
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustix::net::sockopt;

    use super::*;
    use crate::kernel::ledger::AddressId;
    use crate::types::{Address, LinkName};

    /// Operations on an interface that no machine has.
    fn operations(verb: Verb) -> Vec<Operation> {
        let numbers = 0..CHUNK;
        let addresses = numbers.map(|number| {
            let ip = format!("192.0.2.{number}").parse().unwrap();
            Operation {
                id: AddressId::new(number).unwrap(),
                verb,
                link: IfIndex::new(2_000_000_000).unwrap(),
                address: Arc::new(Address::new(ip, LinkName::new("none").unwrap())),
            }
        });
        addresses.collect()
    }

    /// A socket with room for a few answers.
    fn narrow() -> RouteSocket {
        let socket = RouteSocket::open().unwrap();
        sockopt::set_socket_recv_buffer_size(socket.any(), 1).unwrap();
        socket
    }

    // The kernel refuses all of these, to root because of the interface, to others at once.

    #[test]
    fn no_addition_is_taken_for_done_because_its_error_was_dropped() {
        let outcomes = apply(&mut narrow(), &operations(Verb::Add));
        assert_eq!(outcomes.len(), CHUNK);
        assert!(outcomes.iter().all(|it| matches!(it, Outcome::Refused(_))), "{outcomes:?}");
        let unanswered = Outcome::Refused(Refusal::NoAnswer);
        let lost = outcomes.iter().filter(|&it| *it == unanswered);
        assert!(lost.count() > 100, "{outcomes:?}");
        assert_ne!(outcomes[0], unanswered, "{outcomes:?}");
    }

    #[test]
    fn what_does_not_stand_is_gone_even_if_its_answer_was_dropped() {
        let outcomes = apply(&mut narrow(), &operations(Verb::Delete));
        assert_eq!(outcomes.len(), CHUNK);
        assert_eq!(outcomes[CHUNK - 1], Outcome::Done);
    }

    #[test]
    fn with_the_usual_room_every_error_is_matched_to_its_request() {
        let mut socket = RouteSocket::open().unwrap();
        let outcomes = apply(&mut socket, &operations(Verb::Add));
        assert!(
            outcomes.iter().all(|it| {
                use Refusal::{LinkMissing, NotPermitted};
                matches!(it, Outcome::Refused(LinkMissing | NotPermitted))
            }),
            "{outcomes:?}"
        );
    }
}

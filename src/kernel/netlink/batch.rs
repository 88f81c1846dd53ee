//! Many operations in few system calls.

use std::collections::HashSet;
use std::ops::ControlFlow;

use netlink_packet_core::{Emitable, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::rule::RuleMessage;

use crate::kernel::host::{Operation, Outcome, Refusal, Unlisted, Verb};
use crate::kernel::ledger::Identity;
use crate::kernel::object::Target;
use crate::types::{Family, IfIndex, Place};

use super::answer::{Answer, outcome_of_route};
use super::dump::list;
use super::message::request;
use super::socket::{Kind, Lost, RouteSocket};
use super::{route, rule};

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
        let body = Body::of(operation);
        let kind = kind(operation, number + 1 == chunk.len());
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
            *outcome = outcome_of(answer, operation);
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
        let stands = match &operation.target {
            Target::Address(link, address) => {
                let key = (*link, Identity::of(address));
                standing.as_ref().map(|standing| standing.contains(&key))
            }
            // To be tried again, which tells.
            Target::Route(..) | Target::Rule(_) => None,
        };
        let as_told = stands == Some(operation.verb == Verb::Add);
        if !as_told {
            *outcome = Outcome::Refused(Refusal::NoAnswer);
        }
    }
}

/// What is asked for, whatever it is about.
enum Body {
    Address(AddressMessage),
    Route(RouteMessage),
    Rule(RuleMessage),
}

impl Body {
    fn of(operation: &Operation) -> Self {
        match &operation.target {
            Target::Address(link, address) => {
                Self::Address(request(operation.verb, *link, address))
            }
            Target::Route(wanted, links) => Self::Route(route::request(wanted, links)),
            Target::Rule(wanted) => Self::Rule(rule::request(wanted)),
        }
    }
}

impl Emitable for Body {
    fn buffer_len(&self) -> usize {
        match self {
            Self::Address(message) => message.buffer_len(),
            Self::Route(message) => message.buffer_len(),
            Self::Rule(message) => message.buffer_len(),
        }
    }

    fn emit(&self, buffer: &mut [u8]) {
        match self {
            Self::Address(message) => message.emit(buffer),
            Self::Route(message) => message.emit(buffer),
            Self::Rule(message) => message.emit(buffer),
        }
    }
}

fn kind(operation: &Operation, last: bool) -> Kind {
    let new = match &operation.target {
        Target::Address(..) | Target::Rule(_) => NLM_F_EXCL,
        // A route that is the same in every respect is refused in any case.
        Target::Route(route, _) => match route.place {
            Place::First => 0,
            Place::Last => NLM_F_APPEND,
            Place::Alone => NLM_F_EXCL,
        },
    };
    let (add, delete) = match &operation.target {
        Target::Address(..) => (RTM_NEWADDR, RTM_DELADDR),
        Target::Route(..) => (RTM_NEWROUTE, RTM_DELROUTE),
        Target::Rule(_) => (RTM_NEWRULE, RTM_DELRULE),
    };
    let ack = if last { NLM_F_ACK } else { 0 };
    match operation.verb {
        Verb::Add => Kind { message_type: add, flags: NLM_F_CREATE | new | ack },
        Verb::Delete => Kind { message_type: delete, flags: ack },
    }
}

fn outcome_of(answer: Answer, operation: &Operation) -> Outcome {
    match &operation.target {
        Target::Address(_, address) => answer.outcome(operation.verb, Family::of(address.ip)),
        Target::Route(..) | Target::Rule(_) => outcome_of_route(answer, operation.verb),
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
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWRULE: u16 = 32;
const RTM_DELRULE: u16 = 33;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustix::net::sockopt;

    use super::*;
    use crate::kernel::ledger::ObjectId;
    use crate::types::{Address, LinkName};

    /// Operations on an interface that no machine has.
    fn operations(verb: Verb) -> Vec<Operation> {
        let numbers = 0..CHUNK;
        let addresses = numbers.map(|number| {
            let ip = format!("192.0.2.{number}").parse().unwrap();
            Operation {
                id: ObjectId::new(number).unwrap(),
                verb,
                target: Target::Address(
                    IfIndex::new(2_000_000_000).unwrap(),
                    Arc::new(Address::new(ip, LinkName::new("none").unwrap())),
                ),
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

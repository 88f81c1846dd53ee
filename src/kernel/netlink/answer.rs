//! What the kernel answers to a request, and what that means.

use std::num::NonZeroI32;

use netlink_packet_core::{
    ErrorBuffer, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, NetlinkBuffer, NlasIterator,
};
use rustix::io::Errno;

use crate::kernel::host::{Outcome, Refusal, Verb};
use crate::types::Family;

/// An acknowledgement, or an error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    /// Which request it answers.
    pub(super) sequence: u32,
    /// What went wrong.
    pub(super) error: Option<Errno>,
    /// The same in the kernel's words, where it has some.
    pub(super) hint: Option<Box<str>>,
}

impl Answer {
    /// Reads a message; `None` where it is none of these.
    ///
    /// ```text
    /// |-- header, 16 --|-- errno, 4 --|-- header of the request, 16 --|-- attributes --|
    /// ```
    pub(super) fn read(message: &NetlinkBuffer<&[u8]>) -> Option<Self> {
        if message.message_type() != NLMSG_ERROR {
            return None;
        }
        let error = ErrorBuffer::new_checked(message.payload()).ok()?;
        let errno = error.code().map(NonZeroI32::get);
        let told = message.flags() & NLM_F_ACK_TLVS != 0;
        let capped = message.flags() & NLM_F_CAPPED != 0;
        let hint = (errno.is_some() && told && capped).then(|| hint(error.payload()));
        Some(Self {
            sequence: message.sequence_number(),
            error: errno.map(|errno| Errno::from_raw_os_error(errno.saturating_abs())),
            hint: hint.flatten(),
        })
    }

    /// What this means for an operation on an address of `family`.
    pub(super) fn outcome(self, verb: Verb, family: Family) -> Outcome {
        let Some(errno) = self.error else {
            return Outcome::Done;
        };
        let hint = self.hint;
        let v6 = family == Family::V6;
        match (verb, errno) {
            (Verb::Add, Errno::EXIST) => Outcome::Already,
            // No such interface, no such address, no IPv6 on the interface or at all.
            (
                Verb::Delete,
                Errno::NODEV
                | Errno::ADDRNOTAVAIL
                | Errno::NXIO
                | Errno::OPNOTSUPP
                | Errno::AFNOSUPPORT,
            ) => Outcome::Already,
            (Verb::Add, Errno::NODEV) => Outcome::Refused(Refusal::LinkMissing),
            (Verb::Add, Errno::ACCESS | Errno::OPNOTSUPP | Errno::AFNOSUPPORT) if v6 => {
                Outcome::Refused(Refusal::Ipv6Disabled)
            }
            (_, Errno::PERM) => Outcome::Refused(Refusal::NotPermitted),
            (_, Errno::INVAL) => Outcome::Refused(Refusal::Invalid { hint }),
            (_, errno) => Outcome::Refused(Refusal::Errno { errno: errno.raw_os_error(), hint }),
        }
    }
}

/// What an answer means for an operation on a route or a rule.
pub(super) fn outcome_of_route(answer: Answer, verb: Verb) -> Outcome {
    let Some(errno) = answer.error else {
        return Outcome::Done;
    };
    let hint = answer.hint;
    match (verb, errno) {
        (Verb::Add, Errno::EXIST) => Outcome::Already,
        // No such route, no such rule, no such interface, no IPv6 at all.
        (
            Verb::Delete,
            Errno::SRCH | Errno::NOENT | Errno::NODEV | Errno::OPNOTSUPP | Errno::AFNOSUPPORT,
        ) => Outcome::Already,
        (_, Errno::PERM) => Outcome::Refused(Refusal::NotPermitted),
        (_, Errno::INVAL) => Outcome::Refused(Refusal::Invalid { hint }),
        (_, errno) => Outcome::Refused(Refusal::Errno { errno: errno.raw_os_error(), hint }),
    }
}

/// The words among the attributes that follow the header of the request.
fn hint(payload: &[u8]) -> Option<Box<str>> {
    let attributes = payload.get(REQUEST_HEADER..)?;
    let mut attributes = NlasIterator::new(attributes).filter_map(Result::ok);
    let words = attributes.find(|attribute| attribute.kind() == NLMSGERR_ATTR_MSG)?;
    let text = words.value().split(|&octet| octet == 0).next()?;
    let text = String::from_utf8_lossy(text);
    let text = text.trim_end_matches('.');
    (!text.is_empty()).then(|| text.into())
}

/// Octets of the request's header that an error repeats.
const REQUEST_HEADER: usize = 16;
/// The attribute that holds the words.
const NLMSGERR_ATTR_MSG: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(errno: Errno, verb: Verb, family: Family) -> Outcome {
        let answer = Answer { sequence: 1, error: Some(errno), hint: None };
        answer.outcome(verb, family)
    }

    #[test]
    fn what_is_already_so_is_no_failure() {
        use Outcome::Already;
        assert_eq!(outcome(Errno::EXIST, Verb::Add, Family::V4), Already);
        for errno in [Errno::NODEV, Errno::ADDRNOTAVAIL, Errno::NXIO] {
            assert_eq!(outcome(errno, Verb::Delete, Family::V6), Already);
        }
    }

    #[test]
    fn an_errno_becomes_advice() {
        let advice = |errno, family| match outcome(errno, Verb::Add, family) {
            Outcome::Refused(refusal) => refusal.to_string(),
            other @ (Outcome::Done | Outcome::Already) => panic!("{other:?}"),
        };
        assert!(advice(Errno::ACCESS, Family::V6).contains("is IPv6 disabled"));
        assert!(advice(Errno::PERM, Family::V4).contains("CAP_NET_ADMIN"));
        assert!(advice(Errno::NODEV, Family::V4).contains("interface does not exist"));
        assert_eq!(advice(Errno::NOMEM, Family::V4), "Cannot allocate memory (os error 12)");
    }

    #[test]
    fn no_octets_of_an_error_make_its_reader_panic() {
        let whole = [
            60, 0, 0, 0, 2, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0,
            0, // header: error, capped, attributes
            0xea, 0xff, 0xff, 0xff, // -22
            44, 0, 0, 0, 20, 0, 5, 6, 9, 0, 0, 0, 0, 0, 0, 0, // header of the request
            24, 0, 1, 0, b'I', b'n', b'v', b'a', b'l', b'i', b'd', b' ', b's', b'c', b'o', b'p',
            b'e', b'.', 0, 0, 0, 0, 0, 0,
        ];
        let message = NetlinkBuffer::new_checked(&whole[..]).unwrap();
        let answer = Answer::read(&message).unwrap();
        assert_eq!(answer.sequence, 9);
        assert_eq!(answer.error, Some(Errno::INVAL));
        assert_eq!(answer.hint.as_deref(), Some("Invalid scope"));

        for cut in 16..whole.len() {
            let mut short = whole[..cut].to_vec();
            short[0] = u8::try_from(cut).unwrap();
            if let Ok(message) = NetlinkBuffer::new_checked(&short[..]) {
                let _ = Answer::read(&message);
            }
        }
    }
}

//! A refused advert as one line of the log.
//!
//! Two routers that refuse each other's adverts are both Active: nothing but this line tells why.

use tracing::warn;

use crate::types::{Refused, Reject};

/// Writes into the log that the instance called `name` refuses adverts.
pub fn log(name: &str, refused: &Refused) {
    let (why, help) = explain(refused.reason);
    warn!(
        instance = name,
        peer = %refused.peer,
        reason = refused.reason.label(),
        help,
        "({name}) Adverts of {} are refused: {why}",
        refused.peer
    );
}

/// A reason in full, and what is to be done about it.
const fn explain(reason: Reject) -> (&'static str, Option<&'static str>) {
    match reason {
        Reject::IpHeader | Reject::Protocol | Reject::Length | Reject::Type => {
            ("they are no VRRP adverts", None)
        }
        Reject::Fragment => ("they come in fragments", None),
        Reject::UnknownVrid => ("no instance has their VRID", None),
        Reject::NotRunning => ("the instance is not running", None),
        Reject::Ttl => (
            "their TTL is not what was sent: they were routed",
            Some("routers of one instance stand on one link; else set the peers' min_ttl"),
        ),
        Reject::Version => (
            "they are of another version of VRRP",
            Some("set the same version (vrrp_version) on all routers of the instance"),
        ),
        Reject::Checksum => ("their checksum is wrong", None),
        Reject::NoAddresses => ("they list no address", Some("the peer needs a virtual address")),
        Reject::ZeroInterval => ("their interval is 0", None),
        Reject::Interval => (
            "their interval is not ours",
            Some("version 2 needs the same interval (advert_int) on all routers of the instance"),
        ),
        Reject::AuthUnknown => (
            "they are authenticated in an unknown way",
            Some("use a password (auth_type PASS), or none, on all routers of the instance"),
        ),
        Reject::AuthMismatch => (
            "the two sides do not authenticate in the same way",
            Some("write the same authentication on all routers of the instance"),
        ),
        Reject::AuthFailed => (
            "their password is not ours",
            Some("write the same password (auth_pass) on all routers of the instance"),
        ),
        Reject::AhHeader => ("their Authentication Header is none of VRRP", None),
        Reject::AhIndex => (
            "their Authentication Header names another sender",
            Some("something on the way changes addresses (NAT), or somebody forges adverts"),
        ),
        Reject::AhDigest => (
            "their Authentication Header does not fit: another password, or changed on the way",
            Some("write the same password (auth_pass) on all routers of the instance"),
        ),
        Reject::AhReplay => (
            "their sequence number was used before",
            Some(
                "a peer that counts from the beginning is heard when it has heard us; else \
                  somebody repeats old adverts",
            ),
        ),
        Reject::AddressList => (
            "they list other addresses than ours",
            Some("write the same virtual addresses on all routers of the instance"),
        ),
        Reject::Destination => (
            "one side uses multicast and the other unicast",
            Some("list unicast peers on all routers of the instance, or on none"),
        ),
        Reject::Source => (
            "they come from nobody who is listed as a unicast peer",
            Some("list it among the unicast peers"),
        ),
        Reject::Own => (
            "they come from our own address",
            Some("another machine uses this address, or the link returns what is sent"),
        ),
    }
}

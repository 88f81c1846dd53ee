//! Why a received packet was refused.

use std::fmt;
use std::net::IpAddr;

use super::{Instant, Slot};

/// The one reason for which a received packet changed nothing. Each is a counter's label.
///
/// The order is that of the checks (RFC 9568 §7.1, RFC 3768 §7.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reject {
    /// The IP header is cut short or contradicts itself.
    IpHeader,
    /// A fragment: VRRP messages are never fragmented on purpose.
    Fragment,
    /// The IP protocol is neither 112 nor 51.
    Protocol,
    /// The message is shorter than its header says, or longer.
    Length,
    /// No instance has this VRID on the receiving interface.
    UnknownVrid,
    /// The instance is in Initialize: at fault or not started.
    NotRunning,
    /// TTL or hop limit is not 255, or outside the peer's configured range.
    Ttl,
    /// Another version of VRRP than the instance's.
    Version,
    /// The type is not 1, Advertisement.
    Type,
    /// The checksum is wrong in every accepted form.
    Checksum,
    /// No address is listed.
    NoAddresses,
    /// The interval is 0.
    ZeroInterval,
    /// VRRPv2: the interval is not ours.
    Interval,
    /// VRRPv2: the authentication type is unknown.
    AuthUnknown,
    /// VRRPv2: the authentication type is not ours.
    AuthMismatch,
    /// VRRPv2: the password is not ours.
    AuthFailed,
    /// VRRPv2: the Authentication Header is cut short or is none of VRRP.
    AhHeader,
    /// VRRPv2: the Authentication Header's security parameters index is not the sender's address.
    AhIndex,
    /// VRRPv2: the Authentication Header was made with another key, or for another packet.
    AhDigest,
    /// VRRPv2: the Authentication Header's sequence number is not above the last one.
    AhReplay,
    /// VRRPv2: the address list is not ours and the sender does not own the addresses.
    AddressList,
    /// Sent to a group by a unicast peer's rules, or to us by a multicast router's.
    Destination,
    /// The sender is not among the unicast peers.
    Source,
    /// Our own packet came back.
    Own,
}

/// A packet that an instance refused: evidence for the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused {
    /// Which instance.
    pub slot: Slot,
    /// When.
    pub at: Instant,
    /// Who sent it.
    pub peer: IpAddr,
    /// Why it was refused.
    pub reason: Reject,
}

impl Reject {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 24] = [
        Self::IpHeader,
        Self::Fragment,
        Self::Protocol,
        Self::Length,
        Self::UnknownVrid,
        Self::NotRunning,
        Self::Ttl,
        Self::Version,
        Self::Type,
        Self::Checksum,
        Self::NoAddresses,
        Self::ZeroInterval,
        Self::Interval,
        Self::AuthUnknown,
        Self::AuthMismatch,
        Self::AuthFailed,
        Self::AhHeader,
        Self::AhIndex,
        Self::AhDigest,
        Self::AhReplay,
        Self::AddressList,
        Self::Destination,
        Self::Source,
        Self::Own,
    ];

    /// The reason as a counter's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::IpHeader => "ip_header",
            Self::Fragment => "fragment",
            Self::Protocol => "protocol",
            Self::Length => "length",
            Self::UnknownVrid => "unknown_vrid",
            Self::NotRunning => "not_running",
            Self::Ttl => "ttl",
            Self::Version => "version",
            Self::Type => "type",
            Self::Checksum => "checksum",
            Self::NoAddresses => "no_addresses",
            Self::ZeroInterval => "zero_interval",
            Self::Interval => "interval",
            Self::AuthUnknown => "auth_unknown",
            Self::AuthMismatch => "auth_mismatch",
            Self::AuthFailed => "auth_failed",
            Self::AhHeader => "ah_header",
            Self::AhIndex => "ah_index",
            Self::AhDigest => "ah_digest",
            Self::AhReplay => "ah_replay",
            Self::AddressList => "address_list",
            Self::Destination => "destination",
            Self::Source => "source",
            Self::Own => "own",
        }
    }

    /// The reason's place in [`Reject::ALL`].
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the discriminant of a fieldless enum")]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

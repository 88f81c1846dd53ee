//! Bytes to values and back: VRRP messages, their checksums, ARP and NA frames.
//!
//! | file | what it knows |
//! |---|---|
//! | `ah` | the Authentication Header in front of VRRPv2: signing, judging |
//! | `ip` | what a received packet's IP header says |
//! | `vrrp` | VRRP messages of both versions, received |
//! | `sealed` | VRRP messages of both versions, sent |
//! | `checksum` | the Internet checksum, and what a VRRP message's covers |
//! | `frame` | the frames that tell neighbours where an address is |

mod ah;
mod checksum;
mod frame;
mod ip;
mod sealed;
#[cfg(test)]
mod tests;
mod vrrp;

pub use crate::types::Packet;
pub use ah::{AUTH_HEADER, AuthHeader, Authenticator};
pub use checksum::Coverage;
pub use frame::{ARP_FRAME, NA_FRAME, RouterFlag, gratuitous_arp, unsolicited_na};
pub use ip::Datagram;
pub use sealed::{Format, Frame, FrameError};
pub use vrrp::{Addresses, Advertisement, Authenticated, Header};

//! Bytes to values and back: VRRP messages, their checksums, ARP and NA frames.

pub use crate::types::Packet;

//! The configuration of one virtual router, as text in keepalived's syntax.

use std::net::IpAddr;
use std::time::Duration;

use super::topology::{INTERFACE, Lab, Node};

/// What both sides have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// VRRPv2 without authentication.
    V2,
    /// VRRPv2 with a password.
    V2Password,
    /// VRRPv2 behind an Authentication Header.
    V2Ah,
    /// VRRPv2 to unicast peers.
    V2Unicast,
    /// VRRPv2 behind an Authentication Header, to unicast peers.
    V2AhUnicast,
    /// VRRPv3 over IPv4.
    V3,
    /// VRRPv3 over IPv4 to unicast peers.
    V3Unicast,
    /// VRRPv3 over IPv6.
    V6,
    /// VRRPv3 over IPv6 to unicast peers.
    V6Unicast,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::V2,
        Self::V2Password,
        Self::V2Ah,
        Self::V2Unicast,
        Self::V2AhUnicast,
        Self::V3,
        Self::V3Unicast,
        Self::V6,
        Self::V6Unicast,
    ];

    /// 2 or 3.
    pub fn version(self) -> u8 {
        match self {
            Self::V2 | Self::V2Password | Self::V2Ah | Self::V2Unicast | Self::V2AhUnicast => 2,
            Self::V3 | Self::V3Unicast | Self::V6 | Self::V6Unicast => 3,
        }
    }

    /// Whether adverts go to each peer alone.
    pub fn is_unicast(self) -> bool {
        matches!(self, Self::V2Unicast | Self::V2AhUnicast | Self::V3Unicast | Self::V6Unicast)
    }

    /// Whether it is over IPv6.
    pub fn is_ipv6(self) -> bool {
        matches!(self, Self::V6 | Self::V6Unicast)
    }

    /// The virtual address: 10.9.0.100 or fd09::100.
    pub fn address(self) -> IpAddr {
        let text = if self.is_ipv6() { "fd09::100" } else { "10.9.0.100" };
        text.parse().expect("an address")
    }

    /// The address from which `node` sends its adverts.
    pub fn source(self, node: &Node) -> IpAddr {
        if self.is_ipv6() { node.link_local().into() } else { node.ipv4().into() }
    }
}

/// One side's settings. [`Router::new`] gives the ordinary ones; fields are set from there.
#[derive(Clone, Debug)]
pub struct Router {
    /// What is spoken.
    pub protocol: Protocol,
    /// 1..=255.
    pub priority: u8,
    /// `advert_int` in centiseconds.
    pub interval: u16,
    /// `auth_pass`, where there is one.
    pub password: String,
    /// Lines within `global_defs`.
    pub global: String,
    /// Further lines within `vrrp_instance`.
    pub instance: String,
    /// Lines before the instance.
    pub before: String,
}

impl Router {
    /// VRID 51, one address, nothing special.
    pub fn new(protocol: Protocol, priority: u8, interval: u16) -> Self {
        Self {
            protocol,
            priority,
            interval,
            password: "1111".to_owned(),
            global: String::new(),
            instance: String::new(),
            before: String::new(),
        }
    }

    /// How long it waits before it claims, after the Active Router's priority 0 (RFC 9568 §6.1).
    pub fn skew(&self) -> Duration {
        let unit = if self.protocol.version() == 2 { 100 } else { self.interval };
        let centis = f64::from(unit) * f64::from(256 - u16::from(self.priority)) / 256.0;
        Duration::from_secs_f64(centis / 100.0)
    }

    /// How long it waits for an advert before it claims (RFC 9568 §6.1).
    pub fn down_interval(&self) -> Duration {
        Duration::from_millis(u64::from(self.interval) * 30) + self.skew()
    }

    /// The file for `node`, with all other routers of the lab as peers.
    pub fn conf(&self, lab: &Lab, node: &str) -> String {
        let me = lab.node(node);
        let mut text = format!(
            "global_defs {{\n    router_id {node}\n    vrrp_version {}\n{}\n}}\n{}\n",
            self.protocol.version(),
            self.global,
            self.before
        );
        text += &format!(
            "vrrp_instance VI_1 {{\n    state BACKUP\n    interface {INTERFACE}\n    \
             virtual_router_id 51\n    priority {}\n    advert_int {}\n",
            self.priority,
            if self.interval.is_multiple_of(100) {
                (self.interval / 100).to_string()
            } else {
                format!("{}.{:02}", self.interval / 100, self.interval % 100)
            },
        );
        let kind = match self.protocol {
            Protocol::V2Password => Some("PASS"),
            Protocol::V2Ah | Protocol::V2AhUnicast => Some("AH"),
            Protocol::V2
            | Protocol::V2Unicast
            | Protocol::V3
            | Protocol::V3Unicast
            | Protocol::V6
            | Protocol::V6Unicast => None,
        };
        if let Some(kind) = kind {
            let password = &self.password;
            text += &format!(
                "    authentication {{\n        auth_type {kind}\n        auth_pass {password}\n    }}\n"
            );
        }
        if self.protocol.is_unicast() {
            text +=
                &format!("    unicast_src_ip {}\n    unicast_peer {{\n", self.protocol.source(me));
            for peer in lab.routers().iter().filter(|peer| peer.name != node) {
                text += &format!("        {}\n", self.protocol.source(peer));
            }
            text += "    }\n";
        }
        let addresses = if self.protocol.is_ipv6() {
            "        fe80::100/64\n        fd09::100/64\n"
        } else {
            "        10.9.0.100/24\n"
        };
        text + &format!("{}\n    virtual_ipaddress {{\n{addresses}    }}\n}}\n", self.instance)
    }
}

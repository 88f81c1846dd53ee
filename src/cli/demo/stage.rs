//! The stage: a bridge, three routers and a client on it, and the configuration they run.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;

use super::client::{self, Answer};
use super::node::{Node, inside, new_network};
use super::{During, Error};
use crate::kernel::wiring::{LinkState, Wiring};
use crate::sys::namespace::Network;
use crate::types::{Centis, MacAddr};

/// The virtual address.
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
/// How often the holder advertises: keepalived's default and ours.
pub(super) const INTERVAL: Centis = Centis::SECOND;

/// The network with everything on it.
#[derive(Debug)]
pub(super) struct Stage {
    /// What the client hears.
    pub(super) answers: Receiver<Answer>,
    nodes: [Node; 3],
    wiring: Wiring,
    _client: Network,
}

impl Stage {
    /// Builds the network. No daemon runs yet; the client asks already.
    pub(super) fn build() -> Result<Self, Error> {
        let wiring = Wiring::open().during("talk to the kernel")?;
        wiring.add_bridge(BRIDGE)?;
        let nodes = [Node::new('a', 1, 200)?, Node::new('b', 2, 150)?, Node::new('c', 3, 100)?];
        for node in &nodes {
            let port = node.name.to_string();
            connect(&wiring, &port, &node.network, node.mac(), node.address())?;
        }
        let client = new_network()?;
        let (mac, address) = (MacAddr([2, 0, 0, 0, 77, 200]), Ipv4Addr::new(10, 77, 0, 200));
        connect(&wiring, "client", &client, mac, address)?;
        let answers = client::ask(&client, ADDRESS.into())?;
        Ok(Self { nodes, answers, wiring, _client: client })
    }

    /// One of the routers.
    pub(super) fn node(&mut self, which: Which) -> &mut Node {
        let [a, b, c] = &mut self.nodes;
        match which {
            Which::A => a,
            Which::B => b,
            Which::C => c,
        }
    }

    /// Starts a router, or what is missing of it.
    pub(super) fn start(&mut self, which: Which) -> Result<(), Error> {
        let node = self.node(which);
        node.start(&configuration(node))
    }

    /// Pulls or plugs a router's cable.
    pub(super) fn cable(&mut self, which: Which, state: LinkState) -> Result<(), Error> {
        let port = self.node(which).name.to_string();
        Ok(self.wiring.set(&port, state)?)
    }

    /// The end of every daemon's log.
    pub(super) fn logs(&self) -> String {
        self.nodes.iter().map(Node::log).collect()
    }
}

/// One of the three routers, highest priority first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// Priority 200.
    A,
    /// Priority 150.
    B,
    /// Priority 100.
    C,
}

impl Which {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::A, Self::B, Self::C];
}

/// A cable from the bridge to `eth0` of `network`, and the addresses there.
fn connect(
    wiring: &Wiring,
    port: &str,
    network: &Network,
    mac: MacAddr,
    address: Ipv4Addr,
) -> Result<(), Error> {
    wiring.add_cable(BRIDGE, port, (INTERFACE, mac, network.as_fd()))?;
    inside(network, || {
        let wiring = Wiring::open().during("talk to the kernel")?;
        wiring.set("lo", LinkState::Up)?;
        wiring.set(INTERFACE, LinkState::Up)?;
        Ok(wiring.add_address(INTERFACE, IpAddr::V4(address), 24)?)
    })?
}

/// What a router runs: an ordinary keepalived.conf.
fn configuration(node: &Node) -> String {
    format!(
        "global_defs {{
    router_id {}
    vrrp_version 3
}}

vrrp_instance demo {{
    interface {INTERFACE}
    virtual_router_id 77
    priority {}
    advert_int {}
    virtual_ipaddress {{
        {ADDRESS}/24
    }}
}}
",
        node.name,
        node.priority,
        INTERVAL.get() / 100,
    )
}

const BRIDGE: &str = "bridge";
const INTERFACE: &str = "eth0";

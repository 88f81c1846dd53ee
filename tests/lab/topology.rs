//! The lab as a whole: a bridge, its ports, the nodes on them, and how a link is cut.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::namespace::{Namespace, ip, iproute2, remove_stale};

/// Hardware addresses are 02:00:00:00:00:NN with the node's number.
pub type Mac = [u8; 6];

/// The name of the client's node.
pub const CLIENT: &str = "client";
/// The client's number: host part of its addresses, last octet of its hardware address.
const CLIENT_NUMBER: u8 = 200;
/// The name of every node's only interface.
pub const INTERFACE: &str = "eth0";

/// Routers and a client on one bridge. Dropping it removes everything.
#[derive(Debug)]
pub struct Lab {
    nodes: Vec<Node>,
    switch: Namespace,
    directory: PathBuf,
}

/// One namespace with an `eth0` on the bridge.
#[derive(Debug)]
pub struct Node {
    /// Its name in the lab, also that of its port on the switch.
    pub name: String,
    /// Its number: the last octet of its addresses.
    pub number: u8,
    /// Its namespace.
    pub namespace: Namespace,
}

impl Node {
    /// 10.9.0.NUMBER
    pub fn ipv4(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 9, 0, self.number)
    }

    /// fd09::NUMBER
    pub fn ipv6(&self) -> Ipv6Addr {
        Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, u16::from(self.number))
    }

    /// fe80::NUMBER
    pub fn link_local(&self) -> Ipv6Addr {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(self.number))
    }

    /// 02:00:00:00:00:NUMBER
    pub fn mac(&self) -> Mac {
        [2, 0, 0, 0, 0, self.number]
    }

    /// Whether any of its interfaces has the address.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.addresses().contains(&address)
    }

    /// Every address of its interfaces but the loopback.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.namespace
            .ip(&["-o", "addr", "show"])
            .lines()
            .filter(|line| line.split_whitespace().nth(1) != Some("lo"))
            .filter_map(|line| line.split_whitespace().nth(3)?.split('/').next()?.parse().ok())
            .collect()
    }

    /// Whether a daemon has opened its sockets for VRRP.
    pub fn listens_for_vrrp(&self) -> bool {
        let text = self.namespace.enter(|| {
            ["raw", "raw6"].map(|table| {
                fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap_or_default()
            })
        });
        // The local "port" of a raw socket is its protocol: 112.
        text.concat()
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1))
            .any(|local| local.ends_with(":0070"))
    }

    /// What makes its cable, for `ip -batch` on the switch.
    fn cable(&self) -> String {
        format!(
            "link add name {port} type veth peer name {INTERFACE} netns {namespace} address {mac}",
            port = self.name,
            namespace = self.namespace.name(),
            mac = show_mac(self.mac()),
        )
    }

    /// What gives its `eth0` addresses, for `ip -batch` on the node.
    fn setup(&self) -> Vec<String> {
        vec![
            "link set lo up".to_owned(),
            format!("link set {INTERFACE} up"),
            format!("addr add {}/24 dev {INTERFACE}", self.ipv4()),
            format!("addr add {}/64 dev {INTERFACE} nodad", self.ipv6()),
            format!("addr add {}/64 dev {INTERFACE} nodad", self.link_local()),
        ]
    }

    /// What its neighbour table says about `address`: the hardware address and the state.
    pub fn neighbour(&self, address: IpAddr) -> Option<(Mac, String)> {
        let text =
            self.namespace.ip(&["neigh", "show", "to", &address.to_string(), "dev", INTERFACE]);
        let words: Vec<_> = text.lines().next()?.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "lladdr")?;
        Some((parse_mac(words.get(at + 1)?)?, (*words.last()?).to_owned()))
    }
}

impl Lab {
    /// Builds a switch, the routers and a client. Routers are numbered from 1 in their order.
    pub fn new(routers: &[&str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        if count == 0 {
            remove_stale();
        }
        let directory =
            std::env::temp_dir().join(format!("vipdlab-{}-{count}", std::process::id()));
        fs::create_dir_all(&directory).expect("the temporary directory is writable");

        let switch = Namespace::new(count, "switch");
        let numbered = routers.iter().copied().zip(1..);
        let nodes: Vec<_> = numbered
            .chain([(CLIENT, CLIENT_NUMBER)])
            .map(|(name, number)| Node {
                name: name.to_owned(),
                number,
                namespace: Namespace::new(count, name),
            })
            .collect();
        let lab = Self { nodes, switch, directory };
        lab.wire_up();
        lab
    }

    /// Every node, the client last.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Every node but the client.
    pub fn routers(&self) -> &[Node] {
        &self.nodes[..self.nodes.len() - 1]
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> &Node {
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .unwrap_or_else(|| panic!("no node is called {name}"))
    }

    /// The client.
    pub fn client(&self) -> &Node {
        self.node(CLIENT)
    }

    /// The namespace of the bridge.
    pub fn switch(&self) -> &Namespace {
        &self.switch
    }

    /// A directory of this lab for files and logs.
    pub fn directory(&self) -> &PathBuf {
        &self.directory
    }

    /// Pulls the cable: the node loses its carrier.
    pub fn cut(&self, node: &str) {
        self.switch.ip(&["link", "set", "dev", node, "down"]);
    }

    /// Puts the cable back.
    pub fn mend(&self, node: &str) {
        self.switch.ip(&["link", "set", "dev", node, "up"]);
    }

    /// Puts another network card in place of the node's: of the same name, number and hardware
    /// address, with the same addresses.
    pub fn replug(&self, node: &str) {
        let node = self.node(node);
        let port = index(&self.switch, &node.name);
        let number = index(&node.namespace, INTERFACE);
        let cable = node.cable().replace(" type", &format!(" index {port} type"));
        let script = [
            format!("link del dev {}", node.name),
            format!("{cable} index {number}"),
            format!("link set dev {} master br0 up", node.name),
        ];
        self.batch(&self.switch, &script);
        self.batch(&node.namespace, &node.setup());
        assert_eq!(index(&node.namespace, INTERFACE), number, "it has another number");
    }

    /// Makes the switch drop everything to and from the node, which keeps its carrier.
    pub fn block(&self, node: &str) {
        self.port_state(node, "0");
    }

    /// Undoes [`Lab::block`].
    pub fn unblock(&self, node: &str) {
        self.port_state(node, "3");
    }

    /// `ip link set … type bridge_slave state` returns success and changes nothing.
    fn port_state(&self, node: &str, state: &str) {
        self.switch.bridge(&["link", "set", "dev", node, "state", state]);
    }

    /// Behind whose port the switch has last heard this hardware address.
    pub fn leads_to(&self, mac: Mac) -> Option<String> {
        let text = iproute2("bridge", &["-n", self.switch.name(), "fdb", "show", "br", "br0"]);
        let mac = show_mac(mac);
        let found = text.lines().find(|line| line.starts_with(&mac) && !line.contains("permanent"));
        let mut words = found?.split_whitespace().skip_while(|word| *word != "dev");
        words.nth(1).map(str::to_owned)
    }

    /// The routers that have the address now.
    pub fn holders(&self, address: IpAddr) -> Vec<&str> {
        self.routers()
            .iter()
            .filter(|node| node.holds(address))
            .map(|node| node.name.as_str())
            .collect()
    }

    fn wire_up(&self) {
        for key in ["ipv6/conf/all/accept_dad", "ipv6/conf/default/accept_dad"] {
            self.switch.sysctl(key, "0");
            for node in &self.nodes {
                node.namespace.sysctl(key, "0");
            }
        }
        let mut script = vec![
            "link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0".to_owned(),
            "link set br0 up".to_owned(),
        ];
        for node in &self.nodes {
            script.push(node.cable());
            script.push(format!("link set dev {} master br0 up", node.name));
        }
        self.batch(&self.switch, &script);
        for node in &self.nodes {
            node.namespace.sysctl(&format!("ipv6/conf/{INTERFACE}/accept_dad"), "0");
            node.namespace.sysctl(&format!("ipv6/conf/{INTERFACE}/addr_gen_mode"), "1");
            self.batch(&node.namespace, &node.setup());
        }
    }

    fn batch(&self, namespace: &Namespace, lines: &[String]) {
        let file = self.directory.join(format!("{}.ip", namespace.name()));
        fs::write(&file, lines.join("\n") + "\n").expect("the lab's directory is writable");
        ip(&["-n", namespace.name(), "-batch", &file.to_string_lossy()]);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// The kernel's number of an interface.
fn index(namespace: &Namespace, interface: &str) -> u32 {
    let text = namespace.ip(&["-o", "link", "show", "dev", interface]);
    let number = text.split(':').next().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {text:?}"))
}

/// Reads `02:00:00:00:00:01`.
pub fn parse_mac(text: &str) -> Option<Mac> {
    let octets: Vec<_> = text
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16))
        .collect::<Result<_, _>>()
        .ok()?;
    octets.try_into().ok()
}

/// Writes `02:00:00:00:00:01`.
pub fn show_mac(mac: Mac) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

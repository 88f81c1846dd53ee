//! One configuration, vipd on one host and keepalived on another: the hosts are the same after it.

use std::net::IpAddr;

use super::image::Image;
use super::lab::clock::SOON;
use super::lab::{Daemon, Lab, Node, Program, eventually};

/// What vipd does otherwise, on purpose: a virtual interface without IPv4 addresses does not
/// answer for those of others, one with none of IPv6 has no IPv6, and the tables of the packet
/// filter have their sets from the beginning.
fn is_on_purpose(line: &str) -> bool {
    let set = ["set vips: type", "set link_vips: type"].iter().any(|it| line.contains(it));
    let rule = ["@vips drop", "@link_vips drop", "chain in: type filter"];
    let discovery = line.contains("table ip6") && line.contains("icmpv6 type nd-neighbor-");
    line.contains("/conf/vrrp6.") && line.contains("/arp_ignore")
        || line.contains("/conf/vrrp.53/disable_ipv6")
        || line.starts_with("- route multicast ff00::/8 dev vrrp.53")
        || line.contains("- filter table ip6 keepalived/map vmac_map: \"vrrp.53\"")
        || line.contains("- filter table ip6 keepalived/set vmac_set: \"vrrp.53\"")
        || line.starts_with("+ filter")
            && (set || discovery || rule.iter().any(|it| line.contains(it)))
}

fn second_interface(node: &Node) {
    let ip = |words: &str| node.namespace.ip(&words.split(' ').collect::<Vec<_>>());
    let ends = "address 02:00:00:00:01:01 type veth peer name far1 address 02:00:00:00:01:02";
    ip(&format!("link add eth1 {ends}"));
    ip("link set far1 up");
    ip("link set eth1 up");
    ip("addr add 10.8.0.1/24 dev eth1");
}

/// What the host is like while the daemon holds these addresses, and that it ends as it began.
fn image_with(program: Program, conf: &str, addresses: &[&str]) -> Image {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    second_interface(node);
    let before = Image::of(node);
    let mut daemon = Daemon::start(&lab, node, program, conf);
    eventually(SOON, "all addresses", || {
        let held = node.addresses();
        let missing = |ip: &&&str| !held.contains(&ip.parse::<IpAddr>().unwrap());
        let missing: Vec<_> = addresses.iter().filter(missing).collect();
        missing.is_empty().then_some(()).ok_or_else(|| format!("{missing:?} missing"))
    });
    let image = Image::of(node);
    assert!(daemon.stop().success());
    if program == Program::Vipd {
        before.wait_for(node, "everything as it was");
    }
    image
}

fn same(conf: &str, addresses: &[&str]) {
    let [ours, theirs] =
        [Program::Vipd, Program::Keepalived].map(|program| image_with(program, conf, addresses));
    assert!(!theirs.lines("macvlan mode private").is_empty(), "keepalived made none");
    let mut difference = theirs.difference(&ours);
    difference.retain(|line| !is_on_purpose(line));
    assert!(difference.is_empty(), "keepalived's (-), vipd's (+)\n{}", difference.join("\n"));
}

/// An instance of VRIDs from 51 on, with the words of `settings`, that holds `addresses`.
fn instance(vrid: u8, interface: &str, settings: &str, addresses: &str) -> String {
    format!(
        "vrrp_instance VI_{vrid}_{} {{\n    interface {interface}\n    virtual_router_id {vrid}\n    \
         priority 200\n    advert_int 0.1\n{settings}\n    virtual_ipaddress {{\n{addresses}\n    }}\n}}\n",
        if addresses.contains(':') { 6 } else { 4 }
    )
}

const VERSION_3: &str = "global_defs {\n    vrrp_version 3\n}\n";

#[test]
fn interfaces_settings_and_filter_are_keepalived_s() {
    let conf = VERSION_3.to_owned()
        + &instance(51, "eth0", "use_vmac", "10.9.0.100/24")
        + &instance(51, "eth0", "use_vmac", "fe80::100/64\nfd09::100/64")
        + &instance(52, "eth0", "use_vmac chosen\nvmac_xmit_base\nno_accept", "10.9.0.101/24")
        + &instance(54, "eth0", "use_vmac other 02:00:00:00:54:54", "10.9.0.104/32");
    same(&conf, &["10.9.0.100", "fd09::100", "10.9.0.101", "10.9.0.104"]);
}

#[test]
fn addresses_of_other_interfaces_and_families_stand_where_keepalived_s_do() {
    let excluded = "use_vmac\nuse_vmac_addr\nvirtual_ipaddress_excluded {\nfd08::101/64\n}";
    let conf = VERSION_3.to_owned()
        + &instance(53, "eth1", excluded, "10.8.0.101/24\n10.9.0.102/24 dev eth0");
    same(&conf, &["10.8.0.101", "10.9.0.102", "fd08::101"]);
}

#[test]
fn the_packet_filter_is_keepalived_s_in_another_table() {
    let global = "global_defs {\n    vrrp_version 3\n    nftables mine\n    nftables_priority -7\n    \
                  nftables_counters\n    vmac_prefix vm\n}\n";
    let conf = global.to_owned() + &instance(55, "eth0", "use_vmac\nno_accept", "10.9.0.105/24");
    same(&conf, &["10.9.0.105"]);
}

#[test]
fn a_strict_router_keeps_packets_from_its_addresses_as_keepalived_does() {
    let conf = instance(56, "eth0", "version 3\nstrict_mode on", "10.9.0.106/24");
    let [ours, theirs] = [Program::Vipd, Program::Keepalived]
        .map(|program| image_with(program, &conf, &["10.9.0.106"]));
    let mut difference = theirs.difference(&ours);
    // The tables are made whole.
    difference.retain(|line| !(line.starts_with('+') && line.contains("vmac_map")));
    assert_eq!(difference, Vec::<String>::new());
    assert_eq!(ours.lines("@vips drop").len(), 2);
}

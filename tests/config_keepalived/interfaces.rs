//! Keywords of virtual interfaces and of what addresses accept.

use vipd::config::model::Vmac;
use vipd::types::{LinkName, MacAddr};

use super::reading::{clean, made, read, told};

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn vmac(own: &str) -> Vmac {
    clean("", own).vmac.unwrap_or_else(|| panic!("{own}: none"))
}

#[test]
fn a_virtual_interface_has_the_virtual_router_s_name_and_address() {
    let expected = Vmac {
        name: link("vrrp.5"),
        base: link("eth0"),
        mac: MacAddr([0, 0, 0x5e, 0, 1, 5]),
        group: None,
        sends: true,
    };
    assert_eq!(vmac("use_vmac"), expected);
    let named = Vmac { name: link("foo0"), ..expected };
    assert_eq!(vmac("use_vmac foo0"), named);
    assert_eq!(vmac("use_vmac name foo0 netlink_notify_msg"), named);
    assert_eq!(vmac("use_vmac\nvmac_xmit_base"), Vmac { sends: false, ..expected });
    let all = vmac("use_vmac 02:00:00:00:00:09 group 7");
    assert_eq!((all.mac, all.group), (MacAddr([2, 0, 0, 0, 0, 9]), Some(7)));
    assert_eq!(clean("vmac_prefix v", "use_vmac").vmac.unwrap().name, link("v.5"));
}

#[test]
fn the_addresses_stand_on_it_unless_they_say_otherwise() {
    let own = "use_vmac\n virtual_ipaddress_excluded {\n fd00::1\n 10.0.0.7 dev eth1\n \
               10.0.0.8 dev eth0\n 10.0.0.6 dev eth1 use_vmac\n}";
    let instance = clean("", own);
    let links: Vec<_> = instance.held().map(|it| it.link.to_string()).collect();
    assert_eq!(links, ["vrrp.5", "vrrp.5", "eth1", "vrrp.5", "vrrp1.5"]);
    let [other] = &instance.address_vmacs[..] else { panic!("{:?}", instance.address_vmacs) };
    assert_eq!((other.base, other.sends), (link("eth1"), false));
    let own = "use_vmac_addr\n virtual_ipaddress_excluded {\n 10.0.0.7 dev eth1\n}";
    let links: Vec<_> = clean("", own).held().map(|it| it.link.to_string()).collect();
    assert_eq!(links, ["eth0", "vrrp.5"]);
}

#[test]
fn no_two_virtual_interfaces_are_called_alike() {
    let instance = |name: &str, link: &str, ip: &str| {
        format!(
            "vrrp_instance {name} {{\n interface {link}\n virtual_router_id 5\n use_vmac\n \
             virtual_ipaddress {{\n {ip}\n }}\n}}\n"
        )
    };
    let (a, b) = (instance("A", "eth0", "10.0.0.9"), instance("B", "eth1", "10.1.0.9"));
    let (c, d) = (instance("C", "eth0", "fe80::9"), instance("D", "eth1", "fe80::9"));
    let (model, codes) = read(&(a + &b + &c + &d));
    assert_eq!(codes, [""; 0]);
    let names: Vec<_> = model.unwrap().instances.iter().filter_map(|it| it.vmac.clone()).collect();
    let names: Vec<_> = names.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["vrrp.5", "vrrp1.5", "vrrp6.5", "vrrp2.5"]);
}

#[test]
fn what_cannot_be_meant_of_a_virtual_interface_is_told() {
    for (own, expected) in [
        ("use_vmac foo0 bar0", "bad-value"),
        ("use_vmac thisnameistoolong0", "bad-value"),
        ("use_vmac a/b", "bad-value"),
        ("use_vmac 01:00:00:00:00:09", "bad-value"),
        ("use_vmac eth0", "vmac-name"),
        ("use_ipvlan", "not-done"),
        ("vmac_xmit_base", "vmac-missing"),
        ("use_vmac\nvmac_xmit_base\nstrict_mode", "strict-conflict"),
        ("use_vmac\nunicast_peer {\n10.0.0.2\n}", "vmac-unicast"),
    ] {
        assert_eq!(told("", own), expected, "{own}");
    }
    assert_eq!(told("vmac_prefix twelve.chars", "use_vmac"), "bad-value");
    assert_eq!(told("nftables_priority x", ""), "bad-value");
    assert_eq!(told("vrrp_iptables", ""), "replaced");
}

#[test]
fn unicast_adverts_leave_by_the_interface_under_it() {
    let (instance, _) = made("", "use_vmac\nunicast_peer {\n10.0.0.2\n}");
    assert_eq!((instance.outlet(), instance.inlet()), (link("eth0"), link("eth0")));
    let instance = clean("", "use_vmac");
    assert_eq!((instance.outlet(), instance.inlet()), (link("vrrp.5"), link("vrrp.5")));
    let instance = clean("", "use_vmac\nvmac_xmit_base");
    assert_eq!((instance.outlet(), instance.inlet()), (link("eth0"), link("vrrp.5")));
}

#[test]
fn packets_to_the_addresses_are_accepted_unless_strict_mode_or_a_keyword_says_otherwise() {
    let guarded = |own| clean("", own).is_guarded();
    assert!(!guarded(""));
    assert!(!guarded("accept"));
    assert!(guarded("no_accept"));
    assert!(guarded("strict_mode"));
    assert!(!guarded("no_accept\naccept"), "the last word counts");
    assert!(!guarded("no_accept\npriority 255"), "an owner accepts");
    assert!(!guarded("version 3\nstrict_mode\naccept"));
    let (instance, codes) = made("", "strict_mode\naccept");
    assert_eq!((instance.is_guarded(), codes), (true, vec!["strict-conflict"]));
}

#[test]
fn the_packet_filter_is_configured_for_the_node() {
    let text = "global_defs {\n nftables mine\n nftables_priority -5\n nftables_counters\n \
                disable_local_igmp\n}\n";
    let node = read(text).0.unwrap().node;
    let firewall = node.firewall;
    assert_eq!((firewall.table.as_str(), firewall.priority), ("mine", -5));
    assert!(firewall.counters && !node.local_igmp);
}

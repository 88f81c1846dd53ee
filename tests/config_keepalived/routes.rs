//! Entries of virtual_routes, virtual_rules and of the static blocks.

use vipd::config::model::Instance;
use vipd::types::{LinkName, Route, Rule, Weight};

use super::reading::read;

/// The instance with such a block, and the codes.
fn with(block: &str, line: &str) -> (Instance, String) {
    let (model, codes) = read(&format!(
        "vrrp_instance A {{\n interface eth0\n virtual_router_id 5\n \
         virtual_ipaddress {{\n10.0.0.9\n}}\n{block} {{\n{line}\n}}\n}}\n"
    ));
    (model.unwrap().instances.remove(0), codes.join(" "))
}

fn route(line: &str) -> (Option<Route>, String) {
    let (mut instance, codes) = with("virtual_routes", line);
    (instance.routes.pop(), codes)
}

fn rule(line: &str) -> (Option<Rule>, String) {
    let (mut instance, codes) = with("virtual_rules", line);
    (instance.rules.pop(), codes)
}

#[test]
fn routes_are_read_as_ip_route_has_them() {
    for (line, shown) in [
        ("10.1.0.0/24 dev eth1", "10.1.0.0/24 dev eth1"),
        ("to 10.1.0.0/24 via 10.0.0.1 dev eth1", "10.1.0.0/24 via 10.0.0.1 dev eth1"),
        (
            "default via 10.0.0.1 dev eth1 onlink table 1",
            "default via 10.0.0.1 dev eth1 onlink table 1",
        ),
        ("add default via 10.0.0.1 oif eth1 table 120", "default via 10.0.0.1 dev eth1 table 120"),
        ("default via fe80::1 dev eth1", "default via fe80::1 dev eth1"),
        ("0.0.0.0/0 via 10.0.0.1 no_track", "default via 10.0.0.1"),
        ("blackhole 10.5.0.0/16 no_track", "blackhole 10.5.0.0/16"),
        ("unreachable 2001:db8::/48 no_track", "unreachable 2001:db8::/48"),
        ("10.6.0.0/24 dev eth1 preference 5", "10.6.0.0/24 dev eth1 metric 5"),
        (
            "10.6.0.0/24 nexthop via 10.0.0.1 dev eth1 weight 3 nexthop dev eth2 onlink no_track",
            "10.6.0.0/24 nexthop via 10.0.0.1 dev eth1 weight 3 nexthop dev eth2 onlink",
        ),
        ("2001:db8::7/48 dev eth1", "2001:db8::/48 dev eth1"),
    ] {
        let (route, codes) = route(line);
        assert_eq!(codes, "", "{line}");
        assert_eq!(route.unwrap().to_string(), shown, "{line}");
    }
}

#[test]
fn what_keepalived_drops_is_dropped_and_the_rest_goes_on() {
    for (line, code) in [
        ("172.16.0.0/16 dev eth1 gateway 10.1.0.254 onlink table 1", "bad-value"),
        ("10.7.0.0/24 via 10.0.0.1 table nosuch", "bad-value"),
        ("10.8.0.0/24 via 10.0.0.1 metric -5", "bad-value"),
        ("2001:db8:1::/64 via 10.0.0.1 no_track", "both-families"),
        ("10.34.0.0/24 dev eth1 expires 10", "wrong-family"),
        ("10.36/16 via 10.0.0.1", "bad-value"),
        ("via 10.0.0.1", "bad-value"),
        ("10.19.0.0/24 no_track", "route-without-way"),
        ("10.35.0.7/24 dev eth1", "bits-behind-prefix"),
        ("10.29.0.0/24 via 10.0.0.1 encap mpls 100", "bad-value"),
    ] {
        assert_eq!(route(line), (None, code.to_owned()), "{line}");
    }
    let (instance, _) = with("virtual_routes", "10.36/16 via 10.0.0.1\n10.1.0.0/24 dev eth1");
    assert_eq!(instance.routes.len(), 1);
}

#[test]
fn a_tracked_route_names_its_interface_and_is_keepalived_s() {
    let (static_one, codes) = route("10.1.0.0/24 dev eth1 protocol static");
    assert_eq!((static_one.unwrap().protocol, codes.as_str()), (18, "tracked-protocol"));
    let (untracked, codes) = route("10.1.0.0/24 dev eth1 protocol static no_track");
    assert_eq!((untracked.unwrap().protocol, codes.as_str()), (4, ""));
    let (nameless, codes) = route("10.1.0.0/24 via 10.0.0.1");
    assert_eq!((nameless.unwrap().tracked, codes.as_str()), (false, "untracked-route"));

    let (tracked, _) = with("virtual_routes", "10.1.0.0/24 dev eth1");
    let eth1 = LinkName::new("eth1").unwrap();
    assert!(tracked.carriers().any(|link| link == eth1));
    let (untracked, _) = with("virtual_routes", "10.1.0.0/24 dev eth1 no_track");
    assert!(!untracked.carriers().any(|link| link == eth1));
}

#[test]
fn rules_are_read_as_ip_rule_has_them() {
    for (line, shown) in [
        ("from 10.1.0.5/32 table 1 priority 100", "from 10.1.0.5/32 priority 100 lookup 1"),
        ("to all lookup 250 priority 32770", "from all priority 32770 lookup 250"),
        ("not from 10.4.0.0/24 blackhole order 3", "not from 10.4.0.0/24 priority 3 blackhole"),
        (
            "iif eth0 oif eth1 goto 400 preference 9",
            "from all iif eth0 oif eth1 priority 9 goto 400",
        ),
        (
            "fwmark 24/12 table main priority 306",
            "from all fwmark 0x18/0xc priority 306 lookup 254",
        ),
    ] {
        let (rule, codes) = rule(line);
        assert_eq!(codes, "", "{line}");
        assert_eq!(rule.unwrap().to_string(), shown, "{line}");
    }
}

#[test]
fn flaws_of_rules_are_judged_as_keepalived_does() {
    for (line, code) in [
        ("from 10.2.0.0/24", "rule-without-action"),
        ("from 10.0.0.1 rule from 10.0.0.1 table 100", "bad-value"),
        ("from 10.5.2.0/24 goto 200 priority 310", "rule-goes-back"),
        ("from 10.6.3.0/24 to 2001:db8::/64 table 2 priority 329", "both-families"),
        ("from 192.168.200./24 table 2", "bad-value"),
    ] {
        assert_eq!(rule(line), (None, code.to_owned()), "{line}");
    }
    let (wide, codes) = rule("ipproto udp dport 53 table 5 priority 316");
    assert_eq!((wide.unwrap().destination_ports, codes.as_str()), (None, "bad-value"));
    let (unmarked, _) = rule("from 10.6.0.0/24 table 5 priority 325 no_track");
    assert_eq!(unmarked.unwrap().protocol, 0);
    let (instance, _) = with("virtual_rules", "from 10.0.0.1 table 1\nfrom 10.0.0.2 table 1");
    let priorities: Vec<u32> = instance.rules.iter().map(|it| it.priority).collect();
    assert_eq!(priorities, [16384, 16383]);
}

#[test]
fn what_the_node_holds_may_be_a_condition_of_instances() {
    let text = "track_group G {\n group {\n A\n }\n}\n\
        static_ipaddress {\n 192.0.2.201/24 dev eth1 track_group G\n 192.0.2.202\n}\n\
        static_routes {\n 198.51.100.0/24 via 192.0.2.1 dev eth2 track_group G\n}\n\
        static_rules {\n from 198.51.100.0/24 table 100 priority 500\n}\n\
        vrrp_instance A {\n interface eth0\n virtual_router_id 5\n \
        virtual_ipaddress {\n 10.0.0.9\n }\n}\n";
    let (model, codes) = read(text);
    assert_eq!(codes.join(" "), "");
    let model = model.unwrap();
    let held: Vec<String> = model.fixtures.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["192.0.2.201/24 dev eth1", "192.0.2.202/32 dev eth0"]);
    assert_eq!((model.fixtures.routes.len(), model.fixtures.rules.len()), (1, 1));
    let tracked = &model.instances[0].tracked_interfaces;
    let names: Vec<&str> = tracked.iter().map(|it| it.link.as_str()).collect();
    assert_eq!(names, ["eth1", "eth2"]);
    assert!(tracked.iter().all(|it| it.weight == Weight::FAULT));
}

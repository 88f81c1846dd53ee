//! Blocks about single interfaces.

use std::time::Duration;

use vipd::config::model::{LinkDelay, Model};
use vipd::types::LinkName;

use super::reading::{Codes, read};

fn node(block: &str) -> (Model, Codes) {
    let instance = "vrrp_instance A {\n interface eth0\n virtual_router_id 5\n advert_int 1\n \
                    virtual_ipaddress {\n 10.0.0.9\n }\n}\n";
    let (model, codes) = read(&format!("{block}\n{instance}"));
    (model.unwrap(), codes)
}

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn delays(lines: &str) -> (Vec<(String, u64, u64)>, String) {
    let (model, codes) = node(&format!("interface_up_down_delays {{\n{lines}\n}}"));
    let all = model.node.link_delays.into_iter();
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap();
    let all =
        all.map(|(link, LinkDelay { down, up })| (link.to_string(), millis(down), millis(up)));
    (all.collect(), codes.join(" "))
}

#[test]
fn delays_are_of_going_down_then_of_coming_up() {
    let one = |down, up| vec![("eth1".to_owned(), down, up)];
    assert_eq!(delays("eth1 2 3.5"), (one(2000, 3500), String::new()));
    assert_eq!(delays("eth1 2"), (one(2000, 0), String::new()));
    assert_eq!(delays("eth1 0 255 more"), (one(0, 255_000), String::new()));
    assert_eq!(delays("eth1 1\n eth1 0.5"), (one(500, 0), String::new()));
    assert_eq!(delays("eth1"), (vec![], String::new()));
    for wrong in ["eth1 256", "eth1 1 x", "eth1 -1", "eth1/2 1"] {
        assert_eq!(delays(wrong), (vec![], "bad-value".to_owned()), "{wrong}");
    }
}

#[test]
fn a_delay_that_the_peers_do_not_bear_is_told() {
    assert_eq!(delays("eth0 1.9").1, "");
    assert_eq!(delays("eth0 2").1, "delay-shortened");
    let (model, _) = node("");
    assert_eq!(model.instances[0].longest_down_delay(), Duration::from_nanos(1_996_093_750));
}

fn paces(blocks: &[&str]) -> (Vec<(Vec<String>, Duration, Duration)>, String) {
    let blocks = blocks.iter().map(|it| format!("garp_group {{\n{it}\n}}\n"));
    let (model, codes) = node(&blocks.collect::<String>());
    let all = model.node.paces.into_iter().map(|pace| {
        let links = pace.links.iter().map(ToString::to_string).collect();
        (links, pace.arp_interval, pace.na_interval)
    });
    (all.collect(), codes.join(" "))
}

#[test]
fn interfaces_announce_in_turn() {
    let (half, none) = (Duration::from_millis(500), Duration::ZERO);
    let links = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let both =
        "garp_interval 0.5\n gna_interval 0.5\n interface eth0\n interfaces {\n eth1 eth2\n }";
    let expected = vec![(links(&["eth0", "eth1", "eth2"]), half, half)];
    assert_eq!(paces(&[both]), (expected, String::new()));
    let second = "gna_interval 0.5\n interfaces {\n eth1\n eth0\n }";
    let first = "garp_interval 0.5\n interface eth0";
    let expected = vec![(links(&["eth0"]), half, none), (links(&["eth1"]), none, half)];
    assert_eq!(paces(&[first, second]), (expected, "two-paces".to_owned()));
    assert_eq!(paces(&["interface eth0"]), (vec![], "no-pace".to_owned()));
    assert_eq!(paces(&["garp_interval 1"]), (vec![], String::new()));
}

#[test]
fn how_a_carrier_is_asked_for_makes_no_difference() {
    let (model, codes) = node("linkbeat_interfaces {\n eth0 MII\n eth1\n}\nlinkbeat_use_polling");
    assert_eq!(codes, [""; 0]);
    assert_eq!(model, node("").0);
    assert_eq!(node("linkbeat_interfaces {\n eth0 SMOKE\n}").1, ["bad-value"]);
    assert_eq!(model.instances[0].interface, link("eth0"));
}

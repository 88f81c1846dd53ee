//! Each piece of advice, where it holds and where not.

use std::net::IpAddr;

use super::*;
use crate::config::model::{FastRelease, Hooks, Instance, TrackedInterface};
use crate::types::{Address, Family, LinkName, Priority, Program, Unrun, Version, Vrid, Weight};

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn instance() -> Instance {
    let ip: IpAddr = "10.0.0.9".parse().unwrap();
    Instance {
        version: Version::V3,
        addresses: vec![Address::new(ip, link("eth0"))],
        ..Instance::new("A", link("eth0"), Vrid::new(5).unwrap())
    }
}

fn codes(instance: Instance, host: &Host) -> Vec<&'static str> {
    let model = Model { instances: vec![instance], ..Model::default() };
    advise(&model, host).into_iter().map(|it| it.finding.code).collect()
}

fn weighted(priority: u8, weights: &[i16]) -> Instance {
    let tracked = weights.iter().map(|weight| TrackedInterface {
        link: link("eth1"),
        weight: Weight::new(*weight).unwrap(),
        reverse: false,
    });
    Instance {
        priority: Priority::new(priority),
        tracked_interfaces: tracked.collect(),
        ..instance()
    }
}

#[test]
fn an_ordinary_instance_needs_no_advice() {
    assert_eq!(codes(instance(), &Host::default()), [""; 0]);
}

#[test]
fn weights_that_change_nothing_are_told() {
    let host = Host::default();
    assert_eq!(codes(weighted(255, &[-50]), &host), ["idle-weights"]);
    assert_eq!(codes(weighted(254, &[20]), &host), ["idle-weights"]);
    assert_eq!(codes(weighted(100, &[-2]), &host), ["narrow-weights"]);
    assert_eq!(codes(weighted(100, &[-2, 3]), &host), [""; 0]);
    assert_eq!(codes(weighted(100, &[0]), &host), [""; 0]);
}

#[test]
fn version_2_is_told_where_a_fast_release_is_wanted() {
    let old = Instance { version: Version::V2, ..instance() };
    assert_eq!(codes(old.clone(), &Host::default()), ["slow-release"]);
    let off = Instance { fast_release: FastRelease::Off, ..old };
    assert_eq!(codes(off, &Host::default()), [""; 0]);
}

#[test]
fn services_that_listen_on_the_address_are_thought_of() {
    let host = Host { local_bind_only: vec![Family::V4, Family::V6], ..Host::default() };
    assert_eq!(codes(instance(), &host), ["local-bind"]);
}

#[test]
fn a_strict_filter_matters_on_another_interface_alone() {
    let host = Host { strict_filter: vec![link("eth0"), link("eth1")], ..Host::default() };
    assert_eq!(codes(instance(), &host), [""; 0]);
    let mut elsewhere = instance();
    elsewhere.addresses = vec![Address::new("10.0.0.9".parse().unwrap(), link("eth1"))];
    assert_eq!(codes(elsewhere, &host), ["reverse-path"]);
}

#[test]
fn a_guest_of_a_cloud_is_told_what_its_ports_drop() {
    let host = Host { cloud: Host::cloud_of("OpenStack Foundation", "Nova"), ..Host::default() };
    assert_eq!(codes(instance(), &host), ["guarded-port"]);
    assert_eq!(Host::cloud_of("QEMU", "Standard PC"), None);
}

#[test]
fn programs_that_would_not_be_run_are_told_where_they_are_used() {
    let program = Program::new(vec!["/x".to_owned()]).unwrap();
    let unrun = Unrun { reason: "no reason".to_owned(), help: "mend it".to_owned() };
    let host = Host { unrun: vec![(program.clone(), unrun)], ..Host::default() };
    assert_eq!(codes(instance(), &host), [""; 0]);
    let hooks = Hooks { active: Some(program), ..Hooks::default() };
    let model = Model { instances: vec![Instance { hooks, ..instance() }], ..Model::default() };
    let advice = advise(&model, &host);
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].about, "A");
    assert_eq!(advice[0].finding.message, "A would not run /x when its state changes: no reason");
    assert_eq!(advice[0].finding.help.as_deref(), Some("mend it"));
}

#[test]
fn many_names_are_cut_short() {
    assert_eq!(names(["a", "b"].into_iter()), "a, b");
    assert_eq!(names(["a", "b", "c", "d", "e", "f"].into_iter()), "a, b, c, d and 2 more");
}

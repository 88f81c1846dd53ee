//! Virtual interfaces: what is made, when it is made again, when it goes.

#![expect(clippy::unwrap_used, reason = "the test's own helpers")]

use std::net::Ipv6Addr;

use vipd::kernel::{InterfaceHost, InterfacePlan, Interfaces, VmacError, VmacPlan};
use vipd::types::{IfIndex, LinkAddress, LinkName, LinkReport, MacAddr, Scope, Slot};

/// A host that writes down what it is told, and makes no interface while it is full.
#[derive(Default)]
struct Host {
    told: Vec<String>,
    full: bool,
}

impl InterfaceHost for Host {
    fn make(&mut self, plan: &VmacPlan, base: IfIndex) -> Result<(), VmacError> {
        self.told.push(format!("make {} on {base}", plan.name));
        if self.full { Err(VmacError::Taken(plan.name)) } else { Ok(()) }
    }

    fn raise(&mut self, vmac: IfIndex) {
        self.told.push(format!("raise {vmac}"));
    }

    fn made(&mut self, _plan: &VmacPlan, vmac: IfIndex, base: IfIndex) {
        self.told.push(format!("made {vmac} on {base}"));
    }

    fn gone(&mut self, vmac: IfIndex) {
        self.told.push(format!("gone {vmac}"));
    }

    fn link_local(&mut self, vmac: IfIndex, ip: Ipv6Addr, there: bool) {
        self.told.push(format!("{}{ip} on {vmac}", if there { '+' } else { '-' }));
    }

    fn remove(&mut self, name: LinkName) {
        self.told.push(format!("remove {name}"));
    }

    fn promote_secondaries(&mut self, link: LinkName, promotes: bool) {
        self.told.push(format!("{}promote {link}", if promotes { "" } else { "no longer " }));
    }

    fn lost(&mut self, link: LinkName) {
        self.told.push(format!("lost {link}"));
    }
}

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

fn vmac(v6: bool) -> VmacPlan {
    let (name, base) = (link("vrrp.1"), link("eth0"));
    VmacPlan { name, base, mac: MacAddr([0, 0, 0x5e, 0, 1, 1]), group: None, v4: !v6, v6 }
}

fn wants(vmacs: &[VmacPlan]) -> InterfacePlan {
    InterfacePlan { vmacs: vmacs.to_vec(), promotes_on: None }
}

fn report(index: u32, name: &str, up: bool, ips: &[&str]) -> LinkReport {
    let address = |text: &&str| LinkAddress {
        ip: text.parse().unwrap(),
        prefix: 64,
        scope: Scope::LINK,
        tentative: false,
    };
    LinkReport {
        index: IfIndex::new(index).unwrap(),
        name: link(name),
        up,
        mac: None,
        addresses: ips.iter().map(address).collect(),
    }
}

/// What the host was told, and of what failed.
fn run(interfaces: &mut Interfaces<Host>) -> Vec<String> {
    let mut failed = Vec::new();
    interfaces.run(|plan, _error| failed.push(format!("failed {}", plan.name)));
    let told = std::mem::take(&mut interfaces.host_mut().told);
    told.into_iter().chain(failed).collect()
}

/// One that wants `vrrp.1` on `eth0`, which are both there and up.
fn settled(v6: bool) -> Interfaces<Host> {
    let mut interfaces = Interfaces::new(Host::default());
    interfaces.link(&report(2, "eth0", true, &["fe80::1"]));
    interfaces.plan(slot(0), &wants(&[vmac(v6)]));
    run(&mut interfaces);
    interfaces.link(&report(9, "vrrp.1", true, &[]));
    run(&mut interfaces);
    interfaces
}

#[test]
fn a_prepared_interface_is_settled_when_it_is_reported_and_up() {
    let mut interfaces = Interfaces::new(Host::default());
    interfaces.link(&report(2, "eth0", true, &[]));
    interfaces.prepare(&[vmac(false)]);
    assert_eq!(run(&mut interfaces), ["make vrrp.1 on 2"]);
    assert!(!interfaces.is_settled(link("vrrp.1")));
    interfaces.link(&report(9, "vrrp.1", false, &[]));
    assert_eq!(run(&mut interfaces), ["made 9 on 2"]);
    assert!(!interfaces.is_settled(link("vrrp.1")));
    interfaces.link(&report(9, "vrrp.1", true, &[]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    assert!(interfaces.is_settled(link("vrrp.1")));
}

#[test]
fn an_interface_without_one_under_it_is_settled_and_made_when_that_appears() {
    let mut interfaces = Interfaces::new(Host::default());
    interfaces.plan(slot(0), &wants(&[vmac(false)]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    assert!(interfaces.is_settled(link("vrrp.1")));
    interfaces.link(&report(2, "eth0", false, &[]));
    assert_eq!(run(&mut interfaces), ["make vrrp.1 on 2"]);
}

#[test]
fn what_somebody_deletes_is_made_again() {
    let mut interfaces = settled(false);
    interfaces.link_gone(IfIndex::new(9).unwrap());
    assert_eq!(run(&mut interfaces), ["gone 9", "lost vrrp.1", "make vrrp.1 on 2"]);
    interfaces.link(&report(10, "vrrp.1", true, &[]));
    assert_eq!(run(&mut interfaces), ["made 10 on 2"]);
}

#[test]
fn it_goes_with_the_interface_under_it_and_comes_with_the_next_of_that_name() {
    let mut interfaces = settled(false);
    interfaces.link_gone(IfIndex::new(9).unwrap());
    interfaces.link_gone(IfIndex::new(2).unwrap());
    assert_eq!(run(&mut interfaces), ["gone 9", "lost vrrp.1", "lost eth0"]);
    interfaces.link(&report(3, "eth0", true, &[]));
    assert_eq!(run(&mut interfaces), ["make vrrp.1 on 3"]);
}

#[test]
fn it_is_raised_with_the_interface_under_it() {
    let mut interfaces = settled(true);
    interfaces.link(&report(2, "eth0", false, &[]));
    interfaces.link(&report(9, "vrrp.1", false, &[]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    interfaces.link(&report(2, "eth0", true, &["fe80::1"]));
    assert_eq!(run(&mut interfaces), ["raise 9"]);
    interfaces.link(&report(9, "vrrp.1", true, &[]));
    assert_eq!(run(&mut interfaces), ["+fe80::1 on 9"]);
}

#[test]
fn it_has_the_link_local_address_of_the_interface_under_it() {
    let mut interfaces = Interfaces::new(Host::default());
    interfaces.link(&report(2, "eth0", true, &[]));
    interfaces.plan(slot(0), &wants(&[vmac(true)]));
    interfaces.link(&report(9, "vrrp.1", true, &[]));
    assert_eq!(run(&mut interfaces), ["make vrrp.1 on 2", "made 9 on 2"]);
    interfaces.link(&report(2, "eth0", true, &["fe80::1"]));
    assert_eq!(run(&mut interfaces), ["+fe80::1 on 9"]);
    interfaces.link(&report(2, "eth0", true, &["fe80::2"]));
    assert_eq!(run(&mut interfaces), ["-fe80::1 on 9", "+fe80::2 on 9"]);
}

#[test]
fn a_virtual_address_of_link_scope_is_not_taken_for_the_interface_s_own() {
    let mut interfaces = settled(true);
    interfaces.link(&report(2, "eth0", true, &["fe80::100", "fe80::1"]));
    assert_eq!(run(&mut interfaces), [""; 0]);
}

#[test]
fn it_stays_while_any_slot_wants_it_and_is_removed_with_the_last() {
    let mut interfaces = settled(false);
    interfaces.plan(slot(1), &wants(&[vmac(false)]));
    interfaces.plan(slot(0), &wants(&[]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    interfaces.plan(slot(1), &wants(&[]));
    assert_eq!(run(&mut interfaces), ["gone 9", "remove vrrp.1"]);
}

#[test]
fn a_reload_that_moves_it_to_another_slot_does_not_touch_it() {
    let mut interfaces = settled(false);
    interfaces.prepare(&[vmac(false)]);
    interfaces.plan(slot(0), &wants(&[]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    interfaces.plan(slot(1), &wants(&[vmac(false)]));
    assert_eq!(run(&mut interfaces), [""; 0]);
}

#[test]
fn a_refusal_is_told_once_and_tried_again_when_something_changes() {
    let mut interfaces = Interfaces::new(Host { full: true, ..Host::default() });
    interfaces.link(&report(2, "eth0", true, &[]));
    interfaces.plan(slot(0), &wants(&[vmac(false)]));
    assert_eq!(run(&mut interfaces), ["make vrrp.1 on 2", "failed vrrp.1"]);
    assert!(interfaces.is_settled(link("vrrp.1")), "nobody waits for it");
    interfaces.plan(slot(1), &wants(&[]));
    assert_eq!(run(&mut interfaces), [""; 0]);
    interfaces.host_mut().full = false;
    interfaces.link(&report(7, "vrrp.1", true, &[]));
    interfaces.link_gone(IfIndex::new(7).unwrap());
    assert_eq!(run(&mut interfaces)[..], ["gone 7", "lost vrrp.1", "make vrrp.1 on 2"]);
}

#[test]
fn an_interface_that_is_to_promote_is_told_so_when_it_appears() {
    let mut interfaces = Interfaces::new(Host::default());
    let plan = InterfacePlan { vmacs: Vec::new(), promotes_on: Some(link("eth0")) };
    interfaces.plan(slot(0), &plan);
    assert_eq!(run(&mut interfaces), [""; 0]);
    interfaces.link(&report(2, "eth0", true, &[]));
    assert_eq!(run(&mut interfaces), ["promote eth0"]);
    interfaces.plan(slot(0), &wants(&[]));
    assert_eq!(run(&mut interfaces), ["no longer promote eth0"]);
    interfaces.link_gone(IfIndex::new(2).unwrap());
    interfaces.link(&report(3, "eth0", true, &[]));
    assert_eq!(run(&mut interfaces), ["lost eth0"]);
}

#[test]
fn at_the_end_all_are_removed() {
    let mut interfaces = settled(false);
    interfaces.remove_all();
    assert_eq!(interfaces.host_mut().told, ["gone 9", "remove vrrp.1"]);
}

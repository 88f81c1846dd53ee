//! Addresses as ip(8) shows them, and the frames that follow them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use vipd::kernel::Kernel;
use vipd::types::{Broadcast, LinkName, Scope};

use crate::host::{Host, address, ip, shown, slot, thousand};

#[test]
fn a_thousand_addresses_are_added_acknowledged_listed_and_removed() {
    let mut host = Host::new();
    host.take(0, thousand());
    let listed = ip("-o -4 addr show dev va").lines().count();
    assert_eq!(listed, 1000);
    let standing = host.agent.kernel_mut().addresses().unwrap();
    let ours = standing.iter().filter(|it| thousand().iter().any(|own| own.ip == it.ip));
    assert_eq!(ours.count(), 1000);
    host.until("the monitor tells of them", |host| host.report("va").addresses.len() >= 1000);
    host.drop(0);
    assert_eq!(ip("-o -4 addr show dev va").lines().count(), 0);
    assert!(host.log.notices.is_empty(), "{:?}", host.log.notices);
}

#[test]
fn ip_address_shows_every_property_of_an_ipv4_address() {
    let mut host = Host::new();
    let mut labelled = address("10.1.0.1", "va");
    labelled.prefix = 24;
    labelled.label = LinkName::new("va:vip");
    labelled.broadcast = Broadcast::AllOnes;
    let mut local = address("10.2.0.1", "va");
    local.scope = Scope::LINK;
    local.no_prefix_route = true;
    let mut peer = address("10.3.0.1", "va");
    peer.peer = Some(("10.4.0.1".parse().unwrap(), 30));
    host.take(0, vec![labelled, local, peer]);

    let first = shown("va", "10.1.0.1");
    for property in [
        "\"prefixlen\":24",
        "\"broadcast\":\"10.1.0.255\"",
        "\"label\":\"va:vip\"",
        "\"scope\":\"global\"",
    ] {
        assert!(first.contains(property), "{property} in {first}");
    }
    let second = shown("va", "10.2.0.1");
    assert!(second.contains("\"scope\":\"link\""), "{second}");
    assert!(second.contains("\"noprefixroute\":true"), "{second}");
    let third = shown("va", "10.3.0.1");
    assert!(third.contains("\"address\":\"10.4.0.1\",\"prefixlen\":30"), "{third}");

    host.drop(0);
    assert_eq!(ip("-o -4 addr show dev va"), "");
}

#[test]
fn ip_address_shows_every_property_of_an_ipv6_address() {
    let mut host = Host::new();
    let plain = address("fd00::1", "va");
    let mut lasting = address("fd00::2", "va");
    lasting.prefix = 64;
    lasting.preferred_secs = None;
    lasting.manage_temporary = true;
    lasting.no_prefix_route = true;
    let mut home = address("fd00::3", "va");
    home.home = true;
    home.preferred_secs = Some(1000);
    let mut group = address("ff05::77", "va");
    group.auto_join = true;
    host.take(0, vec![plain, lasting, home, group]);
    assert!(host.log.notices.is_empty(), "{:?}", host.log.notices);
    let group = shown("va", "ff05::77");
    assert!(group.contains("\"autojoin\":true"), "{group}");

    let plain = shown("va", "fd00::1");
    for property in ["\"nodad\":true", "\"deprecated\":true", "\"preferred_life_time\":0"] {
        assert!(plain.contains(property), "{property} in {plain}");
    }
    let lasting = shown("va", "fd00::2");
    for property in ["\"prefixlen\":64", "\"mngtmpaddr\":true", "\"noprefixroute\":true"] {
        assert!(lasting.contains(property), "{property} in {lasting}");
    }
    assert!(!lasting.contains("deprecated"), "{lasting}");
    let home = shown("va", "fd00::3");
    assert!(home.contains("\"home\":true"), "{home}");
    assert!(home.contains("\"preferred_life_time\":1000"), "{home}");

    host.drop(0);
    assert!(!ip("-o -6 addr show dev va").contains("fd00"));
}

#[test]
fn an_address_that_the_kernel_finds_invalid_does_not_hurt_the_others() {
    let mut host = Host::new();
    ip("addr add 10.5.0.1/24 dev va");
    let mut bad = address("10.5.0.2", "va");
    bad.prefix = 24;
    bad.scope = Scope::LINK;
    let good = |text| address(text, "va");
    host.take(0, vec![good("10.6.0.1"), bad, good("10.6.0.2"), good("fd00::1")]);
    assert_eq!(
        host.log.notices,
        ["address 10.5.0.2/24 dev va cannot be added: \
          the kernel finds it invalid: ipv4: Invalid scope value"]
    );
    for text in ["10.6.0.1", "10.6.0.2", "fd00::1"] {
        assert_ne!(shown("va", text), "");
    }
    host.drop(0);
    assert_eq!(ip("-o -4 addr show dev va").lines().count(), 1);
}

#[test]
fn an_interface_without_ipv6_is_named_as_the_cause() {
    let mut host = Host::new();
    std::fs::write("/proc/sys/net/ipv6/conf/va/disable_ipv6", "1").unwrap();
    host.take(0, vec![address("fd00::1", "va"), address("10.1.0.1", "va")]);
    assert_eq!(host.log.notices.len(), 1);
    assert!(
        host.log.notices.concat().contains("is IPv6 disabled on this interface"),
        "{:?}",
        host.log.notices
    );
    host.drop(0);
}

#[test]
fn what_somebody_deletes_is_put_back_and_what_was_left_behind_is_removed() {
    let mut host = Host::new();
    ip("addr add 10.1.0.1/32 dev va");
    ip("addr add 10.1.0.9/32 dev va");
    host.plan(0, vec![address("10.1.0.1", "va"), address("fd00::1", "va")]);
    host.until("the leftover is gone", |_| shown("va", "10.1.0.1").is_empty());
    assert_ne!(shown("va", "10.1.0.9"), "");

    host.agent.desire(slot(0), true, 1);
    host.until("they are taken", |host| !host.log.applied.is_empty());
    for (text, prefix) in [("10.1.0.1", 32), ("fd00::1", 128)] {
        let before = host.agent.counters().restored;
        ip(&format!("addr del {text}/{prefix} dev va"));
        host.until("it is put back", |host| host.agent.counters().restored > before);
        assert_ne!(shown("va", text), "");
    }
    assert_eq!(
        host.log.notices,
        [
            "address 10.1.0.1/32 dev va was deleted by someone, put back",
            "address fd00::1/128 dev va was deleted by someone, put back",
        ]
    );
}

#[test]
fn our_own_changes_are_never_taken_for_somebody_elses() {
    let mut host = Host::new();
    host.plan(0, vec![address("10.1.0.1", "va"), address("fd00::1", "va")]);
    for generation in 1..=100 {
        host.agent.desire(slot(0), generation % 2 == 1, generation);
        host.until("it is done", |host| host.log.applied.len() >= at_least(generation));
    }
    host.pass(Duration::from_millis(200));
    assert_eq!(host.agent.counters().restored, 0);
    assert!(host.log.notices.is_empty(), "{:?}", host.log.notices);
}

fn at_least(generation: u32) -> usize {
    usize::try_from(generation).unwrap()
}

#[test]
fn neighbours_hear_of_the_addresses_after_they_stand() {
    let mut host = Host::new();
    std::fs::write("/proc/sys/net/ipv6/conf/va/forwarding", "1").unwrap();
    let mac = host.report("va").mac.unwrap();
    let mut capture = Command::new("timeout")
        .args("20 tcpdump -i vb -n -e -v -l -c 20 arp[6:2]=1 or (icmp6 and ip6[40]=136)".split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut errors = BufReader::new(capture.stderr.take().unwrap());
    while !ready.contains("listening on") {
        ready.clear();
        assert_ne!(errors.read_line(&mut ready).unwrap(), 0, "tcpdump has ended");
    }
    let addresses = ["10.1.0.1", "10.1.0.2", "fd00::1", "fd00::2"];
    host.take(0, addresses.map(|it| address(it, "va")).to_vec());
    host.until("all is announced", |host| host.agent.counters().announced == 20);
    let mut heard = String::new();
    capture.stdout.take().unwrap().read_to_string(&mut heard).unwrap();
    capture.wait().unwrap();

    for text in ["10.1.0.1", "10.1.0.2"] {
        let asked = format!("who-has {text} (ff:ff:ff:ff:ff:ff) tell {text}");
        assert_eq!(heard.matches(&asked).count(), 5, "{asked} in {heard}");
    }
    for text in ["fd00::1", "fd00::2"] {
        let told = format!("tgt is {text}, Flags [router, override]");
        assert_eq!(heard.matches(&told).count(), 5, "{told} in {heard}");
    }
    assert!(heard.contains(&format!("{mac} > ff:ff:ff:ff:ff:ff")), "{heard}");
    assert!(heard.contains(&format!("{mac} > 33:33:00:00:00:01")), "{heard}");
    assert_eq!(host.agent.counters().unsent, 0);
}

//! Interfaces that come, go, flap and change, and what the monitor tells of them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;
use vipd::kernel::netlink::{Event, Monitor};
use vipd::types::LinkReport;

use crate::host::{Host, address, ip, link, shown};

#[test]
fn addresses_follow_an_interface_that_is_missing_renamed_deleted_and_made_anew() {
    let mut host = Host::new();
    host.take(0, vec![address("10.1.0.1", "vx"), address("10.1.0.2", "va")]);
    assert_eq!(
        host.log.notices,
        ["address 10.1.0.1/32 dev vx cannot be added: the interface does not exist"]
    );

    ip("link add vx type veth peer name vy");
    host.until("it appears with its interface", |_| !shown("vx", "10.1.0.1").is_empty());
    assert_eq!(host.log.notices.last().unwrap(), "address 10.1.0.1/32 dev vx is there now");

    ip("link set vx name vz");
    host.until("it leaves the renamed one", |_| shown("vz", "10.1.0.1").is_empty());
    ip("link set vz name vx");
    host.until("it comes back", |_| !shown("vx", "10.1.0.1").is_empty());

    ip("link del vx");
    ip("link add vx type veth peer name vy");
    host.until("it comes back", |_| !shown("vx", "10.1.0.1").is_empty());
    assert_ne!(shown("va", "10.1.0.2"), "");
    assert_eq!(host.agent.counters().restored, 0);
}

#[test]
fn an_interface_that_flaps_ten_times_a_second_keeps_its_addresses() {
    let mut host = Host::new();
    host.take(0, vec![address("10.1.0.1", "va"), address("fd00::1", "va")]);
    for _ in 0..15 {
        ip("link set vb down");
        host.pass(Duration::from_millis(50));
        ip("link set vb up");
        host.pass(Duration::from_millis(50));
    }
    for _ in 0..15 {
        ip("link set va down");
        host.pass(Duration::from_millis(50));
        ip("link set va up");
        host.pass(Duration::from_millis(50));
    }
    host.until("both stand", |_| {
        !shown("va", "10.1.0.1").is_empty() && !shown("va", "fd00::1").is_empty()
    });
    assert!(host.log.notices.is_empty(), "{:?}", host.log.notices);
    let ups = host.reports.iter().filter(|it| it.name == link("va") && it.up);
    assert!(ups.count() >= 20, "the flaps were told");
    assert!(host.agent.counters().announced > 100, "{:?}", host.agent.counters());
}

#[test]
fn the_monitors_order_of_addresses_is_that_of_the_kernel() {
    let mut host = Host::new();
    for text in [
        "10.1.0.1/24",
        "10.1.0.2/24",
        "10.2.0.1/24 scope link",
        "10.3.0.1/24",
        "10.1.0.3/24",
        "10.2.0.2/32 scope host",
        "10.4.0.1/32",
        "fd00::1/64 nodad",
        "fd00::2/64 nodad",
        "fe80::77/64 nodad",
        "fd01::1/64 nodad",
    ] {
        ip(&format!("addr add {text} dev va"));
    }
    ip("addr del 10.3.0.1/24 dev va");
    std::fs::write("/proc/sys/net/ipv4/conf/va/promote_secondaries", "1").unwrap();
    ip("addr del 10.1.0.1/24 dev va");
    // The address that the kernel makes itself is told of only after it has been tried out.
    let given = |report: &LinkReport| {
        let all = report.addresses.iter().map(|it| it.ip.to_string());
        let given = all.filter(|it| !it.starts_with("fe80") || it == "fe80::77");
        given.collect::<Vec<_>>()
    };
    host.until("all are told", |host| given(host.report("va")).len() == 9);
    let told = given(host.report("va"));

    let mut anew = {
        let _inside = host.runtime.enter();
        Monitor::open().unwrap()
    };
    let listed = host.runtime.block_on(async {
        loop {
            if let Event::Link(report) = anew.next().await.unwrap()
                && report.name == link("va")
            {
                break given(&report);
            }
        }
    });
    assert_eq!(told, listed);
}

#[test]
fn links_are_reported_with_their_state_and_hardware_address() {
    let mut host = Host::new();
    host.until("lo has no hardware address for ARP", |host| {
        let lo = host.report("lo");
        lo.up && lo.mac.is_none()
    });
    host.until("va has one", |host| {
        let va = host.report("va");
        va.up && va.mac.is_some()
    });

    ip("link set va arp off");
    host.until("it has no hardware address for ARP", |host| host.report("va").mac.is_none());
    ip("link set vb down");
    host.until("no carrier is not up", |host| !host.report("va").up);
}

#[test]
fn a_port_that_leaves_its_bridge_has_not_disappeared() {
    let mut host = Host::new();
    host.take(0, vec![address("10.1.0.1", "va")]);
    ip("link add br0 type bridge");
    ip("link set va master br0");
    ip("link set va nomaster");
    ip("link set vb down");
    host.until("va is still watched", |host| !host.report("va").up);
    host.pass(Duration::from_millis(50));
    assert!(host.log.notices.is_empty(), "{:?}", host.log.notices);
    host.drop(0);
    assert_eq!(shown("va", "10.1.0.1"), "");
}

#[test]
fn events_that_the_kernel_had_to_drop_are_made_up_for() {
    let mut host = Host::new();
    host.take(0, vec![address("10.1.0.1", "va")]);
    let mut orders = String::new();
    for _ in 0..30_000 {
        orders.push_str("addr add 10.9.9.9/32 dev vb\naddr del 10.9.9.9/32 dev vb\n");
    }
    orders.push_str("addr del 10.1.0.1/32 dev va\nlink add late type bridge\n");
    ip_batch(&orders);

    host.until("everything is listed anew", |host| host.listed > 1);
    host.until("the deletion was noticed", |_| !shown("va", "10.1.0.1").is_empty());
    assert!(host.reports.iter().any(|it| it.name == link("late")));
}

#[test]
fn no_address_is_told_of_that_went_when_there_was_no_room_to_say_so() {
    let host = Host::new();
    let mut monitor = {
        let _inside = host.runtime.enter();
        Monitor::with_room(256 * 1024).unwrap()
    };
    host.runtime.block_on(async { while monitor.next().await.unwrap() != Event::Listed {} });
    let line = |order: &str, number: u32| {
        format!("addr {order} 10.9.{}.{}/32 dev vb\n", number / 250, number % 250)
    };
    // There is room for some of those that come, for none of those that go.
    let (come, go) = (0..1500).map(|number| (line("add", number), line("del", number))).unzip();
    let [come, go]: [Vec<String>; 2] = [come, go];
    ip_batch(&(come.concat() + &go.concat()));

    let mut stands = 0;
    let mut anew = false;
    host.runtime.block_on(async {
        while let Ok(event) = timeout(Duration::from_millis(500), monitor.next()).await {
            match event.unwrap() {
                Event::Link(report) if report.name == link("vb") => {
                    stands = report.addresses.iter().filter(|it| it.prefix == 32).count();
                }
                Event::Listed => anew = true,
                Event::Link(_)
                | Event::Gone(_)
                | Event::Address(_)
                | Event::Lost(_)
                | Event::Missed => {}
            }
        }
    });
    assert!(anew, "there was room for everything");
    assert_eq!(stands, 0, "addresses that are gone");
}

/// Has ip(8) carry out one order after the other.
fn ip_batch(orders: &str) {
    let mut batch = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    batch.stdin.take().unwrap().write_all(orders.as_bytes()).unwrap();
    assert!(batch.wait().unwrap().success());
}

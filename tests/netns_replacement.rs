//! keepalived is replaced by vipd one node at a time and back, with the same files, while a client
//! asks the address a hundred times a second; and reloads beside a keepalived that would take over
//! at any gap.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use rustix::process::Signal;

use lab::clock::{Stamp, ms};
use lab::{Capture, Daemon, Lab, Program, Protocol, Router, Watch, eventually, now, pause};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn nodes_are_moved_to_vipd_and_back_one_at_a_time_in_v2() {
    replace_and_return(Protocol::V2);
}

#[test]
fn nodes_are_moved_to_vipd_and_back_one_at_a_time_in_v3() {
    replace_and_return(Protocol::V3);
}

/// The Backup first, then the holder; then the same way back. No step may cost more than a
/// graceful hand-over does: the skew time of who takes over.
fn replace_and_return(protocol: Protocol) {
    let lab = Lab::new(&["a", "b"]);
    let watch = Watch::start(&lab, protocol.address(), SOON);
    let routers = [Router::new(protocol, 200, 100), Router::new(protocol, 100, 100)];
    let files = [routers[0].conf(&lab, "a"), routers[1].conf(&lab, "b")];
    let start = |node: usize, program| {
        let name = ["a", "b"][node];
        Daemon::start(&lab, lab.node(name), program, &files[node])
    };
    let begin = now();
    let mut running = [start(0, Program::Keepalived), start(1, Program::Keepalived)];
    watch.settled("a", &["a", "b"], begin);
    for (node, program) in
        [(1, Program::Vipd), (0, Program::Vipd), (1, Program::Keepalived), (0, Program::Keepalived)]
    {
        let event = now();
        assert!(running[node].stop().success());
        running[node] = start(node, program);
        let settled = watch.settled("a", &["a", "b"], event);
        let bound = 3 * routers[1].skew();
        println!("{protocol:?} {node} -> {program:?}: {settled}, bound {}", ms(bound));
        assert!(settled.outage < bound, "{protocol:?} {node} -> {program:?}: {settled}");
    }
    for daemon in &mut running {
        assert!(daemon.stop().success());
    }
}

/// What the file of the node under reload has beside the ordinary.
fn conf(lab: &Lab, change: impl Fn(String) -> String) -> String {
    let router = Router { global: "    vrrp_garp_master_delay 0".to_owned(), ..high() };
    change(router.conf(lab, "a"))
}

fn high() -> Router {
    Router::new(Protocol::V3, 200, 10)
}

/// A keepalived on b that takes over at the first gap, and does not mind another address list.
fn keepalived(lab: &Lab) -> Daemon {
    let router = Router {
        instance: "    skip_check_adv_addr".to_owned(),
        ..Router::new(Protocol::V3, 100, 10)
    };
    Daemon::start(lab, lab.node("b"), Program::Keepalived, &router.conf(lab, "b"))
}

/// The greatest time between two adverts of a, none of which is a release.
fn greatest_gap(capture: &Capture, since: Stamp) -> Duration {
    let adverts: Vec<_> =
        capture.adverts(since).into_iter().filter(|(_, from, _)| from == "a").collect();
    assert!(adverts.iter().all(|(_, _, advert)| advert.priority > 0), "a released");
    let gaps = adverts.windows(2).map(|pair| pair[1].0 - pair[0].0);
    gaps.max().expect("several adverts")
}

fn wait_held(lab: &Lab, address: &str) {
    let address: IpAddr = address.parse().unwrap();
    eventually(SOON, "the address", || {
        let held = lab.node("a").addresses();
        held.contains(&address).then_some(()).ok_or_else(|| format!("{held:?}"))
    });
}

#[test]
fn an_added_address_is_announced_and_the_others_are_left_alone() {
    let lab = Lab::new(&["a", "b"]);
    let capture = Capture::start(&lab);
    let mut vipd = Daemon::start(&lab, lab.node("a"), Program::Vipd, &conf(&lab, |it| it));
    wait_held(&lab, "10.9.0.100");
    let peer = keepalived(&lab);
    pause(Duration::from_millis(1500));

    let begin = now();
    let more = |it: String| it.replace("10.9.0.100/24", "10.9.0.100/24\n        10.9.0.101/24");
    vipd.reload(&conf(&lab, more));
    wait_held(&lab, "10.9.0.101");
    eventually(SOON, "the announcement", || {
        let claim = capture.first_claim("a", "10.9.0.101".parse().unwrap(), begin);
        claim.ok_or_else(|| "none yet".to_owned())
    });
    pause(Duration::from_millis(500));
    let others = capture.claims("10.9.0.100".parse().unwrap(), begin);
    assert!(others.is_empty(), "the other one is announced too: {others:?}");
    println!("gap {}", ms(greatest_gap(&capture, begin)));
    assert!(!peer.log().contains("Entering MASTER"), "{}", peer.log());
    assert!(vipd.stop().success());
}

/// Neutron sends one for each change of a router, and there may be hundreds.
#[test]
fn a_burst_of_reloads_costs_neither_the_addresses_nor_an_advert() {
    let lab = Lab::new(&["a", "b"]);
    let capture = Capture::start(&lab);
    let mut vipd = Daemon::start(&lab, lab.node("a"), Program::Vipd, &conf(&lab, |it| it));
    wait_held(&lab, "10.9.0.100");
    let peer = keepalived(&lab);
    pause(Duration::from_millis(1500));

    let begin = now();
    for round in 0..200 {
        let text = match round % 4 {
            0 => conf(&lab, |it| it.replace("priority 200", "priority 201")),
            1 => {
                conf(&lab, |it| it.replace("10.9.0.100/24", "10.9.0.100/24\n        10.9.0.101/24"))
            }
            2 => conf(&lab, |it| it.replace("VI_1", "VI_RENAMED")),
            _ => "vrrp_instance VI_1 {\n    interface".to_owned(),
        };
        fs::write(vipd.conf(), text).unwrap();
        vipd.signal(Signal::HUP);
        pause(Duration::from_millis(10));
    }
    vipd.reload(&conf(&lab, |it| it.replace("priority 200", "priority 222")));
    eventually(SOON, "the last configuration", || {
        let adverts = capture.adverts(begin);
        let found = adverts.iter().any(|(_, from, it)| from == "a" && it.priority == 222);
        found.then_some(()).ok_or_else(|| format!("{} adverts", adverts.len()))
    });
    let gap = greatest_gap(&capture, begin);
    println!("greatest gap between adverts: {}", ms(gap));
    assert!(!peer.log().contains("Entering MASTER"), "gap {}\n{}", ms(gap), peer.log());
    assert!(lab.node("a").holds("10.9.0.100".parse().unwrap()));
    assert!(!lab.node("a").holds("10.9.0.101".parse().unwrap()));
    assert!(vipd.stop().success());
}

/// What makes it another virtual router: the old one is released, the new one begins; and what
/// does not.
#[test]
fn whatever_changes_the_new_router_runs_and_the_old_one_is_gone() {
    let lab = Lab::new(&["a", "b"]);
    let namespace = &lab.node("a").namespace;
    namespace.ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "eth1p"]);
    for line in ["link set eth1 up", "link set eth1p up", "addr add 10.8.0.1/24 dev eth1"] {
        namespace.ip(&line.split(' ').collect::<Vec<_>>());
    }
    let capture = Capture::start(&lab);
    let mut vipd = Daemon::start(&lab, lab.node("a"), Program::Vipd, &conf(&lab, |it| it));
    let worker = vipd.worker();
    wait_held(&lab, "10.9.0.100");
    let heard = |what: &str, since: Stamp, wanted: &dyn Fn(&lab::Advert) -> bool| {
        eventually(SOON, what, || {
            let adverts = capture.adverts(since);
            let found =
                adverts.iter().find(|(_, from, it)| from == "a" && it.priority > 0 && wanted(it));
            found.map(drop).ok_or_else(|| format!("{:?}", adverts.last()))
        });
    };
    let released = |vrid: u8, since: Stamp| {
        capture.adverts(since).iter().any(|(_, _, it)| it.vrid == vrid && it.priority == 0)
    };

    // Another number: another router.
    let event = now();
    vipd.reload(&conf(&lab, |it| it.replace("virtual_router_id 51", "virtual_router_id 52")));
    heard("VRID 52", event, &|it| it.vrid == 52);
    assert!(released(51, event));
    wait_held(&lab, "10.9.0.100");

    // Version and transport: the same router goes on, or begins anew where its key differs.
    let v2 = |it: String| {
        it.replace("vrrp_version 3", "vrrp_version 2").replace("advert_int 0.10", "advert_int 1")
    };
    let event = now();
    vipd.reload(&conf(&lab, v2));
    heard("version 2", event, &|it| it.version == 2 && it.vrid == 51);
    wait_held(&lab, "10.9.0.100");

    let unicast = format!(
        "    unicast_src_ip {}\n    unicast_peer {{\n        {}\n    }}\n    virtual_ipaddress",
        lab.node("a").ipv4(),
        lab.node("b").ipv4()
    );
    let event = now();
    vipd.reload(&conf(&lab, |it| it.replace("    virtual_ipaddress", &unicast)));
    let peer: IpAddr = lab.node("b").ipv4().into();
    heard("unicast", event, &|it| it.destination == peer);
    wait_held(&lab, "10.9.0.100");

    // Another family.
    let event = now();
    vipd.reload(&conf(&lab, |it| {
        it.replace("10.9.0.100/24", "fe80::100/64\n        fd09::100/64")
    }));
    heard("IPv6", event, &|it| it.source.is_ipv6());
    wait_held(&lab, "fd09::100");
    assert!(!lab.node("a").holds("10.9.0.100".parse().unwrap()), "the old family's address stays");

    // Another interface.
    vipd.reload(&conf(&lab, |it| it.replace("interface eth0", "interface eth1")));
    eventually(SOON, "the address on eth1", || {
        let shown = namespace.ip(&["-o", "addr", "show", "dev", "eth1"]);
        shown.contains("10.9.0.100").then_some(()).ok_or(shown)
    });
    assert!(!lab.node("a").holds("fd09::100".parse().unwrap()));

    // Two that swap names, and two that swap addresses.
    let two = |first: &str, second: &str, one: u8, other: u8| {
        let text = conf(&lab, |it| {
            it.replace("VI_1", first).replace("10.9.0.100", &format!("10.9.0.{one}"))
        });
        let (_, instance) = text.split_once("vrrp_instance").unwrap();
        let second = instance
            .replace(first, second)
            .replace("_id 51", "_id 52")
            .replace(&format!("10.9.0.{one}"), &format!("10.9.0.{other}"));
        format!("{text}\nvrrp_instance{second}")
    };
    vipd.reload(&two("A", "B", 100, 101));
    wait_held(&lab, "10.9.0.100");
    wait_held(&lab, "10.9.0.101");
    let event = now();
    vipd.reload(&two("B", "A", 100, 101));
    pause(Duration::from_millis(500));
    assert!(!released(51, event) && !released(52, event), "a name costs nothing");
    vipd.reload(&two("B", "A", 101, 100));
    pause(Duration::from_millis(500));
    wait_held(&lab, "10.9.0.100");
    wait_held(&lab, "10.9.0.101");
    assert!(!released(51, event) && !released(52, event));
    assert_eq!(vipd.worker(), worker);
    assert!(vipd.stop().success());
}

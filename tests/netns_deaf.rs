//! A router that can open no socket to hear its peers by must not take their silence for a proof.
//! It says so, claims nothing, disturbs no other instance, and comes back when the machine does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod lab;

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use lab::clock::{ms, pause};
use lab::{Capture, Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};

const BOUND: Duration = Duration::from_secs(20);
const PROTOCOL: Protocol = Protocol::V3;
/// Centiseconds.
const INTERVAL: u16 = 10;
/// Three times as long as a Backup waits for an advert.
const LONG: Duration = Duration::from_millis(3 * 400);

#[test]
fn one_that_may_join_no_group_claims_nothing_until_it_may() {
    let lab = Lab::new(&["a", "b"]);
    let node = lab.node("a");
    node.namespace.sysctl("ipv4/igmp_max_memberships", "0");
    let watch = Watch::start(&lab, PROTOCOL.address(), BOUND);
    let begin = now();
    let a = start(&lab, &Router::new(PROTOCOL, 150, INTERVAL).conf(&lab, "a"));

    told(&a, "(VI_1) Entering FAULT STATE (adverts cannot be received on eth0)");
    told(&a, "join the multicast group");
    pause(LONG);
    assert_eq!(watch.capture.adverts(begin), []);
    assert_eq!(lab.holders(watch.address), [""; 0]);

    node.namespace.sysctl("ipv4/igmp_max_memberships", "20");
    let mended = now();
    let settled = watch.settled("a", &["a"], mended);
    println!("{settled}");
    assert!(a.log().contains(r#"cause="recovered""#), "{}", a.log());
}

#[test]
fn one_without_a_descriptor_to_spare_claims_nothing_and_the_others_go_on() {
    let lab = Lab::new(&["a", "b"]);
    let node = lab.node("a");
    let mut watch = Watch::start(&lab, PROTOCOL.address(), BOUND);
    watch.capture = Capture::start_of(&lab, node);
    let begin = now();
    let mut router = Router::new(PROTOCOL, 150, INTERVAL);
    router.global = "    dynamic_interfaces".to_owned();
    let conf = router.conf(&lab, "a") + SECOND_INSTANCE;
    let a = start(&lab, &conf);
    watch.settled("a", &["a"], begin);
    told(&a, "(VI_2) Entering FAULT STATE (interface eth1 missing)");

    let before = limit_descriptors(a.worker());
    let begin = now();
    let script = [
        "link add eth1 type veth peer name eth1-far",
        "address add 10.8.0.1/24 dev eth1",
        "link set eth1-far up",
        "link set eth1 up",
    ];
    for line in script {
        node.namespace.ip(&line.split(' ').collect::<Vec<_>>());
    }
    told(&a, "(VI_2) Entering FAULT STATE (adverts cannot be received on eth1)");
    pause(LONG);
    assert!(!second_is_held(&lab));
    assert!(longest_silence(&watch, begin) < LONG);

    prlimit(Some(a.worker()), Resource::Nofile, before).unwrap();
    let (_, spent) = eventually(BOUND, "VI_2 takes its address", || {
        second_is_held(&lab).then_some(()).ok_or_else(|| "it is not there".to_owned())
    });
    println!("held {} after the limit was lifted", ms(spent));
    assert!(longest_silence(&watch, begin) < LONG);
    assert_eq!(lab.holders(watch.address), ["a"]);
}

#[test]
fn an_interface_that_is_another_one_of_the_same_number_is_listened_to_anew() {
    let lab = Lab::new(&["a", "b"]);
    let watch = Watch::start(&lab, PROTOCOL.address(), BOUND);
    let begin = now();
    let conf = |node, priority| Router::new(PROTOCOL, priority, INTERVAL).conf(&lab, node);
    let _b = Daemon::start(&lab, lab.node("b"), Program::Vipd, &conf("b", 200));
    watch.settled("b", &["b"], begin);
    let a = start(&lab, &conf("a", 100));
    told(&a, "(VI_1) Entering BACKUP STATE");

    // Both events wait for it when it goes on.
    a.freeze();
    lab.replug("a");
    let plugged = now();
    a.thaw();

    told(&a, "Entering FAULT STATE (interface eth0 missing)");
    pause(LONG);
    assert_eq!(watch.capture.advertisers(plugged), ["b"], "{}", a.log());
    assert_eq!(lab.holders(watch.address), ["b"]);
}

const SECOND_INSTANCE: &str = "
vrrp_instance VI_2 {
    state BACKUP
    interface eth1
    virtual_router_id 52
    priority 150
    advert_int 0.1
    virtual_ipaddress {
        10.8.0.100/24
    }
}
";

fn second_is_held(lab: &Lab) -> bool {
    let address: IpAddr = [10, 8, 0, 100].into();
    let text = lab.node("a").namespace.ip(&["-o", "addr", "show", "to", &address.to_string()]);
    !text.trim().is_empty()
}

fn start(lab: &Lab, conf: &str) -> Daemon {
    Daemon::start(lab, lab.node("a"), Program::Vipd, conf)
}

fn told(daemon: &Daemon, line: &str) {
    eventually(BOUND, line, || {
        let log = daemon.log();
        log.contains(line).then_some(()).ok_or_else(|| "the log has no such line".to_owned())
    });
}

/// Lets `process` open no further descriptor; returns what it was allowed before.
fn limit_descriptors(process: Pid) -> Rlimit {
    let open = fs::read_dir(format!("/proc/{}/fd", process.as_raw_nonzero())).unwrap();
    let open: Vec<u64> =
        open.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    let first_free = (0..).find(|number| !open.contains(number));
    // It inherits our limits, and only root could raise the upper one again.
    let none = Rlimit { current: first_free, ..getrlimit(Resource::Nofile) };
    prlimit(Some(process), Resource::Nofile, none).unwrap()
}

/// The longest time since `begin` in which a sent no advert of VI_1.
fn longest_silence(watch: &Watch<'_>, begin: Duration) -> Duration {
    let adverts = watch.capture.adverts(begin);
    let sent = adverts.iter().filter(|(_, node, _)| node == "a").map(|(at, _, _)| *at);
    let times: Vec<_> = [begin].into_iter().chain(sent).chain([now()]).collect();
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap()
}

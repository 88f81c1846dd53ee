//! What a hostile or careless neighbour, operator or machine does to a running vipd. It must go
//! on advertising, hold its address, and lose neither descriptors nor memory.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use lab::clock::{Stamp, ms, pause};
use lab::daemon::Output;
use lab::forge::{GROUP, message};
use lab::{Capture, Daemon, Dice, Forge, Lab, Program, Protocol, Router, Watch, eventually, now};

const BOUND: Duration = Duration::from_secs(20);
const SECOND: Duration = Duration::from_secs(1);
const PROTOCOL: Protocol = Protocol::V3;
/// Centiseconds.
const INTERVAL: u16 = 10;
const VRID: u8 = 51;
const PRIORITY: u8 = 150;
/// Three of these intervals are silence to a Backup; a test may see three times that.
const SILENCE: Duration = Duration::from_millis(3 * 300);
/// What the allocator and the page cache of the process may do by themselves.
const NOISE: u64 = 2 << 20;

#[test]
fn random_octets_at_full_speed_neither_silence_nor_bloat_it() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let forge = Forge::open(lab.node("b"));
    let mut dice = Dice::new(Dice::seed());
    let own = lab.node("a").ipv4();

    let mut flood = |time: Duration| {
        let begin = Instant::now();
        let mut sent = 0_u64;
        while begin.elapsed() < time {
            for _ in 0..64 {
                let length = dice.index(300);
                let garbage = dice.octets(length);
                let to = if dice.below(4) == 0 { own } else { GROUP };
                sent += u64::from(forge.send(lab.node("b").ipv4(), to, 255, &garbage));
            }
        }
        sent
    };
    flood(2 * SECOND);
    let before = Resources::of(&a);
    let begin = now();
    let sent = flood(10 * SECOND);
    println!("{sent} random packets in 10 s");
    assert!(sent > 10_000, "no flood: {sent} packets");
    still_well(&watch, &a, begin, before);
}

#[test]
fn messages_cut_short_or_too_long_or_with_one_bit_wrong_are_refused() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let (forge, peer) = (Forge::open(lab.node("b")), lab.node("b").ipv4());
    let mut dice = Dice::new(Dice::seed());
    // Right, it would end a's reign.
    let right = message((peer, GROUP), VRID, 254, INTERVAL, &[PROTOCOL.address()]);
    let before = Resources::of(&a);
    let begin = now();

    for length in 0..right.len() {
        forge.send(peer, GROUP, 255, &right[..length]);
    }
    for extra in [1, 2, 3, 4, 8, 100, 1000, 1400] {
        forge.send(peer, GROUP, 255, &[right.clone(), vec![0; extra]].concat());
    }
    for bit in 0..right.len() * 8 {
        let mut wrong = right.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        forge.send(peer, GROUP, 255, &wrong);
    }
    for ttl in [0, 1, 64, 254] {
        forge.send(peer, GROUP, ttl, &right);
    }
    for _ in 0..20_000 {
        let mut wrong = right.clone();
        let at = dice.index(wrong.len());
        wrong[at] = wrong[at].wrapping_add(dice.octet().max(1));
        forge.send(peer, GROUP, 255, &wrong);
    }

    still_well(&watch, &a, begin, before);
}

#[test]
fn a_neighbour_with_our_own_address_cannot_depose_it() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let (forge, own) = (Forge::open(lab.node("b")), lab.node("a").ipv4());
    let before = Resources::of(&a);
    let begin = now();

    let echo = message((own, GROUP), VRID, PRIORITY, INTERVAL, &[PROTOCOL.address()]);
    let until = Instant::now() + 3 * SECOND;
    while Instant::now() < until {
        forge.send(own, GROUP, 255, &echo);
        pause(Duration::from_millis(1));
    }

    still_well(&watch, &a, begin, before);
}

#[test]
fn an_interface_that_flaps_ten_times_a_second_leaves_it_in_order() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let before = Resources::of(&a);

    for _ in 0..30 {
        lab.cut("a");
        pause(Duration::from_millis(50));
        lab.mend("a");
        pause(Duration::from_millis(50));
    }
    let begin = now();
    watch.settled("a", &["a"], begin);

    still_well(&watch, &a, now(), before);
}

#[test]
fn an_address_deleted_by_hand_comes_back() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let before = Resources::of(&a);

    for round in 1..=5 {
        let begin = now();
        lab.node("a").namespace.ip(&["addr", "del", "10.9.0.100/24", "dev", "eth0"]);
        let (_, spent) = eventually(3 * SECOND, "the address comes back", || {
            let holds = lab.node("a").holds(PROTOCOL.address());
            holds.then_some(()).ok_or_else(|| "it is missing".to_owned())
        });
        println!("deletion {round}: back after {}", ms(spent));
        watch.taken("a", &["a"], begin);
    }

    watch.settled("a", &["a"], now());
    same_resources(&a, before);
}

#[test]
fn a_configuration_that_has_become_a_directory_changes_nothing() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding(&lab);
    let before = Resources::of(&a);
    let begin = now();
    let right = fs::read_to_string(a.conf()).unwrap();

    fs::remove_file(a.conf()).unwrap();
    a.signal(Signal::HUP);
    pause(SECOND);
    fs::create_dir(a.conf()).unwrap();
    a.signal(Signal::HUP);
    pause(SECOND);
    fs::remove_dir(a.conf()).unwrap();
    a.reload("vrrp_instance VI_1 {\n    interface nowhere\n");
    pause(SECOND);
    still_well(&watch, &a, begin, before);

    // And it still takes a right one.
    let changed = right.replace(&format!("priority {PRIORITY}"), "priority 151");
    a.reload(&changed);
    let reloaded = now();
    eventually(BOUND, "the new priority", || {
        let adverts = watch.capture.adverts(reloaded);
        let new = adverts.iter().any(|(_, node, advert)| node == "a" && advert.priority == 151);
        new.then_some(()).ok_or_else(|| "it is not advertised".to_owned())
    });
    still_well(&watch, &a, begin, before);
}

#[test]
fn a_full_disk_for_its_log_does_not_silence_it() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert!(full.metadata().unwrap().file_type().is_char_device());
    a_log_that_fails(Output::To(full));
}

#[test]
fn a_log_that_nobody_reads_does_not_silence_it() {
    let (_unread, writer) = io::pipe().unwrap();
    a_log_that_fails(Output::To(File::from(std::os::fd::OwnedFd::from(writer))));
}

#[test]
fn a_full_disk_for_its_log_and_its_pid_files_does_not_silence_it() {
    let lab = Lab::new(&["a", "b"]);
    let (watch, mut a) = holding_with(&lab, Output::SmallDisk);
    let _full = a.fill_disk();
    let before = Resources::of(&a);
    let begin = now();

    make_it_log(&lab, &a);
    still_well(&watch, &a, begin, before);

    // Another worker comes up with that disk, and its pid file names it.
    let killed = now();
    kill_process(before.worker, Signal::KILL).unwrap();
    watch.settled("a", &["a"], killed);
    let (_, spent) = eventually(BOUND, "the new worker's pid file", || {
        let worker = a.worker();
        let another = worker != before.worker && test_kill_process(worker).is_ok();
        another.then_some(()).ok_or_else(|| format!("it names {worker:?}"))
    });
    println!("another worker has its pid file after {}", ms(spent));
    assert!(a.stop().success());
    assert_eq!(lab.holders(watch.address), [""; 0]);
}

/// Makes it log a lot to where nothing can be written.
fn a_log_that_fails(output: Output) {
    let lab = Lab::new(&["a", "b"]);
    let (watch, a) = holding_with(&lab, output);
    let before = Resources::of(&a);
    let begin = now();

    make_it_log(&lab, &a);

    still_well(&watch, &a, begin, before);
}

/// Gives `a` thousands of reasons to write a line.
fn make_it_log(lab: &Lab, a: &Daemon) {
    let (forge, peer) = (Forge::open(lab.node("b")), lab.node("b").ipv4());
    let lower = message((peer, GROUP), VRID, 1, INTERVAL, &[PROTOCOL.address()]);
    for round in 0..3000 {
        forge.send(peer, GROUP, 255, &lower);
        forge.send(peer, GROUP, 255, &lower[..7]);
        if round % 500 == 0 {
            a.signal(Signal::HUP);
        }
        pause(Duration::from_millis(1));
    }
}

/// A lab in which vipd runs on a, Active and alone.
fn holding(lab: &Lab) -> (Watch<'_>, Daemon) {
    holding_with(lab, Output::Kept)
}

/// The same, with its log going to `output`.
fn holding_with(lab: &Lab, output: Output) -> (Watch<'_>, Daemon) {
    let mut watch = Watch::start(lab, PROTOCOL.address(), BOUND);
    watch.capture = Capture::start_of(lab, lab.node("a"));
    let begin = now();
    let conf = Router::new(PROTOCOL, PRIORITY, INTERVAL).conf(lab, "a");
    let a = Daemon::start_with(lab, lab.node("a"), Program::Vipd, &conf, output);
    watch.settled("a", &["a"], begin);
    (watch, a)
}

/// Since `begin` it has never been silent, it holds the address, and has lost nothing.
fn still_well(watch: &Watch<'_>, daemon: &Daemon, begin: Stamp, before: Resources) {
    pause(Duration::from_millis(300));
    let own = watch.lab.node("a").ipv4();
    let mut last = begin;
    let mut longest = Duration::ZERO;
    let adverts = watch.capture.adverts(begin);
    let ours = adverts
        .iter()
        .filter(|(_, node, advert)| node == "a" && advert.source == own && advert.priority != 0);
    for at in ours.map(|(at, _, _)| *at).chain([now()]) {
        longest = longest.max(at.saturating_sub(last));
        last = at;
    }
    println!("longest time between two adverts: {}", ms(longest));
    assert!(longest < SILENCE, "silent for {longest:?}");
    assert_eq!(watch.lab.holders(watch.address), ["a"]);
    same_resources(daemon, before);
    let log = daemon.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// It runs in the same processes, with as many descriptors and about as much memory.
fn same_resources(daemon: &Daemon, before: Resources) {
    // A reload or a dump may be under way.
    eventually(2 * SECOND, "as few descriptors as before", || {
        let count = Resources::of(daemon).descriptors;
        (count <= before.descriptors)
            .then_some(())
            .ok_or_else(|| format!("{count}, before {}", before.descriptors))
    });
    let after = Resources::of(daemon);
    println!("before: {before:?}\n after: {after:?}");
    assert_eq!(before.worker, after.worker, "the worker was replaced");
    let grown = after.resident.saturating_sub(before.resident);
    assert!(grown < NOISE, "grown by {grown} octets");
}

/// What a daemon's two processes hold.
#[derive(Clone, Copy, Debug)]
struct Resources {
    worker: Pid,
    descriptors: usize,
    resident: u64,
}

impl Resources {
    fn of(daemon: &Daemon) -> Self {
        let worker = daemon.worker();
        let processes = [daemon.pid(), worker].map(|pid| pid.as_raw_nonzero());
        let descriptors = processes
            .iter()
            .map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count())
            .sum();
        let resident = processes
            .iter()
            .map(|pid| {
                let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
                let line = status.lines().find(|line| line.starts_with("VmRSS:"));
                let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
                kibibytes.and_then(|text| text.parse::<u64>().ok()).expect("a number") * 1024
            })
            .sum();
        Self { worker, descriptors, resident }
    }
}

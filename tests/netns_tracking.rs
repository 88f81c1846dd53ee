//! Tracked scripts, files and processes between vipd and the real keepalived, each in either role:
//! what fails on the one moves the address to the other, and what recovers brings it back.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lab::clock::{Stamp, ms, pause};
use lab::{Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};

use Program::{Keepalived, Vipd};

const BOTH: [&str; 2] = ["a", "b"];
/// a tracks something; what that takes away with a weight puts it below b.
const HIGH: u8 = 150;
const LOW: u8 = 100;
const WEIGHT: i16 = -100;
/// Centiseconds: keepalived's default.
const INTERVAL: u16 = 100;
const BOUND: Duration = Duration::from_secs(20);
/// So long an Active Router has to be Active before it yields fast.
const ESTABLISHED: Duration = Duration::from_secs(31);
/// The figure that is documented for one unicast peer.
const DOCUMENTED: Duration = Duration::from_millis(37);

#[test]
fn a_script_that_fails_on_vipd_moves_the_address_to_keepalived_and_back() {
    fault(Kind::Script, Vipd, Keepalived);
}

#[test]
fn a_script_that_fails_on_keepalived_moves_the_address_to_vipd_and_back() {
    fault(Kind::Script, Keepalived, Vipd);
}

#[test]
fn a_file_that_changes_on_vipd_moves_the_address_to_keepalived_and_back() {
    fault(Kind::File, Vipd, Keepalived);
}

#[test]
fn a_file_that_changes_on_keepalived_moves_the_address_to_vipd_and_back() {
    fault(Kind::File, Keepalived, Vipd);
}

#[test]
fn a_process_that_ends_on_vipd_moves_the_address_to_keepalived_and_back() {
    fault(Kind::Process, Vipd, Keepalived);
}

#[test]
fn a_script_s_weight_on_vipd_moves_the_address_to_keepalived_fast_and_back() {
    yields_fast(Kind::Script);
}

#[test]
fn a_file_s_weight_on_vipd_moves_the_address_to_keepalived_fast_and_back() {
    yields_fast(Kind::File);
}

#[test]
fn a_process_s_weight_on_vipd_moves_the_address_to_keepalived_fast_and_back() {
    yields_fast(Kind::Process);
}

#[test]
fn a_script_s_weight_on_keepalived_moves_the_address_to_vipd_and_back() {
    let lab = Lab::new(&BOTH);
    let protocol = Protocol::V3Unicast;
    let watch = Watch::start(&lab, protocol.address(), BOUND);
    let mut tracked = Tracked::new(&lab, Kind::Script);
    let _daemons = start(&lab, protocol, &tracked, WEIGHT, [Keepalived, Vipd]);
    watch.settled("a", &BOTH, Stamp::ZERO);

    let event = tracked.fail();
    let slow = watch.settled("b", &BOTH, event);
    println!("weight on keepalived, vipd follows: {slow}");
    let event = tracked.recover();
    watch.settled("a", &BOTH, event);
}

/// Something without a weight fails on a and recovers, twice.
fn fault(kind: Kind, tracking: Program, other: Program) {
    let lab = Lab::new(&BOTH);
    let protocol = Protocol::V3;
    let watch = Watch::start(&lab, protocol.address(), BOUND);
    let mut tracked = Tracked::new(&lab, kind);
    let _daemons = start(&lab, protocol, &tracked, 0, [tracking, other]);
    watch.settled("a", &BOTH, Stamp::ZERO);

    for _ in 0..2 {
        let event = tracked.fail();
        let there = watch.settled("b", &BOTH, event);
        let event = tracked.recover();
        let back = watch.settled("a", &BOTH, event);
        println!("{kind:?} fails on {}: {there}; recovers: {back}", tracking.name());
    }
}

/// Something with a weight fails on vipd, which has been Active for long enough, and recovers.
fn yields_fast(kind: Kind) {
    let lab = Lab::new(&BOTH);
    let protocol = Protocol::V3Unicast;
    let watch = Watch::start(&lab, protocol.address(), BOUND);
    let mut tracked = Tracked::new(&lab, kind);
    let _daemons = start(&lab, protocol, &tracked, WEIGHT, [Vipd, Keepalived]);
    watch.settled("a", &BOTH, Stamp::ZERO);
    pause(ESTABLISHED);

    let event = tracked.fail();
    let settled = watch.settled("b", &BOTH, event);
    let adverts = watch.capture.adverts(event);
    let of_a = || adverts.iter().filter(|(_, node, _)| node == "a");
    let (taught, _, lesson) =
        of_a().find(|(_, _, advert)| advert.interval < INTERVAL).expect("it teaches");
    let claimed = watch.capture.first_advert("b", *taught).expect("it has settled");
    let took = claimed - *taught;
    println!(
        "{kind:?} with a weight fails: keepalived's first advert {} after {} cs were taught, \
         documented: {}; {settled}",
        ms(took),
        lesson.interval,
        ms(DOCUMENTED),
    );
    assert_eq!(lesson.priority, HIGH, "the short interval is taught before the new priority");
    assert!(took <= 3 * DOCUMENTED, "{took:?}, documented {DOCUMENTED:?}");
    assert!(of_a().all(|(_, _, advert)| advert.priority != 0), "it was a yield, not a release");

    let event = tracked.recover();
    watch.settled("a", &BOTH, event);
    let adverts = watch.capture.adverts(event);
    let mut of_a = adverts.iter().filter(|(_, node, _)| node == "a");
    assert!(of_a.all(|(_, _, advert)| (advert.priority, advert.interval) == (HIGH, INTERVAL)));
}

/// The first program on a, which tracks, the second on b.
fn start(
    lab: &Lab,
    protocol: Protocol,
    tracked: &Tracked,
    weight: i16,
    [a, b]: [Program; 2],
) -> [Daemon; 2] {
    let mut tracking = Router::new(protocol, HIGH, INTERVAL);
    tracked.describe(&mut tracking, weight);
    let plain = Router::new(protocol, LOW, INTERVAL);
    let conf = [tracking.conf(lab, "a"), plain.conf(lab, "b")];
    [("a", a), ("b", b)].map(|(node, program)| {
        let [first, second] = &conf;
        let conf = if node == "a" { first } else { second };
        let daemon = Daemon::start(lab, lab.node(node), program, conf);
        eventually(BOUND, "a daemon listens", || {
            lab.node(node).listens_for_vrrp().then_some(()).ok_or_else(|| "it does not".to_owned())
        });
        daemon
    })
}

/// What is tracked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A script that looks for a file.
    Script,
    /// A file with a number.
    File,
    /// A process.
    Process,
}

/// One tracked object, which the test can make fail.
struct Tracked {
    kind: Kind,
    path: PathBuf,
    process: Option<Child>,
}

impl Tracked {
    /// One that is as it should be.
    fn new(lab: &Lab, kind: Kind) -> Self {
        // Processes are counted by this name, on the whole machine.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = lab.directory().join(format!("t{}-{count}", std::process::id()));
        if kind == Kind::Process {
            fs::copy("/bin/sleep", &path).expect("the lab's directory is writable");
        }
        let mut tracked = Self { kind, path, process: None };
        tracked.recover();
        tracked
    }

    /// It fails from now on; when that was.
    fn fail(&mut self) -> Stamp {
        let at = now();
        match self.kind {
            Kind::Script => fs::remove_file(&self.path).expect("it was there"),
            Kind::File => fs::write(&self.path, "1\n").expect("the directory is writable"),
            Kind::Process => self.end(),
        }
        at
    }

    /// It is as it should be from now on; when that was.
    fn recover(&mut self) -> Stamp {
        let at = now();
        match self.kind {
            Kind::Script | Kind::File => {
                fs::write(&self.path, "0\n").expect("the directory is writable");
            }
            Kind::Process => {
                let process = Command::new(&self.path).arg("600").spawn();
                self.process = Some(process.expect("a copy of sleep runs"));
            }
        }
        at
    }

    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it is our child");
            process.wait().expect("it is our child");
        }
    }

    /// Has `router` track it.
    fn describe(&self, router: &mut Router, weight: i16) {
        let path = self.path.display();
        let name = self.path.file_name().expect("it has one").display();
        router.global = "    script_user root".to_owned();
        let (block, list) = match self.kind {
            Kind::Script => (
                format!(
                    "vrrp_script T {{\n    script \"/usr/bin/test -e {path}\"\n    interval 1\n    \
                     rise 1\n    fall 1\n    weight {weight}\n}}\n"
                ),
                "track_script",
            ),
            Kind::File => (
                format!("vrrp_track_file T {{\n    file {path}\n    weight {weight}\n}}\n"),
                "track_file",
            ),
            Kind::Process => (
                format!("vrrp_track_process T {{\n    process {name}\n    weight {weight}\n}}\n"),
                "track_process",
            ),
        };
        router.before = block;
        router.instance = format!("    {list} {{\n        T\n    }}");
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.end();
    }
}

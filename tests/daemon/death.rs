//! Processes that die without being asked.

use rustix::process::{Signal, kill_process, test_kill_process};

use super::lab::{Capture, Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};
use super::support::{SECOND, SOON, conf, start_active, wait_advert, wait_holding};

#[test]
fn a_killed_worker_is_released_by_the_supervisor_and_replaced() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    for signal in [Signal::KILL, Signal::ABORT] {
        let (worker, event) = (daemon.worker(), now());
        kill_process(worker, signal).unwrap();
        let released = wait_advert(&capture, "a", 0, event);
        println!("{signal:?}: released after {:?}", released - event);
        wait_holding(lab.node("a"), false);
        eventually(SOON, "another worker", || {
            let next = daemon.worker();
            let found = next != worker && test_kill_process(next).is_ok();
            found.then_some(()).ok_or_else(|| format!("{next}"))
        });
        wait_advert(&capture, "a", 100, now());
        wait_holding(lab.node("a"), true);
    }
    assert!(daemon.stop().success());
}

/// keepalived knows nothing of a last will: it sees what any router sends that leaves.
#[test]
fn keepalived_takes_over_at_once_when_a_worker_is_killed() {
    let one = |protocol: Protocol| {
        let lab = Lab::new(&["a", "b"]);
        let watch = Watch::start(&lab, protocol.address(), SOON);
        let mut high = Router::new(protocol, 200, 100);
        high.instance = "    nopreempt".to_owned();
        let low = Router::new(protocol, 100, 100);

        let begin = now();
        let conf = high.conf(&lab, "a");
        let mut a = Daemon::start(&lab, lab.node("a"), Program::Vipd, &conf);
        watch.settled("a", &["a"], begin);
        let conf = low.conf(&lab, "b");
        let mut b = Daemon::start(&lab, lab.node("b"), Program::Keepalived, &conf);
        wait_advert(&watch.capture, "a", 200, now() + SECOND);

        let event = now();
        kill_process(a.worker(), Signal::KILL).unwrap();
        let settled = watch.settled("b", &["a", "b"], event);
        println!("{protocol:?}: {settled}");
        assert!(settled.claimed < 3 * SECOND, "without a word it takes longer");
        assert!(a.stop().success() && b.stop().success());
    };
    std::thread::scope(|scope| {
        for protocol in Protocol::ALL {
            scope.spawn(move || one(protocol));
        }
    });
}

#[test]
fn a_killed_supervisor_takes_its_worker_and_the_addresses_along() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let daemon = start_active(&lab, "a");
    let event = now();
    daemon.signal(Signal::KILL);
    wait_advert(&capture, "a", 0, event);
    wait_holding(lab.node("a"), false);

    let again = start_active(&lab, "a");
    assert_ne!(again.pid(), daemon.pid());
}

#[test]
fn a_worker_whose_supervisor_was_killed_leaves_no_address_however_long_the_kernel_takes() {
    let lab = Lab::new(&["a"]);
    let mut router = Router::new(Protocol::V3, 100, 10);
    router.instance = "    virtual_ipaddress_excluded {\n".to_owned();
    for number in 0..MANY {
        router.instance += &format!("10.77.{}.{}/32\n", number / 250, number % 250 + 1);
    }
    router.instance += "    }\n";
    let conf = router.conf(&lab, "a");
    let daemon = Daemon::start(&lab, lab.node("a"), Program::Vipd, &conf);
    let count = || {
        let addresses = lab.node("a").addresses().into_iter();
        addresses.filter(|it| it.to_string().starts_with("10.77.")).count()
    };
    eventually(60 * SECOND, "all addresses", || {
        let count = count();
        (count == MANY).then_some(()).ok_or_else(|| format!("{count}"))
    });

    let worker = daemon.worker();
    daemon.signal(Signal::KILL);
    eventually(60 * SECOND, "the worker's end", || {
        test_kill_process(worker).is_err().then_some(()).ok_or_else(|| "it runs".to_owned())
    });
    assert_eq!(count(), 0);
}

/// Addresses that no kernel adds or removes in half a second.
const MANY: usize = 12_000;

#[test]
fn without_respawn_the_daemon_ends_with_its_worker() {
    let lab = Lab::new(&["a"]);
    let conf = super::support::file(&lab, "c", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = std::process::Command::new(Program::Vipd.path());
    let paths = [&conf, &pid, &worker].map(|path| super::support::text(path));
    command.args(["-n", "-R", "-f", paths[0], "-p", paths[1], "-r", paths[2]]);
    command.stderr(std::process::Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    let number = std::fs::read_to_string(&worker).unwrap();
    let process = rustix::process::Pid::from_raw(number.trim().parse().unwrap()).unwrap();
    kill_process(process, Signal::KILL).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(!lab.node("a").holds(super::support::address()));
    assert!(!pid.exists() && !worker.exists());
}

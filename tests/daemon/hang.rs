//! A worker that lives and does nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Capture, Lab, Program, eventually, now, pause};
use super::support::{
    SECOND, SOON, address, conf, file, start_active, text, wait_advert, wait_holding,
};

/// What the worker is called.
const WORKER: &str = "worker";

/// The supervisor looks every second, and ten looks have to agree.
#[test]
fn a_worker_that_hangs_is_replaced_and_its_addresses_go() {
    let lab = Lab::new(&["a"]);
    is_replaced(&lab, "core", || {});
}

#[test]
fn a_worker_that_sets_no_addresses_any_more_is_replaced() {
    let lab = Lab::new(&["a"]);
    is_replaced(&lab, "kernel", || {
        lab.node("a").namespace.ip(&["address", "delete", "10.9.0.100/24", "dev", "eth0"]);
    });
}

#[test]
fn a_worker_that_asks_no_services_any_more_is_replaced() {
    let lab = Lab::new(&["a"]);
    is_replaced(&lab, "checks", || {});
}

#[test]
fn a_worker_that_hears_no_signal_any_more_is_told_of_and_goes_on() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut hanging = Hanging::start(&lab, WORKER);
    let before = hanging.worker();
    hanging.hang();
    kill_process(Pid::from_child(&hanging.daemon), Signal::HUP).unwrap();
    eventually(30 * SECOND, "a word about it", || {
        let log = fs::read_to_string(&hanging.log).unwrap();
        log.contains("stands still").then_some(()).ok_or(log)
    });
    wait_advert(&capture, "a", 100, now());
    assert!(lab.node("a").holds(address()));
    hanging.go_on();
    eventually(SOON, "the reload", || {
        let log = fs::read_to_string(&hanging.log).unwrap();
        log.contains("Reload complete").then_some(()).ok_or(log)
    });
    assert_eq!(hanging.worker(), before);
    hanging.stop();
}

/// A thread of the only router begins to hang, once `busy` has given it something to do: the worker
/// is released and followed by another one.
fn is_replaced(lab: &Lab, thread: &str, busy: impl FnOnce()) {
    let capture = Capture::start(lab);
    let mut hanging = Hanging::start(lab, thread);
    let before = hanging.worker();

    let event = now();
    hanging.hang();
    busy();
    let released = eventually(40 * SECOND, "the release", || {
        let adverts = capture.adverts(event);
        let found = adverts.iter().find(|(_, _, advert)| advert.priority == 0);
        found.map(|(at, ..)| *at).ok_or_else(|| format!("{} adverts", adverts.len()))
    });
    println!("{thread}: released {:?} after it began to hang", released.0 - event);
    hanging.go_on();
    eventually(SOON, "another worker", || {
        let after = hanging.worker();
        (after != before && !after.is_empty()).then_some(()).ok_or(after)
    });
    wait_advert(&capture, "a", 100, now());
    wait_holding(lab.node("a"), true);
    hanging.stop();
    assert!(!lab.node("a").holds(address()));
}

/// A daemon on node a of which one thread can be had hang.
struct Hanging {
    daemon: Child,
    worker_file: PathBuf,
    flag: PathBuf,
    log: PathBuf,
}

impl Hanging {
    /// Starts it and waits until it has the address.
    fn start(lab: &Lab, thread: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/hang.c");
        let library = lab.directory().join("hang.so");
        let mut compile = Command::new("cc");
        let compiled = compile.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
        assert!(compiled.expect("cc is there, it links this test").success());

        // The main thread has the worker's name, which is not to be the supervisor's.
        let named = conf(lab, "a", 100).replacen(
            "global_defs {",
            &format!("global_defs {{\nvrrp_process_name {WORKER}"),
            1,
        );
        let conf = file(lab, "hang.conf", &named);
        let [pid_file, worker_file, flag, log] =
            ["p", "w", "hang", "log"].map(|name| lab.directory().join(name));
        let mut command = Command::new(Program::Vipd.path());
        command.args(["-n", "-l", "-f", text(&conf)]);
        command.args(["-p", text(&pid_file), "-r", text(&worker_file)]);
        command.env("LD_PRELOAD", &library).env("HANG", &flag).env("THREAD", thread);
        let output = File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
        wait_holding(lab.node("a"), true);
        Self { daemon, worker_file, flag, log }
    }

    fn hang(&self) {
        fs::write(&self.flag, "").unwrap();
    }

    fn go_on(&self) {
        fs::remove_file(&self.flag).unwrap();
    }

    fn worker(&self) -> String {
        fs::read_to_string(&self.worker_file).unwrap()
    }

    fn stop(&mut self) {
        kill_process(Pid::from_child(&self.daemon), Signal::TERM).unwrap();
        assert!(self.daemon.wait().unwrap().success());
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        fs::remove_file(&self.flag).ok();
        if self.daemon.try_wait().is_ok_and(|ended| ended.is_none()) {
            kill_process(Pid::from_child(&self.daemon), Signal::TERM).ok();
            self.daemon.wait().ok();
        }
    }
}

#[test]
fn a_worker_that_is_stopped_for_a_while_goes_on() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let worker = daemon.worker();
    kill_process(worker, Signal::STOP).unwrap();
    pause(6 * SECOND);
    kill_process(worker, Signal::CONT).unwrap();
    let event = now();
    wait_advert(&capture, "a", 100, event);
    assert_eq!(daemon.worker(), worker);
    assert!(daemon.stop().success());
}

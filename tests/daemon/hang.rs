//! A worker that lives and does nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Capture, Lab, Program, eventually, now, pause};
use super::support::{
    SECOND, SOON, address, conf, file, start_active, text, wait_advert, wait_holding,
};

/// The supervisor looks every second, and ten looks have to agree.
#[test]
fn a_worker_that_hangs_is_replaced_and_its_addresses_go() {
    let lab = Lab::new(&["a"]);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/hang.c");
    let library = lab.directory().join("hang.so");
    let mut compile = Command::new("cc");
    let compiled = compile.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    assert!(compiled.expect("cc is there, it links this test").success());

    let capture = Capture::start(&lab);
    let conf = file(&lab, "hang.conf", &conf(&lab, "a", 100));
    let hang = lab.directory().join("hang");
    let [pid_file, worker_file] = ["p", "w"].map(|name| lab.directory().join(name));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid_file), "-r", text(&worker_file)]);
    command.env("LD_PRELOAD", &library).env("HANG", &hang).stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    let before = fs::read_to_string(&worker_file).unwrap();

    let event = now();
    fs::write(&hang, "").unwrap();
    let released = eventually(30 * SECOND, "the release", || {
        let adverts = capture.adverts(event);
        let found = adverts.iter().find(|(_, _, advert)| advert.priority == 0);
        found.map(|(at, ..)| *at).ok_or_else(|| format!("{} adverts", adverts.len()))
    });
    println!("released {:?} after it began to hang", released.0 - event);
    fs::remove_file(&hang).unwrap();
    eventually(SOON, "another worker", || {
        let after = fs::read_to_string(&worker_file).unwrap();
        (after != before && !after.is_empty()).then_some(()).ok_or(after)
    });
    wait_advert(&capture, "a", 100, now());
    wait_holding(lab.node("a"), true);
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(!lab.node("a").holds(address()));
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

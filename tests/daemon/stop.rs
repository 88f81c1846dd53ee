//! SIGTERM and its kin.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Capture, Daemon, Lab, Program, eventually, now, pause};
use super::support::{SECOND, address, conf, file, start_active, text, wait_advert, wait_holding};

#[test]
fn stopping_releases_removes_and_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let lab = Lab::new(&["a"]);
        let capture = Capture::start(&lab);
        let mut daemon = start_active(&lab, "a");
        let event = now();
        daemon.signal(signal);
        assert!(daemon.wait().success());
        let took = now() - event;
        assert!(took < 3 * Duration::from_millis(500), "took {took:?}");
        wait_advert(&capture, "a", 0, event);
        assert!(!lab.node("a").holds(address()));
    }
}

#[test]
fn stopping_the_worker_alone_releases_and_starts_another_one() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let (worker, event) = (daemon.worker(), now());
    kill_process(worker, Signal::TERM).unwrap();
    wait_advert(&capture, "a", 0, event);
    wait_advert(&capture, "a", 100, now());
    assert_ne!(daemon.worker(), worker);
    wait_holding(lab.node("a"), true);
    assert!(daemon.stop().success());
}

#[test]
fn a_daemon_that_was_told_to_stop_while_it_starts_stops() {
    let lab = Lab::new(&["a"]);
    for delay in [0, 2, 5, 10, 20, 50] {
        let text = conf(&lab, "a", 100);
        let program = Program::Vipd;
        let mut daemon = Daemon::start(&lab, lab.node("a"), program, &text);
        eventually(10 * SECOND, "the pid file", || {
            let text = std::fs::read_to_string(daemon.pid_file()).unwrap_or_default();
            (!text.is_empty()).then_some(()).ok_or_else(|| "none yet".to_owned())
        });
        pause(Duration::from_millis(delay));
        assert!(daemon.stop().success(), "after {delay} ms");
        assert!(!lab.node("a").holds(address()));
    }
}

#[test]
fn addresses_go_at_a_stop_even_if_the_kernel_takes_a_second_for_each() {
    let lab = Lab::new(&["a"]);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/slow_netlink.c");
    let library = lab.directory().join("slow_netlink.so");
    let compiler = ["-shared", "-fPIC", "-o"];
    let mut compile = Command::new("cc");
    let compiled = compile.args(compiler).args([&library, &source]).status();
    assert!(compiled.expect("cc is there, it links this test").success());

    let conf = file(&lab, "slow.conf", &conf(&lab, "a", 100));
    let pid_files = ["slow.pid", "slow.worker.pid"].map(|name| lab.directory().join(name));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid_files[0]), "-r", text(&pid_files[1])]);
    command.env("LD_PRELOAD", &library).stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(!lab.node("a").holds(address()));
}

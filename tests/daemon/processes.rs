//! Two processes, two pid files, and the way into the background.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::lab::{Daemon, Lab, Program, eventually};
use super::support::{SOON, conf, file, start_active, text, wait_holding};

#[test]
fn the_pid_files_name_both_processes_and_vanish_with_them() {
    let lab = Lab::new(&["a"]);
    let mut daemon = start_active(&lab, "a");
    let pid_file = daemon.pid_file().to_owned();
    let text = fs::read_to_string(&pid_file).unwrap();
    assert_eq!(text, format!("{}\n", daemon.pid()));
    let worker = daemon.worker();
    assert_ne!(worker, daemon.pid());
    let line = |pid: Pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    assert_eq!(line(worker), line(daemon.pid()), "tools look at both");

    assert!(daemon.stop().success());
    assert!(!pid_file.exists());
    assert!(!pid_file.with_extension("worker.pid").exists());
    assert!(test_kill_process(worker).is_err(), "the worker runs on");
}

#[test]
fn stale_pid_files_do_not_stop_a_start() {
    let lab = Lab::new(&["a"]);
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let dead = format!("{}\n", child.id());
    let (pid, worker) = (file(&lab, "p", &dead), file(&lab, "w", &dead));
    let conf = file(&lab, "c", &conf(&lab, "a", 100));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-n", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
}

/// What Neutron does: it waits for the first process and for its pipes to close, then expects
/// both pid files to be right.
#[test]
fn in_the_background_the_first_process_ends_when_the_daemon_is_up() {
    let lab = Lab::new(&["a"]);
    let conf = file(&lab, "c", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-P", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut first = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    assert!(first.wait().unwrap().success());
    let read = |path| -> Pid {
        let text = fs::read_to_string(path).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    };
    let (supervisor, worker) = (read(&pid), read(&worker));
    let mut rest = String::new();
    first.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    first.stderr.take().unwrap().read_to_string(&mut rest).unwrap();

    wait_holding(lab.node("a"), true);
    test_kill_process(worker).unwrap();
    kill_process(supervisor, Signal::TERM).unwrap();
    eventually(SOON, "the end of the daemon", || {
        let gone = !pid.exists();
        gone.then_some(()).ok_or_else(|| "it runs on".to_owned())
    });
    assert!(!lab.node("a").holds(super::support::address()));
}

#[test]
fn in_the_background_a_failed_start_has_its_exit_code() {
    let lab = Lab::new(&["a"]);
    let conf = file(&lab, "c", "vrrp_instance VI_1 {\n");
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let arguments = ["-f", text(&conf), "-p", text(&pid), "-r", text(&worker)];
    let output = super::support::run(lab.node("a"), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(!pid.exists());
}

/// A pipe that nobody reads is full after 64 KiB.
#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let lab = Lab::new(&["a"]);
    let conf = file(&lab, "c", &conf(&lab, "a", 100));
    let (pid, worker) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = Command::new(Program::Vipd.path());
    command.args(["-nlDD", "-f", text(&conf), "-p", text(&pid), "-r", text(&worker)]);
    command.stderr(Stdio::piped());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    wait_holding(lab.node("a"), true);
    // Each of them is some lines; together they are more than the pipe takes.
    let supervisor = Pid::from_child(&daemon);
    for _ in 0..1000 {
        kill_process(supervisor, Signal::HUP).unwrap();
        super::lab::pause(std::time::Duration::from_millis(2));
    }
    kill_process(supervisor, Signal::TERM).unwrap();
    eventually(SOON, "the end of the daemon", || {
        let ended = daemon.try_wait().unwrap();
        ended.map(drop).ok_or_else(|| "it runs on".to_owned())
    });
    let mut log = String::new();
    daemon.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.len() > 60_000, "the pipe was never full: {} octets", log.len());
    assert!(!lab.node("a").holds(super::support::address()));
}

#[test]
fn an_interface_may_appear_later_where_the_configuration_says_so() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let text = conf(&lab, "a", 100)
        .replace("router_id a", "router_id a\n    dynamic_interfaces")
        .replace("interface eth0", "interface later0");
    let mut daemon = Daemon::start(&lab, node, Program::Vipd, &text);
    eventually(SOON, "the fault", || {
        let log = daemon.log();
        log.contains("FAULT").then_some(()).ok_or(log)
    });
    let ip = |line: &str| node.namespace.ip(&line.split(' ').collect::<Vec<_>>());
    ip("link add later0 type veth peer name later1");
    ip("addr add 10.8.0.1/24 dev later0");
    ip("link set later1 up");
    ip("link set later0 up");
    eventually(SOON, "the address", || {
        let shown = ip("-o addr show dev later0");
        shown.contains("10.9.0.100").then_some(()).ok_or(shown)
    });
    assert!(daemon.stop().success());
}

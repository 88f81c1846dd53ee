//! What a year of reloads leaves behind: nothing.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Capture, Lab, Program, now};
use super::support::{SOON, address, conf, file, text, wait_holding};

/// What a process takes: resident memory in kB, descriptors, threads, children.
#[derive(Debug)]
struct Takes {
    memory: u64,
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Takes {
    fn of(process: &str) -> Self {
        let base = format!("/proc/{process}");
        let status = fs::read_to_string(format!("{base}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let count = |what: &str| fs::read_dir(format!("{base}/{what}")).unwrap().count();
        let children = fs::read_to_string(format!("{base}/task/{process}/children")).unwrap();
        Self {
            memory: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: count("fd"),
            threads: count("task"),
            children: children.split_whitespace().count(),
        }
    }
}

/// `VIPD_TEST_RELOADS` says how many; 10 000 otherwise, each with another configuration: more and
/// fewer addresses and instances, other names, and some that are refused.
#[test]
#[ignore = "takes a minute; tests/all.sh runs it"]
fn ten_thousand_reloads_leave_nothing_behind() {
    let count = std::env::var("VIPD_TEST_RELOADS").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(10_000);
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let socket = lab.directory().join("notify");
    let service_manager = UnixDatagram::bind(&socket).unwrap();
    service_manager.set_read_timeout(Some(SOON)).unwrap();
    // The supervisor tells the service manager when a reload is over, refused or not.
    let ready = || {
        let mut octets = [0; 512];
        while {
            // A signal for another test's child interrupts whoever happens to wait.
            let length = loop {
                match service_manager.recv(&mut octets) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    received => break received.unwrap(),
                }
            };
            !octets[..length].starts_with(b"READY=1")
        } {}
    };
    let usual = conf(&lab, "a", 100);
    let path = file(&lab, "c", &usual);
    let (pid_file, worker_file) = (lab.directory().join("p"), lab.directory().join("w"));
    let mut command = Command::new("sh");
    command.args(["-c", "SYSTEMD_EXEC_PID=$$ exec \"$@\"", "sh"]).arg(Program::Vipd.path());
    command.args(["-n", "-f", text(&path), "-p", text(&pid_file), "-r", text(&worker_file)]);
    command.env("NOTIFY_SOCKET", &socket).stderr(Stdio::null());
    let mut daemon = lab.node("a").namespace.enter(|| command.spawn()).unwrap();
    ready();
    wait_holding(lab.node("a"), true);
    let begin = now();

    let second = usual.split_once("vrrp_instance").unwrap().1.replace("VI_1", "VI_2");
    let second = second.replace("_id 51", "_id 52").replace("10.9.0.100", "10.9.0.102");
    let variants = [
        usual.replace("10.9.0.100/24", "10.9.0.100/24\n        10.9.0.101/24"),
        format!("{usual}\nvrrp_instance{second}"),
        usual.replace("priority 100", "priority 120"),
        usual.replace("VI_1", "RENAMED"),
        usual.replace("virtual_router_id 51", ""),
        usual.clone(),
    ];
    let supervisor = Pid::from_child(&daemon);
    let worker = fs::read_to_string(&worker_file).unwrap();
    let measure = || [daemon.id().to_string(), worker.trim().to_owned()].map(|it| Takes::of(&it));
    let mut early = None;
    for round in 0..count {
        fs::write(&path, &variants[round % variants.len()]).unwrap();
        kill_process(supervisor, Signal::HUP).unwrap();
        ready();
        // Whatever grows once has grown by then; the round is one of all variants.
        if round + 1 == (count / 10).next_multiple_of(variants.len()) {
            early = Some(measure());
        }
    }
    fs::write(&path, &usual).unwrap();
    kill_process(supervisor, Signal::HUP).unwrap();
    ready();
    super::lab::pause(super::support::SECOND);
    let late = measure();
    println!("{count} reloads: {early:?} became {late:?}");
    for (early, late) in early.expect("several rounds").iter().zip(&late) {
        assert!(late.memory <= early.memory + early.memory / 20 + 256, "{early:?} {late:?}");
        // The supervisor may have been telling the service manager at that moment.
        assert!(late.descriptors <= early.descriptors, "{early:?} {late:?}");
        assert_eq!((late.threads, late.children), (early.threads, early.children));
    }
    assert_eq!(fs::read_to_string(&worker_file).unwrap(), worker, "the same worker");
    let released =
        capture.adverts(begin).into_iter().any(|(_, _, it)| it.vrid == 51 && it.priority == 0);
    assert!(!released, "the address was given up");
    assert!(lab.node("a").holds(address()));
    kill_process(supervisor, Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
}

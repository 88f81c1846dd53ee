//! The files that keepalived's signals ask for, held against keepalived's own in one run.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lab::{Daemon, Lab, Program, eventually, pause};

mod lab;

/// How long anything may take that no protocol delays.
const SOON: Duration = Duration::from_secs(10);

const CONF: &str = "global_defs {
    router_id node_a
    vrrp_version 3
    script_user root
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 0.1
    garp_master_delay 0
    notify_master \"/usr/bin/true master\"
    notify \"/usr/bin/true gen 'a b'\"
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101/24 label eth0:v1
    }
    virtual_ipaddress_excluded {
        fd09::100
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    priority 90
    advert_int 1
    nopreempt
    notify_deleted
    virtual_ipaddress {
        10.9.0.110/24 no_track
    }
}
";

/// The three files of one daemon, each asked for at one of its two processes.
struct Files {
    data: String,
    stats: String,
    json: String,
}

fn files(program: Program) -> Files {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let daemon = Daemon::start(&lab, node, program, CONF);
    for address in ["10.9.0.100", "10.9.0.110"] {
        let address: IpAddr = address.parse().unwrap();
        let holds = || node.holds(address).then_some(()).ok_or_else(|| "not held".to_owned());
        eventually(SOON, "an address", holds);
    }
    pause(Duration::from_millis(200));
    let (parent, worker) = (daemon.pid(), daemon.worker());
    Files {
        data: ask(parent, "USR1", "/tmp/keepalived.data"),
        stats: ask(worker, "USR2", "/tmp/keepalived.stats"),
        json: ask(parent, "36", "/tmp/keepalived.json"),
    }
}

/// Sends a signal and reads the file that it asks for, which nobody else may read.
fn ask(pid: rustix::process::Pid, signal: &str, path: &str) -> String {
    // A link that somebody has put there leads nowhere.
    let _old = fs::remove_file(path);
    let pid = pid.as_raw_nonzero().to_string();
    assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    let read = || match fs::read_to_string(path) {
        Ok(text) if !text.is_empty() => Ok(text),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, path, read);
    // keepalived writes on while it is read.
    pause(Duration::from_millis(100));
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    read().unwrap()
}

/// The text with the number behind each of these words blanked.
fn without(text: &str, words: &[&str]) -> String {
    words.iter().fold(text.to_owned(), |text, word| {
        let mut parts = text.split(word);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            text + word + "N" + rest
        })
    })
}

/// The lines about instances, without what tells of one moment or one process.
fn topology(data: &str) -> Vec<String> {
    let from = data.find("------< VRRP Topology >------").unwrap();
    let text = data.split_at(from).1;
    let lines = text.lines().skip(1).take_while(|line| !line.starts_with("------<"));
    lines.map(|line| line.split(", uid:gid").next().unwrap().to_owned()).collect()
}

#[test]
fn the_files_say_what_keepaliveds_say() {
    let ours = files(Program::Vipd);
    let theirs = files(Program::Keepalived);

    let moment = ["\"last_transition\":", "\"advert_sent\":"];
    assert_eq!(without(&ours.json, &moment), without(&theirs.json, &moment));
    assert_eq!(without(&ours.stats, &["Sent: "]), without(&theirs.stats, &["Sent: "]));
    let theirs = topology(&theirs.data);
    let ours = topology(&ours.data);
    let moment = ["   Last transition", "   Number of"];
    for line in ours.iter().filter(|line| !moment.iter().any(|it| line.starts_with(it))) {
        assert!(theirs.contains(line), "{line}\n{theirs:#?}");
    }
    for read in [" VRRP Instance = ", "   State = ", "   Wantstate = ", "   Virtual IP ("] {
        let count = |lines: &[String]| lines.iter().filter(|it| it.starts_with(read)).count();
        assert_eq!((count(&ours), count(&theirs)), (2, 2), "{read}");
    }
}

#[test]
fn counters_start_over_when_they_are_asked_to_and_no_link_is_followed() {
    let lab = Lab::new(&["a"]);
    let daemon = Daemon::start(&lab, lab.node("a"), Program::Vipd, CONF);
    let address: IpAddr = "10.9.0.100".parse().unwrap();
    let holds = || lab.node("a").holds(address).then_some(()).ok_or_else(String::new);
    eventually(SOON, "the address", holds);
    let victim = lab.directory().join("victim");
    fs::write(&victim, "precious").unwrap();
    let path = Path::new("/tmp/keepalived.stats");
    let _old = fs::remove_file(path);
    std::os::unix::fs::symlink(&victim, path).unwrap();
    let pid = daemon.pid().as_raw_nonzero().to_string();
    let mut counts = Vec::new();
    for signal in ["63", "12"] {
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        pause(Duration::from_millis(300));
        counts.push(fs::read_to_string(path).unwrap().contains("  Became master: 1\n"));
    }
    assert_eq!(counts, [true, false]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(!fs::symlink_metadata(path).unwrap().is_symlink());
}

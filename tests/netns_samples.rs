//! The samples in `conf/`, judged by the programs that are to read them.

#![expect(clippy::string_slice, clippy::unwrap_used, reason = "the test's own helpers")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use vipd::config::model::{Instance, Preempt, Transport};
use vipd::config::{Options, load};
use vipd::types::Version;

use lab::namespace::Namespace;

mod lab;

#[test]
fn keepalived_has_nothing_to_say_about_the_keepalived_sample() {
    assert_eq!(verdict("keepalived", "keepalived.conf"), (Some(0), String::new()));
}

#[test]
fn vipd_has_nothing_to_say_about_either_sample() {
    for sample in ["keepalived.conf", "control-plane.toml", "vipd.toml"] {
        assert_eq!(verdict(env!("CARGO_BIN_EXE_vipd"), sample), (Some(0), String::new()));
    }
}

#[test]
fn on_each_node_keepalived_finds_the_instances_that_vipd_finds() {
    for id in ["control-1", "control-2", "control-3"] {
        let options = Options { config_id: id.to_owned(), ..Options::default() };
        let model = load(&sample("keepalived.conf"), &options).model.unwrap();
        let ours: Vec<_> = model.instances.iter().map(described).collect();
        assert_eq!(ours.len(), 3);
        assert_eq!(dumped(id, ours.len()), ours, "{id}");
    }
}

/// What makes this instance, in lines as keepalived dumps them.
fn described(instance: &Instance) -> BTreeSet<String> {
    let Instance { name, interface, vrid, priority, version, .. } = instance;
    let mut lines = BTreeSet::from([
        format!("VRRP Instance = {name}"),
        format!("VRRP Version = {}", if *version == Version::V3 { 3 } else { 2 }),
        format!("Interface = {interface}"),
        format!("Virtual Router ID = {vrid}"),
        format!("Priority = {priority}"),
        format!("Advert interval = {} milli-sec", instance.interval.duration().as_millis()),
    ]);
    if let Preempt::After(delay) = instance.preempt {
        lines.insert(format!("Preempt delay = {} secs", delay.as_secs()));
    }
    lines.extend(instance.source.map(|ip| format!("Using src_ip = {ip} (from configuration)")));
    lines.extend(instance.held().map(|it| format!("{}/{} dev {}", it.ip, it.prefix, it.link)));
    if let Transport::Unicast { peers, .. } = &instance.transport {
        lines.extend(peers.iter().map(|peer| format!("{} min_ttl 0 max_ttl 255", peer.address)));
    }
    let links = instance.tracked_interfaces.iter().map(|it| (it.link.to_string(), it.weight));
    let others = instance.tracked.iter().map(|it| (it.tracker.name.clone(), it.weight));
    let tracked = links.chain(others);
    lines.extend(tracked.map(|(name, weight)| format!("{name} weight {}", weight.get())));
    lines
}

/// The same of `count` instances from keepalived itself, started as this node.
fn dumped(id: &str, count: usize) -> Vec<BTreeSet<String>> {
    let node = node(&format!("dump-{id}"));
    let number = id.trim_start_matches("control-");
    for (link, net) in [("eth0", "192.0.2"), ("eth1", "10.0.0"), ("eth2", "10.0.1")] {
        node.ip(&["address", "flush", "dev", link]);
        node.ip(&["address", "add", &format!("{net}.{number}/24"), "dev", link]);
    }
    let mut keepalived = node.enter(|| {
        let pids = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Command::new("keepalived")
            .args(["--dont-fork", "--log-console", "--no-syslog", "--dump-conf", "-i", id, "-p"])
            .arg(pids.join(format!("dump-{id}.pid")))
            .arg("-r")
            .arg(pids.join(format!("dump-{id}-vrrp.pid")))
            .arg("-f")
            .arg(sample("keepalived.conf"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let mut instances: Vec<BTreeSet<String>> = Vec::new();
    let mut ends = 0;
    for line in BufReader::new(keepalived.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        // After the time, which ends with the year.
        let said = line.split_once(": ").map_or("", |(_, said)| said.trim());
        if said.starts_with("VRRP Instance = ") {
            instances.push(BTreeSet::new());
        }
        let list = [" dev ", " min_ttl ", " weight "].iter().any(|word| said.contains(word));
        if let Some(instance) = instances.last_mut()
            && (list || LABELS.iter().any(|label| said.starts_with(label)))
        {
            let end = said.find(" scope ").unwrap_or(said.len());
            instance.insert(said[..end].to_owned());
        }
        ends += usize::from(said.starts_with("Notify priority changes = "));
        if ends == count {
            break;
        }
    }
    let pid = Pid::from_child(&keepalived);
    kill_process(pid, Signal::TERM).unwrap();
    assert!(keepalived.wait().unwrap().success());
    instances
}

/// Of keepalived's dump, what makes an instance; its lists aside.
const LABELS: &[&str] = &[
    "VRRP Instance = ",
    "VRRP Version = ",
    "Interface = ",
    "Virtual Router ID = ",
    "Priority = ",
    "Advert interval = ",
    "Preempt delay = ",
    "Using src_ip = ",
];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conf").join(name)
}

/// The exit code and the messages of `PROGRAM -t -i control-1 -f FILE` on a node that suits the sample.
fn verdict(program: &str, file: &str) -> (Option<i32>, String) {
    let label = Path::new(program).file_name().unwrap().to_str().unwrap();
    let node = node(&format!("{label}-{file}"));
    let path = sample(file);
    let output = node.enter(|| {
        let mut command = Command::new(program);
        let command = command.args(["-t", "-i", "control-1", "-f"]).arg(path);
        command.stdin(Stdio::null()).output().unwrap()
    });
    let messages = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&messages).into_owned())
}

/// A namespace with the interfaces and addresses that the samples speak of.
fn node(name: &str) -> Namespace {
    let node = Namespace::new(0, name);
    let links = [("eth0", "192.0.2.1/24"), ("eth1", "10.0.0.1/24"), ("eth2", "10.0.1.1/24")];
    for (link, address) in links {
        let far_end = format!("{link}-far");
        node.ip(&["link", "add", link, "type", "veth", "peer", "name", &far_end]);
        node.ip(&["link", "set", link, "up"]);
        node.ip(&["address", "add", address, "dev", link]);
    }
    node
}

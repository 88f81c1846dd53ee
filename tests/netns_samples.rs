//! The samples in `conf/`, judged by the programs that are to read them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lab::namespace::Namespace;

mod lab;

#[test]
fn keepalived_has_nothing_to_say_about_the_keepalived_sample() {
    let node = node("keepalived");

    let output = node.enter(|| {
        let mut keepalived = Command::new("keepalived");
        let keepalived = keepalived
            .arg("-t")
            .arg("-f")
            .arg(sample("keepalived.conf"));
        keepalived.stdin(Stdio::null()).output().unwrap()
    });

    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

/// A namespace with the interfaces and addresses that the samples speak of.
fn node(name: &str) -> Namespace {
    let node = Namespace::new(0, name);
    for (link, address) in [("eth0", "10.0.0.1/24"), ("eth1", "192.0.2.1/24")] {
        let far_end = format!("{link}-far");
        node.ip(&[
            "link", "add", link, "type", "veth", "peer", "name", &far_end,
        ]);
        node.ip(&["link", "set", link, "up"]);
        node.ip(&["address", "add", address, "dev", link]);
    }
    node
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("conf")
        .join(name)
}

//! The samples in `conf/`, judged by the programs that are to read them.

#![expect(clippy::unwrap_used, reason = "the test's own helpers")]

use std::path::Path;
use std::process::{Command, Stdio};

use lab::namespace::Namespace;

mod lab;

#[test]
fn keepalived_has_nothing_to_say_about_the_keepalived_sample() {
    assert_eq!(verdict("keepalived", "keepalived.conf"), (Some(0), String::new()));
}

#[test]
fn vipd_has_nothing_to_say_about_either_sample() {
    for sample in ["keepalived.conf", "vipd.toml"] {
        assert_eq!(verdict(env!("CARGO_BIN_EXE_vipd"), sample), (Some(0), String::new()));
    }
}

/// The exit code and the messages of `PROGRAM -t -f SAMPLE` on a node that suits the sample.
fn verdict(program: &str, sample: &str) -> (Option<i32>, String) {
    let label = Path::new(program).file_name().unwrap().to_str().unwrap();
    let node = node(&format!("{label}-{sample}"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf").join(sample);
    let output = node.enter(|| {
        let mut command = Command::new(program);
        let command = command.arg("-t").arg("-f").arg(path);
        command.stdin(Stdio::null()).output().unwrap()
    });
    let messages = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&messages).into_owned())
}

/// A namespace with the interfaces and addresses that the samples speak of.
fn node(name: &str) -> Namespace {
    let node = Namespace::new(0, name);
    for (link, address) in [("eth0", "10.0.0.1/24"), ("eth1", "192.0.2.1/24")] {
        let far_end = format!("{link}-far");
        node.ip(&["link", "add", link, "type", "veth", "peer", "name", &far_end]);
        node.ip(&["link", "set", link, "up"]);
        node.ip(&["address", "add", address, "dev", link]);
    }
    node
}

//! What the tests of the daemon share.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::lab::{Capture, Daemon, Lab, Node, Program, Protocol, Router, Stamp, eventually};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// How long anything in these tests may take that no protocol delays.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// The virtual address.
pub(crate) fn address() -> IpAddr {
    Protocol::V3.address()
}

/// A router that advertises every 100 ms.
pub(crate) fn conf(lab: &Lab, node: &str, priority: u8) -> String {
    Router::new(Protocol::V3, priority, 10).conf(lab, node)
}

/// Starts the daemon on `node` and waits until it holds the address.
pub(crate) fn start_active(lab: &Lab, node: &str) -> Daemon {
    let text = conf(lab, node, 100);
    let daemon = Daemon::start(lab, lab.node(node), Program::Vipd, &text);
    wait_holding(lab.node(node), true);
    daemon
}

/// Waits until `node` has the address, or has not.
pub(crate) fn wait_holding(node: &Node, expected: bool) {
    eventually(SOON, "the address", || {
        let holds = node.holds(address());
        (holds == expected).then_some(()).ok_or_else(|| format!("held: {holds}"))
    });
}

/// Waits for an advert of `priority` by `node`, and tells when it was.
pub(crate) fn wait_advert(capture: &Capture, node: &str, priority: u8, since: Stamp) -> Stamp {
    let find = || {
        let adverts = capture.adverts(since);
        let found =
            adverts.iter().find(|(_, from, advert)| from == node && advert.priority == priority);
        found.map(|(at, ..)| *at).ok_or_else(|| format!("{} adverts, none of it", adverts.len()))
    };
    eventually(SOON, &format!("{node}'s advert of priority {priority}"), find).0
}

/// Runs vipd on `node` until it ends by itself.
pub(crate) fn run(node: &Node, arguments: &[&str]) -> Output {
    let mut command = Command::new(Program::Vipd.path());
    command.args(arguments).stdin(Stdio::null());
    node.namespace.enter(|| command.output()).expect("vipd can be run")
}

/// What a command wrote to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of the lab's with this text.
pub(crate) fn file(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let path = lab.directory().join(name);
    std::fs::write(&path, text).expect("the lab's directory is writable");
    path
}

/// A path as an argument.
pub(crate) fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("the lab's paths are text")
}

//! The exit code of the configuration test: what `tests/verdicts.txt` says of keepalived and of
//! vipd is true of both, and every difference has its reason in `docs/config-test.md`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the test's own helpers")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lab::namespace::Namespace;

mod lab;

#[test]
fn keepalived_judges_every_case_as_it_was_recorded() {
    judge("keepalived", |case| case.keepalived);
}

#[test]
fn vipd_judges_every_case_as_keepalived_or_differs_where_it_says_so() {
    judge(env!("CARGO_BIN_EXE_vipd"), |case| case.vipd);
}

#[test]
fn every_deviation_has_its_reason() {
    let reasons = fs::read_to_string("docs/config-test.md").unwrap();
    for case in cases() {
        let described = |reason: &str| reasons.contains(&format!("| `{reason}` |"));
        let explained = case.reason.as_deref().is_some_and(described);
        assert_eq!(case.keepalived != case.vipd, explained, "{case:?}");
    }
}

/// One line of the table.
#[derive(Debug)]
struct Case {
    keepalived: i32,
    vipd: i32,
    place: String,
    text: String,
    reason: Option<String>,
}

fn cases() -> Vec<Case> {
    let table = fs::read_to_string("tests/verdicts.txt").unwrap();
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| case(line).unwrap_or_else(|| panic!("not a case: {line}"))).collect()
}

fn case(line: &str) -> Option<Case> {
    let (codes, rest) = line.split_once(' ')?;
    let (keepalived, vipd) = codes.split_once('/').unwrap_or((codes, codes));
    let (place, rest) = rest.trim_start().split_once(' ')?;
    let (text, reason) = match rest.split_once("  # ") {
        Some((text, reason)) => (text, Some(reason.to_owned())),
        None => (rest, None),
    };
    Some(Case {
        keepalived: keepalived.parse().ok()?,
        vipd: vipd.parse().ok()?,
        place: place.to_owned(),
        text: text.trim().to_owned(),
        reason,
    })
}

impl Case {
    /// The whole configuration.
    fn configuration(&self) -> String {
        let text = self.text.replace(';', "\n");
        let instance = |own: &str| {
            format!(
                "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\n{own}\n\
                 virtual_ipaddress {{\n10.0.0.9\n}}\n}}\n"
            )
        };
        match self.place.as_str() {
            "global" => format!("global_defs {{\n{text}\n}}\n{}", instance("")),
            "instance" => instance(&text),
            "root" => format!("{text}\n{}", instance("")),
            "alone" => format!("{text}\n"),
            other => panic!("no place is called {other}"),
        }
    }
}

/// Holds what `program` says of each case against what is expected of it.
fn judge(program: &str, expected: impl Fn(&Case) -> i32) {
    let label = Path::new(program).file_name().unwrap().to_str().unwrap();
    let node = node(label);
    let scratch = Scratch::new(label);
    let mut wrong = Vec::new();
    for case in cases() {
        fs::write(&scratch.0, case.configuration()).unwrap();
        let output = node.enter(|| {
            let mut command = Command::new(program);
            let command = command.arg("-t").arg("-f").arg(&scratch.0);
            command.stdin(Stdio::null()).output().unwrap()
        });
        if output.status.code() != Some(expected(&case)) {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            wrong.push(format!("{case:?}: {}\n{said}", output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A namespace with two interfaces and their addresses.
fn node(label: &str) -> Namespace {
    let node = Namespace::new(0, &format!("verdicts-{label}"));
    for (link, address) in [("eth0", "10.0.0.1/24"), ("eth1", "10.0.1.1/24")] {
        let far_end = format!("{link}-far");
        node.ip(&["link", "add", link, "type", "veth", "peer", "name", &far_end]);
        node.ip(&["link", "set", link, "up"]);
        node.ip(&["address", "add", address, "dev", link]);
    }
    node
}

/// A file that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(label: &str) -> Self {
        let name = format!("vipd-verdicts-{label}-{}.conf", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

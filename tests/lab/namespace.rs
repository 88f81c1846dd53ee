//! One network namespace: made by name, entered by threads, removed on drop.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{panic, thread};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What every namespace of every lab is called at first.
const PREFIX: &str = "vipdlab-";

/// A network namespace of this process's own.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    handle: File,
}

impl Namespace {
    /// Makes `vipdlab-PID-LAB-NODE`.
    pub fn new(lab: usize, node: &str) -> Self {
        let name = format!("{PREFIX}{}-{lab}-{node}", std::process::id());
        ip(&["netns", "add", &name]);
        let handle = File::open(Path::new("/run/netns").join(&name))
            .expect("ip netns add has made the file");
        Self { name, handle }
    }

    /// Its name, as `ip -n` takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread inside. Sockets it opens and processes it starts belong there.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let inside = thread::scope(|scope| {
            scope
                .spawn(|| {
                    move_into_link_name_space(
                        self.handle.as_fd(),
                        Some(LinkNameSpaceType::Network),
                    )
                    .expect("root may enter its own namespace");
                    work()
                })
                .join()
        });
        inside.unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    /// Runs `ip -n NAME ARGS` and returns what it printed.
    pub fn ip(&self, args: &[&str]) -> String {
        ip(&[&["-n", &self.name], args].concat())
    }

    /// Runs `bridge -n NAME ARGS`.
    pub fn bridge(&self, args: &[&str]) {
        iproute2("bridge", &[&["-n", &self.name], args].concat());
    }

    /// Writes a sysctl below `/proc/sys/net`.
    pub fn sysctl(&self, key: &str, value: &str) {
        let path = Path::new("/proc/sys/net").join(key);
        self.enter(|| fs::write(&path, value))
            .unwrap_or_else(|error| panic!("cannot set {}: {error}", path.display()));
    }

    /// The processes inside.
    pub fn processes(&self) -> Vec<Pid> {
        processes(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Runs `ip` and returns what it printed.
pub fn ip(args: &[&str]) -> String {
    iproute2("ip", args)
}

/// Runs a program of iproute2 and returns what it printed.
///
/// # Panics
/// With what to do, when it cannot be run or is not permitted.
pub fn iproute2(program: &str, args: &[&str]) -> String {
    let output =
        Command::new(program).args(args).stdin(Stdio::null()).output().unwrap_or_else(|error| {
            panic!("cannot run {program} ({error}): install iproute2, or run tests/all.sh")
        });
    let complaint = String::from_utf8_lossy(&output.stderr);
    let denied = ["Operation not permitted", "Permission denied"];
    assert!(
        output.status.success(),
        "{program} {}: {}{}",
        args.join(" "),
        complaint.trim(),
        if denied.iter().any(|text| complaint.contains(text)) {
            "\nThese tests make network namespaces: run them as root (sudo tests/all.sh)."
        } else {
            ""
        }
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Removes the namespaces of test processes that exist no more.
pub fn remove_stale() {
    let Ok(entries) = fs::read_dir("/run/netns") else {
        return;
    };
    for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next())
            .and_then(|pid| pid.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            eprintln!("removing {name}, left behind by a killed test");
            remove(&name);
        }
    }
}

/// Kills what runs in the namespace, then removes it. Collects no errors: it runs on drop.
fn remove(name: &str) {
    for pid in processes(name) {
        kill_process(pid, Signal::KILL).ok();
    }
    drop(Command::new("ip").args(["netns", "del", name]).stderr(Stdio::null()).status());
}

fn processes(name: &str) -> Vec<Pid> {
    let Ok(output) = Command::new("ip").args(["netns", "pids", name]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter_map(|word| Pid::from_raw(word.parse().ok()?))
        .filter(|pid| pid.as_raw_nonzero().get() != std::process::id().cast_signed())
        .collect()
}

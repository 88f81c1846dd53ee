//! `vipd demo` plays to its end, and leaves nothing behind when it cannot.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::clock::{eventually, pause};

/// An environment variable by which a demo's processes are known.
const MARK: &str = "VIPD_TEST_DEMO";

#[test]
fn the_demo_plays_every_act_and_ends_well_within_a_minute() {
    let begin = Instant::now();
    let output = demo("whole").output().expect("it can be run");
    let spent = begin.elapsed();

    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}", output.status);
    assert!(spent < Duration::from_secs(60), "{spent:?}");
    for act in ["1. ", "2. ", "3. ", "4. ", "5. ", "6. ", "7. "] {
        assert!(text.lines().any(|line| line.starts_with(act)), "no act {act}");
    }
    assert_eq!(text.matches("no answer for ").count(), 6);
    assert_eq!(processes("whole"), Vec::<String>::new());
}

#[test]
fn nothing_is_left_of_a_demo_that_is_killed() {
    let mut demo = demo("killed").stdout(Stdio::null()).spawn().expect("it can be run");
    eventually(Duration::from_secs(20), "three daemons run", || {
        let running = processes("killed");
        let daemons = running.iter().filter(|line| line.contains("-n -l -D -G"));
        let count = daemons.count();
        (count >= 6).then_some(()).ok_or_else(|| format!("{running:?}"))
    });
    pause(Duration::from_millis(500));

    demo.kill().expect("it runs");
    demo.wait().expect("it is our child");

    eventually(Duration::from_secs(5), "nothing is left", || {
        let left = processes("killed");
        left.is_empty().then_some(()).ok_or_else(|| format!("{left:?}"))
    });
}

fn demo(mark: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vipd"));
    command.arg("demo").env(MARK, value(mark)).stdin(Stdio::null());
    command
}

/// The command lines of the processes that a demo has started and that still run.
fn processes(mark: &str) -> Vec<String> {
    let mark = format!("{MARK}={}", value(mark));
    let read = |pid: &str, what: &str| {
        let octets = fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        String::from_utf8_lossy(&octets).replace('\0', " ")
    };
    fs::read_dir("/proc")
        .expect("there is a /proc")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| read(pid, "environ").contains(&mark))
        .map(|pid| read(&pid, "cmdline"))
        .collect()
}

fn value(mark: &str) -> String {
    format!("{mark}-{}", std::process::id())
}

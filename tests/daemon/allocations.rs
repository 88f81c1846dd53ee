//! The core thread allocates nothing while nothing happens but adverts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::lab::{Capture, Lab, Program, Protocol, Router, now, pause};
use super::support::{SECOND, file, text, wait_advert, wait_holding};

/// A daemon whose core thread's allocations are counted in a file.
struct Counted {
    daemon: Child,
    count: PathBuf,
}

impl Counted {
    fn start(lab: &Lab, node: &str, library: &Path, conf: &str) -> Self {
        let conf = file(lab, &format!("{node}.conf"), conf);
        let path = |kind: &str| lab.directory().join(format!("{node}.{kind}"));
        let (pid, worker, count) = (path("pid"), path("worker.pid"), path("count"));
        fs::write(&count, [0; 8]).unwrap();
        let mut command = Command::new(Program::Vipd.path());
        let paths = [&conf, &pid, &worker].map(|path| text(path));
        command.args(["-n", "-f", paths[0], "-p", paths[1], "-r", paths[2]]);
        command.env("LD_PRELOAD", library).env("COUNT_FILE", &count);
        command.stderr(Stdio::null());
        let namespace = &lab.node(node).namespace;
        let daemon = namespace.enter(|| command.spawn()).unwrap();
        Self { daemon, count }
    }

    fn allocations(&self) -> u64 {
        u64::from_ne_bytes(fs::read(&self.count).unwrap().try_into().unwrap())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ended = kill_process(Pid::from_child(&self.daemon), Signal::TERM);
        self.daemon.wait().unwrap();
    }
}

#[test]
fn adverts_come_and_go_without_an_allocation_on_the_core_thread() {
    let lab = Lab::new(&["a", "b"]);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/counting_malloc.c");
    let library = lab.directory().join("counting_malloc.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status();
    assert!(compiled.expect("cc is there, it links this test").success());

    let capture = Capture::start(&lab);
    let conf = |node: &str, priority| Router::new(Protocol::V3, priority, 1).conf(&lab, node);
    let active = Counted::start(&lab, "a", &library, &conf("a", 200));
    wait_holding(lab.node("a"), true);
    let backup = Counted::start(&lab, "b", &library, &conf("b", 100));
    wait_advert(&capture, "a", 200, now() + SECOND);

    let counts = || [active.allocations(), backup.allocations()];
    assert!(counts().iter().all(|count| *count > 0), "nothing is counted");
    // News of an interface that still settles may allocate; an advert that did would do so in
    // every second.
    let quiet = (0..5).find_map(|_| {
        let (before, since) = (counts(), now());
        pause(SECOND);
        (counts() == before).then_some(since)
    });
    let since = quiet.expect("a second without an allocation");
    let adverts = capture.adverts(since).len();
    assert!(adverts > 30, "{adverts} adverts in a second, 100 are to be sent");
}

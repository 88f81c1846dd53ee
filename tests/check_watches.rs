//! Files and processes that are really watched.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a panic fails the test, as it should; it waits for real files and processes"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use vipd::check::{Checks, Surroundings};
use vipd::config::model::{
    Compared, File, InitialLevel, Process, Tracker, TrackerKind, TrackerName, Watch,
};
use vipd::types::{TrackerId, Verdict, Weight};

struct Bench {
    checks: Checks,
    told: Receiver<Verdict>,
    directory: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("vipd-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (tell, told) = channel();
        let tell = move |_id, verdict| {
            let _nobody = tell.send(verdict).is_err();
        };
        Self { checks: Checks::start(tell).unwrap(), told, directory }
    }

    fn follow(&self, watch: Watch) {
        let name = TrackerName { kind: watch.kind(), name: "it".to_owned() };
        let tracker = Tracker { name, weight: Weight::ONE, reverse: false, watch };
        let surroundings = Surroundings { secure: false, account: None };
        self.checks.follow(vec![(TrackerId::new(0).unwrap(), tracker)], surroundings);
    }

    fn next(&self) -> Verdict {
        self.told.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn is_silent_for(&self, span: Duration) -> bool {
        self.told.recv_timeout(span).is_err()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.directory).is_err();
    }
}

fn file(path: &Path, initial: Option<InitialLevel>) -> Watch {
    Watch::File(File { path: path.to_owned(), initial })
}

#[test]
fn a_file_is_followed_through_writes_moves_and_its_end() {
    let bench = Bench::new("file");
    let path = bench.directory.join("level");
    bench.follow(file(&path, None));
    assert_eq!(bench.next(), Verdict::Level(0), "there is none");
    fs::write(&path, "10\n").unwrap();
    assert_eq!(bench.next(), Verdict::Level(10));
    fs::write(bench.directory.join("new"), "-0x10").unwrap();
    fs::rename(bench.directory.join("new"), &path).unwrap();
    assert_eq!(bench.next(), Verdict::Level(-16));
    fs::write(&path, "99999999999").unwrap();
    assert!(bench.is_silent_for(Duration::from_millis(1500)), "too large for anybody");
    fs::remove_file(&path).unwrap();
    assert_eq!(bench.next(), Verdict::Level(0));
}

#[test]
fn a_directory_that_goes_and_comes_back_is_followed_too() {
    let bench = Bench::new("directory");
    let inner = bench.directory.join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("level"), "1").unwrap();
    bench.follow(file(&inner.join("level"), None));
    assert_eq!(bench.next(), Verdict::Level(1));
    fs::remove_dir_all(&inner).unwrap();
    assert_eq!(bench.next(), Verdict::Level(0));
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("level"), "2").unwrap();
    assert_eq!(bench.next(), Verdict::Level(2));
}

#[test]
fn what_is_to_stand_in_a_file_is_written_at_the_first_start_only() {
    let bench = Bench::new("initial");
    let path = bench.directory.join("level");
    bench.follow(file(&path, Some(InitialLevel { level: 5, overwrite: false })));
    assert_eq!(bench.next(), Verdict::Level(5));
    bench.follow(file(&path, Some(InitialLevel { level: 7, overwrite: true })));
    assert_eq!(bench.next(), Verdict::Level(5), "a reload writes nothing");
    let other = Bench::new("initial-other");
    other.follow(file(&path, Some(InitialLevel { level: 8, overwrite: false })));
    assert_eq!(other.next(), Verdict::Level(5), "there is a file");
    let third = Bench::new("initial-third");
    third.follow(file(&path, Some(InitialLevel { level: 9, overwrite: true })));
    assert_eq!(third.next(), Verdict::Level(9));
}

#[test]
fn a_file_in_no_directory_is_not_watched() {
    let bench = Bench::new("nowhere");
    bench.follow(file(Path::new("/no/such/directory/level"), None));
    assert_eq!(bench.next(), Verdict::Disabled);
}

#[test]
fn processes_are_counted_as_they_come_and_go() {
    let bench = Bench::new("process");
    // An argument that no other process has.
    let seconds = format!("{}", 100_000 + std::process::id());
    let start = || Command::new("sleep").arg(&seconds).spawn().unwrap();
    bench.follow(Watch::Process(Process {
        program: "sleep".to_owned(),
        arguments: vec![seconds.clone()],
        compared: Compared::Equal,
        full_command: true,
        quorum: 1,
        most: Some(1),
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    }));
    assert_eq!(bench.next(), Verdict::Unhealthy);
    let mut one = start();
    assert_eq!(bench.next(), Verdict::Healthy);
    let mut other = start();
    assert_eq!(bench.next(), Verdict::Unhealthy, "there are too many");
    one.kill().unwrap();
    assert_eq!(bench.next(), Verdict::Healthy, "one is a zombie, which does not run");
    one.wait().unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(bench.next(), Verdict::Unhealthy);
    let report = bench.checks.reports().get(TrackerId::new(0).unwrap()).unwrap();
    assert_eq!(report.to_string(), "process it has 0 running");
    assert_eq!(report.name.kind, TrackerKind::Process);
}

/// Where the kernel tells what happens nobody waits for the next look; where it does not, as in a
/// container, for half a second at most.
#[test]
fn many_processes_that_come_and_go_are_neither_missed_nor_invented() {
    let bench = Bench::new("processes");
    let name = format!("vt{}", std::process::id());
    let path = bench.directory.join(&name);
    fs::copy("/bin/sleep", &path).unwrap();
    bench.follow(Watch::Process(Process {
        program: name,
        arguments: Vec::new(),
        compared: Compared::No,
        full_command: false,
        quorum: 1,
        most: None,
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    }));
    assert_eq!(bench.next(), Verdict::Unhealthy);
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let mut one = Command::new(&path).arg("600").spawn().unwrap();
        let begin = std::time::Instant::now();
        assert_eq!(bench.next(), Verdict::Healthy);
        slowest = slowest.max(begin.elapsed());
        // Others that begin and end meanwhile are none of ours.
        for _ in 0..20 {
            assert!(Command::new("true").status().unwrap().success());
        }
        one.kill().unwrap();
        one.wait().unwrap();
        let begin = std::time::Instant::now();
        assert_eq!(bench.next(), Verdict::Unhealthy);
        slowest = slowest.max(begin.elapsed());
    }
    assert!(bench.is_silent_for(Duration::from_millis(600)));
    println!("the slowest verdict came after {slowest:?}");
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}

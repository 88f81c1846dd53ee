//! Scripts that are really run: what is found, what is told, what is left behind.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a panic fails the test, as it should; it waits for real processes"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use vipd::check::{Checks, Report, Surroundings};
use vipd::config::model::{Script, Tracker, TrackerKind, TrackerName, Watch};
use vipd::sys::process::Exit;
use vipd::types::{Account, Program, TrackerId, Verdict, Weight};

/// A thread that observes, and a directory for its scripts.
struct Bench {
    checks: Checks,
    told: Receiver<(TrackerId, Verdict)>,
    directory: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("vipd-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (tell, told) = channel();
        let tell = move |id, verdict| {
            let _nobody = tell.send((id, verdict)).is_err();
        };
        Self { checks: Checks::start(tell).unwrap(), told, directory }
    }

    /// A script of this text.
    fn script(&self, name: &str, text: &str) -> Script {
        let path = self.directory.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        script(&[path.to_str().unwrap()])
    }

    fn follow(&self, scripts: &[&Script]) {
        let trackers = scripts.iter().enumerate().map(|(at, script)| {
            let name = TrackerName { kind: TrackerKind::Script, name: format!("chk{at}") };
            let watch = Watch::Script((*script).clone());
            (id(at), Tracker { name, weight: Weight::FAULT, reverse: false, watch })
        });
        self.checks.follow(trackers.collect(), root());
    }

    /// The next verdict, within ten seconds.
    fn next(&self) -> Verdict {
        self.told.recv_timeout(Duration::from_secs(10)).unwrap().1
    }

    fn is_silent_for(&self, span: Duration) -> bool {
        self.told.recv_timeout(span).is_err()
    }

    fn report(&self) -> Report {
        self.checks.reports().get(id(0)).unwrap()
    }

    fn stop(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.checks.stop());
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
        let _left = fs::remove_dir_all(&self.directory).is_err();
    }
}

fn id(at: usize) -> TrackerId {
    TrackerId::new(at).unwrap()
}

fn script(words: &[&str]) -> Script {
    Script {
        program: Program::new(words.iter().map(|word| (*word).to_owned()).collect()).unwrap(),
        interval: Duration::from_millis(100),
        timeout: Duration::from_secs(5),
        rise: 1,
        fall: 1,
        init_fail: false,
    }
}

fn root() -> Surroundings {
    let account = Account { user: "root".to_owned(), group: None };
    Surroundings { secure: false, account: Some(account) }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

/// Waits until `done` holds, ten seconds at most.
fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it takes too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn an_exit_status_is_told_with_what_was_printed() {
    let bench = Bench::new("status");
    let state = bench.directory.join("state");
    fs::write(&state, "3").unwrap();
    let text = format!("echo checking; echo it is bad >&2; exit $(cat {})", state.display());
    bench.follow(&[&bench.script("chk", &text)]);
    assert_eq!(bench.next(), Verdict::Unhealthy);
    let report = bench.report();
    let (_, last) = report.last.clone().unwrap();
    assert_eq!(report.to_string(), "script chk0 exited with status 3");
    assert_eq!((last.exit, last.output.as_str()), (Some(Exit::Code(3)), "checking\nit is bad"));
    fs::write(&state, "0").unwrap();
    assert_eq!(bench.next(), Verdict::Healthy);
    assert_eq!(bench.report().to_string(), "script chk0");
}

#[test]
fn rise_and_fall_are_counted_over_real_runs() {
    let bench = Bench::new("count");
    let runs = bench.directory.join("runs");
    // Succeeds twice, fails three times, then succeeds for ever.
    let text =
        format!("echo x >> {0}; n=$(wc -l < {0}); [ $n -le 2 ] || [ $n -ge 6 ]", runs.display());
    let script = Script { rise: 2, fall: 3, ..bench.script("chk", &text) };
    bench.follow(&[&script]);
    assert_eq!((bench.next(), lines(&runs)), (Verdict::Healthy, 1));
    assert_eq!(bench.next(), Verdict::Unhealthy);
    assert!(lines(&runs) >= 5, "three failures");
    assert_eq!(bench.next(), Verdict::Healthy);
    assert!(lines(&runs) >= 7, "two successes");
}

#[test]
fn one_that_takes_too_long_is_ended_with_all_that_it_has_started_and_delays_nobody() {
    let bench = Bench::new("hang");
    let (child, runs) = (bench.directory.join("child"), bench.directory.join("runs"));
    let text = format!("trap '' TERM; sleep 60 & echo $! > {}; wait", child.display());
    let timeout = Duration::from_millis(300);
    let hangs = Script { timeout, ..bench.script("hangs", &text) };
    let beside = bench.script("beside", &format!("echo x >> {}", runs.display()));
    bench.follow(&[&hangs, &beside]);
    assert_eq!(bench.told.recv().unwrap(), (id(1), Verdict::Healthy));
    let (who, verdict) = bench.told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!((who, verdict), (id(0), Verdict::Unhealthy));
    assert_eq!(bench.report().reason, "timed out");
    let started = fs::read_to_string(&child).unwrap();
    until(|| !is_alive(&started));
    assert!(lines(&runs) > 5, "the other one ran all the while");
}

#[test]
fn a_signal_is_a_failure() {
    let bench = Bench::new("signal");
    bench.follow(&[&bench.script("chk", "kill -9 $$")]);
    assert_eq!(bench.next(), Verdict::Unhealthy);
    assert_eq!(bench.report().reason, "due to signal 9");
}

#[test]
fn arguments_are_handed_over_as_they_are_and_no_shell_looks_at_them() {
    let bench = Bench::new("words");
    let mut chk = bench.script("chk", "[ \"$1|$2|$#\" = 'a b|$HOME*|2' ]");
    chk.program.words.extend(["a b".to_owned(), "$HOME*".to_owned()]);
    bench.follow(&[&chk]);
    assert_eq!(bench.next(), Verdict::Healthy);
}

#[test]
fn a_bare_name_is_found_and_a_redirection_opens_its_file() {
    let bench = Bench::new("bare");
    bench.follow(&[&script(&["true"]), &script(&["</etc/passwd"]), &script(&["</no/such/file"])]);
    let mut told: Vec<_> = (0..3).map(|_| bench.told.recv().unwrap()).collect();
    told.sort_by_key(|(id, _)| *id);
    let expected = [Verdict::Healthy, Verdict::Healthy, Verdict::Unhealthy];
    assert_eq!(told.into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>(), expected);
}

#[test]
fn one_that_is_missing_is_told_as_disabled() {
    let bench = Bench::new("missing");
    bench.follow(&[&script(&["/no/such/script"])]);
    assert_eq!(bench.next(), Verdict::Disabled);
    let reason = bench.report().reason;
    assert_eq!(reason, "not found/accessible: there is no program /no/such/script");
}

#[test]
fn what_others_may_change_is_not_run_as_root() {
    let bench = Bench::new("secure");
    let runs = bench.directory.join("runs");
    let chk = bench.script("chk", &format!("echo x >> {}", runs.display()));
    fs::set_permissions(bench.directory.join("chk"), fs::Permissions::from_mode(0o777)).unwrap();
    let name = TrackerName { kind: TrackerKind::Script, name: "chk".to_owned() };
    let watch = Watch::Script(chk);
    let tracker = Tracker { name, weight: Weight::FAULT, reverse: false, watch };
    bench.checks.follow(vec![(id(0), tracker)], Surroundings { secure: true, ..root() });
    assert_eq!(bench.next(), Verdict::Disabled);
    assert!(bench.report().reason.contains("unsafe permissions"), "{}", bench.report().reason);
    assert_eq!(lines(&runs), 0);
}

#[test]
fn one_that_starts_as_failed_is_healthy_from_its_first_success_on() {
    let bench = Bench::new("initfail");
    let script = Script { init_fail: true, rise: 3, ..script(&["true"]) };
    bench.follow(&[&script]);
    assert_eq!(bench.next(), Verdict::Unhealthy);
    assert_eq!(bench.next(), Verdict::Healthy);
    assert!(bench.report().looks < 3, "keepalived waits for no others");
}

#[test]
fn a_reload_leaves_alone_what_did_not_change_and_begins_anew_what_did() {
    let bench = Bench::new("reload");
    let runs = bench.directory.join("runs");
    let slow = Script {
        interval: Duration::from_secs(60),
        ..bench.script("chk", &format!("echo x >> {}", runs.display()))
    };
    bench.follow(&[&slow]);
    assert_eq!(bench.next(), Verdict::Healthy);
    bench.follow(&[&slow, &script(&["true"])]);
    assert_eq!(bench.told.recv().unwrap().0, id(1), "the new one");
    assert!(bench.is_silent_for(Duration::from_millis(300)));
    assert_eq!((lines(&runs), bench.report().looks), (1, 1));
    bench.follow(&[&Script { fall: 2, ..slow }]);
    assert_eq!((bench.next(), lines(&runs)), (Verdict::Healthy, 2));
    assert!(bench.checks.reports().get(id(1)).is_none());
}

#[test]
fn stopping_ends_what_runs() {
    let bench = Bench::new("stop");
    let child = bench.directory.join("child");
    bench.follow(&[
        &bench.script("chk", &format!("trap '' TERM; echo $$ > {}; sleep 60", child.display()))
    ]);
    until(|| lines(&child) == 1);
    let pid = fs::read_to_string(&child).unwrap();
    bench.stop();
    until(|| !is_alive(&pid));
}

#[test]
fn who_lives_on_may_go_on_printing_and_much_printing_blocks_nobody() {
    let bench = Bench::new("print");
    let done = bench.directory.join("done");
    let text = format!(
        "(sleep 0.5; echo late && echo x > {}) & head -c 300000 /dev/zero | tr '\\0' a; echo end",
        done.display()
    );
    let once = Script { interval: Duration::from_secs(60), ..bench.script("chk", &text) };
    bench.follow(&[&once]);
    assert_eq!(bench.next(), Verdict::Healthy);
    let (_, last) = bench.report().last.unwrap();
    assert!(last.output.ends_with("aend") && last.output.len() <= 1024, "{}", last.output.len());
    assert!(last.latency < Duration::from_millis(450), "nobody waits for who lives on");
    until(|| lines(&done) == 1);
}

#[test]
fn a_program_that_vanishes_counts_as_healthy_and_is_told() {
    let bench = Bench::new("vanish");
    let chk = bench.script("chk", "exit 0");
    bench.follow(&[&chk]);
    assert_eq!(bench.next(), Verdict::Healthy);
    fs::remove_file(bench.directory.join("chk")).unwrap();
    until(|| bench.report().reason.contains("No such file"));
    assert_eq!(bench.report().verdict, Verdict::Healthy);
    let text = "exit 1";
    fs::write(bench.directory.join("chk"), text).unwrap();
    fs::set_permissions(bench.directory.join("chk"), fs::Permissions::from_mode(0o755)).unwrap();
    until(|| bench.report().reason.contains("Exec format error"));
    assert!(bench.is_silent_for(Duration::from_millis(300)));
}

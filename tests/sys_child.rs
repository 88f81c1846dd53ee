//! What a program finds that the daemon starts, and what the daemon learns of its end.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a panic fails the test, as it should; it waits for real processes"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::io::Errno;
use vipd::sys::process::Exit;
use vipd::sys::{Child, Identity, Outcome, Signal};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn shell(script: &str, identity: Identity) -> Child {
    Child::start(Path::new("/bin/sh"), &words(&["sh", "-c", script]), identity).unwrap()
}

/// Waits for a child's end, ten seconds at most.
fn end(child: &Child) -> Outcome {
    for _ in 0..1000 {
        if let Some(outcome) = child.end().unwrap() {
            return outcome;
        }
        sleep(Duration::from_millis(10));
    }
    child.signal(Signal::KILL);
    panic!("{child:?} does not end");
}

/// A file that a child writes into.
fn note(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("vipd-child-{}-{name}", std::process::id()));
    let _old = fs::remove_file(&path);
    path
}

#[test]
fn the_words_arrive_as_they_are() {
    let text = note("words");
    let script = format!("for w in \"$@\"; do printf '[%s]' \"$w\"; done > {}", text.display());
    let words = words(&["sh", "-c", &script, "sh", "a b", "", "INSTANCE", "é\"'$x"]);
    let child = Child::start(Path::new("/bin/sh"), &words, Identity::own()).unwrap();

    assert_eq!(end(&child), Outcome::Ended(Exit::Code(0)));
    assert_eq!(fs::read_to_string(&text).unwrap(), "[a b][][INSTANCE][é\"'$x]");
    fs::remove_file(&text).unwrap();
}

#[test]
fn the_end_tells_exit_signal_and_what_could_not_be_run() {
    assert_eq!(end(&shell("exit 3", Identity::own())), Outcome::Ended(Exit::Code(3)));
    assert_eq!(end(&shell("kill -9 $$", Identity::own())), Outcome::Ended(Exit::Signal(9)));
    let missing = Child::start(Path::new("/no/such"), &words(&["x"]), Identity::own()).unwrap();
    assert_eq!(end(&missing), Outcome::NotRun(Errno::NOENT));
    let text = Child::start(Path::new("/etc/passwd"), &words(&["x"]), Identity::own()).unwrap();
    assert_eq!(end(&text), Outcome::NotRun(Errno::ACCESS));
    // 127 is an exit code like any other.
    assert_eq!(end(&shell("exit 127", Identity::own())), Outcome::Ended(Exit::Code(127)));
}

/// What `/proc/self/NAME` says of a program that copies it.
fn own(name: &str, identity: Identity) -> String {
    let path = note(&format!("{name}-{}", identity.user));
    let (from, to) = (format!("/proc/self/{name}"), path.display().to_string());
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let child = Child::start(Path::new("/bin/cp"), &words(&["cp", &from, &to]), identity).unwrap();
    assert_eq!(end(&child), Outcome::Ended(Exit::Code(0)));
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    text
}

/// The words behind `field` in a text such as `/proc/self/status`.
fn field<'t>(text: &'t str, field: &str) -> Vec<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().collect()
}

#[test]
fn it_leads_its_own_group_and_has_the_usual_priority() {
    let stat = own("stat", Identity::own());
    let fields: Vec<&str> = stat.split_whitespace().collect();
    assert_eq!(fields[0], fields[4], "the process leads its group: {stat}");
    assert_eq!(fields[18], "0", "the nice value: {stat}");
    assert_eq!(fields[40], "0", "the scheduling policy: {stat}");
}

#[test]
fn it_reads_and_prints_nothing_and_inherits_no_descriptor() {
    // A descriptor that does not close by itself, as a careless parent leaves it.
    let left = rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 50).unwrap();
    rustix::io::fcntl_setfd(&left, rustix::io::FdFlags::empty()).unwrap();
    let path = note("descriptors");
    // `find` opens its own; what it prints goes where it opens, not to the standard output.
    let words = words(&["find", "/proc/self/fd", "-fprintf", path.to_str().unwrap(), "%f %l\\n"]);
    let child = Child::start(Path::new("/usr/bin/find"), &words, Identity::own()).unwrap();
    assert_eq!(end(&child), Outcome::Ended(Exit::Code(0)));
    let text = fs::read_to_string(&path).unwrap();
    for standard in ["0 /dev/null", "1 /dev/null", "2 /dev/null"] {
        assert!(text.lines().any(|line| line == standard), "{text}");
    }
    assert!(!text.lines().any(|line| line.starts_with("50 ")), "{text}");
    fs::remove_file(&path).unwrap();
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let status = own("status", Identity::own());
    for mask in ["SigBlk:", "SigIgn:"] {
        let set = u64::from_str_radix(field(&status, mask)[0], 16).unwrap();
        // 32 and 33 are the C library's own, which it does not let anybody change.
        assert_eq!(set & !(0b11 << 31), 0, "{status}");
    }
}

#[test]
fn a_signal_reaches_what_it_has_started_too() {
    let path = note("grandchild");
    let child = shell(&format!("sleep 60 & echo $! > {}; wait", path.display()), Identity::own());
    let started = || fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
    let mut grandchild: Option<u32> = None;
    for _ in 0..500 {
        grandchild = grandchild.or_else(started);
        if grandchild.is_some() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    child.signal(Signal::TERM);

    assert_eq!(end(&child), Outcome::Ended(Exit::Signal(15)));
    let stat = format!("/proc/{}/stat", grandchild.unwrap());
    let gone = || fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
    assert!((0..500).any(|_| {
        sleep(Duration::from_millis(10));
        gone()
    }));
    fs::remove_file(&path).unwrap();
}

#[test]
fn it_runs_as_whom_it_is_told_or_not_at_all() {
    let nobody = Identity { user: 65_534, group: 65_534 };
    if Identity::own().is_root() {
        let status = own("status", nobody);
        assert_eq!(field(&status, "Uid:"), ["65534"; 4]);
        assert_eq!(field(&status, "Gid:"), ["65534"; 4]);
        assert_eq!(field(&status, "Groups:"), [""; 0]);
    } else {
        assert_eq!(end(&shell("true", nobody)), Outcome::NotRun(Errno::PERM));
    }
}

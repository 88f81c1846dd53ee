//! Reloads at a time that a file says, and the files that tell of a reload.

use std::fs;
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::Command;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::process::Signal;

use super::lab::{Capture, Daemon, Lab, Program, eventually, now, pause};
use super::support::{SECOND, SOON, conf, wait_advert};

/// The same with every program: what is scheduled, what is refused, what becomes of the file.
#[test]
fn a_file_says_when_the_configuration_is_read_as_with_keepalived() {
    for program in [Program::Keepalived, Program::Vipd] {
        let lab = Lab::new(&["a"]);
        let capture = Capture::start(&lab);
        let when = lab.directory().join("when");
        let settings =
            format!("router_id a\n    reload_repeat\n    reload_time_file {}", when.display());
        let text = |priority| conf(&lab, "a", priority).replace("router_id a", &settings);
        fs::write(&when, date("+1 hour", "%T")).unwrap();

        let mut daemon = Daemon::start(&lab, lab.node("a"), program, &text(100));

        let told = |what: &str, count: usize| {
            eventually(SOON, what, || {
                let log = daemon.log();
                (log.matches(what).count() >= count).then_some(()).ok_or(log)
            });
        };
        told("Scheduling reload for", 1);
        // Wrong ones cancel, as does one that is removed.
        for (count, wrong) in (1..).zip(["hello\n", "25:00:00\n", "1:2:3\n", " 10:00:00 \n"]) {
            fs::write(&when, wrong).unwrap();
            told("specified - ignoring", count);
            fs::write(&when, date("+1 hour", "%F %T")).unwrap();
            told("Scheduling reload for", count + 1);
        }
        told("Cancelling reload scheduled for", 4);
        fs::remove_file(&when).unwrap();
        told("Cancelling reload scheduled for", 5);
        fs::write(&when, date("-1 hour", "%F %T")).unwrap();
        told("is in the past - ignoring", 1);
        fs::write(&when, date("+1 hour", "%y-%m-%d %T")).unwrap();
        told("Scheduling reload for", 6);
        assert_eq!(daemon.log().matches("Reload complete").count(), 0, "{program:?}");

        // A date comes once.
        let event = now();
        fs::write(daemon.conf(), text(120)).unwrap();
        let next = lab.directory().join("next");
        fs::write(&next, date("+2 seconds", "%F %T")).unwrap();
        fs::rename(&next, &when).unwrap();
        told("Reload time updated from", 1);
        wait_advert(&capture, "a", 120, event);
        let waited = now() - event;
        assert!(waited > SECOND / 2, "{program:?}: {waited:?}");
        eventually(SOON, "the end of the file", || {
            (!when.exists()).then_some(()).ok_or_else(|| "it is there".to_owned())
        });

        // A time of the day comes every day.
        let event = now();
        fs::write(daemon.conf(), text(130)).unwrap();
        fs::write(&when, date("+2 seconds", "%T")).unwrap();
        wait_advert(&capture, "a", 130, event);
        pause(SECOND);
        assert!(when.exists(), "{program:?}");
        println!("{program:?}: reloaded after {waited:?}\n{}", schedule(&daemon));

        // Without the setting, nobody looks.
        let before = daemon.log().matches("chedul").count();
        daemon.reload(&conf(&lab, "a", 140));
        wait_advert(&capture, "a", 140, now());
        fs::write(&when, date("+1 hour", "%T")).unwrap();
        pause(SECOND / 2);
        let after = daemon.log().matches("Scheduling").count();
        assert!(after <= before, "{program:?}\n{}", schedule(&daemon));
        assert!(daemon.stop().success());
    }
}

/// A date as the system writes it.
fn date(when: &str, format: &str) -> String {
    let output = Command::new("date").args(["-d", when, &format!("+{format}")]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What a log says of reloads.
fn schedule(daemon: &Daemon) -> String {
    let log = daemon.log();
    log.lines().filter(|line| line.contains("eload")).map(|line| format!("{line}\n")).collect()
}

/// Whoever changes the configuration makes the file, reloads, and waits until it is gone.
/// keepalived 2.2.7 does not make it by itself, as its manual says.
#[test]
fn a_file_goes_when_the_configuration_has_been_read_as_with_keepalived() {
    for program in [Program::Keepalived, Program::Vipd] {
        let lab = Lab::new(&["a"]);
        let capture = Capture::start(&lab);
        let directory = lab.directory().join("marks");
        let marker = directory.join("marker");
        fs::create_dir(&directory).unwrap();
        let setting = format!("router_id a\n    reload_file {}", marker.display());
        let text = |priority| conf(&lab, "a", priority).replace("router_id a", &setting);
        let mut daemon = Daemon::start(&lab, lab.node("a"), program, &text(100));
        wait_advert(&capture, "a", 100, now());
        let gone = || {
            eventually(SOON, "the marker's end", || {
                (!marker.exists()).then_some(()).ok_or_else(|| "it is there".to_owned())
            });
        };

        fs::write(&marker, "somebody writes").unwrap();
        daemon.reload(&text(120));
        gone();
        wait_advert(&capture, "a", 120, now());

        if program == Program::Vipd {
            let seen = Seen::of(&directory);
            for text in [text(130), "vrrp_instance VI_1 {\n".to_owned()] {
                seen.forget();
                daemon.reload(&text);
                eventually(SOON, "the marker", || {
                    let events = seen.take();
                    let lived = [(true, "marker".to_owned()), (false, "marker".to_owned())];
                    (events == lived).then_some(()).ok_or_else(|| format!("{events:?}"))
                });
            }
            wait_advert(&capture, "a", 130, now());
        }
        assert!(daemon.stop().success());
    }
}

/// What appeared in a directory and what went.
struct Seen(rustix::fd::OwnedFd, std::cell::RefCell<Vec<(bool, String)>>);

impl Seen {
    fn of(directory: &Path) -> Self {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, directory, WatchFlags::CREATE | WatchFlags::DELETE).unwrap();
        Self(watch, std::cell::RefCell::default())
    }

    fn forget(&self) {
        self.take();
        self.1.borrow_mut().clear();
    }

    fn take(&self) -> Vec<(bool, String)> {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.0, &mut room);
        while let Ok(event) = events.next() {
            let name = event.file_name().unwrap().to_string_lossy().into_owned();
            self.1.borrow_mut().push((event.events().contains(ReadFlags::CREATE), name));
        }
        self.1.borrow().clone()
    }
}

/// What `-t` complains about keepalived runs, unless it was told to refuse that at a reload.
#[test]
fn what_the_test_complains_about_is_refused_where_that_is_wanted_as_with_keepalived() {
    for program in [Program::Keepalived, Program::Vipd] {
        let lab = Lab::new(&["a"]);
        let capture = Capture::start(&lab);
        let report = lab.directory().join("report");
        let setting = format!("router_id a\n    reload_check_config {}", report.display());
        let text = |priority| conf(&lab, "a", priority).replace("router_id a", &setting);
        let mut daemon = Daemon::start(&lab, lab.node("a"), program, &text(100));
        let worker = daemon.worker();
        wait_advert(&capture, "a", 100, now());
        let doubtful =
            text(120).replace("virtual_router_id", "no_such_word 1\n    virtual_router_id");
        let unusable = text(120).replace("virtual_router_id 51", "");
        for text in [doubtful, unusable, "vrrp_instance VI_1 {\n".to_owned()] {
            let event = now();
            daemon.reload(&text);
            pause(SECOND);
            let said = capture.adverts(event);
            let ran = said.iter().all(|(_, _, it)| it.priority == 100);
            assert!(ran && !said.is_empty(), "{program:?}: {text}\n{}", daemon.log());
        }
        assert!(daemon.log().contains("New config failed validation"), "{program:?}");
        let found = fs::read_to_string(&report).unwrap();
        println!("{program:?}: {found}");
        assert!(!found.is_empty());
        daemon.reload(&text(130));
        wait_advert(&capture, "a", 130, now());
        assert_eq!(daemon.worker(), worker);
        daemon.signal(Signal::TERM);
        assert!(daemon.wait().success());
    }
}

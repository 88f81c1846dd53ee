//! SIGTERM and its kin.

use std::time::Duration;

use rustix::process::{Signal, kill_process};

use super::lab::{Capture, Lab, now};
use super::support::{SECOND, start_active, wait_advert, wait_holding};

#[test]
fn stopping_releases_removes_and_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let lab = Lab::new(&["a"]);
        let capture = Capture::start(&lab);
        let mut daemon = start_active(&lab, "a");
        let event = now();
        daemon.signal(signal);
        assert!(daemon.wait().success());
        let took = now() - event;
        assert!(took < 3 * Duration::from_millis(500), "took {took:?}");
        wait_advert(&capture, "a", 0, event);
        assert!(!lab.node("a").holds(super::support::address()));
    }
}

#[test]
fn stopping_the_worker_alone_releases_and_starts_another_one() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let (worker, event) = (daemon.worker(), now());
    kill_process(worker, Signal::TERM).unwrap();
    wait_advert(&capture, "a", 0, event);
    wait_advert(&capture, "a", 100, now());
    assert_ne!(daemon.worker(), worker);
    wait_holding(lab.node("a"), true);
    assert!(daemon.stop().success());
}

#[test]
fn a_daemon_that_was_told_to_stop_while_it_starts_stops() {
    let lab = Lab::new(&["a"]);
    for delay in [0, 2, 5, 10, 20, 50] {
        let text = super::support::conf(&lab, "a", 100);
        let program = super::lab::Program::Vipd;
        let mut daemon = super::lab::Daemon::start(&lab, lab.node("a"), program, &text);
        super::lab::eventually(10 * SECOND, "the pid file", || {
            let text = std::fs::read_to_string(daemon.pid_file()).unwrap_or_default();
            (!text.is_empty()).then_some(()).ok_or_else(|| "none yet".to_owned())
        });
        super::lab::pause(Duration::from_millis(delay));
        assert!(daemon.stop().success(), "after {delay} ms");
        assert!(!lab.node("a").holds(super::support::address()));
    }
}

//! SIGHUP.

use std::process::Command;

use rustix::process::{Signal, kill_process};

use super::lab::{Capture, Daemon, Lab, Program, Stamp, eventually, now};
use super::support::{SOON, conf, start_active, wait_advert};

#[test]
fn a_reload_is_applied_without_giving_anything_up() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let worker = daemon.worker();
    let event = now();
    let text =
        conf(&lab, "a", 150).replace("10.9.0.100/24", "10.9.0.100/24\n        10.9.0.101/24");
    daemon.reload(&text);
    wait_advert(&capture, "a", 150, event);
    eventually(SOON, "the new address", || {
        let held = lab.node("a").addresses();
        let there = held.contains(&[10, 9, 0, 101].into());
        there.then_some(()).ok_or_else(|| format!("{held:?}"))
    });
    let released = capture.adverts(event);
    assert!(released.iter().all(|(_, _, advert)| advert.priority > 0));
    assert!(lab.node("a").holds(super::support::address()));
    assert_eq!(daemon.worker(), worker);
    assert!(daemon.stop().success());
}

#[test]
fn a_broken_configuration_is_refused_and_the_old_one_runs_on() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let (worker, event) = (daemon.worker(), now());
    let good = conf(&lab, "a", 100);
    let broken = [
        good.replace("virtual_router_id 51", ""),
        good.replace("interface eth0", "interface nosuch0"),
        "vrrp_instance VI_1 {\n".to_owned(),
        "\n".to_owned(),
        "PK\u{3}\u{4}\u{fffd}\u{0}{{{".to_owned(),
        // Half of it is written, at whatever place that ends.
        good.split_at(good.find("virtual_ipaddress").unwrap()).0.to_owned(),
        good.split_at(good.rfind('}').unwrap()).0.to_owned(),
    ];
    let refused = |count| {
        eventually(SOON, "the refusal", || {
            let log = daemon.log();
            let refusals = log.matches("is refused").count();
            (refusals == count).then_some(()).ok_or(log)
        });
    };
    for (count, text) in (1..).zip(broken) {
        daemon.reload(&text);
        refused(count);
        wait_advert(&capture, "a", 100, now());
        assert!(lab.node("a").holds(super::support::address()));
    }
    let path = daemon.conf();
    std::fs::remove_file(path).unwrap();
    let nowhere = path.with_extension("nowhere");
    let what_is_no_file: [&dyn Fn() -> bool; 4] = [
        &|| true,
        &|| std::os::unix::fs::symlink(&nowhere, path).is_ok(),
        &|| std::fs::remove_file(path).is_ok() && std::fs::create_dir(path).is_ok(),
        &|| {
            std::fs::remove_dir(path).unwrap();
            Command::new("mkfifo").arg(path).status().is_ok_and(|it| it.success())
        },
    ];
    for (count, make) in (8..).zip(what_is_no_file) {
        assert!(make(), "{count}");
        daemon.signal(Signal::HUP);
        refused(count);
        wait_advert(&capture, "a", 100, now());
    }
    std::fs::remove_file(path).unwrap();

    // A file that includes itself without end is one that can be run.
    daemon.reload(&format!("{}include {}\n", conf(&lab, "a", 120), path.display()));
    wait_advert(&capture, "a", 120, now());
    let adverts = capture.adverts(event);
    assert!(adverts.iter().all(|(_, _, advert)| advert.priority > 0));
    assert_eq!(daemon.worker(), worker);
    assert!(daemon.stop().success());
}

#[test]
fn ten_reloads_in_a_row_leave_no_gap() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    let event = now();
    for priority in 101..=110 {
        daemon.reload(&conf(&lab, "a", priority));
        wait_advert(&capture, "a", priority, event);
    }
    let adverts = capture.adverts(event);
    assert!(adverts.iter().all(|(_, _, advert)| advert.priority > 0));
    assert!(daemon.stop().success());
}

/// Neutron deletes a router's interface, then has the daemon read a file that still names it.
#[test]
fn an_interface_that_went_keeps_no_change_from_being_made() {
    let lab = Lab::new(&["a"]);
    let namespace = &lab.node("a").namespace;
    namespace.ip(&["link", "add", "qr0", "type", "veth", "peer", "name", "qr1"]);
    let capture = Capture::start(&lab);
    let text = |priority| {
        let excluded = "virtual_ipaddress_excluded {\n 10.6.0.1/24 dev qr0 no_track\n }";
        conf(&lab, "a", priority).replace("advert_int", &format!("{excluded}\n    advert_int"))
    };
    let mut daemon = Daemon::start(&lab, lab.node("a"), Program::Vipd, &text(100));
    wait_advert(&capture, "a", 100, now());
    namespace.ip(&["link", "del", "qr0"]);
    daemon.reload(&text(120));
    wait_advert(&capture, "a", 120, now());
    assert!(daemon.stop().success());
}

/// Fields of `/proc/PID/task/TID/stat` of the worker's core thread: nice value, real-time
/// priority, policy.
fn scheduling(daemon: &Daemon) -> [String; 3] {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.worker())).unwrap();
    let stats =
        tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap());
    let core = stats.into_iter().find(|stat| stat.contains("(core)")).expect("a core thread");
    let fields: Vec<&str> = core.rsplit_once(") ").unwrap().1.split(' ').collect();
    [16, 37, 38].map(|at| fields[at].to_owned())
}

#[test]
fn real_time_and_niceness_follow_a_reload() {
    let lab = Lab::new(&["a"]);
    let mut daemon = start_active(&lab, "a");
    let rows = [
        ("vrrp_rt_priority 7\n    vrrp_priority -3", ["-3", "7", "2"]),
        ("vrrp_rt_priority 0", ["0", "0", "0"]),
        ("", ["0", "1", "2"]),
    ];
    for (lines, expected) in rows {
        let text =
            conf(&lab, "a", 100).replace("router_id a", &format!("router_id a\n    {lines}"));
        daemon.reload(&text);
        eventually(SOON, "the schedule", || {
            let there = scheduling(&daemon);
            (there == expected).then_some(()).ok_or_else(|| format!("{lines}: {there:?}"))
        });
    }
    assert!(lab.node("a").holds(super::support::address()));
    assert!(daemon.stop().success());
}

/// The file is being written, or somebody spoiled it after the last reload: the daemon was started
/// with something else long ago.
#[test]
fn a_worker_that_dies_while_the_file_is_broken_comes_back_as_it_was_last() {
    let lab = Lab::new(&["a"]);
    let capture = Capture::start(&lab);
    let mut daemon = start_active(&lab, "a");
    for (priority, broken) in [(120, "vrrp_instance VI_1 {\n"), (130, ""), (140, "\u{0}\u{ff}{{{")]
    {
        daemon.reload(&conf(&lab, "a", priority));
        wait_advert(&capture, "a", priority, now());
        std::fs::write(daemon.conf(), broken).unwrap();
        daemon.signal(Signal::HUP);
        eventually(SOON, "the refusal", || {
            let log = daemon.log();
            let refusals = log.matches("Reload refused").count();
            (refusals >= usize::from((priority - 110) / 10)).then_some(()).ok_or(log)
        });

        let event = kill_worker(&daemon);

        wait_advert(&capture, "a", priority, event);
        let said = capture.adverts(event);
        let ran = said.iter().all(|(_, _, it)| [0, priority].contains(&it.priority));
        assert!(ran, "{:?}", said.iter().map(|(_, _, it)| it.priority).collect::<Vec<_>>());
    }
    // The next good file counts again, for the worker that reads it and for the one after it.
    std::fs::write(daemon.conf(), conf(&lab, "a", 150)).unwrap();
    let event = kill_worker(&daemon);
    wait_advert(&capture, "a", 150, event);
    std::fs::remove_file(daemon.conf()).unwrap();
    let event = kill_worker(&daemon);
    wait_advert(&capture, "a", 150, event);
    assert!(daemon.stop().success());
}

/// Kills the worker and waits until another one runs; tells when its first word may come.
fn kill_worker(daemon: &Daemon) -> Stamp {
    let worker = daemon.worker();
    kill_process(worker, Signal::KILL).unwrap();
    eventually(3 * SOON, "another worker", || {
        let next = daemon.worker();
        let log = daemon.log();
        let runs = next != worker && log.matches("Configuration is running").count() > 0;
        runs.then(now).ok_or(log)
    })
    .0
}

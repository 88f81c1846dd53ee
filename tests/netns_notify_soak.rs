//! A daemon whose instances change their state all the time, with a real reader on its pipe: every
//! line comes, in its order, and the processes take no more at the end than at the beginning.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use lab::{Daemon, Lab, Program, eventually, now, pause};
use rustix::process::{Pid, Signal, kill_process};

mod lab;

/// Instances that change together.
const INSTANCES: usize = 100;
/// For how long, unless `VIPD_TEST_CHANGES` says how many changes there are to be.
const LONG: Duration = Duration::from_secs(20);
/// How long anything may take.
const SOON: Duration = Duration::from_secs(20);

/// What a process takes.
#[derive(Clone, Copy, Debug)]
struct Takes {
    kilobytes: u64,
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Takes {
    fn of(process: Pid) -> Self {
        let base = format!("/proc/{}", process.as_raw_nonzero());
        let status = fs::read_to_string(format!("{base}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let tasks = || fs::read_dir(format!("{base}/task")).unwrap().map_while(Result::ok);
        let children = |task: fs::DirEntry| {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.split_whitespace().count()
        };
        Self {
            kilobytes: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: fs::read_dir(format!("{base}/fd")).unwrap().count(),
            threads: tasks().count(),
            children: tasks().map(children).sum(),
        }
    }
}

/// A configuration of instances that are at fault while the file says so; a program is told of the
/// first of them.
fn conf(directory: &Path) -> String {
    let place = directory.display();
    let script = directory.join("note.sh");
    fs::write(&script, format!("#!/bin/sh\necho \"$3\" >> {place}/programs\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.join("flag"), "0\n").unwrap();
    let instances = (1..=INSTANCES).map(|number| {
        let notify =
            if number == 1 { format!("notify {}", script.display()) } else { String::new() };
        format!(
            "vrrp_instance VI_{number} {{\n    interface eth0\n    virtual_router_id {number}\n    \
             advert_int 40\n    {notify}\n    track_file {{\n        flag weight 0\n    }}\n    \
             virtual_ipaddress {{\n        10.77.0.{number}\n    }}\n}}\n"
        )
    });
    format!(
        "global_defs {{\n    vrrp_version 3\n    script_user root\n    notify_fifo {place}/fifo\n}}\n\
         track_file flag {{\n    file {place}/flag\n}}\n{}",
        instances.collect::<String>()
    )
}

/// Reads the pipe; says each time that all instances have told of the next state, which is to be
/// another one each time. An end of the pipe is no end: another daemon may open it.
fn read(fifo: &Path, told: &Sender<String>) {
    let file = File::options().read(true).write(true).open(fifo).unwrap();
    let mut states: Vec<Vec<String>> = vec![Vec::new(); INSTANCES];
    for line in BufReader::new(file).lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let number = words[1].trim_matches('"').strip_prefix("VI_").unwrap();
        let number: usize = number.parse().unwrap();
        states[number - 1].push(words[2].to_owned());
        if states.iter().all(|states| !states.is_empty()) {
            let next: Vec<String> = states.iter_mut().map(|states| states.remove(0)).collect();
            assert!(next.iter().all(|state| *state == next[0]), "{next:?}");
            if told.send(next[0].clone()).is_err() {
                return;
            }
        }
    }
}

fn next(told: &Receiver<String>) -> String {
    told.recv_timeout(SOON).unwrap()
}

/// Makes the file say that everybody is at fault, or that nobody is.
fn flip(directory: &Path, fault: bool) {
    let (new, flag) = (directory.join("flag.new"), directory.join("flag"));
    fs::write(&new, if fault { "1\n" } else { "0\n" }).unwrap();
    fs::rename(new, flag).unwrap();
}

/// Starts a daemon and a reader of its pipe, and waits until all instances are Backup.
fn start(lab: &Lab) -> (Daemon, Receiver<String>) {
    let directory = lab.directory().clone();
    let conf = conf(&directory);
    let daemon = Daemon::start(lab, lab.node("a"), Program::Vipd, &conf);
    let fifo = directory.join("fifo");
    eventually(SOON, "a pipe", || fifo.exists().then_some(()).ok_or_else(String::new));
    let (tell, told) = channel();
    thread::spawn(move || read(&fifo, &tell));
    assert_eq!(next(&told), "BACKUP");
    (daemon, told)
}

#[test]
fn every_change_is_told_and_nothing_is_left_behind() {
    let lab = Lab::new(&["a"]);
    let directory = lab.directory().clone();
    let (mut daemon, told) = start(&lab);
    let wanted = std::env::var("VIPD_TEST_CHANGES").ok().and_then(|text| text.parse().ok());
    let (begin, mut turns, mut early) = (now(), 0, None);
    let is_over = |turns: usize| match wanted {
        Some(wanted) => turns * INSTANCES >= wanted,
        None => now() - begin >= LONG,
    };
    let processes = || [daemon.pid(), daemon.worker()].map(Takes::of);
    while turns % 2 == 1 || !is_over(turns) {
        let fault = turns % 2 == 0;
        flip(&directory, fault);
        assert_eq!(next(&told), if fault { "FAULT" } else { "BACKUP" });
        turns += 1;
        if turns == 100 {
            pause(Duration::from_millis(300));
            early = Some(processes());
        }
    }
    let took = now() - begin;
    // The programs that wait are run one after the other.
    let programs = || fs::read_to_string(directory.join("programs")).unwrap_or_default();
    eventually(SOON, "the last program", || {
        let children = Takes::of(daemon.worker()).children;
        let last = programs().lines().last().map(str::to_owned);
        let is_last = last.as_deref() == Some("BACKUP") && children == 0;
        is_last.then_some(()).ok_or_else(|| format!("{last:?}, {children} programs"))
    });
    pause(Duration::from_millis(500));
    let (early, late) = (early.unwrap(), processes());
    let (changes, runs) = (turns * INSTANCES, programs().lines().count());
    println!("{changes} changes in {took:?}, {runs} programs: {early:?} became {late:?}");
    for (early, late) in early.iter().zip(&late) {
        let bound = early.kilobytes + early.kilobytes / 20 + 512;
        assert!(late.kilobytes <= bound, "{early:?} became {late:?}");
        // The supervisor's only child is the worker; threads that read files come and go.
        assert!(late.children <= early.children, "{early:?} became {late:?}");
        assert!(late.threads <= early.threads + 4, "{early:?} became {late:?}");
        assert!(late.descriptors <= early.descriptors, "{early:?} became {late:?}");
    }
    assert!(daemon.stop().success());
    assert_eq!(next(&told), "STOP");
}

#[test]
fn who_reads_the_pipe_hears_of_the_worker_that_follows_a_crash() {
    let lab = Lab::new(&["a"]);
    let (mut daemon, told) = start(&lab);
    for _ in 0..2 {
        flip(lab.directory(), true);
        assert_eq!(next(&told), "FAULT");
        let worker = daemon.worker();
        flip(lab.directory(), false);
        assert_eq!(next(&told), "BACKUP");
        kill_process(worker, Signal::KILL).unwrap();
        // The next one tells how everything stands, into the pipe that is there.
        assert_eq!(next(&told), "BACKUP");
        assert_ne!(daemon.worker(), worker);
    }
    flip(lab.directory(), true);
    assert_eq!(next(&told), "FAULT");
    assert!(daemon.stop().success());
    assert_eq!(next(&told), "STOP");
}

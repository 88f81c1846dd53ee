//! Forking, signals and what children leave behind, seen from a process without threads.
//!
//! Needs root for real-time scheduling.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails loudly, and its children exit without returning"
)]

use std::fs;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::process::{getpid, getppid, getsid};

use vipd::sys::process::{self, Exit, Fork, Pid};
use vipd::sys::{Poller, Receiver, Region, Signal, Signals, clock, namespace, realtime};
use vipd::types::{IfIndex, Protocol};

/// A test. It gets the queue in which the ends of children arrive.
type Test = fn(&Signals);

/// The tests with their names.
const TESTS: &[(&str, Test)] = &[
    ("each side of a fork knows the other", each_side_of_a_fork_knows_the_other),
    ("a killed child tells by what", a_killed_child_tells_by_what),
    ("a process with threads does not fork", a_process_with_threads_does_not_fork),
    ("what a killed child wrote is still there", what_a_killed_child_wrote_is_still_there),
    ("a child ends with its parent", a_child_ends_with_its_parent),
    ("a child whose parent is gone is told so", a_child_whose_parent_is_gone_is_told_so),
    ("caught signals wait to be read", caught_signals_wait_to_be_read),
    ("a released signal interrupts again", a_released_signal_interrupts_again),
    ("a detached process has left everything", a_detached_process_has_left_everything),
    ("a name is cut to 15 octets", a_name_is_cut_to_15_octets),
    ("real time ends at the next thread", real_time_ends_at_the_next_thread),
    ("locked memory is not doubled", locked_memory_is_not_doubled),
    (
        "a limit on locked memory does not starve the process",
        a_limit_on_locked_memory_does_not_starve_the_process,
    ),
    ("limits and nice values change", limits_and_nice_values_change),
    ("the root of a sandbox may open raw sockets", the_root_of_a_sandbox_may_open_raw_sockets),
];

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    process::adopt_orphans().unwrap();
    let ends = Signals::catch(&[Signal::CHLD]).unwrap();
    for (name, test) in TESTS {
        if filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            test(&ends);
            println!("test {name} ... ok");
        }
    }
}

/// Runs `body` in a child, which then exits with 0 unless it panicked.
fn fork(body: impl FnOnce(Pid)) -> Pid {
    match process::fork().unwrap() {
        Fork::Parent { child } => child,
        Fork::Child { parent } => {
            body(parent);
            std::process::exit(0)
        }
    }
}

/// How `child` ended, which it has ten seconds for.
fn end_of(child: Pid, ends: &Signals) -> Exit {
    let mut poller = Poller::new().unwrap();
    poller.add(ends, 0).unwrap();
    for _ in 0..10 {
        if let Some(exit) = process::reap(child).unwrap() {
            return exit;
        }
        let _ready = poller.wait_until(Some(clock::now() + Duration::from_secs(1))).unwrap().len();
        while ends.next().unwrap().is_some() {}
    }
    panic!("child {child:?} does not end");
}

/// Waits for the child, which must have ended well.
fn expect_success(child: Pid, ends: &Signals) {
    assert_eq!(end_of(child, ends), Exit::Code(0));
}

/// Waits until a signal ends the process.
fn wait_for_ever() {
    thread::sleep(Duration::from_secs(60));
}

fn each_side_of_a_fork_knows_the_other(ends: &Signals) {
    let here = getpid();
    let child = fork(|parent| {
        assert_eq!((parent, getppid()), (here, Some(here)));
        std::process::exit(7)
    });
    assert_eq!(end_of(child, ends), Exit::Code(7));
    assert_eq!(process::reap(child).unwrap_err().errno, Errno::CHILD);
}

fn a_killed_child_tells_by_what(ends: &Signals) {
    let child = fork(|_| wait_for_ever());
    assert_eq!(process::reap(child).unwrap(), None);
    Signal::KILL.send(child).unwrap();
    assert_eq!(end_of(child, ends), Exit::Signal(9));
}

fn a_process_with_threads_does_not_fork(ends: &Signals) {
    let child = fork(|_| {
        let _waiting = thread::spawn(thread::park);
        let refusal = process::fork().map(|_| ()).unwrap_err();
        assert_eq!(refusal.errno, Errno::BUSY);
    });
    expect_success(child, ends);
}

fn what_a_killed_child_wrote_is_still_there(ends: &Signals) {
    let region = Region::new(1024).unwrap();
    let child = fork(|_| {
        region.store(1, b"the addresses of VI_1");
        region.first().unwrap().store(1, Ordering::Release);
        Signal::KILL.send(getpid()).unwrap();
    });
    assert_eq!(end_of(child, ends), Exit::Signal(9));
    let mut octets = [0; 21];
    region.load(1, &mut octets);
    assert_eq!(region.first().unwrap().load(Ordering::Acquire), 1);
    assert_eq!(&octets, b"the addresses of VI_1");
}

fn a_child_ends_with_its_parent(ends: &Signals) {
    let region = Region::new(1).unwrap();
    let word = region.first().unwrap();
    let child = fork(|_| {
        let grandchild = fork(|parent| {
            process::end_with(parent).unwrap();
            word.store(1, Ordering::Release);
            wait_for_ever();
        });
        for _ in 0..1000 {
            if word.load(Ordering::Acquire) == 1 {
                word.store(
                    grandchild.as_raw_nonzero().get().try_into().unwrap(),
                    Ordering::Release,
                );
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the grandchild does not start");
    });
    expect_success(child, ends);
    let grandchild: i32 = word.load(Ordering::Acquire).try_into().unwrap();
    let grandchild = Pid::from_raw(grandchild).unwrap();
    assert_eq!(end_of(grandchild, ends), Exit::Signal(15), "adopted and ended");
    assert_eq!(process::reap_any().unwrap(), None);
}

fn a_child_whose_parent_is_gone_is_told_so(ends: &Signals) {
    let child = fork(|_| {
        let stranger = Pid::INIT;
        assert_eq!(process::end_with(stranger).unwrap_err().errno, Errno::SRCH);
    });
    expect_success(child, ends);
}

fn caught_signals_wait_to_be_read(ends: &Signals) {
    let child = fork(|_| {
        let json = Signal::above_realtime_min(2).unwrap();
        let clear = Signal::below_realtime_max(1).unwrap();
        assert_eq!(clear.number(), 63);
        let signals = Signals::catch(&[Signal::USR1, Signal::HUP, json, clear]).unwrap();
        assert_eq!(signals.next().unwrap(), None);
        let mut poller = Poller::new().unwrap();
        poller.add(&signals, 5).unwrap();
        for signal in [Signal::USR1, Signal::USR1, json, json] {
            signal.send(getpid()).unwrap();
        }
        assert!(poller.wait_until(Some(clock::now())).unwrap().eq([5]));
        let mut caught = Vec::new();
        while let Some(signal) = signals.next().unwrap() {
            assert_eq!(signal.sender, Some(getpid()));
            caught.push(signal.signal);
        }
        assert_eq!(caught, [Signal::USR1, json, json]);
    });
    expect_success(child, ends);
}

fn a_released_signal_interrupts_again(ends: &Signals) {
    let child = fork(|_| {
        let signals = Signals::catch(&[Signal::TERM]).unwrap();
        Signal::TERM.send(getpid()).unwrap();
        signals.release().unwrap();
        std::process::exit(1)
    });
    assert_eq!(end_of(child, ends), Exit::Signal(15));
}

fn a_detached_process_has_left_everything(ends: &Signals) {
    let child = fork(|_| {
        process::detach().unwrap();
        let seen = || {
            let paths = ["/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"];
            paths.map(|path| fs::read_link(path).unwrap().display().to_string())
        };
        let left = getsid(None).unwrap() == getpid()
            && std::env::current_dir().unwrap().as_os_str() == "/"
            && seen().iter().all(|path| path == "/dev/null");
        std::process::exit(if left { 0 } else { 1 })
    });
    expect_success(child, ends);
}

fn a_name_is_cut_to_15_octets(ends: &Signals) {
    let child = fork(|_| {
        process::set_name("keepalived_vrrp_of_ours").unwrap();
        assert_eq!(fs::read_to_string("/proc/self/comm").unwrap(), "keepalived_vrrp\n");
        assert_eq!(process::set_name("a\0b").unwrap_err().errno, Errno::INVAL);
    });
    expect_success(child, ends);
}

/// The scheduling policy of the calling thread: 0 is ordinary, 2 is SCHED_RR.
fn policy() -> String {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let policy = fields.split_whitespace().nth(38);
    policy.unwrap().to_owned()
}

fn real_time_ends_at_the_next_thread(ends: &Signals) {
    let child = fork(|_| {
        assert_eq!(policy(), "0");
        realtime::run_first(1).expect("this test schedules in real time: run it as root");
        assert_eq!(policy(), "2");
        assert_eq!(thread::spawn(policy).join().unwrap(), "0");
        assert_eq!(realtime::run_first(100).unwrap_err().errno, Errno::INVAL);
    });
    expect_success(child, ends);
}

/// A size in kB from /proc/self/status.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn locked_memory_is_not_doubled(ends: &Signals) {
    let child = fork(|_| {
        realtime::lock_memory().expect("this test locks memory: run it as root");
        let before = status("VmRSS");
        let stack = thread::Builder::new().stack_size(64 << 20);
        let idle = stack.spawn(thread::park).unwrap();
        assert!(status("VmLck") > 0);
        assert!(status("VmRSS") < before + (32 << 10), "a stack of 64 MB was filled");
        idle.thread().unpark();
        idle.join().unwrap();
    });
    expect_success(child, ends);
}

fn a_limit_on_locked_memory_does_not_starve_the_process(ends: &Signals) {
    let child = fork(|_| {
        let most = getrlimit(Resource::Memlock).maximum.map_or(64 << 20, |most| most.min(64 << 20));
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(Resource::Memlock, limit).unwrap();
        namespace::become_root_of_a_sandbox().unwrap();
        realtime::lock_memory().expect_err("a sandbox has no right to lock without a limit");
        assert_eq!(status("VmLck"), 0);
        assert_eq!(vec![1_u8; 128 << 20].iter().filter(|octet| **octet == 1).count(), 128 << 20);
    });
    expect_success(child, ends);
}

fn limits_and_nice_values_change(ends: &Signals) {
    let child = fork(|_| {
        let limit = process::raise_descriptor_limit().unwrap();
        let limits = fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let limit = limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        assert_eq!(line.split_whitespace().nth(3), Some(limit.as_str()));
        process::set_nice(5).unwrap();
        assert_eq!(rustix::process::getpriority_process(None), Ok(5));
    });
    expect_success(child, ends);
}

fn the_root_of_a_sandbox_may_open_raw_sockets(ends: &Signals) {
    let child = fork(|_| {
        namespace::become_root_of_a_sandbox().unwrap();
        assert!(rustix::process::geteuid().is_root());
        let interfaces = fs::read_to_string("/proc/net/dev").unwrap();
        assert_eq!(interfaces.lines().count(), 3, "only lo: {interfaces}");
        let lo = IfIndex::new(1).unwrap();
        Receiver::open(lo, IpAddr::from([127, 0, 0, 1]), Protocol::Vrrp).unwrap();
        assert_eq!(realtime::run_first(1).unwrap_err().errno, Errno::PERM);
    });
    expect_success(child, ends);
}

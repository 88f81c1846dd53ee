//! A million changes of state on the real thread, pipe and programs: every line arrives in its
//! order, the last state always does, and nothing is left behind.
//!
//! One test alone: it measures its own process.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a panic fails the test, as it should; it waits for real threads"
)]

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use vipd::config::model::{Fifo, Hooks, Model};
use vipd::notify::{Event, Notifier, Setup, State, Subject, What};
use vipd::types::{Priority, Program};

/// Changes of state, of all instances together.
const CHANGES: usize = 1_000_000;
/// Instances that they are spread over.
const INSTANCES: usize = 100;
/// Changes that may be on their way before the reader has read them.
const AHEAD: usize = 1000;

#[test]
fn a_million_changes_are_told_and_leave_nothing_behind() {
    let directory = std::env::temp_dir().join(format!("vipd-million-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut teller = Teller::new(&directory);
        teller.tell(CHANGES / 10, Reads::Along).await;
        let before = Takes::now();
        teller.tell(CHANGES, Reads::Along).await;
        let after = Takes::now();
        println!("with a reader: {before:?} became {after:?}");
        after.assert_no_more_than(&before);

        // Nobody reads; then somebody does, and hears how everything stands.
        teller.tell(CHANGES, Reads::Later).await;
        let after = Takes::now();
        println!("without one: {before:?} became {after:?}");
        after.assert_no_more_than(&before);

        teller.run_programs(&directory).await;
        let after = Takes::now();
        println!("after programs: {before:?} became {after:?}");
        assert_eq!((after.descriptors, after.children), (before.descriptors, before.children));
        teller.notifier.stop().await;
    });
    fs::remove_dir_all(&directory).unwrap();
}

/// When the pipe is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reads {
    /// All the time.
    Along,
    /// When everything has happened.
    Later,
}

/// Tells changes of state.
struct Teller {
    notifier: Notifier,
    fifo: PathBuf,
    subjects: Vec<Subject>,
}

impl Teller {
    fn new(directory: &Path) -> Self {
        let fifo = directory.join("fifo");
        let mut model = Model::default();
        model.node.fifos.all = Some(Fifo { path: fifo.clone(), account: None, reader: None });
        let mut notifier = Notifier::start().unwrap();
        notifier.configure(Setup::of(&model));
        while !fifo.exists() {
            thread::sleep(Duration::from_millis(1));
        }
        let subjects =
            (0..INSTANCES).map(|number| Subject::Instance(format!("VI_{number}").into()));
        Self { notifier, fifo, subjects: subjects.collect() }
    }

    /// Tells so many changes, the last one of each instance that it stops. Every line has to be
    /// read in its order if it is read along, and in any case the last one of each instance.
    async fn tell(&mut self, count: usize, reads: Reads) {
        let (read, hooks) = (Arc::new(AtomicUsize::new(0)), Arc::new(Hooks::default()));
        let file = File::open(&self.fifo).unwrap();
        let reader = {
            let read = Arc::clone(&read);
            move || follow(file, (reads, count), &read)
        };
        let mut reader = Some(reader);
        let mut running = (reads == Reads::Along).then(|| thread::spawn(reader.take().unwrap()));
        for number in 0..count {
            let subject = self.subjects[number % INSTANCES].clone();
            let (what, priority) = change(number, count);
            let hooks = Arc::clone(&hooks);
            self.notifier.tell(Event { subject, hooks, what, priority });
            while reads == Reads::Along && number >= read.load(Ordering::Relaxed) + AHEAD {
                self.catch_up().await;
                thread::yield_now();
            }
            if number % 64 == 0 {
                self.catch_up().await;
            }
        }
        let reader = running.take().unwrap_or_else(|| thread::spawn(reader.take().unwrap()));
        while !reader.is_finished() {
            self.catch_up().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let lines = reader.join().unwrap();
        match reads {
            Reads::Along => assert_eq!(lines, count, "a line is lost"),
            Reads::Later => assert!(lines >= INSTANCES && lines < count, "{lines}"),
        }
    }

    /// Runs a program at each of some changes; each instance's run in their order.
    async fn run_programs(&mut self, directory: &Path) {
        let (script, log) = (directory.join("note.sh"), directory.join("log"));
        fs::write(&script, "#!/bin/sh\necho \"$3 $4 $5\" >> \"$1\"\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let command = [&script, &log].map(|path| path.to_str().unwrap().to_owned());
        let any = Program::new(command.to_vec());
        let hooks = Arc::new(Hooks { any, ..Hooks::default() });
        let count = 40 * 5;
        for number in 0..count {
            let subject = self.subjects[number % 5].clone();
            let (what, priority) = change(number / 5, usize::MAX);
            self.notifier.tell(Event { subject, hooks: Arc::clone(&hooks), what, priority });
        }
        let lines = || fs::read_to_string(&log).unwrap_or_default();
        for _ in 0..6000 {
            self.catch_up().await;
            if lines().lines().count() == count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for subject in &self.subjects[..5] {
            let name = format!("{} ", subject.name());
            let lines = lines();
            let own: Vec<&str> = lines.lines().filter_map(|it| it.strip_prefix(&name)).collect();
            let expected: Vec<String> =
                (0..count / 5).map(|number| words(number, usize::MAX)).collect();
            assert_eq!(own, expected, "{name}");
        }
        // The last one is to be waited for too.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    async fn catch_up(&mut self) {
        tokio::select! {
            biased;
            () = self.notifier.catch_up() => {}
            () = tokio::task::yield_now() => {}
        }
    }
}

/// Reads lines until each instance has stopped; returns how many there were.
fn follow(file: File, (reads, count): (Reads, usize), read: &AtomicUsize) -> usize {
    let (mut stopped, mut lines) = (HashSet::new(), 0);
    for line in BufReader::new(file).lines() {
        let line = line.unwrap();
        let name = line.split(' ').nth(1).unwrap().to_owned();
        if reads == Reads::Along {
            let index = lines % INSTANCES;
            let expected = format!("INSTANCE \"VI_{index}\" {}", words(lines, count));
            assert_eq!(line, expected, "out of order");
        }
        assert!(!stopped.contains(&name), "{line} comes after the last");
        lines += 1;
        read.store(lines, Ordering::Relaxed);
        if line.contains(" STOP ") {
            stopped.insert(name);
        }
        if stopped.len() == INSTANCES {
            return lines;
        }
    }
    panic!("the pipe ended");
}

/// What the change of this number is, of so many.
fn change(number: usize, count: usize) -> (What, Priority) {
    let state = match number {
        number if number >= count - INSTANCES => State::Stop,
        number => [State::Active, State::Backup, State::Fault][number % 3],
    };
    let priority = u8::try_from(number % 251).unwrap();
    (What::State(state), Priority::new(priority))
}

/// The state and the priority that it tells.
fn words(number: usize, count: usize) -> String {
    let (what, priority) = change(number, count);
    let What::State(state) = what else { unreachable!() };
    format!("{} {}", state.word(), priority.get())
}

/// What this process takes: resident memory in kB, descriptors, children.
#[derive(Clone, Copy, Debug)]
struct Takes {
    memory: u64,
    descriptors: usize,
    children: usize,
}

impl Takes {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let tasks = fs::read_dir("/proc/self/task").unwrap().map_while(Result::ok);
        let children = tasks.map(|task| {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.split_whitespace().count()
        });
        Self {
            memory: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            children: children.sum(),
        }
    }

    fn assert_no_more_than(&self, before: &Self) {
        assert!(self.memory <= before.memory + 2048, "{before:?} became {self:?}");
        assert_eq!((self.descriptors, self.children), (before.descriptors, before.children));
    }
}

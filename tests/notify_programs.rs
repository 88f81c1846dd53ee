//! Programs that are told: as whom they run, in which order, and whom a slow one delays.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a panic fails the test, as it should; it waits for real processes"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vipd::config::model::{Hooks, Instance, Model};
use vipd::notify::{Event, Notifier, Setup, State, Subject, What};
use vipd::types::{Account, LinkName, Priority, Program, Vrid};

/// A notifier and a directory for programs and what they write.
struct Bench {
    notifier: Notifier,
    directory: PathBuf,
}

impl Bench {
    /// Everything runs as `user`, unless it says something else.
    fn new(name: &str, user: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("vipd-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777)).unwrap();
        let mut model = Model::default();
        model.node.script_account = Some(Account { user: user.to_owned(), group: None });
        let (link, vrid) = (LinkName::new("eth0").unwrap(), Vrid::new(1).unwrap());
        model.instances.push(Instance::new("A", link, vrid));
        let mut notifier = Notifier::start().unwrap();
        notifier.configure(Setup::of(&model));
        Self { notifier, directory }
    }

    /// A shell script that gets `arguments`.
    fn script(&self, name: &str, text: &str) -> Program {
        let path = self.directory.join(name);
        fs::write(&path, format!("#!/bin/sh\ncd {}\n{text}\n", self.directory.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Program::new(vec![path.to_str().unwrap().to_owned()]).unwrap()
    }

    fn tell(&mut self, name: &str, state: State, hooks: &Arc<Hooks>) {
        let (subject, hooks) = (Subject::Instance(name.into()), Arc::clone(hooks));
        let what = What::State(state);
        self.notifier.tell(Event { subject, hooks, what, priority: Priority::DEFAULT });
    }

    /// The lines of a file, once there are so many.
    fn lines(&self, file: &str, count: usize) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let text = fs::read_to_string(self.directory.join(file)).unwrap_or_default();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "{file}: {lines:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).ok();
    }
}

#[test]
fn programs_run_as_whom_they_name_without_a_trace_of_root() {
    let mut bench = Bench::new("whose", "root");
    let ask = "echo \"$(id -un) $(id -gn) $(id -G) $(umask)\" >> whose";
    let text = format!("touch whose; chmod 666 whose; {ask}");
    let usual = bench.script("usual", &text);
    let other = bench.script("other", ask);
    let account = |group: Option<&str>| {
        let group = group.map(str::to_owned);
        Some(Account { user: "nobody".to_owned(), group })
    };
    let nobody = Program { account: account(None), ..other.clone() };
    let grouped = Program { account: account(Some("daemon")), ..other };
    for (count, program) in [usual, nobody, grouped].into_iter().enumerate() {
        let hooks = Arc::new(Hooks { any: Some(program), ..Hooks::default() });
        bench.tell("A", [State::Active, State::Backup][count % 2], &hooks);
        bench.lines("whose", count + 1);
    }
    let whose: Vec<String> = bench.lines("whose", 3);
    let words = |line: &String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let whose: Vec<Vec<String>> = whose.iter().map(words).collect();
    assert_eq!(whose[0][..2], ["root", "root"]);
    assert_eq!(whose[1][..2], ["nobody", "nogroup"]);
    assert_eq!(whose[2][..2], ["nobody", "daemon"]);
    // One group, and that is not root's.
    assert_eq!((whose[1].len(), whose[2].len()), (4, 4), "{whose:?}");
}

#[test]
fn a_slow_program_delays_its_own_successor_and_nobody_else() {
    let mut bench = Bench::new("slow", "root");
    let slow = bench.script("slow", "sleep 0.4; echo \"$2 $3\" >> told");
    let quick = bench.script("quick", "echo \"$2 $3\" >> told");
    let slow = Arc::new(Hooks { any: Some(slow), ..Hooks::default() });
    let quick = Arc::new(Hooks { any: Some(quick), ..Hooks::default() });
    bench.tell("A", State::Active, &slow);
    bench.tell("A", State::Backup, &quick);
    bench.tell("B", State::Active, &quick);
    assert_eq!(bench.lines("told", 3), ["B MASTER", "A MASTER", "A BACKUP"]);
}

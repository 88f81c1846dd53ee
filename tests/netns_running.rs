//! What a node holds: for each configuration of `tests/running.txt`, addresses, routes, rules and
//! virtual interfaces are those that keepalived would hold, while it runs, after a reload, after
//! crashes, and after it has stopped. Every difference has its reason in `docs/running.md`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test's own helpers wait for daemons"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use lab::Program;
use lab::namespace::Namespace;

mod lab;

#[test]
fn a_node_holds_what_it_would_hold_with_keepalived() {
    let (cases, next) = (cases(), AtomicUsize::new(0));
    let work = || {
        let mut wrong = String::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong += &compare(case);
        }
        wrong
    };
    let wrong: String = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_deviation_has_its_reason() {
    let reasons = fs::read_to_string("docs/running.md").unwrap();
    for Case { name, deviation, .. } in cases() {
        let explained = deviation.is_none_or(|it| reasons.contains(&format!("| `{it}` |")));
        assert!(explained, "{name}");
    }
}

/// A configuration and what is done to the daemon.
#[derive(Debug, Default)]
struct Case {
    name: String,
    /// Why the programs differ, if they do.
    deviation: Option<String>,
    /// Commands that are run in the node before.
    before: Vec<String>,
    conf: String,
    acts: Vec<Act>,
}

/// What is done after the start.
#[derive(Debug)]
enum Act {
    /// The configuration becomes this one (SIGHUP).
    Reload(String),
    /// The worker is killed.
    KillWorker,
    /// Both processes are killed, then the daemon is started again.
    KillBoth,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let table = fs::read_to_string("tests/running.txt").unwrap();
    for line in table.lines().skip_while(|line| !line.starts_with("==== ")) {
        if let Some(title) = line.strip_prefix("==== ") {
            let (name, deviation) = title.split_once("  # ").unwrap_or((title, ""));
            let deviation = Some(deviation.to_owned()).filter(|it| !it.is_empty());
            cases.push(Case { name: name.to_owned(), deviation, ..Case::default() });
            continue;
        }
        let case = cases.last_mut().unwrap();
        match line {
            "---- reload" => case.acts.push(Act::Reload(String::new())),
            "---- kill the worker" => case.acts.push(Act::KillWorker),
            "---- kill both" => case.acts.push(Act::KillBoth),
            _ => match (line.strip_prefix("$ "), case.acts.last_mut()) {
                (Some(command), _) => case.before.push(command.to_owned()),
                (None, Some(Act::Reload(conf))) => *conf += &format!("{line}\n"),
                (None, _) => case.conf += &format!("{line}\n"),
            },
        }
    }
    cases
}

/// Does with both programs what the case says; tells where they differ and should not, or the
/// other way round.
fn compare(case: &Case) -> String {
    let mut runs = [Program::Keepalived, Program::Vipd].map(|program| Run::start(program, case));
    let mut differences = settle(&runs, "running");
    for act in &case.acts {
        runs.iter_mut().for_each(|run| run.act(act));
        differences += &settle(&runs, &format!("{act:?}").replace('\n', " ; "));
    }
    runs.iter_mut().for_each(Run::stop);
    differences += &settle(&runs, "stopped");
    match (&case.deviation, differences.is_empty()) {
        (None, false) => format!("{}:\n{differences}", case.name),
        (Some(reason), true) => format!("{}: no difference, but {reason}\n", case.name),
        (None, true) | (Some(_), false) => String::new(),
    }
}

/// How the nodes differ once both had the time to do what they do.
fn settle(runs: &[Run; 2], when: &str) -> String {
    let begin = Instant::now();
    loop {
        thread::sleep(if begin.elapsed() < SETTLED { SETTLED } else { AGAIN });
        let [keepalived, vipd] = runs.each_ref().map(Run::state);
        let alone = |who, one: &[String], other: &[String]| -> String {
            let missing = one.iter().filter(|line| !other.contains(line));
            missing.map(|line| format!("    {when}, {who} alone: {line}\n")).collect()
        };
        let differences =
            alone("keepalived", &keepalived, &vipd) + &alone("vipd", &vipd, &keepalived);
        if differences.is_empty() || begin.elapsed() > PATIENCE {
            return differences;
        }
    }
}

/// A daemon in a node of its own.
struct Run {
    program: Program,
    node: Namespace,
    scratch: PathBuf,
    daemon: Child,
}

impl Run {
    fn start(program: Program, case: &Case) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let node = Namespace::new(count, "running");
        node.ip(&["link", "set", "lo", "up"]);
        for number in 0..3 {
            let (link, far_end) = (format!("eth{number}"), format!("far{number}"));
            let mac = |end| format!("02:00:00:00:0{end}:0{number}");
            let (mac, far_mac) = (mac(0), mac(1));
            let pair = ["type", "veth", "peer", "name", &far_end, "address", &far_mac];
            node.ip(&[&["link", "add", &link, "address", &mac][..], &pair].concat());
            node.ip(&["link", "set", &far_end, "up"]);
            node.ip(&["link", "set", &link, "up"]);
            node.ip(&["address", "add", &format!("10.254.{number}.1/24"), "dev", &link]);
            node.ip(&[
                "address",
                "add",
                &format!("fd00:254:{number}::1/64"),
                "dev",
                &link,
                "nodad",
            ]);
        }
        for command in &case.before {
            node.ip(&command.split_whitespace().collect::<Vec<_>>());
        }
        let scratch =
            std::env::temp_dir().join(format!("vipd-running-{}-{count}", std::process::id()));
        fs::create_dir(&scratch).unwrap();
        fs::write(scratch.join("conf"), &case.conf).unwrap();
        let daemon = spawn(program, &node, &scratch);
        Self { program, node, scratch, daemon }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Reload(conf) => {
                fs::write(self.scratch.join("conf"), conf).unwrap();
                self.signal(Signal::HUP);
            }
            Act::KillWorker => self.kill(&self.worker()),
            Act::KillBoth => {
                let family = [vec![Pid::from_child(&self.daemon)], self.worker()].concat();
                // Neither is to see the end of the other.
                family.iter().for_each(|pid| kill_process(*pid, Signal::STOP).unwrap());
                self.kill(&family);
                self.daemon.wait().unwrap();
                // keepalived takes a worker that nobody has waited for yet for a running one.
                for pid in family {
                    while Path::new(&format!("/proc/{}", pid.as_raw_nonzero())).exists() {
                        thread::sleep(AGAIN);
                    }
                }
                self.daemon = spawn(self.program, &self.node, &self.scratch);
            }
        }
    }

    fn worker(&self) -> Vec<Pid> {
        let number = fs::read_to_string(self.scratch.join("worker.pid")).unwrap_or_default();
        number.trim().parse().ok().and_then(Pid::from_raw).into_iter().collect()
    }

    fn kill(&self, family: &[Pid]) {
        for pid in family {
            kill_process(*pid, Signal::KILL).unwrap();
        }
    }

    fn signal(&mut self, signal: Signal) {
        if self.daemon.try_wait().unwrap().is_none() {
            kill_process(Pid::from_child(&self.daemon), signal).unwrap();
        }
    }

    fn stop(&mut self) {
        self.signal(Signal::TERM);
        let begin = Instant::now();
        while self.daemon.try_wait().unwrap().is_none() {
            assert!(begin.elapsed() < PATIENCE, "{:?} does not stop", self.program);
            thread::sleep(AGAIN);
        }
    }

    /// What the kernel holds, in lines without what depends on the moment.
    fn state(&self) -> Vec<String> {
        let runs = match fs::read_to_string(format!("/proc/{}/stat", self.daemon.id())) {
            Ok(stat) if !stat.contains(") Z ") => "it runs",
            Ok(_) | Err(_) => "it does not run",
        };
        let mut lines = vec![runs.to_owned()];
        for link in self.node.ip(&["-o", "-d", "link", "show", "type", "macvlan"]).lines() {
            // What distinguishes it; the rest is what the kernel makes of it.
            let words: Vec<_> = link.split_whitespace().collect();
            let behind = |word, places| words.iter().skip_while(|it| **it != word).nth(places);
            let (mac, mode) = (behind("link/ether", 1), behind("macvlan", 2));
            lines.push(format!("{:?} {mac:?} {mode:?}", words.get(1)));
        }
        let mut take = |words: &[&str], of_kernel: &[&str]| {
            let text = self.node.ip(words);
            let mine = text.lines().filter(|line| !of_kernel.iter().any(|it| line.contains(it)));
            lines.extend(mine.map(|line| format!("{}: {}", words.join(" "), timeless(line))));
        };
        take(&["-o", "address"], &[]);
        for family in ["-4", "-6"] {
            let of_kernel = ["proto kernel", "table local", "multicast"];
            take(&[family, "-d", "route", "show", "table", "all"], &of_kernel);
            take(&[family, "rule"], &[]);
        }
        lines
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
        for pid in self.worker() {
            kill_process(pid, Signal::KILL).ok();
        }
        fs::remove_dir_all(&self.scratch).ok();
    }
}

fn spawn(program: Program, node: &Namespace, scratch: &Path) -> Child {
    let file = |name: &str| scratch.join(name);
    let mut command = Command::new(program.path());
    command.args(["-n", "-G", "-f"]).arg(file("conf"));
    command.arg("-p").arg(file("pid")).arg("-r").arg(file("worker.pid"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    node.enter(|| command.spawn()).unwrap()
}

/// The line without the interface's number, and with N for numbers of seconds.
fn timeless(line: &str) -> String {
    let numbered = line.split_once(": ").filter(|(index, _)| index.parse::<u32>().is_ok());
    let is_span = |it: &str| it.strip_suffix("sec").is_some_and(|it| it.parse::<u32>().is_ok());
    let words = numbered.map_or(line, |(_, rest)| rest).split_whitespace();
    let words: Vec<_> = words.map(|word| if is_span(word) { "N" } else { word }).collect();
    words.join(" ")
}

/// How many cases run at the same time: they mostly wait.
const AT_ONCE: usize = 12;
/// By then every instance of the cases has claimed.
const SETTLED: Duration = Duration::from_millis(4_500);
/// The pause between two looks at what differs still.
const AGAIN: Duration = Duration::from_millis(500);
/// How long they may differ.
const PATIENCE: Duration = Duration::from_secs(12);

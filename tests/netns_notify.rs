//! What programs and pipes are told, held against keepalived in one run: the same happens to both,
//! and both must tell the same.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::forge::{GROUP, message};
use lab::{Daemon, Forge, Lab, Program, eventually, now, pause};

mod lab;

/// How long anything may take that no protocol delays.
const SOON: Duration = Duration::from_secs(15);

/// A daemon under test, what its programs have written, and what its pipe has told.
struct Told {
    lab: Lab,
    directory: PathBuf,
    reader: Option<Child>,
}

impl Told {
    fn new() -> Self {
        let lab = Lab::new(&["a"]);
        let node = lab.node("a");
        node.namespace.ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "far1"]);
        node.namespace.ip(&["link", "set", "far1", "up"]);
        node.namespace.ip(&["link", "set", "eth1", "up"]);
        node.namespace.ip(&["address", "add", "192.0.2.1/24", "dev", "eth1"]);
        let directory = lab.directory().clone();
        let script = directory.join("note.sh");
        let log = directory.join("argv");
        let text = format!(
            "#!/bin/sh\nline=\nfor word in \"$@\"; do line=\"$line[$word]\"; done\n\
             echo \"$line\" >> {}\n",
            log.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { lab, directory, reader: None }
    }

    /// Has somebody read the pipe, and open it again whenever it was closed.
    fn read_fifo(&mut self) {
        let (fifo, log) = (self.fifo(), self.directory.join("lines"));
        let script = format!(
            "while :; do cat {} >> {} 2>/dev/null; sleep 0.02; done",
            fifo.display(),
            log.display()
        );
        let reader = Command::new("sh").arg("-c").arg(script).stderr(Stdio::null()).spawn();
        self.reader = Some(reader.unwrap());
    }

    fn fifo(&self) -> PathBuf {
        self.directory.join("fifo")
    }

    /// An instance with every hook.
    fn instance(&self, number: u8, more: &str) -> String {
        let script = self.directory.join("note.sh");
        let script = script.display();
        let name = format!("VI_{number}");
        let hook = |keyword: &str| format!("    {keyword} \"{script} {keyword} {name} 'a b'\"\n");
        let hooks = [
            "notify",
            "notify_master",
            "notify_backup",
            "notify_fault",
            "notify_stop",
            "notify_master_rx_lower_pri",
        ];
        let hooks: String = hooks.map(hook).concat();
        format!(
            "vrrp_instance {name} {{\n    interface eth0\n    virtual_router_id 5{number}\n    \
             priority 100\n    advert_int 0.1\n    garp_master_delay 0\n\
             {hooks}{more}    virtual_ipaddress {{\n        10.9.0.10{number}\n    }}\n}}\n"
        )
    }

    fn conf(&self, instances: &[String]) -> String {
        format!(
            "global_defs {{\n    vrrp_version 3\n    script_user root\n    notify_fifo {}\n    \
             vrrp_notify_priority_changes\n}}\n{}",
            self.fifo().display(),
            instances.concat()
        )
    }

    /// The lines that were written so far into `file` and have `word` in them.
    fn lines(&self, file: &str, word: &str) -> Vec<String> {
        let text = fs::read_to_string(self.directory.join(file)).unwrap_or_default();
        text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }

    /// Waits until the newest line of the pipe about the instance, and of its program, is this.
    fn wait(&self, instance: &str, words: &str) {
        self.wait_line(instance, words);
        let [state, priority] = words.split(' ').collect::<Vec<_>>()[..] else { return };
        if !state.contains('_') {
            let expected = format!("[INSTANCE][{instance}][{state}][{priority}]");
            let last = || {
                let lines = self.lines("argv", &format!("[{instance}]["));
                let any: Vec<&String> =
                    lines.iter().filter(|line| line.starts_with("[notify][")).collect();
                let is_last = any.last().is_some_and(|line| line.ends_with(&expected));
                is_last.then_some(()).ok_or_else(|| format!("{any:?}, not {expected}"))
            };
            eventually(SOON, "a program", last);
            // keepalived's programs run in no order; those of the next event are not to meet these.
            pause(Duration::from_millis(300));
        }
    }

    /// Waits until this is the newest line of the pipe about the instance.
    fn wait_line(&self, instance: &str, words: &str) {
        let expected = format!("INSTANCE \"{instance}\" {words}");
        self.wait_last("lines", &format!("\"{instance}\""), &expected);
    }

    /// Waits until the group's newest line, and what its programs were given last, tell of this.
    fn wait_group(&self, state: &str) {
        self.wait_last("lines", "GROUP", &format!("GROUP \"G\" {state} 0"));
        let any = format!("[notify][G][a b][GROUP][G][{state}][0]");
        self.wait_last("argv", "[GROUP][G]", &any);
        // keepalived's programs run in no order; those of the next event are not to meet these.
        pause(Duration::from_millis(300));
    }

    /// Waits until `expected` is the newest line of `file` with `word` in it.
    fn wait_last(&self, file: &str, word: &str, expected: &str) {
        let last = || {
            let lines = self.lines(file, word);
            let is_last = lines.last().is_some_and(|last| last == expected);
            is_last.then_some(()).ok_or_else(|| format!("{lines:?}, not {expected}"))
        };
        eventually(SOON, "a line", last);
    }

    /// Sends one advert for VI_1 from the client.
    fn advertise(&self, priority: u8) {
        let client = self.lab.client();
        let source = client.ipv4();
        let address: IpAddr = [10, 9, 0, 101].into();
        let octets = message((source, GROUP), 51, priority, 10, &[address]);
        assert!(Forge::open(client).send(source, GROUP, 255, &octets));
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.kill().ok();
            reader.wait().ok();
        }
    }
}

/// All that is told of one instance: by the pipe, by the general program, by the others.
type Story = [Vec<String>; 3];

/// Lets one thing after the other happen to `program`; what it has told of three instances.
fn story(program: Program) -> Vec<Story> {
    let mut told = Told::new();
    let track = "    track_interface {\n        eth1 weight -20\n    }\n";
    let first = told.instance(1, track);
    let conf = told.conf(std::slice::from_ref(&first));
    told.read_fifo();
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), program, &conf);
    told.wait("VI_1", "MASTER 100");
    let mode = fs::metadata(told.fifo()).unwrap();
    assert!(mode.file_type().is_fifo());
    assert_eq!((mode.mode() & 0o777, mode.uid()), (0o600, 0), "{}", program.name());

    told.advertise(50);
    told.wait("VI_1", "MASTER_RX_LOWER_PRI 100");
    told.lab.node("a").namespace.ip(&["link", "set", "eth1", "down"]);
    told.wait("VI_1", "MASTER_PRIORITY 80");
    told.lab.node("a").namespace.ip(&["link", "set", "eth1", "up"]);
    told.wait("VI_1", "MASTER_PRIORITY 100");
    told.advertise(200);
    told.wait("VI_1", "MASTER 100");
    told.lab.cut("a");
    told.wait("VI_1", "FAULT 100");
    told.lab.mend("a");
    told.wait("VI_1", "MASTER 100");

    let second = told.instance(2, "    notify_deleted\n");
    let third = told.instance(3, "");
    daemon.reload(&told.conf(&[first.clone(), second, third]));
    told.wait("VI_2", "MASTER 100");
    told.wait("VI_3", "MASTER 100");
    daemon.reload(&told.conf(&[first]));
    if program == Program::Vipd {
        told.wait("VI_2", "DELETED 100");
        told.wait("VI_3", "FAULT 100");
    }
    pause(Duration::from_millis(500));
    assert!(daemon.stop().success());
    told.wait("VI_1", "STOP 100");
    // keepalived 2.2.7 forgets after a reload that the pipe is its own.
    assert!(program == Program::Keepalived || !told.fifo().exists(), "the pipe is left behind");

    ["VI_1", "VI_2", "VI_3"]
        .map(|name| {
            let programs = told.lines("argv", &format!("[{name}][a b]"));
            let (any, own) = programs.into_iter().partition(|line| line.starts_with("[notify]["));
            [told.lines("lines", &format!("\"{name}\"")), any, own]
        })
        .to_vec()
}

#[test]
fn whoever_is_told_by_keepalived_is_told_the_same_by_vipd() {
    let ours = story(Program::Vipd);
    let theirs = story(Program::Keepalived);
    assert_eq!(ours[0], theirs[0]);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let [line, any, own] = ours;
        let [their_line, their_any, their_own] = theirs;
        assert_eq!(line, their_line);
        // keepalived 2.2.7 at times kills at a reload what it has just started because of it.
        assert!(is_within(their_any, any) && is_within(their_own, own), "{theirs:#?}{ours:#?}");
    }
    let [_, any, own] = &ours[2];
    assert!(any.last().is_some_and(|last| last.contains("[FAULT]")), "{any:?}");
    assert_eq!(own.last().map(String::as_str), Some("[notify_fault][VI_3][a b]"));
}

/// A sync group with every hook, around VI_1 and VI_2.
fn group(told: &Told) -> String {
    let script = told.directory.join("note.sh");
    let hook =
        |keyword: &str| format!("    {keyword} \"{} {keyword} G 'a b'\"\n", script.display());
    let hooks = ["notify", "notify_master", "notify_backup", "notify_fault", "notify_stop"];
    let hooks: String = hooks.map(hook).concat();
    format!(
        "vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n{hooks}    \
         notify_priority_changes\n}}\n"
    )
}

/// What `program` tells of a sync group and an instance beside it: every line of the pipe in its
/// order, and what the group's programs are given.
fn group_story(program: Program) -> [Vec<String>; 3] {
    let mut told = Told::new();
    let track = "    track_interface {\n        eth1 weight -20\n    }\n";
    let member = |number, more: &str| told.instance(number, more).replace("100", "200");
    // The one beside them has the longer timers, so that the order is no matter of luck.
    let beside = told.instance(3, "    notify_priority_changes no\n").replace("100", "10");
    let members = [member(1, track), member(2, ""), beside];
    let conf =
        told.conf(&members).replace("    vrrp_notify_priority_changes\n", "") + &group(&told);
    told.read_fifo();
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), program, &conf);
    told.wait_line("VI_3", "MASTER 10");
    told.lab.node("a").namespace.ip(&["link", "set", "eth1", "down"]);
    told.wait_line("VI_1", "MASTER_PRIORITY 180");
    told.lab.node("a").namespace.ip(&["link", "set", "eth1", "up"]);
    told.wait_line("VI_1", "MASTER_PRIORITY 200");
    told.advertise(250);
    told.wait_line("VI_1", "MASTER 200");
    told.wait_group("MASTER");
    told.lab.cut("a");
    told.wait_line("VI_3", "FAULT 10");
    told.wait_group("FAULT");
    told.lab.mend("a");
    told.wait_line("VI_3", "MASTER 10");
    told.wait_group("MASTER");
    daemon.reload(&(conf + "# nothing is another\n"));
    pause(Duration::from_millis(500));
    assert!(daemon.stop().success());
    told.wait_group("STOP");
    let programs = told.lines("argv", "[G][a b]");
    let (any, own) = programs.into_iter().partition(|line| line.starts_with("[notify]["));
    [told.lines("lines", " "), any, own]
}

#[test]
fn what_is_told_of_a_group_and_when_is_what_keepalived_tells() {
    let [lines, any, own] = group_story(Program::Vipd);
    let [their_lines, their_any, their_own] = group_story(Program::Keepalived);
    assert_eq!(in_any_turn(lines), in_any_turn(their_lines));
    assert_eq!(any, their_any);
    assert_eq!(own, their_own);
    assert_eq!(own.first().map(String::as_str), Some("[notify_backup][G][a b]"));
    assert_eq!(any.last().map(String::as_str), Some("[notify][G][a b][GROUP][G][STOP][0]"));
}

/// The lines, those sorted that follow each other when members claim together: the one that all
/// waited for comes first, and which of them that is depends on microseconds.
fn in_any_turn(mut lines: Vec<String>) -> Vec<String> {
    let claims = |line: &String| line.starts_with("INSTANCE") && line.ends_with(" MASTER 200");
    lines.chunk_by_mut(|one, other| claims(one) && claims(other)).for_each(<[String]>::sort);
    lines
}

/// Whether `some` are among `all`, in the same order, and miss no more than one.
fn is_within(some: &[String], all: &[String]) -> bool {
    let mut rest = all.iter();
    some.len() + 1 >= all.len() && some.iter().all(|one| rest.any(|other| other == one))
}

#[test]
fn a_program_that_hangs_delays_nobody_else_and_no_stop() {
    let mut told = Told::new();
    told.read_fifo();
    let hangs = "    notify_backup \"/bin/sleep 1000\"\n";
    let first = told.instance(1, "").replace("notify_backup", "debug 0 #") + hangs;
    let first = first.replace("}\n    notify_backup", "    notify_backup") + "}\n";
    let conf = told.conf(&[first, told.instance(2, "")]);
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), Program::Vipd, &conf);
    told.wait("VI_1", "MASTER 100");
    told.wait("VI_2", "MASTER 100");
    // The one that hangs has its lane for itself; the general program has another.
    assert_eq!(told.lines("argv", "[notify_master][VI_1]"), [""; 0]);
    assert_eq!(told.lines("argv", "[notify_master][VI_2]").len(), 1);
    let start = now();
    assert!(daemon.stop().success());
    let took = now() - start;
    assert!(took < Duration::from_secs(3), "{took:?}");
    told.wait("VI_1", "STOP 100");
    assert_eq!(told.lines("argv", "[notify_stop][VI_1]").len(), 1);
    assert!(sleepers(&told.lab).is_empty(), "nothing is left behind");
}

#[test]
fn a_stop_waits_for_nobody_where_nobody_is_told() {
    let told = Told::new();
    let conf = told.conf(&[])
        + "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
        advert_int 0.1\n virtual_ipaddress {\n 10.9.0.101\n }\n}\n";
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), Program::Vipd, &conf);
    let address: IpAddr = [10, 9, 0, 101].into();
    let holds = || told.lab.node("a").holds(address).then_some(()).ok_or_else(String::new);
    eventually(SOON, "the address", holds);
    let start = now();
    assert!(daemon.stop().success());
    assert!(now() - start < Duration::from_millis(900), "{:?}", now() - start);
}

#[test]
fn a_pipe_that_nobody_reads_keeps_the_newest_and_a_file_in_its_place_is_left_alone() {
    let mut told = Told::new();
    let conf = told.conf(&[told.instance(1, "")]);
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), Program::Vipd, &conf);
    let written = || {
        let lines = told.lines("argv", "[MASTER]");
        (!lines.is_empty()).then_some(()).ok_or_else(String::new)
    };
    eventually(SOON, "a master", written);
    // What was told while nobody read is there for who comes late.
    told.read_fifo();
    told.wait("VI_1", "MASTER 100");
    assert_eq!(told.lines("lines", "BACKUP"), ["INSTANCE \"VI_1\" BACKUP 100"]);
    assert!(daemon.stop().success());
    drop(told);

    let told = Told::new();
    fs::write(told.fifo(), "mine").unwrap();
    let conf = told.conf(&[told.instance(1, "")]);
    let mut daemon = Daemon::start(&told.lab, told.lab.node("a"), Program::Vipd, &conf);
    let written = || {
        let lines = told.lines("argv", "[MASTER]");
        (!lines.is_empty()).then_some(()).ok_or_else(String::new)
    };
    eventually(SOON, "a master", written);
    assert!(daemon.stop().success());
    assert_eq!(fs::read_to_string(told.fifo()).unwrap(), "mine");
}

/// Processes in the lab's node that sleep.
fn sleepers(lab: &Lab) -> Vec<String> {
    pause(Duration::from_millis(50));
    let names = lab.node("a").namespace.processes().into_iter().map(|pid| {
        let stat = Path::new("/proc").join(pid.to_string()).join("comm");
        fs::read_to_string(stat).unwrap_or_default().trim().to_owned()
    });
    names.filter(|name| name == "sleep").collect()
}

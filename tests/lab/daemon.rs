//! A VRRP daemon in a node's namespace: started, stopped, killed, frozen, asked for its log.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::clock::eventually;
use super::hog::Hog;
use super::topology::{Lab, Node};

/// Lines of a log printed when a test fails.
const PRINTED_ON_FAILURE: usize = 50;

/// Which daemon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// The one that this crate builds.
    Vipd,
    /// The installed keepalived.
    Keepalived,
}

impl Program {
    /// What to execute: `VIPD_TEST_BINARY` may name another vipd than the one just built.
    pub fn path(self) -> OsString {
        match self {
            Self::Vipd => std::env::var_os("VIPD_TEST_BINARY")
                .unwrap_or_else(|| env!("CARGO_BIN_EXE_vipd").into()),
            Self::Keepalived => "keepalived".into(),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vipd => "vipd",
            Self::Keepalived => "keepalived",
        }
    }
}

/// Where a daemon's log goes.
#[derive(Debug)]
pub enum Output {
    /// Into a file that [`Daemon::log`] reads.
    Kept,
    /// There.
    To(File),
    /// Into a file on a disk of [`SMALL`] that the daemon alone sees; its pid files stand there
    /// too. [`Daemon::fill_disk`] fills it.
    SmallDisk,
}

/// The size of a small disk, as `mount` takes it.
const SMALL: &str = "size=64k";

/// Mounts a small disk at `$0`, then becomes the program that the other words start, with its
/// output in the file that the first of them names.
const ON_SMALL_DISK: &str = r#"
    mount -t tmpfs -o "$1" tmpfs "$0" || exit
    log=$2
    shift 2
    exec "$@" >"$log" 2>&1"#;

/// A running daemon. Dropping it kills it; when the test fails, its log is printed.
#[derive(Debug)]
pub struct Daemon {
    program: Program,
    node: String,
    conf: PathBuf,
    log: PathBuf,
    pid_file: PathBuf,
    worker_pid_file: PathBuf,
    child: Child,
}

impl Daemon {
    /// Starts `program` in the foreground on `node` with this configuration.
    pub fn start(lab: &Lab, node: &Node, program: Program, conf: &str) -> Self {
        Self::start_with(lab, node, program, conf, Output::Kept)
    }

    /// The same, ending with its worker.
    pub fn start_without_respawn(lab: &Lab, node: &Node, program: Program, conf: &str) -> Self {
        Self::start_flagged(lab, node, program, conf, (Output::Kept, &["-R"]))
    }

    /// The same, with the log going to `output`.
    pub fn start_with(
        lab: &Lab,
        node: &Node,
        program: Program,
        conf: &str,
        output: Output,
    ) -> Self {
        Self::start_flagged(lab, node, program, conf, (output, &[]))
    }

    fn start_flagged(
        lab: &Lab,
        node: &Node,
        program: Program,
        conf: &str,
        (output, flags): (Output, &[&str]),
    ) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| lab.directory().join(format!("{}-{count}.{kind}", node.name));
        let conf_file = file("conf");
        fs::write(&conf_file, conf).expect("the lab's directory is writable");
        let directory = match output {
            Output::Kept | Output::To(_) => lab.directory().to_owned(),
            Output::SmallDisk => {
                let disk = file("disk");
                fs::create_dir(&disk).expect("the lab's directory is writable");
                disk
            }
        };
        let own = |kind: &str| directory.join(file(kind).file_name().expect("it has one"));
        let (mut log, mut pid_file, mut worker_pid_file) =
            (own("log"), own("pid"), own("worker.pid"));
        let mut command = match &output {
            Output::Kept | Output::To(_) => Command::new(program.path()),
            Output::SmallDisk => {
                let mut command = Command::new("unshare");
                command.args(["--mount", "--propagation", "private", "sh", "-c", ON_SMALL_DISK]);
                command.arg(&directory).arg(SMALL).arg(&log).arg(program.path());
                command
            }
        };
        command
            .args(["-n", "-l", "-D"])
            .args(flags)
            .arg("-f")
            .arg(&conf_file)
            .arg("-p")
            .arg(&pid_file)
            .arg("-r")
            .arg(&worker_pid_file)
            .stdin(Stdio::null());
        let output = match output {
            Output::Kept => Some(File::create(&log).expect("the lab's directory is writable")),
            Output::To(file) => Some(file),
            Output::SmallDisk => None,
        };
        if let Some(output) = output {
            command.stdout(output.try_clone().expect("a file can be shared")).stderr(output);
        }
        let child = node.namespace.enter(|| command.spawn()).unwrap_or_else(|error| {
            panic!("cannot run {} ({error}); tests/all.sh installs it", program.path().display())
        });
        if directory != *lab.directory() {
            // They stand where only the daemon sees them: we look with its eyes.
            let root = PathBuf::from(format!("/proc/{}/root", child.id()));
            for path in [&mut log, &mut pid_file, &mut worker_pid_file] {
                *path = root.join(path.strip_prefix("/").expect("the directory is absolute"));
            }
        }
        Self {
            program,
            node: node.name.clone(),
            conf: conf_file,
            log,
            pid_file,
            worker_pid_file,
            child,
        }
    }

    /// The process that was started: the supervisor.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The process that speaks VRRP, as its pid file names it.
    pub fn worker(&self) -> Pid {
        let read = || {
            let text = fs::read_to_string(&self.worker_pid_file).map_err(|e| e.to_string())?;
            let number = text.trim().parse().map_err(|_| format!("{text:?} is no pid"))?;
            Pid::from_raw(number).ok_or_else(|| "pid 0".to_owned())
        };
        eventually(Duration::from_secs(10), "the worker's pid file", read).0
    }

    /// The file of the supervisor's pid.
    pub fn pid_file(&self) -> &Path {
        &self.pid_file
    }

    /// Its configuration file.
    pub fn conf(&self) -> &Path {
        &self.conf
    }

    /// Fills its small disk to the last octet, and takes whatever becomes free.
    pub fn fill_disk(&self) -> Hog {
        let disk = self.log.parent().expect("a file stands in a directory");
        let filler = File::create(disk.join("filler")).expect("there is room for a name");
        Hog::start(filler)
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Sends a signal to the process that was started.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Writes another configuration and reloads it.
    pub fn reload(&self, conf: &str) {
        fs::write(&self.conf, conf).expect("the lab's directory is writable");
        self.signal(Signal::HUP);
    }

    /// Asks it to end (SIGTERM), without waiting.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let ended = || {
            let status = child.try_wait().map_err(|error| error.to_string())?;
            status.ok_or_else(|| "it runs on".to_owned())
        };
        eventually(Duration::from_secs(15), "the end of a daemon", ended).0
    }

    /// Asks it to end and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Kills supervisor and worker at once, as a power cut would (SIGKILL).
    ///
    /// All of them are frozen first: none can react to the end of another.
    pub fn kill(&mut self) {
        let family = self.freeze();
        for pid in family.into_iter().rev() {
            kill_process(pid, Signal::KILL).ok();
        }
        self.wait();
    }

    /// Stops supervisor and worker in mid-air (SIGSTOP) and tells whom.
    pub fn freeze(&self) -> Vec<Pid> {
        let mut frozen = Vec::new();
        // A process that was just being forked is found by the second pass.
        for _ in 0..2 {
            for pid in family(self.pid()) {
                if !frozen.contains(&pid) && kill_process(pid, Signal::STOP).is_ok() {
                    frozen.push(pid);
                }
            }
        }
        frozen
    }

    /// Lets them go on (SIGCONT).
    pub fn thaw(&self) {
        for pid in family(self.pid()) {
            kill_process(pid, Signal::CONT).ok();
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let skipped = lines.len().saturating_sub(PRINTED_ON_FAILURE);
            eprintln!("--- {} on {} ({skipped} lines before)", self.program.name(), self.node);
            for line in &lines[skipped..] {
                eprintln!("{line}");
            }
        }
    }
}

/// A process and all its descendants, parents first.
fn family(root: Pid) -> Vec<Pid> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let number = parent.as_raw_nonzero();
        let Ok(tasks) = fs::read_dir(format!("/proc/{number}/task")) else {
            next += 1;
            continue;
        };
        for task in tasks.filter_map(Result::ok) {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|word| word.parse().ok());
            found.extend(children.filter_map(Pid::from_raw));
        }
        next += 1;
    }
    found
}

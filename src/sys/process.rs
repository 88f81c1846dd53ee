//! Processes: forking the worker, leaving the terminal, waiting for children.

use std::ffi::CString;
use std::fs::{self, File};
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{
    Resource, Rlimit, WaitOptions, WaitStatus, chdir, getpid, getppid, getrlimit,
    set_child_subreaper, set_parent_process_death_signal, setpriority_process, setrlimit, setsid,
    wait, waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::thread::{self, CapabilitySet};

use super::call::answered;
use super::error::{During, Error};

pub use rustix::process::Pid;

/// On which side of a fork the caller finds itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fork {
    /// In the process that forked.
    Parent {
        /// The new process.
        child: Pid,
    },
    /// In the new process.
    Child {
        /// The process that forked.
        parent: Pid,
    },
}

/// Forks. Both processes go on from here with equal memory and the same open files.
///
/// # Errors
/// Where there are too many processes, or (EBUSY) where this one has a second thread: the child
/// would have none of its threads but all of its locks.
pub fn fork() -> Result<Fork, Error> {
    const FORK: &str = "fork";
    let parent = getpid();
    require_one_thread().during(FORK)?;
    // SAFETY: this is the process's only thread, as was just seen, and only it could start
    // another. So the child may do whatever the parent may.
    let child = answered(unsafe { libc::fork() }).during(FORK)?;
    let child = i32::try_from(child).ok().and_then(Pid::from_raw);
    Ok(child.map_or(Fork::Child { parent }, |child| Fork::Parent { child }))
}

/// Removes a variable from the environment, for this process and those that it starts.
///
/// # Errors
/// EBUSY where the process has a second thread, which might be reading it.
pub fn forget_variable(name: &str) -> Result<(), Error> {
    require_one_thread().during("change the environment")?;
    // SAFETY: no other thread reads the environment, as was just seen.
    unsafe { std::env::remove_var(name) };
    Ok(())
}

fn require_one_thread() -> Result<(), Errno> {
    let tasks = fs::read_dir("/proc/self/task");
    let tasks = tasks.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if tasks.count() == 1 { Ok(()) } else { Err(Errno::BUSY) }
}

/// Has the calling process end cleanly (SIGTERM) as soon as `parent` does. To be called by the
/// child first of all.
///
/// # Errors
/// ESRCH where `parent` has ended already.
pub fn end_with(parent: Pid) -> Result<(), Error> {
    const END: &str = "end together with the parent";
    set_parent_process_death_signal(Some(rustix::process::Signal::TERM)).during(END)?;
    if getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH).during(END) }
}

/// Leaves the terminal: a session of its own, the root directory, nothing read or printed.
///
/// # Errors
/// Where there is no /dev/null, or the process leads a group (fork first). What was done by then
/// stays done.
pub fn detach() -> Result<(), Error> {
    setsid().during("found a session")?;
    chdir("/").during("change to the root directory")?;
    let nowhere =
        File::options().read(true).write(true).open("/dev/null").during("open /dev/null")?;
    dup2_stdin(&nowhere).during("close the standard input")?;
    dup2_stdout(&nowhere).during("close the standard output")?;
    dup2_stderr(&nowhere).during("close the standard error")
}

/// Names the calling thread, in the main thread the process too: what `ps -o comm` shows. Cut to
/// 15 octets.
///
/// # Errors
/// For a name with a NUL in it.
pub fn set_name(name: &str) -> Result<(), Error> {
    let name = CString::new(name).map_err(|_nul| Errno::INVAL);
    let name = name.during("set the process name")?;
    thread::set_name(&name).during("set the process name")
}

/// Makes the calling process the parent of its descendants' orphans, instead of PID 1.
///
/// # Errors
/// None that a running system gives.
pub fn adopt_orphans() -> Result<(), Error> {
    set_child_subreaper(Some(getpid())).during("adopt orphans")
}

/// The capabilities that the process would need as a VRRP router and does not have, by name.
#[must_use]
pub fn lacks_of_a_router() -> Vec<&'static str> {
    // Without an answer nothing is known to be missing.
    let effective = thread::capabilities(None).map_or(CapabilitySet::all(), |sets| sets.effective);
    let needed =
        [(CapabilitySet::NET_RAW, "CAP_NET_RAW"), (CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN")];
    let missing = needed.into_iter().filter(|(capability, _)| !effective.contains(*capability));
    missing.map(|(_, name)| name).collect()
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By the signal of this number.
    Signal(i32),
}

impl Exit {
    /// Reads a status; `None` for a process that only stopped or went on.
    fn of(status: WaitStatus) -> Option<Self> {
        let code = status.exit_status().map(Self::Code);
        code.or_else(|| status.terminating_signal().map(Self::Signal))
    }
}

/// How the child `pid` ended, which frees its number; `None` while it runs.
///
/// # Errors
/// ECHILD where it is no child of ours, or was asked for before.
pub fn reap(pid: Pid) -> Result<Option<Exit>, Error> {
    let ended = waitpid(Some(pid), WaitOptions::NOHANG).during("wait for a child")?;
    Ok(ended.and_then(|(_, status)| Exit::of(status)))
}

/// A child that ended, any of them, and how; `None` where none has.
///
/// # Errors
/// None that a running system gives: to have no children is no error.
pub fn reap_any() -> Result<Option<(Pid, Exit)>, Error> {
    match wait(WaitOptions::NOHANG) {
        Ok(ended) => Ok(ended.and_then(|(pid, status)| Some((pid, Exit::of(status)?)))),
        Err(Errno::CHILD) => Ok(None),
        Err(errno) => Err(errno).during("wait for a child"),
    }
}

/// Allows the process as many descriptors as the system allows it to allow itself.
/// Returns how many; `None` is without end.
///
/// # Errors
/// None that a running system gives.
pub fn raise_descriptor_limit() -> Result<Option<u64>, Error> {
    let usual = getrlimit(Resource::Nofile);
    let maximum = usual.maximum;
    let raised = Rlimit { current: maximum, maximum };
    USUAL_DESCRIPTORS.get_or_init(|| usual);
    setrlimit(Resource::Nofile, raised).during("raise the limit of descriptors")?;
    Ok(maximum)
}

/// The limit of descriptors as it was before it was raised, for the programs that are started;
/// `None` where it never was. Programs exist that close every descriptor they may have.
pub(super) fn usual_descriptor_limit() -> Option<libc::rlimit> {
    let limit = USUAL_DESCRIPTORS.get()?;
    let or_infinite = |value: Option<u64>| value.unwrap_or(libc::RLIM_INFINITY);
    Some(libc::rlimit {
        rlim_cur: or_infinite(limit.current),
        rlim_max: or_infinite(limit.maximum),
    })
}

static USUAL_DESCRIPTORS: OnceLock<Rlimit> = OnceLock::new();

/// Sets the nice value, -20..=19, of the calling thread and of those that it starts later.
///
/// # Errors
/// Where the process may not go below the value it has.
pub fn set_nice(value: i8) -> Result<(), Error> {
    setpriority_process(None, i32::from(value)).during("set the nice value")
}

/// Sets the nice value of one thread of this process.
///
/// # Errors
/// As [`set_nice`], and ESRCH where the thread has ended.
pub fn set_nice_of(thread: Pid, value: i8) -> Result<(), Error> {
    setpriority_process(Some(thread), i32::from(value)).during("set the nice value")
}

/// The threads of this process, with their names.
///
/// # Errors
/// Where there is no /proc.
pub fn threads() -> Result<Vec<(Pid, String)>, Error> {
    let tasks = fs::read_dir("/proc/self/task").during("list the threads")?;
    let thread = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        // One that ends meanwhile is none.
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        Some((Pid::from_raw(number)?, name.trim_end().to_owned()))
    };
    Ok(tasks.filter_map(|entry| thread(entry.ok()?)).collect())
}

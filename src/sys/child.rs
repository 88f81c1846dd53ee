//! Programs that are run beside the daemon: each in a process group of its own, as whom it is to
//! be, with nothing of the daemon's but its environment and its directory.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::{mem, ptr};

use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::accounts::Identity;
use super::call::answered;
use super::error::{During, Error};
use super::process::{Exit, reap, usual_descriptor_limit};
use super::signal::Signal;

/// A program that was started and whose end nobody has asked for yet.
///
/// Dropped before [`Child::end`] has told its end, it runs on, and stays a zombie until this
/// process ends.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    /// Nothing, or why the program could not be run.
    failure: OwnedFd,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It ran, and ended so.
    Ended(Exit),
    /// It never ran.
    NotRun(Errno),
}

impl Child {
    /// Starts the program at `path`; `words` are its name, as it sees it, and its arguments.
    ///
    /// It reads and prints nothing, leads a process group, has the usual priority and limits and
    /// every signal as usual, and gets SIGTERM when the *thread* that started it ends. Whether it
    /// could be run at all is told by [`Child::end`]: nobody waits here for the disk.
    ///
    /// # Errors
    /// Where there are too many processes or descriptors, or (EINVAL) a NUL in a word.
    pub fn start(path: &Path, words: &[String], identity: Identity) -> Result<Self, Error> {
        Self::launch(path, words, identity, None)
    }

    /// The same, but what it prints, on either way, can be read from the descriptor, which does
    /// not block. Whoever reads it reads on while anybody may print: who is not read waits, and
    /// who is read no more ends when it prints.
    ///
    /// # Errors
    /// As for [`Child::start`].
    pub fn start_heard(
        path: &Path,
        words: &[String],
        identity: Identity,
    ) -> Result<(Self, OwnedFd), Error> {
        const PIPE: &str = "make a pipe";
        let (heard, printed) = pipe_with(PipeFlags::CLOEXEC).during(PIPE)?;
        ioctl_fionbio(&heard, true).during(PIPE)?;
        Ok((Self::launch(path, words, identity, Some(&printed))?, heard))
    }

    /// Whether it has ended; its end can still be asked for.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error says that it is no child any more.
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    fn launch(
        path: &Path,
        words: &[String],
        identity: Identity,
        output: Option<&OwnedFd>,
    ) -> Result<Self, Error> {
        const START: &str = "start a program";
        let path = CString::new(path.as_os_str().as_bytes());
        let path = path.map_err(|_nul| Errno::INVAL).during(START)?;
        let words = words.iter().map(|word| CString::new(word.as_bytes()));
        let words: Vec<CString> =
            words.collect::<Result<_, _>>().map_err(|_nul| Errno::INVAL).during(START)?;
        let environment = environment();
        let (arguments, variables) = (pointers(&words), pointers(&environment));
        let nowhere = File::options().read(true).write(true).open("/dev/null").during(START)?;
        let (failure, report) =
            pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).during(START)?;
        let prepared = Prepared {
            path: path.as_ptr(),
            arguments: arguments.as_ptr(),
            variables: variables.as_ptr(),
            nowhere: nowhere.as_raw_fd(),
            output: output.map_or_else(|| nowhere.as_raw_fd(), AsRawFd::as_raw_fd),
            report: report.as_raw_fd(),
            identity: (identity != Identity::own()).then_some(identity),
            descriptors: usual_descriptor_limit(),
        };
        // A signal that came between fork and exec would run the daemon's handler in the child.
        let blocked = Blocked::all().during(START)?;
        // SAFETY: the child calls `run` alone, which does what is allowed after a fork of one
        // thread among others: system calls on what was prepared, no allocation, no lock.
        let forked = unsafe { libc::fork() };
        if forked == 0 {
            // SAFETY: this is the child, and all that the pointers lead to is in its memory.
            unsafe { prepared.run() }
        }
        blocked.restore();
        let pid = answered(forked).during(START)?;
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(Errno::CHILD).during(START)?;
        Ok(Self { pid, failure })
    }

    /// Its process id, which is that of its group.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended; `None` while it runs. To be asked for until it is told, then no more.
    ///
    /// # Errors
    /// ECHILD where somebody else asked for it: it has ended, and nobody knows how.
    pub fn end(&self) -> Result<Option<Outcome>, Error> {
        let Some(exit) = reap(self.pid)? else {
            return Ok(None);
        };
        let mut errno = [0; 4];
        Ok(Some(match read(&self.failure, &mut errno) {
            Ok(4) => Outcome::NotRun(Errno::from_raw_os_error(i32::from_ne_bytes(errno))),
            _ => Outcome::Ended(exit),
        }))
    }

    /// Sends `signal` to it and to all that it has started. Who has ended hears nothing.
    pub fn signal(&self, signal: Signal) {
        // The group may not be founded yet, or its leader may have founded another.
        if signal.send_to_group(self.pid).is_err() {
            let _ended = signal.send(self.pid).is_err();
        }
    }
}

/// All that the child needs between fork and exec.
struct Prepared {
    path: *const libc::c_char,
    arguments: *const *const libc::c_char,
    variables: *const *const libc::c_char,
    nowhere: RawFd,
    /// Where it prints to.
    output: RawFd,
    report: RawFd,
    /// As whom to run, where that is somebody else.
    identity: Option<Identity>,
    descriptors: Option<libc::rlimit>,
}

impl Prepared {
    /// Becomes the program, or reports why not and ends.
    ///
    /// # Safety
    /// To be called in a child that was just forked; the pointers are valid there.
    unsafe fn run(&self) -> ! {
        // SAFETY: as the caller promises.
        let errno = unsafe { self.try_to_run() };
        let octets = errno.raw_os_error().to_ne_bytes();
        // SAFETY: the octets live on this stack; after this, nothing of the process is used.
        unsafe {
            libc::write(self.report, octets.as_ptr().cast(), octets.len());
            libc::_exit(NOT_RUN)
        }
    }

    /// Becomes the program; what is returned is why not.
    ///
    /// # Safety
    /// As for [`Prepared::run`].
    unsafe fn try_to_run(&self) -> Errno {
        let last = || {
            let error = std::io::Error::last_os_error();
            Errno::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EIO))
        };
        // SAFETY: system calls with numbers, or with pointers to what was prepared or stands on
        // this stack. Those whose failure changes nothing of weight go unchecked.
        unsafe {
            libc::setpgid(0, 0);
            let parameters = libc::sched_param { sched_priority: 0 };
            libc::syscall(
                libc::SYS_sched_setscheduler,
                0,
                libc::SCHED_OTHER,
                &raw const parameters,
            );
            libc::setpriority(libc::PRIO_PROCESS, 0, 0);
            if let Some(limit) = &self.descriptors {
                libc::setrlimit(libc::RLIMIT_NOFILE, limit);
            }
            for (from, standard) in [(self.nowhere, 0), (self.output, 1), (self.output, 2)] {
                if libc::dup2(from, standard) < 0 {
                    return last();
                }
            }
            // What was inherited from whoever started the daemon; all of ours close by themselves.
            libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_AT_EXEC);
            if let Some(identity) = self.identity {
                let groups = libc::setgroups(0, ptr::null());
                if groups < 0 || libc::setgid(identity.group) < 0 || libc::setuid(identity.user) < 0
                {
                    return last();
                }
            }
            // Another identity forgets it, so it comes after.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            for number in 1..=libc::SIGRTMAX() {
                libc::signal(number, libc::SIG_DFL);
            }
            let mut none: libc::sigset_t = mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
            libc::execve(self.path, self.arguments, self.variables);
        }
        last()
    }
}

/// Every signal of the calling thread, held back.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn all() -> Result<Self, Errno> {
        // SAFETY: all zeros is a valid sigset_t; both sets live until the call returns.
        unsafe {
            let (mut all, mut before) = (mem::zeroed(), mem::zeroed());
            libc::sigfillset(&raw mut all);
            match libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) {
                0 => Ok(Self(before)),
                errno => Err(Errno::from_raw_os_error(errno)),
            }
        }
    }

    fn restore(self) {
        // SAFETY: the set is what the call before has written.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// This process's environment without what is meant for it alone.
fn environment() -> Vec<CString> {
    let variables = std::env::vars_os().filter(|(name, _)| !PRIVATE.iter().any(|it| name == it));
    let lines = variables.map(|(name, value)| {
        let line: OsString = [name, "=".into(), value].into_iter().collect();
        CString::new(line.into_vec())
    });
    lines.filter_map(Result::ok).collect()
}

/// What execve takes: pointers, the last of them null.
fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

/// Variables that a program does not get: the service manager's address, and what changes whose
/// code is run.
const PRIVATE: [&str; 4] = ["NOTIFY_SOCKET", "IFS", "LD_PRELOAD", "LD_LIBRARY_PATH"];
/// The exit code of a child that could not become the program.
const NOT_RUN: libc::c_int = 127;
/// `CLOSE_RANGE_CLOEXEC`
const CLOSE_AT_EXEC: libc::c_uint = 4;

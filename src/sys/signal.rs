//! Signals: their names, sending them, and reading them from a descriptor.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::{mem, ptr};

use rustix::io::{Errno, read};
use rustix::process::Pid;

use super::call::answered;
use super::error::{During, Error};

/// A signal, real-time ones included.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Signal(libc::c_int);

impl Signal {
    /// A child ended.
    pub const CHLD: Self = Self(libc::SIGCHLD);
    /// Reload.
    pub const HUP: Self = Self(libc::SIGHUP);
    /// Stop: the terminal's interrupt key.
    pub const INT: Self = Self(libc::SIGINT);
    /// End at once.
    pub const KILL: Self = Self(libc::SIGKILL);
    /// Stop.
    pub const TERM: Self = Self(libc::SIGTERM);
    /// Whatever the program makes of it.
    pub const USR1: Self = Self(libc::SIGUSR1);
    /// Whatever the program makes of it.
    pub const USR2: Self = Self(libc::SIGUSR2);

    /// The signal of this number; `None` where there is none, or the C library keeps it to itself.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        let classic = 1..=31;
        let realtime = libc::SIGRTMIN()..=libc::SIGRTMAX();
        (classic.contains(&number) || realtime.contains(&number)).then_some(Self(number))
    }

    /// The real-time signal `offset` places above the first: SIGRTMIN+2 is number 36 with glibc.
    #[must_use]
    pub fn above_realtime_min(offset: u8) -> Option<Self> {
        Self::new(libc::SIGRTMIN() + i32::from(offset))
    }

    /// The real-time signal `offset` places below the last: SIGRTMAX-1 is number 63.
    #[must_use]
    pub fn below_realtime_max(offset: u8) -> Option<Self> {
        Self::new(libc::SIGRTMAX() - i32::from(offset))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Sends it to the process `pid`.
    ///
    /// # Errors
    /// Where there is no such process, or it is not ours to signal.
    pub fn send(self, pid: Pid) -> Result<(), Error> {
        // SAFETY: kill takes two numbers and touches no memory of ours.
        answered(unsafe { libc::kill(pid.as_raw_nonzero().get(), self.0) })
            .map(drop)
            .during("signal a process")
    }

    /// Sends it to every process of the group that `leader` founded.
    ///
    /// # Errors
    /// Where there is no such group, or none of it is ours to signal.
    pub fn send_to_group(self, leader: Pid) -> Result<(), Error> {
        // SAFETY: killpg takes two numbers and touches no memory of ours.
        answered(unsafe { libc::killpg(leader.as_raw_nonzero().get(), self.0) })
            .map(drop)
            .during("signal a process group")
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({})", self.0)
    }
}

/// Signals that are read and no longer interrupt: of the calling thread, and of the threads and
/// children that it makes from now on. Programs started by `std` or tokio begin without this.
#[derive(Debug)]
pub struct Signals {
    queue: OwnedFd,
    set: SignalSet,
}

/// A signal that came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Caught {
    /// Which.
    pub signal: Signal,
    /// Who sent it; `None` where it was the kernel or a process outside the PID namespace.
    pub sender: Option<Pid>,
}

impl Signals {
    /// Has `signals` queued from now on, to be read here.
    ///
    /// # Errors
    /// Where the process has too many descriptors; then the signals interrupt as before.
    pub fn catch(signals: &[Signal]) -> Result<Self, Error> {
        let set = SignalSet::of(signals);
        // SAFETY: the set is initialised and lives until the call returns.
        let queue = answered(unsafe {
            libc::signalfd(-1, &raw const set.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        })
        .during("make a queue of signals")?;
        let queue = libc::c_int::try_from(queue).map_err(|_out_of_range| Errno::BADF);
        let queue = queue.during("make a queue of signals")?;
        // SAFETY: the descriptor was just made and belongs to nobody else.
        let queue = unsafe { OwnedFd::from_raw_fd(queue) };
        set.mask(libc::SIG_BLOCK)?;
        Ok(Self { queue, set })
    }

    /// The next signal that has come; `None` where none waits. A signal that came several times
    /// since it was last read is one, unless it is a real-time signal.
    ///
    /// # Errors
    /// None that a running system gives.
    pub fn next(&self) -> Result<Option<Caught>, Error> {
        let mut octets = [0; size_of::<libc::signalfd_siginfo>()];
        match read(&self.queue, &mut octets) {
            Ok(_) => Ok(Caught::read(&octets)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(errno).during("read a signal"),
        }
    }

    /// Lets the signals interrupt the calling thread again; those that wait do so at once. For a
    /// child that wants to do otherwise than its parent.
    ///
    /// # Errors
    /// None that a running system gives.
    pub fn release(self) -> Result<(), Error> {
        self.set.mask(libc::SIG_UNBLOCK)
    }
}

/// Has `signals` wait for ever: neither the calling thread nor those that it starts later are
/// interrupted by them. A program that is executed inherits that, unless it is set right before.
///
/// # Errors
/// None that a running system gives.
pub fn hush(signals: &[Signal]) -> Result<(), Error> {
    SignalSet::of(signals).mask(libc::SIG_BLOCK)
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

impl Caught {
    /// Reads a `signalfd_siginfo`: number, errno, code, PID, and more that nobody here needs.
    fn read(octets: &[u8]) -> Option<Self> {
        let (number, rest) = octets.split_first_chunk::<4>()?;
        let (sender, _) = rest.get(8..)?.split_first_chunk::<4>()?;
        Some(Self {
            signal: Signal::new(i32::from_ne_bytes(*number))?,
            sender: Pid::from_raw(i32::from_ne_bytes(*sender)),
        })
    }
}

/// A set of signals as the kernel knows it.
struct SignalSet(libc::sigset_t);

impl SignalSet {
    fn of(signals: &[Signal]) -> Self {
        // SAFETY: all zeros is a valid sigset_t, and sigemptyset initialises it besides.
        let mut set = unsafe { mem::zeroed() };
        // SAFETY: `set` is a sigset_t of ours.
        unsafe { libc::sigemptyset(&raw mut set) };
        for signal in signals {
            // SAFETY: `set` is initialised; an unknown number is refused without harm.
            unsafe { libc::sigaddset(&raw mut set, signal.0) };
        }
        Self(set)
    }

    /// Changes the calling thread's mask by this set.
    fn mask(&self, how: libc::c_int) -> Result<(), Error> {
        // SAFETY: the set is initialised, and nothing is written to the null pointer.
        match unsafe { libc::pthread_sigmask(how, &raw const self.0, ptr::null_mut()) } {
            0 => Ok(()),
            errno => Err(Errno::from_raw_os_error(errno)).during("change the signal mask"),
        }
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignalSet")
    }
}

//! Running before others, and without waiting for memory.
//!
//! Both are refused in a user namespace and in most containers; the caller goes on without.

use rustix::io::Errno;
use rustix::mm::{MlockAllFlags, mlockall};

use super::call::answered;
use super::error::{During, Error};

/// Schedules the calling thread before all ordinary ones, in turns with those of its `priority`,
/// 1..=99. Threads and children that it starts later are ordinary ones.
///
/// # Errors
/// EPERM where the process may not, EINVAL for another priority; the thread stays as it was.
pub fn run_first(priority: u8) -> Result<(), Error> {
    let parameters = libc::sched_param { sched_priority: priority.into() };
    let this_thread: libc::pid_t = 0;
    // SAFETY: the parameters live until the call returns. A direct call, because musl's wrapper
    // refuses it.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            this_thread,
            libc::SCHED_RR | libc::SCHED_RESET_ON_FORK,
            &raw const parameters,
        )
    };
    libc::c_int::try_from(answer)
        .map_err(|_out_of_range| Errno::INVAL)
        .and_then(answered)
        .map(drop)
        .during("schedule in real time")
}

/// Keeps the process's memory, present and future, from being swapped out. Pages are locked when
/// they are first touched: to lock whole stacks at once would double what the process takes.
///
/// # Errors
/// EPERM or ENOMEM where the process may not; nothing is locked.
pub fn lock_memory() -> Result<(), Error> {
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
        .during("lock the memory")
}

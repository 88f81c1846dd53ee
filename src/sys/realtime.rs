//! Running before others, and without waiting for memory.
//!
//! Both are refused in a user namespace and in most containers; the caller goes on without.

use rustix::io::Errno;
use rustix::mm::{
    MapFlags, MlockAllFlags, MlockFlags, ProtFlags, mlock_with, mlockall, mmap_anonymous, munmap,
};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

use super::call::answered;
use super::error::{During, Error};

/// Schedules the calling thread before all ordinary ones, in turns with those of its `priority`,
/// 1..=99. Threads and children that it starts later are ordinary ones.
///
/// # Errors
/// EPERM where the process may not, EINVAL for another priority; the thread stays as it was.
pub fn run_first(priority: u8) -> Result<(), Error> {
    const THIS: libc::pid_t = 0;
    schedule(THIS, libc::SCHED_RR, priority)
}

/// Has another thread of this process scheduled so.
///
/// # Errors
/// As [`run_first`], and ESRCH where the thread has ended.
pub fn have_run_first(thread: Pid, priority: u8) -> Result<(), Error> {
    schedule(thread.as_raw_nonzero().get(), libc::SCHED_RR, priority)
}

/// Has another thread of this process be an ordinary one again.
///
/// # Errors
/// ESRCH where the thread has ended.
pub fn have_run_ordinarily(thread: Pid) -> Result<(), Error> {
    schedule(thread.as_raw_nonzero().get(), libc::SCHED_OTHER, 0)
}

fn schedule(thread: libc::pid_t, policy: libc::c_int, priority: u8) -> Result<(), Error> {
    let parameters = libc::sched_param { sched_priority: priority.into() };
    // SAFETY: the parameters live until the call returns. A direct call, because musl's wrapper
    // refuses it.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            thread,
            policy | libc::SCHED_RESET_ON_FORK,
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
/// EPERM or ENOMEM where the process may not, or only up to a limit; nothing is locked.
pub fn lock_memory() -> Result<(), Error> {
    let request = "lock the memory";
    escape_the_limit().during(request)?;
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
        .during(request)
}

/// Makes sure that no limit holds for locked memory. With one, the kernel would lock what there
/// is and then refuse every further allocation.
fn escape_the_limit() -> Result<(), Errno> {
    let unlimited = Rlimit { current: None, maximum: None };
    let Some(limit) = getrlimit(Resource::Memlock).current else {
        return Ok(());
    };
    if setrlimit(Resource::Memlock, unlimited).is_ok() {
        return Ok(());
    }
    // The limit stands, but not for the privileged: a reservation beyond it tells.
    let beyond = usize::try_from(limit).ok().and_then(|limit| limit.checked_add(BEYOND));
    let beyond = beyond.ok_or(Errno::NOMEM)?;
    let (anywhere, access) = (std::ptr::null_mut(), ProtFlags::READ);
    // SAFETY: a new mapping at a place of the kernel's choice, which nothing refers to; no page
    // of it is touched, and it is gone on return.
    unsafe {
        let reserved = mmap_anonymous(anywhere, beyond, access, MapFlags::PRIVATE)?;
        let locked = mlock_with(reserved, beyond, MlockFlags::ONFAULT);
        munmap(reserved, beyond).and(locked)
    }
}

/// By how much a reservation exceeds the limit.
const BEYOND: usize = 1 << 16;

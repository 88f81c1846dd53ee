//! What calls into libc have in common.

use std::os::fd::{AsFd, AsRawFd};
use std::{io, ptr};

use rustix::io::Errno;

use super::error::errno_of;

/// The result of a call into libc that answers with -1 and `errno`.
pub(super) fn answered(answer: libc::c_int) -> Result<usize, Errno> {
    usize::try_from(answer).map_err(|_negative| errno_of(&io::Error::last_os_error()))
}

/// A length or count in the type that a C structure wants, which differs between C libraries;
/// all of ours are small. 0 if it should not fit, which makes the kernel refuse the request.
pub(super) fn fitted<A, B>(count: A) -> B
where
    A: TryInto<B>,
    B: Default,
{
    count.try_into().unwrap_or_default()
}

/// Switches on an option that neither rustix nor socket2 knows.
pub(super) fn switch_on(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
) -> Result<(), Errno> {
    let on: libc::c_int = 1;
    // SAFETY: the value is a c_int, as its length says, and lives until the call returns.
    answered(unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            ptr::from_ref(&on).cast(),
            fitted(size_of_val(&on)),
        )
    })
    .map(drop)
}

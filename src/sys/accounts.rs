//! Users and groups by name: as whom a program runs.

use std::ffi::CString;
use std::mem;

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use super::error::{During, Error};
use crate::types::Account;

/// As whom a process runs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Identity {
    /// The number of the user.
    pub user: u32,
    /// The number of the group.
    pub group: u32,
}

impl Identity {
    /// As whom this process runs.
    #[must_use]
    pub fn own() -> Self {
        Self { user: geteuid().as_raw(), group: getegid().as_raw() }
    }

    /// Whether it may do everything.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.user == 0
    }
}

/// The numbers of `account`. May wait for a directory service.
///
/// # Errors
/// ENOENT where there is no such user or group.
pub fn find(account: &Account) -> Result<Identity, Error> {
    let (user, primary) = user(&account.user).during("look up a user")?;
    let group = match &account.group {
        Some(name) => group(name).during("look up a group")?,
        None => primary,
    };
    Ok(Identity { user, group })
}

/// The numbers of a user and of its group.
fn user(name: &str) -> Result<(u32, u32), Errno> {
    let name = CString::new(name).map_err(|_nul| Errno::NOENT)?;
    searched(|room| {
        // SAFETY: all zeros is a valid passwd: null pointers and numbers.
        let mut entry: libc::passwd = unsafe { mem::zeroed() };
        let mut found = std::ptr::null_mut();
        // SAFETY: name, entry, room and result live until the call returns, and the length is
        // that of the room.
        let answer = unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                &raw mut entry,
                room.as_mut_ptr(),
                room.len(),
                &raw mut found,
            )
        };
        (answer, (!found.is_null()).then_some((entry.pw_uid, entry.pw_gid)))
    })
}

/// The number of a group.
fn group(name: &str) -> Result<u32, Errno> {
    let name = CString::new(name).map_err(|_nul| Errno::NOENT)?;
    searched(|room| {
        // SAFETY: all zeros is a valid group: null pointers and a number.
        let mut entry: libc::group = unsafe { mem::zeroed() };
        let mut found = std::ptr::null_mut();
        // SAFETY: as for the user.
        let answer = unsafe {
            libc::getgrnam_r(
                name.as_ptr(),
                &raw mut entry,
                room.as_mut_ptr(),
                room.len(),
                &raw mut found,
            )
        };
        (answer, (!found.is_null()).then_some(entry.gr_gid))
    })
}

/// What a search finds in a room that is large enough for it.
fn searched<T>(
    search: impl Fn(&mut [libc::c_char]) -> (libc::c_int, Option<T>),
) -> Result<T, Errno> {
    let mut room = vec![0; LEAST_ROOM];
    loop {
        match search(&mut room) {
            (0, found) => return found.ok_or(Errno::NOENT),
            (libc::ERANGE, _) if room.len() < MOST_ROOM => room.resize(2 * room.len(), 0),
            (libc::EINTR, _) => {}
            // The ways in which systems say that there is no such name.
            (libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM, _) => {
                return Err(Errno::NOENT);
            }
            (errno, _) => return Err(Errno::from_raw_os_error(errno)),
        }
    }
}

/// Octets that an entry usually needs.
const LEAST_ROOM: usize = 1 << 10;
/// Octets that no entry needs, not even a group of everybody.
const MOST_ROOM: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn account(user: &str, group: Option<&str>) -> Account {
        Account { user: user.to_owned(), group: group.map(str::to_owned) }
    }

    #[test]
    fn a_user_is_found_with_its_own_group_or_another() {
        assert_eq!(find(&account("root", None)), Ok(Identity { user: 0, group: 0 }));
        assert_eq!(find(&account("root", Some("root"))), Ok(Identity { user: 0, group: 0 }));
    }

    #[test]
    fn who_does_not_exist_is_not_taken_for_anybody() {
        for unknown in [
            account("no-such-user", None),
            account("root", Some("no-such-group")),
            account("", None),
        ] {
            assert_eq!(find(&unknown).unwrap_err().errno, Errno::NOENT, "{unknown:?}");
        }
        assert_eq!(find(&account("ro\0ot", None)).unwrap_err().errno, Errno::NOENT);
    }
}

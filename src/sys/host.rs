//! What the host is called, and what its calendar shows.

use std::ffi::{CStr, CString};
use std::mem;
use std::time::Duration;

/// The host's name. May wait for a directory service, which is asked for the full one.
#[must_use]
pub fn name() -> String {
    let plain = plain_name();
    full_name(&plain).unwrap_or(plain)
}

/// The name of the user as whom this process runs; empty where it has none. May wait for a
/// directory service.
#[must_use]
pub fn user() -> String {
    let mut room = [0; PASSWD];
    // SAFETY: all zeros is a valid passwd: null pointers and numbers.
    let mut entry: libc::passwd = unsafe { mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let user = rustix::process::getuid().as_raw();
    // SAFETY: entry, room and result live until the call returns, the length is that of the room.
    let answer = unsafe {
        libc::getpwuid_r(user, &raw mut entry, room.as_mut_ptr(), room.len(), &raw mut found)
    };
    if answer != 0 || found.is_null() || entry.pw_name.is_null() {
        return String::new();
    }
    // SAFETY: the entry was found, so its name is a text that ends with 0 within `room`.
    let name = unsafe { CStr::from_ptr(entry.pw_name) };
    name.to_string_lossy().into_owned()
}

/// The time since 1970, by a clock that anybody may set: to be shown, and for nothing else.
#[must_use]
pub fn now() -> Duration {
    super::clock::stamping()
}

/// A moment as the host's calendar shows it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Date {
    /// 1970 …
    pub year: i32,
    /// 0 is January.
    pub month: usize,
    /// 1 …
    pub day: u8,
    /// 0 is Sunday.
    pub weekday: usize,
    /// 0..=23
    pub hour: u8,
    /// 0..=59
    pub minute: u8,
    /// 0..=60
    pub second: u8,
    /// By how many minutes it is ahead of UTC.
    pub offset: i32,
}

/// The moment this long after the beginning of 1970 (UTC), in the host's time zone.
#[must_use]
pub fn date(since_1970: Duration) -> Date {
    let seconds = libc::time_t::try_from(since_1970.as_secs()).unwrap_or(libc::time_t::MAX);
    // SAFETY: all zeros is a valid tm: numbers and a pointer that nobody follows.
    let mut tm: libc::tm = unsafe { mem::zeroed() };
    // SAFETY: both live until the call returns.
    let known = !unsafe { libc::localtime_r(&raw const seconds, &raw mut tm) }.is_null();
    if !known {
        return Date { day: 1, weekday: 4, year: 1970, ..Date::default() };
    }
    let small = |number: libc::c_int| u8::try_from(number).unwrap_or_default();
    let index = |number: libc::c_int| usize::try_from(number).unwrap_or_default();
    Date {
        year: tm.tm_year.saturating_add(1900),
        month: index(tm.tm_mon),
        day: small(tm.tm_mday),
        weekday: index(tm.tm_wday),
        hour: small(tm.tm_hour),
        minute: small(tm.tm_min),
        second: small(tm.tm_sec),
        offset: i32::try_from(tm.tm_gmtoff / 60).unwrap_or_default(),
    }
}

/// The name that the kernel knows.
fn plain_name() -> String {
    let mut room = [0_u8; NAME];
    // SAFETY: the room lives until the call returns, and the length leaves its last octet as it is.
    let answer = unsafe { libc::gethostname(room.as_mut_ptr().cast(), room.len() - 1) };
    let name = CStr::from_bytes_until_nul(&room).ok().filter(|_| answer == 0);
    let name = name.map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// The name with its domain, as the host's resolver knows it.
fn full_name(plain: &str) -> Option<String> {
    let node = CString::new(plain).ok()?;
    // SAFETY: all zeros are hints that ask for nothing.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    hints.ai_flags = libc::AI_CANONNAME;
    let mut found = std::ptr::null_mut();
    // SAFETY: the name ends with 0, and all of it lives until the call returns.
    let answer = unsafe {
        libc::getaddrinfo(node.as_ptr(), std::ptr::null(), &raw const hints, &raw mut found)
    };
    if answer != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so that its first entry is there until it is freed below.
    let canonical = unsafe { (*found).ai_canonname };
    let name = if canonical.is_null() {
        None
    } else {
        // SAFETY: it is a text that ends with 0 and belongs to the entry.
        Some(unsafe { CStr::from_ptr(canonical) }.to_string_lossy().into_owned())
    };
    // SAFETY: the call succeeded, and nothing of what it returned is used any more.
    unsafe { libc::freeaddrinfo(found) };
    name.filter(|name| !name.is_empty())
}

/// Room for a host's name: Linux knows none of more than 64 octets.
const NAME: usize = 256;
/// Room for one entry of the user database.
const PASSWD: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_and_its_user_have_names() {
        assert!(!name().is_empty());
        if rustix::process::getuid().is_root() {
            assert_eq!(user(), "root");
        }
    }

    #[test]
    fn the_calendar_and_the_offset_from_utc_make_the_moment() {
        for secs in [0, 951_782_400, 1_795_339_483, 4_107_542_399_u64] {
            let date = date(Duration::from_secs(secs));
            let local = i64::try_from(secs).unwrap() + i64::from(date.offset) * 60;
            assert_eq!(local.rem_euclid(60), i64::from(date.second), "{date:?}");
            assert_eq!(local.div_euclid(60).rem_euclid(60), i64::from(date.minute), "{date:?}");
            assert_eq!(local.div_euclid(3600).rem_euclid(24), i64::from(date.hour), "{date:?}");
            let weekday = (local.div_euclid(86_400) + 4).rem_euclid(7);
            assert_eq!(weekday, i64::try_from(date.weekday).unwrap(), "{date:?}");
        }
    }
}

//! The wall clock, for what people put down for a time of the day.
//!
//! It is set by hand and by NTP: only what was meant by the wall's time may ask it.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

use super::error::{During, Error};

/// A moment of the wall clock, in whole seconds since 1970.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WallTime(i64);

/// Whose dates are meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Zone {
    /// The world's.
    Utc,
    /// Those of the place where the machine is said to be.
    Local,
}

/// A date and a time of that day, as people write them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
    /// 1 to 31.
    pub day: i32,
    /// Hour, minute and second.
    pub clock: [i32; 3],
}

impl WallTime {
    /// What the clock shows.
    #[must_use]
    pub fn now() -> Self {
        Self(clock_gettime(ClockId::Realtime).tv_sec)
    }
}

impl Zone {
    /// The date in this zone; `None` beyond the calendar.
    #[must_use]
    pub fn date(self, at: WallTime) -> Option<Date> {
        let secs: libc::time_t = at.0;
        let mut broken = MaybeUninit::<libc::tm>::zeroed();
        // SAFETY: both pointers are valid for the call, and the second one's target is large
        // enough; the functions keep neither.
        let answer = unsafe {
            match self {
                Self::Utc => libc::gmtime_r(&raw const secs, broken.as_mut_ptr()),
                Self::Local => libc::localtime_r(&raw const secs, broken.as_mut_ptr()),
            }
        };
        if answer.is_null() {
            return None;
        }
        // SAFETY: every octet was zeroed, and zeros are a valid `tm`: numbers and a null pointer.
        let tm = unsafe { broken.assume_init() };
        Some(Date {
            year: tm.tm_year.checked_add(1900)?,
            month: tm.tm_mon + 1,
            day: tm.tm_mday,
            clock: [tm.tm_hour, tm.tm_min, tm.tm_sec],
        })
    }

    /// When a date is; a day too many of a month, or an hour of a day, is the next one's. Where the
    /// clocks are put forward over it, an hour later.
    #[must_use]
    pub fn time(self, date: Date) -> Option<WallTime> {
        // SAFETY: zeros are a valid `tm`: numbers and a null pointer.
        let mut tm = unsafe { MaybeUninit::<libc::tm>::zeroed().assume_init() };
        tm.tm_year = date.year.checked_sub(1900)?;
        tm.tm_mon = date.month.checked_sub(1)?;
        tm.tm_mday = date.day;
        [tm.tm_hour, tm.tm_min, tm.tm_sec] = date.clock;
        // Whether it is summer then is for the calendar to say.
        tm.tm_isdst = -1;
        // SAFETY: the pointer is valid for the call, and the functions do not keep it.
        let secs = unsafe {
            match self {
                Self::Utc => libc::timegm(&raw mut tm),
                Self::Local => libc::mktime(&raw mut tm),
            }
        };
        (secs != -1).then_some(WallTime(secs))
    }
}

/// A clock that can be read to have rung; it rings early when somebody sets the wall clock.
#[derive(Debug)]
pub struct Alarm(OwnedFd);

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn new() -> Result<Self, Error> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Self(timerfd_create(TimerfdClockId::Realtime, flags).during("make an alarm clock")?))
    }

    /// Sets it, or stops it.
    ///
    /// # Errors
    /// Where the kernel refuses; it rings as it did before.
    pub fn set(&self, at: Option<WallTime>) -> Result<(), Error> {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = at.map_or(zero, |at| Timespec { tv_sec: at.0, tv_nsec: 0 });
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        let spec = Itimerspec { it_interval: zero, it_value: value };
        timerfd_settime(&self.0, flags, &spec).map(drop).during("set an alarm clock")
    }

    /// What becomes readable when it rings; reading it fails where somebody set the clock.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn reader(&self) -> Result<OwnedFd, Error> {
        self.0.try_clone().during("share an alarm clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (secs, date) in [
            (0, Date { year: 1970, month: 1, day: 1, clock: [0, 0, 0] }),
            (951_782_400, Date { year: 2000, month: 2, day: 29, clock: [0, 0, 0] }),
            (4_107_542_399, Date { year: 2100, month: 2, day: 28, clock: [23, 59, 59] }),
        ] {
            assert_eq!(Zone::Utc.date(WallTime(secs)), Some(date));
            assert_eq!(Zone::Utc.time(date), Some(WallTime(secs)));
        }
    }

    #[test]
    fn every_zone_understands_its_own_dates() {
        let now = WallTime::now();
        for zone in [Zone::Utc, Zone::Local] {
            assert_eq!(zone.date(now).and_then(|date| zone.time(date)), Some(now));
        }
    }

    #[test]
    fn a_day_too_many_is_the_next_months() {
        let odd = Date { year: 2027, month: 2, day: 29, clock: [10, 0, 0] };
        let meant = Zone::Utc.time(odd).and_then(|it| Zone::Utc.date(it));
        assert_eq!(meant, Some(Date { month: 3, day: 1, ..odd }));
    }

    #[test]
    fn an_alarm_of_the_past_rings_at_once_and_one_of_the_future_not() {
        let alarm = Alarm::new().unwrap();
        let rings = || rustix::io::read(&alarm.0, &mut [0; 8]).is_ok();
        assert!(!rings());
        alarm.set(Some(WallTime(WallTime::now().0 + 1000))).unwrap();
        assert!(!rings());
        alarm.set(Some(WallTime(1))).unwrap();
        assert!(rings());
        assert!(!rings());
    }
}

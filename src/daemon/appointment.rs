//! When a reload is to take place, as somebody wrote it into a file.

use std::fmt;

use crate::sys::calendar::{Date, WallTime, Zone};

/// `HH:MM:SS`, `YYYY-MM-DD HH:MM:SS` or `YY-MM-DD HH:MM:SS`, with a `Z` behind it for UTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Appointment {
    /// Year, month and day; every day where absent.
    day: Option<[i32; 3]>,
    clock: [i32; 3],
    zone: Zone,
}

impl Appointment {
    /// The appointment in a line of text; `None` where the calendar or the clock has no such time.
    pub(super) fn read(line: &str) -> Option<Self> {
        let (text, zone) = match line.strip_suffix('Z') {
            Some(text) => (text, Zone::Utc),
            None => (line, Zone::Local),
        };
        let (day, clock) = match text.split_once(' ') {
            Some((day, clock)) => (Some(day), clock),
            None => (None, text),
        };
        let clock = numbers(clock, ':', [2, 2, 2])?;
        let [hour, minute, second] = clock;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let day = match day {
            None => None,
            Some(day) => Some(match numbers(day, '-', [4, 2, 2]) {
                Some(day) => day,
                None => {
                    let [year, month, day] = numbers(day, '-', [2, 2, 2])?;
                    [2000 + year, month, day]
                }
            }),
        };
        let appointment = Self { day, clock, zone };
        match day {
            Some(_) => appointment.is_in_the_calendar().then_some(appointment),
            None => Some(appointment),
        }
    }

    /// When it is next, seen from `now`; `None` where it is over.
    pub(super) fn next(self, now: WallTime) -> Option<WallTime> {
        let later = |at: &WallTime| *at > now;
        if let Some(day) = self.day {
            return self.zone.time(self.on(day)).filter(later);
        }
        let Date { year, month, day, .. } = self.zone.date(now)?;
        let days = [0, 1, 2].into_iter().map(|more| [year, month, day + more]);
        days.filter_map(|day| self.zone.time(self.on(day))).find(later)
    }

    /// Whether it comes again after it was kept.
    pub(super) const fn is_daily(self) -> bool {
        self.day.is_none()
    }

    /// A moment as the appointment would write it.
    pub(super) fn show(self, at: WallTime) -> Shown {
        Shown(self.zone.date(at), self.zone)
    }

    const fn on(self, [year, month, day]: [i32; 3]) -> Date {
        Date { year, month, day, clock: self.clock }
    }

    fn is_in_the_calendar(self) -> bool {
        // Of a date as such, UTC knows as much as any place.
        let date = self.day.map(|day| self.on(day));
        date.is_some() && date.and_then(|it| Zone::Utc.date(Zone::Utc.time(it)?)) == date
    }
}

/// A moment, for the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown(Option<Date>, Zone);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Date { year, month, day, clock: [hour, minute, second] }) = self.0 else {
            return f.write_str("some day");
        };
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")?;
        match self.1 {
            Zone::Utc => f.write_str("Z"),
            Zone::Local => Ok(()),
        }
    }
}

/// Three numbers of exactly so many digits each.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i32; 3]> {
    let mut words = text.split(between);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let word = words.next()?;
        let right = word.len() == digits && word.bytes().all(|it| it.is_ascii_digit());
        *number = word.parse().ok().filter(|_| right)?;
    }
    words.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> WallTime {
        let mut numbers = text.split([' ', '-', ':']).map(|it| it.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        let date =
            Date { year: next(), month: next(), day: next(), clock: [next(), next(), next()] };
        Zone::Utc.time(date).unwrap()
    }

    #[test]
    fn times_are_read_as_keepalived_reads_them() {
        for text in ["10:00:00", "2026-11-23 10:00:00", "26-11-23 10:00:00", "23:59:59Z"] {
            assert!(Appointment::read(text).is_some(), "{text}");
        }
        for text in [
            "",
            "hello",
            "1:2:3",
            "10:00",
            "25:00:00",
            "10:60:00",
            "10:00:60",
            "10:00:00:00",
            " 10:00:00",
            "10:00:00 ",
            "10:00:00 Z",
            "10:00:00 more",
            "2027-02-30 10:00:00",
            "2027-13-01 10:00:00",
            "2027-00-01 10:00:00",
            "027-01-01 10:00:00",
            "+1:00:00",
        ] {
            assert_eq!(Appointment::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_time_of_the_day_is_today_or_tomorrow_and_a_date_is_once() {
        let now = at("2026-12-31 12:00:00");
        for (text, expected) in [
            ("12:00:01Z", Some("2026-12-31 12:00:01")),
            ("12:00:00Z", Some("2027-01-01 12:00:00")),
            ("00:00:00Z", Some("2027-01-01 00:00:00")),
            ("2026-12-31 12:00:00Z", None),
            ("26-12-31 11:59:59Z", None),
            ("27-02-28 10:00:00Z", Some("2027-02-28 10:00:00")),
        ] {
            let next = Appointment::read(text).unwrap().next(now);
            assert_eq!(next, expected.map(at), "{text}");
        }
    }

    #[test]
    fn a_moment_is_shown_as_it_may_be_written() {
        let daily = Appointment::read("10:00:00Z").unwrap();
        let shown = daily.show(at("2026-11-23 10:00:00")).to_string();
        assert_eq!(shown, "2026-11-23 10:00:00Z");
        assert_eq!(Appointment::read(&shown).unwrap().day, Some([2026, 11, 23]));
    }
}

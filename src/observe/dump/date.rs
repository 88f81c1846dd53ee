//! The wall clock, for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "it is shown and nothing follows from it")]
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// `secs.micros (Sun Nov 22 09:24:43.335710 2026)`, the date in UTC.
pub(super) fn show(time: Duration) -> String {
    let (secs, micros) = (time.as_secs(), time.subsec_micros());
    let (day, year) = date(secs);
    format!("{secs}.{micros:06} ({day}.{micros:06} {year})")
}

/// The same with the parts of a second behind the year.
pub(super) fn show_year_first(time: Duration) -> String {
    let (secs, micros) = (time.as_secs(), time.subsec_micros());
    let (day, year) = date(secs);
    format!("{secs}.{micros:06} ({day} {year}.{micros:06})")
}

/// The date and time without the year, and the year.
fn date(secs: u64) -> (String, u64) {
    let (days, second) = (secs / 86_400, secs % 86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // Days since 0000-03-01, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12;
    let year = era * 400 + year + u64::from(month < 2);
    let word = |words: &'static str, place: u64| {
        let place = usize::try_from(place).unwrap_or_default();
        words.split(' ').nth(place).unwrap_or_default()
    };
    let weekday = word("Thu Fri Sat Sun Mon Tue Wed", days % 7);
    let month = word("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", month);
    (format!("{weekday} {month} {date:>2} {hour:02}:{minute:02}:{second:02}"), year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (secs, shown) in [
            (0, "0.000000 (Thu Jan  1 00:00:00.000000 1970)"),
            (951_782_400, "951782400.000000 (Tue Feb 29 00:00:00.000000 2000)"),
            (1_795_339_483, "1795339483.000000 (Sun Nov 22 09:24:43.000000 2026)"),
            (4_107_542_399, "4107542399.000000 (Sun Feb 28 23:59:59.000000 2100)"),
        ] {
            assert_eq!(show(Duration::from_secs(secs)), shown);
        }
        let micros = Duration::from_micros(1_795_339_483_335_710);
        assert!(show(micros).starts_with("1795339483.335710 (Sun Nov 22 09:24:43.335710 2026)"));
    }
}

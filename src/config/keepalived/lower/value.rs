//! Single values: numbers, times, yes and no, addresses.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::Setting;
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::Spanned;
use crate::types::LinkName;

impl Lower<'_> {
    /// The number behind the keyword, reported and left out if it is not one of `range`.
    pub(super) fn number<T>(
        &mut self,
        statement: &Statement,
        range: RangeInclusive<T>,
    ) -> Setting<T>
    where
        T: Copy + Into<i64> + TryFrom<i64>,
    {
        self.number_of(statement.argument()?, range)
    }

    /// The number that `word` is, reported and left out if it is not one of `range`.
    pub(super) fn number_of<T>(&mut self, word: &Word, range: RangeInclusive<T>) -> Setting<T>
    where
        T: Copy + Into<i64> + TryFrom<i64>,
    {
        let (least, most): (i64, i64) = ((*range.start()).into(), (*range.end()).into());
        let value = word.value.parse::<i64>().ok();
        let value = value.filter(|value| (least..=most).contains(value));
        match value.and_then(|value| T::try_from(value).ok()) {
            Some(value) => Some(Spanned::new(value, word.span)),
            None => {
                let message = format!("{} is not a number from {least} to {most}", word.value);
                self.bad(word, message, "ignored");
                None
            }
        }
    }

    /// The seconds behind the keyword, with up to six decimals.
    pub(super) fn seconds(
        &mut self,
        statement: &Statement,
        range: RangeInclusive<Duration>,
    ) -> Setting<Duration> {
        self.seconds_of(statement.argument()?, range)
    }

    /// The seconds that `word` says, with up to six decimals.
    pub(super) fn seconds_of(
        &mut self,
        word: &Word,
        range: RangeInclusive<Duration>,
    ) -> Setting<Duration> {
        match decimal(&word.value) {
            Some(span) if range.contains(&span.value) => {
                if span.rounded {
                    self.bad(word, "more than six decimals", "rounded to microseconds");
                }
                Some(Spanned::new(span.value, word.span))
            }
            Some(_) | None => {
                let (least, most) = (in_seconds(*range.start()), in_seconds(*range.end()));
                let number = format!("a number of seconds from {least} to {most}");
                let message = format!("{} is not {number}", word.value);
                self.bad(word, message, "ignored");
                None
            }
        }
    }

    /// Whole seconds behind the keyword.
    pub(super) fn whole_seconds(
        &mut self,
        statement: &Statement,
        range: RangeInclusive<u32>,
    ) -> Setting<Duration> {
        let secs = self.number(statement, range)?;
        Some(secs.map(|secs| Duration::from_secs(u64::from(secs))))
    }

    /// Yes or no; a bare keyword says yes.
    pub(super) fn answer(&mut self, statement: &Statement) -> Setting<bool> {
        let Some(word) = statement.argument() else {
            return Some(Spanned::new(true, statement.place()?));
        };
        let answer = yes_or_no(&word.value);
        if answer.is_none() {
            self.bad(word, format!("{} is neither yes nor no", word.value), "ignored");
        }
        Some(Spanned::new(answer?, word.span))
    }

    /// Yes or no where keepalived 2.2.7 takes every word for yes, and its test says nothing.
    pub(super) fn leniently_answered(&mut self, statement: &Statement) -> Setting<bool> {
        match statement.argument() {
            Some(word) if yes_or_no(&word.value).is_none() => {
                let message = format!("{} is neither yes nor no", word.value);
                let finding = Diagnostic::warning("bad-value", message);
                self.found.push(finding.at(word.span, "taken for yes").verdict(Verdict::Silent));
                Some(Spanned::new(true, word.span))
            }
            Some(_) | None => self.answer(statement),
        }
    }

    /// The address behind the keyword; a prefix is dropped.
    pub(super) fn address(&mut self, statement: &Statement) -> Setting<IpAddr> {
        self.address_of(statement.argument()?)
    }

    /// The address that `word` is; a prefix is dropped.
    pub(super) fn address_of(&mut self, word: &Word) -> Setting<IpAddr> {
        let text = word.value.split_once('/').map_or(word.value.as_str(), |it| it.0);
        match text.parse() {
            Ok(address) => Some(Spanned::new(address, word.span)),
            Err(_) => {
                self.bad(word, format!("{} is not an IP address", word.value), "left out");
                None
            }
        }
    }

    /// The interface that `word` names.
    pub(super) fn link(&mut self, word: &Word) -> Setting<LinkName> {
        match LinkName::new(&word.value) {
            Some(link) => Some(Spanned::new(link, word.span)),
            None => {
                let message = format!("{} cannot be an interface's name", word.value);
                self.bad(word, message, "left out");
                None
            }
        }
    }
}

/// What keepalived's words for yes and no say; `None` for any other.
pub(super) fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// A time as it is written: seconds with as many decimals as it needs.
fn in_seconds(time: Duration) -> String {
    let text = format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Decimal {
    value: Duration,
    /// There were more than six decimals.
    rounded: bool,
}

/// Reads `12`, `1.5`, `.25`.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let secs: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let padded = format!("{fraction:0<7}");
    let micros: u64 = padded.get(..6)?.parse().ok()?;
    let up = padded.as_bytes().get(6).is_some_and(|digit| *digit >= b'5');
    let micros = micros + u64::from(up);
    let value = Duration::from_secs(secs).checked_add(Duration::from_micros(micros))?;
    Some(Decimal { value, rounded: fraction.trim_end_matches('0').len() > 6 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_it_would_be_written() {
        for (micros, shown) in [(10_000, "0.01"), (255_000_000, "255"), (1, "0.000001"), (0, "0")] {
            assert_eq!(in_seconds(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn decimals_are_read_to_the_microsecond() {
        for (text, micros, rounded) in [
            ("1", 1_000_000, false),
            ("0.5", 500_000, false),
            (".25", 250_000, false),
            ("3.", 3_000_000, false),
            ("1.0000004", 1_000_000, true),
            ("1.0000005", 1_000_001, true),
            ("0.1000000", 100_000, false),
        ] {
            let read = decimal(text).unwrap();
            assert_eq!(read.value, Duration::from_micros(micros), "{text}");
            assert_eq!(read.rounded, rounded, "{text}");
        }
        for text in ["", ".", "-1", "1s", "1.5.2", "0x1", "1e3", "99999999999999999999"] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}

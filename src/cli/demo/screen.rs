//! What the demo shows: per act a line of who answered the client, and how long nobody did.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::Duration;

use super::client::Answer;
use super::{Ended, Error};
use crate::types::Instant;

/// Letters in a line of answers.
const WIDTH: u32 = 60;
/// What one letter stands for at least.
const FINEST: Duration = Duration::from_millis(5);

/// Writes text; a reader that has gone away is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = stdout().lock();
    let _unread = out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err();
}

/// Tells what went wrong, and how the command has ended by that.
pub(super) fn complain(error: &Error) -> Ended {
    // The director has said it already.
    if !matches!(error, Error::Director) {
        let _unread = writeln!(stderr(), "vipd demo: {error}").is_err();
    }
    Ended::Failed
}

/// The line of an act that goes on, drawn over itself on a terminal.
#[derive(Debug)]
pub(super) struct Line {
    live: bool,
    drawn: Instant,
}

impl Line {
    /// A line that has not been drawn.
    pub(super) fn new() -> Self {
        Self { live: stdout().is_terminal(), drawn: Instant::default() }
    }

    /// Draws it again, on a terminal, twenty times a second at most.
    pub(super) fn refresh(&mut self, from: Instant, now: Instant, answers: &[Answer]) {
        if self.live && now.since(self.drawn) >= Duration::from_millis(50) {
            self.drawn = now;
            say(&format!("\r   {}", strip(from, now, answers)));
        }
    }

    /// Draws it for the last time.
    pub(super) fn finish(&self, from: Instant, now: Instant, answers: &[Answer]) {
        let back = if self.live { "\r" } else { "" };
        say(&format!("{back}   {}\n", strip(from, now, answers)));
    }
}

/// Who answered from `from` to `now`: a letter for a part of that time, a dot where nobody did.
fn strip(from: Instant, now: Instant, answers: &[Answer]) -> String {
    let step = (now.since(from) / WIDTH).max(FINEST);
    let mut answers = answers.iter().peekable();
    (1..=WIDTH)
        .map(|cell| {
            let end = from + step * cell;
            let mut letter = '·';
            while let Some(answer) = answers.next_if(|answer| answer.at < end) {
                letter = answer.by;
            }
            letter
        })
        .collect()
}

/// Milliseconds as people read them.
pub(super) fn milliseconds(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    if tenths == 0 || tenths >= 1000 {
        format!("{} ms", tenths / 10)
    } else {
        format!("{}.{} ms", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_shows_who_answered_last_in_each_part_and_where_nobody_did() {
        let at = |ms, by| Answer { at: Instant::default() + Duration::from_millis(ms), by };
        let answers = [at(0, 'a'), at(100, 'a'), at(5_990, 'b')];
        let now = Instant::default() + Duration::from_secs(6);

        let strip = strip(Instant::default(), now, &answers);

        assert_eq!(strip.chars().count(), 60);
        assert!(strip.starts_with("aa·"), "{strip}");
        assert!(strip.ends_with("·b"), "{strip}");
    }

    #[test]
    fn short_times_have_tenths() {
        assert_eq!(milliseconds(Duration::ZERO), "0 ms");
        assert_eq!(milliseconds(Duration::from_micros(6_350)), "6.3 ms");
        assert_eq!(milliseconds(Duration::from_millis(3_414)), "3414 ms");
    }
}

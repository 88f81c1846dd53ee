//! Warnings that repeat are written a few times and then counted.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::{Event, Level, Subscriber, callsite};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::sys::clock;
use crate::types::Instant;

/// Writes lines as `F` does, warnings of one kind [`BURST`] times in [`WINDOW`] at most.
#[derive(Debug)]
pub(super) struct Limited<F> {
    format: F,
    json: bool,
    kinds: Mutex<HashMap<callsite::Identifier, Kind>>,
}

impl<F> Limited<F> {
    /// Limits a format of plain text.
    pub(super) fn text(format: F) -> Self {
        Self { format, json: false, kinds: Mutex::default() }
    }

    /// Limits a format of one JSON object a line.
    pub(super) fn json(format: F) -> Self {
        Self { json: true, ..Self::text(format) }
    }

    fn verdict(&self, event: &Event<'_>) -> Verdict {
        if *event.metadata().level() != Level::WARN {
            return Verdict::Write { swallowed: 0 };
        }
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(event.metadata().callsite()).or_default();
        kind.record(clock::now())
    }
}

impl<S, N, F> FormatEvent<S, N> for Limited<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Verdict::Write { swallowed } = self.verdict(event) else {
            return Ok(());
        };
        match (swallowed, self.json) {
            (0, _) => {}
            (_, false) => writeln!(writer, "{swallowed} lines like the next one were left out.")?,
            (_, true) => writeln!(
                writer,
                r#"{{"level":"WARN","message":"Lines like the next one were left out.","swallowed":{swallowed}}}"#
            )?,
        }
        self.format.format_event(context, writer, event)
    }
}

/// Whether a line is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// It is; that many of its kind were not since the last one.
    Write { swallowed: u64 },
    /// It is not.
    Swallow,
}

/// The lines of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    /// When the current window began.
    began: Instant,
    /// Lines written in it.
    written: u32,
    /// Lines swallowed in it.
    swallowed: u64,
}

impl Kind {
    fn record(&mut self, now: Instant) -> Verdict {
        if now.since(self.began) >= WINDOW {
            let swallowed = self.swallowed;
            *self = Self { began: now, written: 1, swallowed: 0 };
            return Verdict::Write { swallowed };
        }
        if self.written < BURST {
            self.written += 1;
            return Verdict::Write { swallowed: 0 };
        }
        self.swallowed += 1;
        Verdict::Swallow
    }
}

/// Lines of one kind that are written within [`WINDOW`].
const BURST: u32 = 10;
/// How long a kind that repeats is kept quiet.
const WINDOW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::default() + Duration::from_secs(secs)
    }

    #[test]
    fn a_burst_is_written_and_the_rest_is_counted() {
        let mut kind = Kind::default();
        for _ in 0..BURST {
            assert_eq!(kind.record(at(100)), Verdict::Write { swallowed: 0 });
        }
        for _ in 0..3 {
            assert_eq!(kind.record(at(101)), Verdict::Swallow);
        }
        assert_eq!(kind.record(at(110)), Verdict::Write { swallowed: 3 });
        assert_eq!(kind.record(at(110)), Verdict::Write { swallowed: 0 });
    }
}

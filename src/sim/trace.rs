//! What happened, in a line each, for whoever has to find out why a rule was broken.

use std::fmt;

use crate::types::Instant;

/// The lines of a run, if they are wanted.
#[derive(Debug)]
pub(super) struct Trace(Option<Vec<String>>);

impl Trace {
    pub(super) fn new(wanted: bool) -> Self {
        Self(wanted.then(Vec::new))
    }

    /// Writes a line: when, who, what.
    pub(super) fn line(&mut self, now: Instant, who: impl fmt::Display, what: impl fmt::Display) {
        if let Some(lines) = &mut self.0 {
            lines.push(format!("{now}  {who:<4} {what}"));
        }
    }

    /// The lines written so far.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}

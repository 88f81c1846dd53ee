//! What one look at a tracked object found.

use std::time::Duration;

use crate::sys::process::Exit;
use crate::types::Verdict;

/// What one look found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// What it says of the object. [`Verdict::Unknown`] where the look itself failed.
    pub verdict: Verdict,
    /// Why, in words that follow the object's name: `exited with status 3`. Empty where all is
    /// as it should be.
    pub reason: String,
    /// How long it took.
    pub latency: Duration,
    /// The end of what was printed or answered.
    pub output: String,
    /// How the program ended, if one was run to its end.
    pub exit: Option<Exit>,
}

impl Outcome {
    /// An outcome that is its verdict and reason.
    #[must_use]
    pub fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            latency: Duration::ZERO,
            output: String::new(),
            exit: None,
        }
    }
}

//! What observes: each tracked object by a probe of its kind, all on one thread that nobody waits
//! for.
//!
//! ```text
//!  Tracker ──► registry ──► Probe ──► Outcome ──► Health ──► Verdict ──► the core thread, edges only
//!                            │ run by  schedule     rise, fall    └────► Reports, for whoever asks
//! ```
//!
//! A new kind of check is one file with a [`Probe`] in it and one line in `registry`. A probe that
//! hangs costs its own task and nothing else.

mod census;
mod file;
mod health;
mod nursery;
mod outcome;
mod process;
mod registry;
mod report;
mod schedule;
mod script;

use std::pin::Pin;
use std::time::Duration;

use crate::types::Account;

pub use health::Health;
pub use outcome::Outcome;
pub use process::count;
pub use report::{Report, Reports};
pub use schedule::Checks;
pub use script::refusal;

/// Something that can be asked how it is.
pub trait Probe: Send {
    /// Asks once. A probe that is asked at intervals answers within its own time-out; one that is
    /// told of changes waits until there is something new.
    fn observe(&mut self) -> Observation<'_>;
}

/// An answer that is awaited. Whoever drops it has asked for nothing.
pub type Observation<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// When a probe is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cadence {
    /// At this interval from start to start; where an answer takes longer, turns are left out.
    Every(Duration),
    /// Again as soon as it has answered: it waits by itself.
    OnNews,
}

/// A probe with all that the schedule has to know.
pub struct Prepared {
    /// What is asked.
    pub probe: Box<dyn Probe>,
    /// When.
    pub cadence: Cadence,
    /// What counts as a change.
    pub health: Health,
}

/// What holds for all probes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Surroundings {
    /// What others than root may change is not run as root.
    pub secure: bool,
    /// As whom programs run that name nobody.
    pub account: Option<Account>,
}

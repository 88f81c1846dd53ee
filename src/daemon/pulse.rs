//! The core thread's pulse: whether it still turns, seen from the supervisor.
//!
//! Two words that both processes map. Before it waits, the core thread writes when it will be
//! awake again; awake, it writes the time. A moment that has passed long ago is a thread that
//! hangs: the peers have taken over, and nobody removes the addresses here.
//!
//! What looks the same and is not: the whole machine stood still (then so did the supervisor, and
//! it counts only seconds that it lived through itself), a debugger holds the worker, or there is
//! no processor time for it, of which another worker would get no more.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sys::process::Pid;
use crate::types::Instant;

/// How many words a pulse takes.
pub(super) const WORDS: usize = 2;

/// The core thread begins: from now on it is expected to turn.
pub(super) fn begin(words: &[AtomicU64]) {
    let thread = rustix::thread::gettid().as_raw_nonzero().get();
    store(words, THREAD, u64::from(thread.unsigned_abs()));
}

/// The core thread waits until `due`, for ever without one.
pub(super) fn rest(words: &[AtomicU64], due: Option<Instant>) {
    store(words, AWAKE_AT, due.map_or(NEVER, Instant::as_nanos));
}

/// The core thread is awake.
pub(super) fn beat(words: &[AtomicU64], now: Instant) {
    store(words, AWAKE_AT, now.as_nanos());
}

/// No core thread runs: none is expected to turn.
pub(super) fn end(words: &[AtomicU64]) {
    store(words, AWAKE_AT, NEVER);
}

/// What the supervisor is to do about the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    /// Nothing.
    Well,
    /// Say that it hangs, once, and let it: a debugger has it, or the machine has no time for it.
    Held(&'static str),
    /// Replace it.
    Hangs,
}

/// The supervisor's watch over one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// The last look.
    looked: Option<Instant>,
    /// What the pulse was then.
    seen: u64,
    /// Looks in a row that found it overdue and the same.
    overdue: u32,
    /// Processor time that the core thread had used when it was last judged.
    used: Option<u64>,
    /// The present stall was told.
    told: bool,
}

impl Watch {
    /// When to look next.
    pub(super) fn next(&self, now: Instant) -> Instant {
        self.looked.unwrap_or(now) + EVERY
    }

    /// Looks at the pulse of `worker`, if it is time to.
    pub(super) fn look(&mut self, words: &[AtomicU64], worker: Pid, now: Instant) -> Finding {
        if self.looked.is_some_and(|looked| now.since(looked) < EVERY) {
            return Finding::Well;
        }
        let pulse = load(words, AWAKE_AT);
        if !self.is_long_overdue(pulse, now) {
            return Finding::Well;
        }
        let thread = load(words, THREAD);
        self.judge(State::of(worker, thread))
    }

    /// Takes in one look; whether all of [`PATIENCE`] has passed while nothing moved.
    fn is_long_overdue(&mut self, pulse: u64, now: Instant) -> bool {
        let looked = self.looked.replace(now);
        let is_late = pulse != 0 && pulse < now.as_nanos();
        if !is_late || pulse != self.seen {
            *self = Self { looked: Some(now), seen: pulse, ..Self::default() };
            return false;
        }
        // A look that came late is one of a machine that stood still: it proves nothing.
        if looked.is_some_and(|looked| now.since(looked) < 2 * EVERY) {
            self.overdue += 1;
        }
        self.overdue >= LOOKS
    }

    fn judge(&mut self, state: Option<State>) -> Finding {
        let Some(state) = state else {
            return Finding::Well; // it has ended
        };
        let used = self.used.replace(state.used);
        let held = match state {
            State { traced: true, .. } => "a debugger holds it",
            // Whether it gets anywhere the next look knows.
            State { letter: 'R', .. } if used.is_none() => return Finding::Well,
            State { letter: 'R', .. } if used == Some(state.used) => "it gets no processor time",
            State { .. } => return Finding::Hangs,
        };
        match std::mem::replace(&mut self.told, true) {
            true => Finding::Well,
            false => Finding::Held(held),
        }
    }
}

/// What the system says about the core thread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct State {
    /// `R` is running or ready to, `S` and `D` wait, `T` is stopped.
    letter: char,
    /// A debugger is attached.
    traced: bool,
    /// Processor time that it has used, in ticks.
    used: u64,
}

impl State {
    fn of(worker: Pid, thread: u64) -> Option<Self> {
        let task = format!("/proc/{}/task/{thread}", worker.as_raw_nonzero());
        let read = |what: &str| fs::read_to_string(format!("{task}/{what}")).ok();
        Self::parse(&read("stat")?, &read("status")?)
    }

    /// Reads `stat`, whose second field is a name in parentheses, and `status`.
    fn parse(stat: &str, status: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        Some(Self {
            letter: fields.first()?.chars().next()?,
            traced: tracer.is_some_and(|pid| pid.trim() != "0"),
            used: number(11)? + number(12)?,
        })
    }
}

fn store(words: &[AtomicU64], at: usize, value: u64) {
    if let Some(word) = words.get(at) {
        word.store(value, Ordering::Relaxed);
    }
}

fn load(words: &[AtomicU64], at: usize) -> u64 {
    words.get(at).map_or(0, |word| word.load(Ordering::Relaxed))
}

/// The word with the moment at which the core thread is awake.
const AWAKE_AT: usize = 0;
/// The word with the core thread's number.
const THREAD: usize = 1;
/// It need not wake by itself.
const NEVER: u64 = u64::MAX;
/// The time from one look to the next.
const EVERY: Duration = Duration::from_secs(1);
/// Looks that find nothing moved before anything is done: ten seconds. Longer than any turn, any
/// pause of a virtual machine that its host forgot to freeze, any burst of load.
const LOOKS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Instant {
        Instant::from_nanos(count * 1_000_000_000)
    }

    /// How many looks, one a second from 100 s on, it takes until the pulse is long overdue.
    fn looks(pulse: impl Fn(u64) -> u64) -> Option<u64> {
        let mut watch = Watch::default();
        (1..60).find(|look| watch.is_long_overdue(pulse(*look), seconds(100 + look)))
    }

    #[test]
    fn a_pulse_that_stands_still_is_told_after_ten_seconds() {
        assert_eq!(looks(|_| seconds(99).as_nanos()), Some(11));
    }

    #[test]
    fn a_thread_that_turns_or_rests_is_never_told() {
        assert_eq!(looks(|look| seconds(99 + look).as_nanos()), None);
        assert_eq!(looks(|_| NEVER), None);
        assert_eq!(looks(|_| seconds(1000).as_nanos()), None);
        assert_eq!(looks(|_| 0), None, "there is none yet");
    }

    #[test]
    fn seconds_that_the_supervisor_has_not_lived_through_do_not_count() {
        let mut watch = Watch::default();
        let pulse = seconds(99).as_nanos();
        for look in 1..60 {
            assert!(!watch.is_long_overdue(pulse, seconds(100 + 5 * look)), "{look}");
        }
    }

    #[test]
    fn who_is_held_is_told_once_and_left_alone() {
        let sleeps = State { letter: 'S', traced: false, used: 7 };
        let mut watch = Watch::default();
        assert!(matches!(watch.judge(Some(State { traced: true, ..sleeps })), Finding::Held(_)));
        assert_eq!(watch.judge(Some(State { traced: true, ..sleeps })), Finding::Well);
        assert_eq!(watch.judge(Some(sleeps)), Finding::Hangs);
        assert_eq!(Watch::default().judge(None), Finding::Well);
    }

    #[test]
    fn a_loop_without_end_hangs_and_a_starved_thread_does_not() {
        let runs = |used| Some(State { letter: 'R', traced: false, used });
        let mut starved = Watch::default();
        assert_eq!(starved.judge(runs(7)), Finding::Well);
        assert!(matches!(starved.judge(runs(7)), Finding::Held(_)));
        assert_eq!(starved.judge(runs(7)), Finding::Well);
        assert_eq!(starved.judge(runs(107)), Finding::Hangs);
    }

    #[test]
    fn the_system_s_words_are_understood() {
        let stat = "12 (core) x) S 1 2 3 4 5 6 7 8 9 10 30 4 0 0 20 0 3 0 100 0";
        let state = State { letter: 'S', traced: true, used: 34 };
        assert_eq!(State::parse(stat, "Name:\tcore\nTracerPid:\t77\n"), Some(state));
        let untraced = State { traced: false, ..state };
        assert_eq!(State::parse(stat, "TracerPid:\t0\n"), Some(untraced));
        assert_eq!(State::parse("", ""), None);
    }
}

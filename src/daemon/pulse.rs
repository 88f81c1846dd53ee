//! The pulses of the worker's threads: whether they still turn, seen from the supervisor.
//!
//! Two words for each thread that both processes map. Before it waits, a thread writes when it will
//! be awake again; awake, it writes the time. A moment that has passed long ago is a thread that
//! hangs:
//!
//! | thread | that hangs | so the worker |
//! |---|---|---|
//! | core | the peers have taken over, and nobody removes the addresses here | is replaced |
//! | kernel | addresses that are desired do not come, those that are not do not go | is replaced, unless the system makes it wait: then another one would wait too |
//! | checks | what is known of services is old | likewise |
//! | main | no signal is heard and nobody is told; the election goes on | stays, which is logged |
//!
//! What looks the same and is not: the whole machine stood still (then so did the supervisor, and
//! it counts only seconds that it lived through itself), a debugger holds the worker, or there is
//! no processor time for it, of which another worker would get no more.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sys::Region;
use crate::sys::process::Pid;
use crate::types::Instant;

/// A thread that is expected to turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turner {
    /// The protocol's.
    Core,
    /// The one that sets addresses.
    Kernel,
    /// The one that observes services.
    Checks,
    /// The one that signals reach.
    Main,
}

impl Turner {
    /// All of them.
    const ALL: [Self; 4] = [Self::Core, Self::Kernel, Self::Checks, Self::Main];

    /// Its first word.
    const fn place(self) -> usize {
        match self {
            Self::Core => 0,
            Self::Kernel => 2,
            Self::Checks => 4,
            Self::Main => 6,
        }
    }

    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Kernel => "kernel",
            Self::Checks => "checks",
            Self::Main => "main",
        }
    }
}

/// How many words all pulses take.
pub(super) const WORDS: usize = 8;

/// One thread's pulse, in its own hands.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    words: Arc<Region>,
    place: usize,
}

impl Pulse {
    /// The pulse of `thread` in these words.
    pub(super) fn of(words: &Arc<Region>, thread: Turner) -> Self {
        Self { words: Arc::clone(words), place: thread.place() }
    }

    /// The calling thread begins: from now on it is expected to turn.
    pub(super) fn begin(&self) {
        let thread = rustix::thread::gettid().as_raw_nonzero().get();
        store(&self.words, self.place + THREAD, u64::from(thread.unsigned_abs()));
    }

    /// The thread waits until `due`, for ever without one.
    pub(super) fn rest(&self, due: Option<Instant>) {
        store(&self.words, self.place + AWAKE_AT, due.map_or(NEVER, Instant::as_nanos));
    }

    /// The thread is awake.
    pub(super) fn beat(&self, now: Instant) {
        store(&self.words, self.place + AWAKE_AT, now.as_nanos());
    }

    /// The thread is not expected to turn any more.
    pub(super) fn end(&self) {
        self.rest(None);
    }
}

/// No worker runs: nobody is expected to turn.
pub(super) fn end(words: &[AtomicU64]) {
    for thread in Turner::ALL {
        store(words, thread.place() + AWAKE_AT, NEVER);
    }
}

/// What the supervisor is to do about the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    /// Nothing.
    Well,
    /// Say that a thread hangs, once, and let it: another worker would fare no better, or the
    /// election goes on without it.
    Held(Turner, &'static str),
    /// Replace it: this thread hangs.
    Hangs(Turner),
}

/// The supervisor's watch over one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// The last look.
    looked: Option<Instant>,
    /// What was seen of each thread.
    threads: [Look; Turner::ALL.len()],
}

/// What was seen of one thread.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    /// The last look.
    looked: Option<Instant>,
    /// What the pulse was then.
    seen: u64,
    /// Looks in a row that found it overdue and the same.
    overdue: u32,
    /// Processor time that it had used when it was last judged.
    used: Option<u64>,
    /// The present stall was told.
    told: bool,
}

impl Watch {
    /// When to look next.
    pub(super) fn next(&self, now: Instant) -> Instant {
        self.looked.unwrap_or(now) + EVERY
    }

    /// Looks at the pulses of `worker`, if it is time to. The first thread that calls for it.
    pub(super) fn look(&mut self, words: &[AtomicU64], worker: Pid, now: Instant) -> Finding {
        if self.looked.is_some_and(|looked| now.since(looked) < EVERY) {
            return Finding::Well;
        }
        self.looked = Some(now);
        let mut found = Finding::Well;
        for (thread, look) in Turner::ALL.into_iter().zip(&mut self.threads) {
            let pulse = load(words, thread.place() + AWAKE_AT);
            if look.is_long_overdue(pulse, now) {
                let number = load(words, thread.place() + THREAD);
                let finding = look.judge(thread, State::of(worker, number));
                if found == Finding::Well {
                    found = finding;
                }
            }
        }
        found
    }
}

impl Look {
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

    fn judge(&mut self, thread: Turner, state: Option<State>) -> Finding {
        let held = match (thread, state) {
            // Nobody waits for the end of this one.
            (Turner::Checks, None) => return Finding::Hangs(thread),
            (Turner::Core | Turner::Kernel | Turner::Main, None) => return Finding::Well,
            (_, Some(State { traced: true, .. })) => "a debugger holds it",
            (_, Some(state)) if state.letter == 'R' => {
                let used = self.used.replace(state.used);
                match (used, thread) {
                    // Whether it gets anywhere the next look knows.
                    (None, _) => return Finding::Well,
                    (Some(before), _) if before == state.used => "it gets no processor time",
                    (Some(_), Turner::Main) => "it runs without end",
                    (Some(_), _) => return Finding::Hangs(thread),
                }
            }
            (Turner::Kernel | Turner::Checks, Some(State { letter: 'D', .. })) => {
                "the system makes it wait"
            }
            (Turner::Core | Turner::Kernel | Turner::Checks, Some(_)) => {
                return Finding::Hangs(thread);
            }
            (Turner::Main, Some(_)) => "it waits for something",
        };
        match std::mem::replace(&mut self.told, true) {
            true => Finding::Well,
            false => Finding::Held(thread, held),
        }
    }
}

/// What the system says about a thread.
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

/// The word with the moment at which the thread is awake.
const AWAKE_AT: usize = 0;
/// The word with the thread's number.
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
        let mut look = Look::default();
        (1..60).find(|count| look.is_long_overdue(pulse(*count), seconds(100 + count)))
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
        let mut look = Look::default();
        let pulse = seconds(99).as_nanos();
        for count in 1..60 {
            assert!(!look.is_long_overdue(pulse, seconds(100 + 5 * count)), "{count}");
        }
    }

    #[test]
    fn every_thread_has_words_of_its_own() {
        let words = Arc::new(Region::new(WORDS).unwrap());
        let now = seconds(1000);
        for (count, thread) in (1..).zip(Turner::ALL) {
            Pulse::of(&words, thread).rest(Some(now + Duration::from_secs(count)));
        }
        let told = Turner::ALL.map(|thread| load(&words, thread.place() + AWAKE_AT));
        assert_eq!(told, [1, 2, 3, 4].map(|count| seconds(1000 + count).as_nanos()));
        end(&words);
        assert!(Turner::ALL.iter().all(|it| load(&words, it.place() + AWAKE_AT) == NEVER));
    }

    fn state(letter: char, used: u64) -> Option<State> {
        Some(State { letter, traced: false, used })
    }

    #[test]
    fn who_is_held_is_told_once_and_left_alone() {
        let sleeps = state('S', 7);
        let traced = Some(State { letter: 'S', traced: true, used: 7 });
        let mut look = Look::default();
        assert!(matches!(look.judge(Turner::Core, traced), Finding::Held(Turner::Core, _)));
        assert_eq!(look.judge(Turner::Core, traced), Finding::Well);
        assert_eq!(look.judge(Turner::Core, sleeps), Finding::Hangs(Turner::Core));
        assert_eq!(Look::default().judge(Turner::Core, None), Finding::Well);
    }

    #[test]
    fn a_worker_is_not_replaced_where_another_one_would_fare_no_better() {
        let mut look = Look::default();
        assert!(matches!(look.judge(Turner::Kernel, state('D', 7)), Finding::Held(..)));
        assert_eq!(look.judge(Turner::Kernel, state('S', 7)), Finding::Hangs(Turner::Kernel));
        let mut core = Look::default();
        assert_eq!(core.judge(Turner::Core, state('D', 7)), Finding::Hangs(Turner::Core));
    }

    #[test]
    fn the_election_goes_on_without_the_main_thread() {
        for letter in ['S', 'D', 'T'] {
            let mut look = Look::default();
            assert!(matches!(look.judge(Turner::Main, state(letter, 7)), Finding::Held(..)));
            assert_eq!(look.judge(Turner::Main, state(letter, 7)), Finding::Well);
        }
    }

    #[test]
    fn checks_that_ended_by_themselves_are_found() {
        assert_eq!(Look::default().judge(Turner::Checks, None), Finding::Hangs(Turner::Checks));
    }

    #[test]
    fn a_loop_without_end_hangs_and_a_starved_thread_does_not() {
        let mut starved = Look::default();
        assert_eq!(starved.judge(Turner::Core, state('R', 7)), Finding::Well);
        assert!(matches!(starved.judge(Turner::Core, state('R', 7)), Finding::Held(..)));
        assert_eq!(starved.judge(Turner::Core, state('R', 7)), Finding::Well);
        assert_eq!(starved.judge(Turner::Core, state('R', 107)), Finding::Hangs(Turner::Core));
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

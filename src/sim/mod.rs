//! Some nodes on a simulated network, in virtual time, from a seed.
//!
//! Two to five nodes run the real [`Router`](crate::vrrp::Router) and the real
//! [`Agent`](crate::kernel::Agent) over a kernel in memory. Packets are real octets; the network
//! delays, reorders, duplicates, loses and cuts them. Processes crash, stall, restart and are
//! reconfigured; machines freeze and lose their power; kernels are slow and refuse; somebody
//! deletes addresses by hand and somebody floods. Whatever happens is drawn from the seed, so a
//! run can be repeated exactly, with a trace.
//!
//! After every event the rules are checked:
//!
//! | [`Rule`] | what must hold |
//! |---|---|
//! | `OneActive` | after a down interval of calm at most one router of a component is Active |
//! | `SomeActive` | ... and exactly one if any can be |
//! | `AdvertGap` | an Active Router's next advert comes within the interval that its last one taught; intervals do not drift; a configured interval is taught back |
//! | `EarlyClaim`, `LateClaim` | a Backup claims when RFC 9568 §6.4.2 says, not earlier and not later |
//! | `Nopreempt` | with `nopreempt` a Backup never claims against a live router of lower priority |
//! | `Yielding` | an Active Router yields exactly to what RFC 9568 §6.4.3 ranks above it |
//! | `Stall` | a router that stood still for longer than its peers wait listens before it speaks |
//! | `Silence` | only Active and Leaving routers send |
//! | `ReleaseSent`, `ReleaseAfterRemoval`, `LeavingEnds` | whoever leaves removes its addresses, then sends priority 0, and is done in 34 ms |
//! | `Handover` | whoever leaves undisturbed is followed as fast as it has taught its Backups to be |
//! | `YieldLimit` | no fast yield within 30 s of becoming Active, nor within three down intervals of the last, nor with `nopreempt` |
//! | `Discard` | a refused packet changes nothing |
//! | `Flood` | however many packets arrive, the answers are bounded |
//! | `Desired`, `Held` | addresses are desired exactly while Active, and after a while of calm the kernel holds what is desired |
//! | `Neighbours` | after a second of calm every neighbour takes the holder for the holder |
//! | `Priority` | a router has the priority that its tracked objects make of its own, and advertises that one |
//! | `Fault` | it takes part exactly if nothing that it cannot do without is missing |
//! | `Told` | no transition is skipped or invented |
//! | `Work` | nothing goes on without end |
//!
//! The simulator proves itself on planted bugs: every [`Mutant`] is found by the rule it breaks.

mod brain;
mod effect;
mod fault;
mod host;
mod judge;
mod look;
mod mutant;
mod neighbour;
mod network;
mod node;
mod packet;
mod plant;
mod rng;
mod roster;
mod rule;
mod scenario;
mod service;
mod setting;
mod strike;
mod trace;
mod turn;
mod world;

use std::fmt;

pub use mutant::Mutant;
pub use rule::Rule;
pub use world::Tally;

use rng::Rng;
use scenario::Scenario;
use trace::Trace;
use world::{Breach, World};

/// Runs the scenario of `seed` with a bug planted in every node, or none.
///
/// # Errors
/// [`Failure`] with the rule that was broken and the trace that led to it.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Tally, Failure> {
    let (outcome, _) = play(seed, mutant, false);
    outcome.map_err(|breach| {
        let (_, trace) = play(seed, mutant, true);
        Failure { seed, breach: Box::new(breach), trace }
    })
}

/// Runs the scenario of `seed` and returns the rule that it breaks, if any, without a trace.
#[must_use]
pub fn broken_rule(seed: u64, mutant: Option<Mutant>) -> Option<Rule> {
    let (outcome, _) = play(seed, mutant, false);
    outcome.err().map(|breach| breach.rule)
}

/// The trace of a run, whatever its outcome.
#[must_use]
pub fn trace(seed: u64, mutant: Option<Mutant>) -> Vec<String> {
    play(seed, mutant, true).1
}

/// A rule that was broken, and how it came to that.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct Failure {
    /// The seed that repeats it.
    seed: u64,
    breach: Box<Breach>,
    trace: Vec<String>,
}

impl Failure {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.breach.rule
    }

    /// The seed that repeats it.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What happened, a line each.
    #[must_use]
    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    /// Which rule was broken by whom, when and how, in a line.
    #[must_use]
    pub fn verdict(&self) -> String {
        let Breach { at, node, rule, what } = &*self.breach;
        let who = node.map(|node| format!("{node} ")).unwrap_or_default();
        format!("{at}  {rule}: {who}{what} (VIPD_SIM_SEED={})", self.seed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.trace.len().saturating_sub(SHOWN);
        if left_out > 0 {
            writeln!(f, "... {left_out} lines before")?;
        }
        for line in self.trace.iter().skip(left_out) {
            writeln!(f, "{line}")?;
        }
        f.write_str(&self.verdict())
    }
}

/// How many lines of a trace are shown with a failure.
const SHOWN: usize = 120;

fn play(seed: u64, mutant: Option<Mutant>, traced: bool) -> (Result<Tally, Breach>, Vec<String>) {
    let mut rng = Rng::new(seed);
    let scenario = Scenario::draw(&mut rng);
    World::new(scenario, rng, mutant, Trace::new(traced)).run()
}

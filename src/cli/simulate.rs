//! `vipd simulate`: nodes on a simulated network, from a seed or many.

use std::time::Duration;

use clap::Args;

use super::Ended;
use super::terminal::{answer, tell};
use crate::sim::{self, Mutant, Tally};

/// The arguments of `vipd simulate`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// How many seeds are run.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Run this seed alone and show what happens.
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Plant a bug in every node, to see it found.
    #[arg(long, value_parser = mutant)]
    bug: Option<Mutant>,
}

impl Arguments {
    /// Runs until a rule is broken, and shows how.
    pub(super) fn execute(self) -> Ended {
        if let Some(seed) = self.seed {
            sim::trace(seed, self.bug).iter().for_each(answer);
        }
        let seeds = match self.seed {
            Some(seed) => seed..seed.saturating_add(1),
            None => self.first..self.first.saturating_add(self.seeds),
        };
        let mut sum = Tally::default();
        let mut runs = 0_u64;
        for seed in seeds {
            match sim::run(seed, self.bug) {
                Ok(tally) => {
                    runs += 1;
                    sum.packets += tally.packets;
                    sum.takeovers += tally.takeovers;
                    sum.lasted += tally.lasted;
                }
                Err(failure) if self.seed.is_some() => {
                    tell(failure.verdict());
                    return Ended::Failed;
                }
                Err(failure) => {
                    tell(failure);
                    return Ended::Failed;
                }
            }
        }
        let Tally { packets, takeovers, lasted } = sum;
        let lasted = Duration::from_secs(lasted.as_secs());
        answer(format_args!(
            "{runs} runs, {packets} packets, {takeovers} takeovers in {lasted:?}: no rule broken"
        ));
        Ended::Well
    }
}

/// A bug by its name, in whatever case and with or without dashes.
fn mutant(name: &str) -> Result<Mutant, String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let wanted = plain(name);
    let found = Mutant::ALL.into_iter().find(|mutant| plain(&mutant.to_string()) == wanted);
    found.ok_or_else(|| {
        let names = Mutant::ALL.map(|mutant| mutant.to_string());
        format!("the bugs are {}", names.join(", "))
    })
}

//! Simulated nodes, thousands of seeds: see `vipd::sim` for the rules.
//!
//! `VIPD_SIM_SEED=42` runs that seed alone and prints its trace; `VIPD_SIM_SEEDS=100000` runs so
//! many.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "the test's own helpers"
)]

use std::ops::Range;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use vipd::sim::{self, Mutant};

/// Runs `look` over `seeds` on every processor until it finds something; the least seed's counts.
fn search<T: Send>(seeds: Range<u64>, look: impl Fn(u64) -> Option<T> + Sync) -> Option<(u64, T)> {
    let next = AtomicU64::new(seeds.start);
    let found: Mutex<Option<(u64, T)>> = Mutex::new(None);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < seeds.end
                {
                    let _named = Named(seed);
                    if let Some(thing) = look(seed) {
                        next.fetch_max(seeds.end, Ordering::Relaxed);
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(least, _)| seed < *least) {
                            *found = Some((seed, thing));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Names its seed if the run panics.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the run panicked with VIPD_SIM_SEED={}", self.0);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn no_seed_breaks_a_rule() {
    let (seeds, traced) = match (number("VIPD_SIM_SEED"), number("VIPD_SIM_SEEDS")) {
        (Some(seed), _) => (seed..seed + 1, true),
        (None, count) => (0..count.unwrap_or(2000), false),
    };
    if traced {
        for line in sim::trace(seeds.start, None) {
            println!("{line}");
        }
    }
    if let Some((_, failure)) = search(seeds, |seed| sim::run(seed, None).err()) {
        panic!("{failure}");
    }
}

/// The first seed with which `mutant` is found by the rule that it breaks.
fn found(mutant: Mutant) -> Option<u64> {
    let breaks = |seed| {
        let rule = sim::broken_rule(seed, Some(mutant))?;
        (rule == mutant.breaks()).then_some(())
    };
    search(0..10_000, breaks).map(|(seed, ())| seed)
}

#[test]
fn every_planted_bug_is_found_by_the_rule_that_it_breaks() {
    let seeds = Mutant::ALL.map(|mutant| (mutant, found(mutant)));
    let missed: Vec<_> = seeds.iter().filter(|(_, seed)| seed.is_none()).collect();
    println!("{seeds:?}");
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn the_command_runs_seeds_and_shows_what_breaks_a_rule() {
    let simulate = |arguments: &[&str]| {
        let mut vipd = Command::new(env!("CARGO_BIN_EXE_vipd"));
        vipd.arg("simulate").args(arguments).output().unwrap()
    };
    let fine = simulate(&["--seeds", "5"]);
    assert!(fine.status.success());
    assert!(String::from_utf8(fine.stdout).unwrap().ends_with("no rule broken\n"));
    let broken = simulate(&["--bug", "release-lost"]);
    assert!(!broken.status.success());
    assert!(String::from_utf8(broken.stderr).unwrap().contains("ReleaseSent: "));
}

//! A hundred failovers between vipd and the real keepalived, drawn from a printed seed.
//!
//! `VIPD_TEST_SEED` repeats a run's choices.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use lab::clock::{ms, pause};
use lab::{Daemon, Dice, Lab, Program, Protocol, Router, Settled, Watch, eventually, now};

use Program::{Keepalived, Vipd};

const FAILOVERS: usize = 100;
const BOTH: [&str; 2] = ["a", "b"];
/// Centiseconds. A takeover is due after some 360 ms.
const INTERVAL: u16 = 10;
/// Until when everything must be right again.
const BOUND: Duration = Duration::from_secs(20);

/// What a lab runs. The program of `a` has the higher priority.
struct Setting {
    protocol: Protocol,
    programs: [Program; 2],
    preempt: bool,
    /// What both say of virtual interfaces.
    vmac: &'static str,
}

/// Four labs at the same time. Without preemption the address stays where it went, so that both
/// programs fail in turn; with it, the higher priority fails every time and comes back.
const SETTINGS: [Setting; 4] = [
    Setting { protocol: Protocol::V3, programs: [Vipd, Keepalived], preempt: false, vmac: "" },
    Setting {
        protocol: Protocol::V3Unicast,
        programs: [Keepalived, Vipd],
        preempt: false,
        vmac: "",
    },
    Setting { protocol: Protocol::V6, programs: [Vipd, Keepalived], preempt: true, vmac: "" },
    Setting { protocol: Protocol::V3, programs: [Keepalived, Vipd], preempt: true, vmac: "" },
];

/// The same with virtual interfaces.
const VIRTUAL: [Setting; 3] = [
    Setting {
        protocol: Protocol::V3,
        programs: [Vipd, Keepalived],
        preempt: false,
        vmac: "use_vmac",
    },
    Setting {
        protocol: Protocol::V6,
        programs: [Keepalived, Vipd],
        preempt: false,
        vmac: "use_vmac",
    },
    Setting {
        protocol: Protocol::V3,
        programs: [Vipd, Keepalived],
        preempt: true,
        vmac: "use_vmac",
    },
];
/// Failovers of each.
const VIRTUAL_FAILOVERS: usize = 8;

/// What happens to the router that holds the address.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Blow {
    /// Its processes end without a word (SIGKILL).
    Kill,
    /// It is asked to end (SIGTERM).
    Stop,
    /// Its cable is pulled.
    Cut,
    /// The switch drops all its frames; it notices nothing.
    Block,
    /// Its processes stand still (SIGSTOP), then go on.
    Freeze(Duration),
    /// Its processes stand still and never go on.
    FreezeAndKill,
}

impl Blow {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Cut => "cut",
            Self::Block => "block",
            Self::Freeze(_) => "freeze",
            Self::FreezeAndKill => "freeze for ever",
        }
    }
}

#[test]
fn after_each_of_a_hundred_failovers_one_router_holds_the_address_and_all_know_it() {
    let seed = Dice::seed();

    let found = run_all(&SETTINGS, FAILOVERS / SETTINGS.len(), seed);

    report(&found);
    assert_eq!(found.len(), FAILOVERS);
    for program in [Vipd, Keepalived] {
        let failed = found.iter().filter(|(failed, _, _)| *failed == program).count();
        assert!(failed >= FAILOVERS / 4, "{} failed only {failed} times", program.name());
    }
}

#[test]
fn after_each_failover_of_a_virtual_interface_all_know_who_holds_its_address() {
    let seed = Dice::seed();

    let found = run_all(&VIRTUAL, VIRTUAL_FAILOVERS, seed);

    report(&found);
    assert_eq!(found.len(), VIRTUAL.len() * VIRTUAL_FAILOVERS);
}

/// Runs all settings at the same time, so many failovers of each.
fn run_all(settings: &[Setting], count: usize, seed: u64) -> Vec<Failover> {
    thread::scope(|scope| {
        let labs: Vec<_> = settings
            .iter()
            .zip(0..)
            .map(|(setting, number)| {
                let dice = Dice::new(seed.wrapping_add(number));
                scope.spawn(move || run(setting, dice, count))
            })
            .collect();
        // All end before the first failure is reported.
        let ended: Vec<_> = labs.into_iter().map(|lab| lab.join()).collect();
        let failed = ended.iter().filter(|lab| lab.is_err()).count();
        assert_eq!(failed, 0, "labs failed; repeat with VIPD_TEST_SEED={seed}");
        ended.into_iter().flatten().flatten().collect()
    })
}

type Failover = (Program, Blow, Settled);

/// One lab's share: the programs that failed, how, and what was seen.
fn run(setting: &Setting, mut dice: Dice, count: usize) -> Vec<Failover> {
    let lab = Lab::new(&BOTH);
    let mut watch = Watch::start(&lab, setting.protocol.address(), BOUND);
    if !setting.vmac.is_empty() {
        BOTH.iter().for_each(|node| watch.expect_virtual_mac(node));
    }
    let start = |which: usize| {
        let mut router = Router::new(setting.protocol, [200, 100][which], INTERVAL);
        router.instance = format!("    {}\n", setting.vmac);
        if !setting.preempt {
            router.instance += "    nopreempt";
        }
        let node = lab.node(BOTH[which]);
        let conf = router.conf(&lab, &node.name);
        let daemon = Daemon::start(&lab, node, setting.programs[which], &conf);
        eventually(BOUND, &format!("{} listens", node.name), || {
            let listens = node.listens_for_vrrp();
            listens.then_some(()).ok_or_else(|| "it does not".to_owned())
        });
        daemon
    };

    let begin = now();
    let mut daemons = [start(0), start(1)];
    let mut holder = watch.sole_holder(&BOTH, begin);
    watch.settled(&holder, &BOTH, begin);

    let mut found = Vec::new();
    while found.len() < count {
        let victim = BOTH.iter().position(|name| *name == holder).expect("a or b");
        let heir = BOTH[1 - victim];
        let blow = blow(&mut dice);
        println!(
            "{:?}: {blow:?} {holder}, which is {}",
            setting.protocol,
            setting.programs[victim].name()
        );

        let event = now();
        let alive: &[&str] = match blow {
            Blow::Kill => {
                daemons[victim].kill();
                &[heir]
            }
            Blow::Stop => {
                daemons[victim].terminate();
                &BOTH
            }
            Blow::Cut => {
                lab.cut(&holder);
                &BOTH
            }
            Blow::Block => {
                lab.block(&holder);
                &[heir]
            }
            Blow::Freeze(_) | Blow::FreezeAndKill => {
                daemons[victim].freeze();
                &[heir]
            }
        };
        // A short freeze may end before the heir's claim is seen everywhere.
        let settled = match blow {
            Blow::Freeze(time) => {
                let claimed = eventually(BOUND, &format!("{heir}'s claim"), || {
                    watch
                        .capture
                        .first_claim(heir, watch.address, event)
                        .ok_or_else(|| "none".to_owned())
                });
                pause(time.saturating_sub(now().saturating_sub(event)));
                let outage = watch.prober.outage(event);
                Settled { claimed: claimed.0.saturating_sub(event), outage }
            }
            Blow::Kill | Blow::Stop | Blow::Cut | Blow::Block | Blow::FreezeAndKill => {
                watch.settled(heir, alive, event)
            }
        };
        found.push((setting.programs[victim], blow, settled));

        let mended = now();
        match blow {
            Blow::Kill => daemons[victim] = start(victim),
            Blow::FreezeAndKill => {
                daemons[victim].kill();
                daemons[victim] = start(victim);
            }
            Blow::Stop => {
                assert!(daemons[victim].wait().success());
                daemons[victim] = start(victim);
            }
            Blow::Cut => lab.mend(&holder),
            Blow::Block => lab.unblock(&holder),
            Blow::Freeze(_) => daemons[victim].thaw(),
        }
        // Time for the other to preempt, or to notice that it has been replaced.
        pause(Duration::from_millis(u64::from(INTERVAL) * 30));
        holder = watch.steady_holder(&BOTH, mended);
        watch.settled(&holder, &BOTH, mended);
    }
    found
}

/// Prints, for each kind of failure, how long the takeover took.
fn report(found: &[Failover]) {
    let mut rows: BTreeMap<(&str, &str), Vec<&Settled>> = BTreeMap::new();
    for (program, blow, settled) in found {
        rows.entry((blow.name(), program.name())).or_default().push(settled);
    }
    println!(
        "what happened        to whom     count        claim: median, worst  outage: median, worst"
    );
    for ((blow, program), settled) in rows {
        let spread = |pick: fn(&Settled) -> Duration| {
            let mut times: Vec<_> = settled.iter().map(|settled| pick(settled)).collect();
            times.sort();
            let worst = times.last().copied().unwrap_or_default();
            (ms(times[times.len() / 2]), ms(worst))
        };
        let (claim, outage) = (spread(|s| s.claimed), spread(|s| s.outage));
        println!(
            "{blow:<20} {program:<11} {:>5}  {:>12} {:>14}  {:>10} {:>10}",
            settled.len(),
            claim.0,
            claim.1,
            outage.0,
            outage.1
        );
    }
}

/// What happens next.
fn blow(dice: &mut Dice) -> Blow {
    match dice.below(7) {
        0 | 1 => Blow::Kill,
        2 => Blow::Stop,
        3 => Blow::Cut,
        4 => Blow::Block,
        5 => Blow::Freeze(Duration::from_millis(500 + dice.below(4500))),
        _ => Blow::FreezeAndKill,
    }
}

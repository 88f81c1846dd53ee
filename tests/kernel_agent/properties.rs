//! What holds whatever happens.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use vipd::kernel::memory::Memory;
use vipd::kernel::{
    Actual, Desired, Kernel, ObjectId, Outcome, Plan, Refusal, Target, Trace, reconcile,
};
use vipd::types::{Address, Family, Hop, IfIndex, LinkName, Prefix, Route, Rule, RuleAction};

use crate::bench::{Bench, MAC, index, ip, secs, slot};

/// One address before and after a reconciliation.
#[derive(Clone, Debug)]
struct Case {
    /// The interface that its name means: 2, 3 or none.
    link: Option<u32>,
    present: bool,
    /// Where it stands: 2, 3 or nowhere.
    stands: Option<u32>,
    /// Whether the agent knows where it stands.
    known: bool,
    /// It stands with another label than the desired one.
    other_label: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let link = || prop_oneof![Just(None), Just(Some(2)), Just(Some(3))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (link(), link(), flags).prop_map(|(link, stands, (present, known, other_label))| Case {
        link,
        present,
        stands,
        known,
        other_label,
    })
}

fn numbered(number: usize) -> IpAddr {
    ip(&format!("10.0.0.{}", number + 1))
}

fn host() -> Memory {
    let mut host = Memory::new();
    host.add_link(index(2), LinkName::new("two").unwrap(), Some(MAC));
    host.add_link(index(3), LinkName::new("three").unwrap(), Some(MAC));
    host
}

proptest! {
    #[test]
    fn reconciling_reaches_what_is_desired_touches_nothing_else_and_is_done_once(
        cases in vec(case(), 0..20),
    ) {
        let mut host = host();
        let foreign = ip("192.0.2.1");
        host.put(index(2), Address::new(foreign, LinkName::new("two").unwrap()));
        let mut addresses = Vec::new();
        let mut actual = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let address = Address::new(numbered(number), LinkName::new("two").unwrap());
            let mut standing = address.clone();
            if case.other_label {
                standing.label = LinkName::new("two:other");
            }
            addresses.push(Arc::new(address));
            let stands = case.stands.map(index);
            if let Some(link) = stands {
                host.put(link, standing.clone());
            }
            actual.push(match stands {
                _ if !case.known => Actual::Unknown,
                Some(link) => Actual::As(Target::Address(link, Arc::new(standing))),
                None => Actual::Nowhere,
            });
        }
        let desired = |cases: &[Case]| -> Vec<(ObjectId, Option<IfIndex>, bool)> {
            let numbered = cases.iter().enumerate();
            numbered
                .map(|(it, case)| (ObjectId::new(it).unwrap(), case.link.map(index), case.present))
                .collect()
        };
        let run = |actual: &[Actual]| {
            let by_id: HashMap<_, _> = desired(&cases).iter().map(|it| it.0).zip(actual).collect();
            let wishes = desired(&cases).into_iter().zip(&addresses);
            let wishes: Vec<_> = wishes
                .map(|((id, link, present), address)| {
                    let target = link.map(|link| Target::Address(link, Arc::clone(address)));
                    Desired { id, target, present }
                })
                .collect();
            reconcile(wishes, |id| by_id[&id])
        };

        let operations = run(&actual);
        for outcome in host.apply(&operations) {
            prop_assert!(!matches!(outcome, Outcome::Refused(_)));
        }

        prop_assert!(host.find(foreign).is_some());
        let mut after = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let wanted = case.link.map(index).filter(|_| case.present);
            let here = |link| {
                let report = host.report(link).unwrap();
                report.addresses.iter().any(|it| it.ip == numbered(number))
            };
            if let Some(link) = wanted {
                prop_assert!(here(link), "{case:?} is not there");
            }
            if case.known {
                let places = [2, 3].map(index).into_iter().filter(|&link| here(link));
                prop_assert_eq!(places.collect::<Vec<_>>(), Vec::from_iter(wanted));
            } else if let Some(link) = case.link.map(index).filter(|_| !case.present) {
                prop_assert!(!here(link), "{case:?} is still there");
            }
            after.push(match wanted {
                Some(link) => Actual::As(Target::Address(link, Arc::clone(&addresses[number]))),
                None => Actual::Nowhere,
            });
        }
        prop_assert_eq!(run(&after), []);
    }
}

/// Something that happens to an agent.
#[derive(Clone, Debug)]
enum Step {
    Plan { slot: usize, addresses: Vec<usize> },
    Free { slot: usize },
    Desire { slot: usize, present: bool },
    Steal(usize),
    Lose(usize),
    Put(usize),
    Refuse(usize, bool),
    Up(bool),
    Remake,
    Contest(usize),
    Pass(u64),
}

const SLOTS: usize = 4;
const ADDRESSES: usize = 6;

fn step() -> impl Strategy<Value = Step> {
    let plan = (0..SLOTS, vec(0..ADDRESSES, 0..4))
        .prop_map(|(slot, addresses)| Step::Plan { slot, addresses });
    let desire =
        (0..SLOTS, any::<bool>()).prop_map(|(slot, present)| Step::Desire { slot, present });
    prop_oneof![
        3 => plan,
        1 => (0..SLOTS).prop_map(|slot| Step::Free { slot }),
        6 => desire,
        3 => (0..ADDRESSES).prop_map(Step::Steal),
        2 => (0..ADDRESSES).prop_map(Step::Lose),
        1 => (0..ADDRESSES).prop_map(Step::Put),
        2 => (0..ADDRESSES, any::<bool>()).prop_map(|(it, refused)| Step::Refuse(it, refused)),
        1 => any::<bool>().prop_map(Step::Up),
        1 => Just(Step::Remake),
        1 => (0..SLOTS).prop_map(Step::Contest),
        6 => (0..20_000_u64).prop_map(Step::Pass),
    ]
}

/// What the script has asked for.
#[derive(Default)]
struct Wanted {
    plans: HashMap<usize, Vec<usize>>,
    present: HashMap<usize, u32>,
    generation: u32,
    asked: HashMap<usize, u32>,
    put: HashSet<usize>,
    link: u32,
}

fn eth(number: usize) -> Address {
    Address::new(numbered(number), LinkName::new("eth0").unwrap())
}

/// The route that goes with an address; every other one has it for a source.
fn route(number: usize) -> Route {
    let net = ip(&format!("10.{}.0.0", number + 1));
    let mut route = Route::new(Prefix::new(net, 16).unwrap());
    route.hops = vec![Hop { link: LinkName::new("eth0"), ..Hop::NONE }];
    route.preferred_source = number.is_multiple_of(2).then(|| numbered(number));
    route
}

/// The rule that goes with an address.
fn rule(number: usize) -> Rule {
    let priority = u32::try_from(number).unwrap();
    Rule::new(Family::V4, priority, RuleAction::Table(100))
}

fn play(bench: &mut Bench, wanted: &mut Wanted, step: &Step) {
    match step {
        Step::Plan { slot: number, addresses } => {
            let plan = Plan {
                addresses: addresses.iter().map(|&it| eth(it)).collect(),
                routes: addresses.iter().map(|&it| route(it)).collect(),
                rules: addresses.iter().map(|&it| rule(it)).collect(),
                ..Plan::default()
            };
            bench.agent.plan(slot(*number), Some(plan));
            wanted.plans.insert(*number, addresses.clone());
        }
        Step::Free { slot: number } => {
            bench.agent.plan(slot(*number), None);
            wanted.plans.remove(number);
            wanted.present.remove(number);
            wanted.asked.remove(number);
        }
        Step::Desire { slot: number, present } => {
            if wanted.plans.contains_key(number) {
                wanted.generation += 1;
                let generation = wanted.generation;
                bench.agent.desire(slot(*number), *present, generation);
                wanted.asked.insert(*number, generation);
                if *present {
                    wanted.present.insert(*number, generation);
                } else {
                    wanted.present.remove(number);
                }
            }
        }
        Step::Steal(number) => {
            bench.host().steal(numbered(*number));
        }
        Step::Lose(number) => {
            bench.host().steal_route(&Trace::of_route(&route(*number)));
            let priority = rule(*number).priority;
            bench.host().steal_route(&Trace::Rule { family: Family::V4, priority });
        }
        Step::Put(number) => {
            let link = index(wanted.link);
            bench.host().put(link, eth(*number));
            wanted.put.insert(*number);
        }
        Step::Refuse(number, refused) => {
            let refusal = refused.then_some(Refusal::NotPermitted);
            bench.host().refuse(numbered(*number), refusal);
        }
        Step::Up(up) => {
            let link = index(wanted.link);
            bench.host().set_up(link, *up);
            bench.report(link);
        }
        Step::Remake => {
            let old = index(wanted.link);
            bench.host().remove_link(old);
            bench.agent.link_gone(old);
            wanted.link += 1;
            let link = index(wanted.link);
            bench.host().add_link(link, LinkName::new("eth0").unwrap(), Some(MAC));
            bench.report(link);
        }
        Step::Contest(number) => bench.agent.contested(slot(*number)),
        Step::Pass(millis) => bench.pass(Duration::from_millis(*millis)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_the_host_ends_up_as_desired_and_every_desire_is_answered(
        script in vec(step(), 0..60),
    ) {
        let mut bench = Bench::new();
        let mut wanted = Wanted { link: 2, ..Wanted::default() };
        for step in &script {
            play(&mut bench, &mut wanted, step);
        }
        for number in 0..ADDRESSES {
            bench.host().refuse(numbered(number), None);
        }
        play(&mut bench, &mut wanted, &Step::Up(true));
        bench.pass(secs(200));
        bench.host().take_announcements();
        bench.pass(secs(1));

        for number in 0..ADDRESSES {
            let named = |slot: &usize| wanted.plans[slot].contains(&number);
            let held = wanted.present.keys().any(named);
            let planned = wanted.plans.keys().any(named);
            let stands = bench.host().find(numbered(number)).is_some();
            let led = bench.host().routes().iter().filter(|it| match it {
                Target::Route(it, _) => it.destination == route(number).destination,
                Target::Rule(it) => **it == rule(number),
                Target::Address(..) => false,
            });
            prop_assert_eq!(led.count(), if held { 2 } else { 0 }, "route and rule {}", number);
            if held {
                prop_assert!(stands, "address {number} is not there");
            } else if planned || !wanted.put.contains(&number) {
                prop_assert!(!stands, "address {number} is still there");
            }
        }
        for (number, generation) in &wanted.asked {
            let answer = (slot(*number), *generation);
            prop_assert!(bench.log.applied.contains(&answer), "{answer:?} is not answered");
        }
        // Long after the last change all is quiet.
        prop_assert_eq!(bench.announced(), Vec::<String>::new());
    }
}

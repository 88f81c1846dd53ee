//! What the kernel thread costs besides the kernel itself, at 1 000 addresses.

#![expect(
    clippy::expect_used,
    reason = "a benchmark may stop, and its groups are named by a macro"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use vipd::kernel::memory::Memory;
use vipd::kernel::{Actual, Agent, Desired, Notice, ObjectId, Plan, Sink, Target, reconcile};
use vipd::types::{Address, IfIndex, Instant, LinkName, MacAddr, Slot};

const ADDRESSES: u32 = 1000;

struct Silence;

impl Sink for Silence {
    fn applied(&mut self, slot: Slot, generation: u32) {
        black_box((slot, generation));
    }

    fn notice(&mut self, notice: Notice) {
        black_box(notice);
    }
}

fn eth0() -> LinkName {
    LinkName::new("eth0").expect("four letters are a name")
}

fn link() -> IfIndex {
    IfIndex::new(2).expect("2 is not 0")
}

fn address(number: u32) -> Address {
    let ip = Ipv4Addr::from_bits(0x0a00_0001 + number);
    Address::new(IpAddr::V4(ip), eth0())
}

fn slots() -> impl Iterator<Item = (u32, Slot)> {
    let slot = |number| usize::try_from(number).ok().and_then(Slot::new);
    (0..ADDRESSES).filter_map(move |number| Some((number, slot(number)?)))
}

/// Compares 1 000 addresses of which all, or none, are as desired.
fn comparisons(criterion: &mut Criterion) {
    let addresses: Vec<_> = (0..ADDRESSES).map(|it| Arc::new(address(it))).collect();
    let wishes = || {
        addresses.iter().zip(0..).filter_map(|(address, id)| {
            let target = Some(Target::Address(link(), Arc::clone(address)));
            Some(Desired { id: ObjectId::new(id)?, target, present: true })
        })
    };
    let stand: HashMap<_, _> =
        wishes().filter_map(|wish| Some((wish.id, Actual::As(wish.target?)))).collect();
    let mut group = criterion.benchmark_group("reconcile 1000");
    group.bench_function("all as desired", |bencher| {
        let actual = |id| stand.get(&id).unwrap_or(&Actual::Unknown);
        bencher.iter(|| reconcile(black_box(wishes()), actual));
    });
    group.bench_function("all to be added", |bencher| {
        bencher.iter(|| reconcile(black_box(wishes()), |_| &Actual::Nowhere));
    });
    group.finish();
}

/// From 1 000 desires to as many acknowledgements, over a host that costs next to nothing.
fn take_over(criterion: &mut Criterion) {
    let prepare = || {
        let mut host = Memory::new();
        host.add_link(link(), eth0(), Some(MacAddr([2, 0, 0, 0, 0, 1])));
        let reports = host.reports();
        let mut agent = Agent::new(host);
        reports.iter().for_each(|report| agent.link(report));
        for (number, slot) in slots() {
            let plan = Plan { addresses: vec![address(number)], ..Plan::default() };
            agent.plan(slot, Some(plan));
        }
        rest(&mut agent);
        agent
    };
    criterion.bench_function("take over 1000 slots and announce 5000 times", |bencher| {
        bencher.iter_batched(
            prepare,
            |mut agent| {
                for (_, slot) in slots() {
                    agent.desire(slot, true, 1);
                }
                rest(&mut agent);
                agent
            },
            BatchSize::LargeInput,
        );
    });
}

/// Runs until there is nothing to do at once.
fn rest(agent: &mut Agent<Memory>) {
    let now = Instant::default();
    while agent.run(now, &mut Silence) == Some(now) {}
}

criterion_group!(benches, comparisons, take_over);
criterion_main!(benches);

//! A priority that drops for good is yielded fast.

use vipd::config::model::Preempt;
use vipd::types::{Centis, Priority, Standing};
use vipd::vrrp::machine::{Event, Settings};

use crate::bench::{Bench, MS, SECOND, down, says, settings};

fn fast() -> Settings {
    Settings { release: Some(Centis::SHORTEST), ..settings() }
}

#[test]
fn a_lasting_drop_of_priority_is_yielded_fast() {
    let mut bench = Bench::active(150, fast(), 31_000 * MS);
    let begun = bench.now;
    let mut said = says(&bench.handle(Event::Priority(Priority::new(90))));
    while bench.now.since(begun) < 200 * MS {
        said.extend(says(&bench.expire()));
    }
    let expected =
        [(150, 1), (150, 1), (90, 1), (90, 1), (90, 1), (90, 1), (90, 100), (90, 100), (90, 100)];
    assert_eq!(said.get(..9), Some(expected.as_slice()));
    assert_eq!(bench.standing(), Standing::Active, "nobody took over");
    assert!(said.get(9..).is_some_and(|rest| rest.iter().all(|advert| *advert == (90, 100))));
}

#[test]
fn a_router_does_not_yield_fast_within_30_seconds_of_becoming_active() {
    let mut bench = Bench::active(150, fast(), 29_900 * MS);
    assert_eq!(bench.handle(Event::Priority(Priority::new(90))), []);
}

#[test]
fn a_router_does_not_yield_fast_twice_in_three_down_intervals() {
    let mut bench = Bench::active(150, fast(), 31_000 * MS);
    bench.handle(Event::Priority(Priority::new(90)));
    let again = bench.now + down(150, SECOND) * 3;
    while bench.deadline() < again {
        bench.expire();
    }
    bench.handle(Event::Priority(Priority::new(150)));
    bench.now = again - MS;
    assert_eq!(bench.handle(Event::Priority(Priority::new(80))), []);
    bench.handle(Event::Priority(Priority::new(150)));
    bench.now = again;
    assert_eq!(says(&bench.handle(Event::Priority(Priority::new(80)))), [(150, 1)]);
}

#[test]
fn nopreempt_owners_and_rises_do_not_yield_fast() {
    let held = Settings { preempt: Preempt::No, ..fast() };
    let mut bench = Bench::active(150, held, 31_000 * MS);
    assert_eq!(bench.handle(Event::Priority(Priority::new(90))), []);
    let mut bench = Bench::active(150, fast(), 31_000 * MS);
    assert_eq!(bench.handle(Event::Priority(Priority::new(200))), []);
}

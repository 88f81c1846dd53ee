//! The way out: addresses first, then priority 0.

use vipd::types::{Cause, Centis, Standing};
use vipd::vrrp::machine::{Action, Event, Settings};

use crate::bench::{Bench, MS, SECOND, START, advert, down, says, settings};

#[test]
fn priority_0_waits_for_the_addresses_to_be_gone() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let actions = bench.handle(Event::Down(Cause::Stopped));
    let told = Action::Tell(Standing::Active, Standing::Leaving, Cause::Stopped);
    assert_eq!(actions, [Action::DropAddresses, told]);
    let actions = bench.after(2 * MS, Event::AddressesGone);
    assert_eq!(says(&actions), [(0, 100), (0, 100)]);
    assert_eq!(bench.standing(), Standing::Initialize);
}

#[test]
fn priority_0_waits_no_longer_than_30_ms() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(bench.wait(), 30 * MS);
    assert_eq!(says(&bench.expire()), [(0, 100), (0, 100)]);
    assert_eq!(bench.standing(), Standing::Initialize);
}

#[test]
fn fast_release_teaches_the_short_interval_twice_and_releases_with_the_configured_one() {
    let fast = Settings { release: Some(Centis::SHORTEST), ..settings() };
    let mut bench = Bench::active(100, fast, 400 * MS);
    let mut said = says(&bench.handle(Event::Down(Cause::Stopped)));
    said.extend(says(&bench.after(MS / 10, Event::AddressesGone)));
    assert_eq!(said, [(100, 1)], "the copy goes out before priority 0");
    while bench.standing() == Standing::Leaving {
        said.extend(says(&bench.expire()));
    }
    assert_eq!(said, [(100, 1), (100, 1), (0, 100), (0, 100)]);
    assert!(bench.now.since(START + down(100, SECOND) + 400 * MS) < MS);
}

#[test]
fn fast_release_repeats_the_short_interval_while_the_kernel_is_slow() {
    let fast = Settings { release: Some(Centis::SHORTEST), ..settings() };
    let mut bench = Bench::active(100, fast, 400 * MS);
    let mut said = says(&bench.handle(Event::Down(Cause::Stopped)));
    while bench.standing() == Standing::Leaving {
        said.extend(says(&bench.expire()));
    }
    assert_eq!(said, [(100, 1), (100, 1), (100, 1), (100, 1), (0, 100), (0, 100)]);
}

#[test]
fn a_leaving_router_that_hears_a_better_active_router_says_nothing_more() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(bench.handle(advert(150)), []);
    assert_eq!(says(&bench.handle(Event::AddressesGone)), []);
    assert_eq!(bench.standing(), Standing::Initialize);
}

#[test]
fn a_leaving_router_that_hears_a_lower_active_router_only_releases() {
    let fast = Settings { release: Some(Centis::SHORTEST), ..settings() };
    let mut bench = Bench::active(100, fast, 400 * MS);
    bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(bench.handle(advert(50)), []);
    assert_eq!(bench.wait(), 30 * MS, "no short advert is sent any more");
    assert_eq!(says(&bench.handle(Event::AddressesGone)), [(0, 100)]);
}

#[test]
fn a_router_whose_link_is_gone_drops_its_addresses_without_a_word() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let actions = bench.handle(Event::Cut(Cause::Stopped));
    let told = Action::Tell(Standing::Active, Standing::Initialize, Cause::Stopped);
    assert_eq!(actions, [Action::DropAddresses, told]);
}

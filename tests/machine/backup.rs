//! Backup: RFC 9568 §6.4.2.

use std::time::Duration;

use vipd::config::model::Preempt;
use vipd::types::{Cause, Centis, Priority, Standing, Version};
use vipd::vrrp::machine::{Action, Event, Settings};
use vipd::vrrp::timing::active_down_interval;

use crate::bench::{Bench, MS, SECOND, START, advert, advert_from, down, ip, settings, skew};

#[test]
fn a_backup_that_shuts_down_says_nothing() {
    let mut bench = Bench::backup(100, settings());
    let actions = bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(actions, [Action::Tell(Standing::Backup, Standing::Initialize, Cause::Stopped)]);
    assert_eq!(bench.machine.deadline(), None);
}

#[test]
fn a_backup_whose_timer_runs_out_advertises_before_it_takes_the_addresses() {
    let mut bench = Bench::backup(100, settings());
    let actions = bench.expire();
    let cause = Cause::Silence { silence: None };
    assert_eq!(
        actions,
        [
            Action::Advertise(Priority::new(100), SECOND),
            Action::TakeAddresses,
            Action::Tell(Standing::Backup, Standing::Active, cause),
        ]
    );
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn a_timer_that_fires_early_changes_nothing() {
    let mut bench = Bench::backup(100, settings());
    let before = bench.machine.clone();
    bench.now = bench.deadline() - Duration::from_nanos(1);
    assert_eq!(bench.handle(Event::Timeout), []);
    assert_eq!(bench.machine, before);
}

#[test]
fn a_release_shortens_the_timer_to_the_skew() {
    let mut bench = Bench::backup(100, settings());
    assert_eq!(bench.handle(advert(0)), []);
    assert_eq!(bench.wait(), skew(100, SECOND));
    let peer = ip("10.0.0.9");
    let cause = Cause::Released { peer };
    assert_eq!(bench.expire().pop(), Some(Action::Tell(Standing::Backup, Standing::Active, cause)));
}

#[test]
fn the_skew_after_a_release_is_that_of_the_learned_interval() {
    let mut bench = Bench::backup(100, settings());
    bench.handle(advert_from(200, Centis::SHORTEST, "10.0.0.9"));
    bench.handle(advert_from(0, SECOND, "10.0.0.9"));
    assert_eq!(bench.wait(), skew(100, Centis::SHORTEST));
}

#[test]
fn a_backup_follows_an_equal_or_higher_priority_whatever_the_addresses() {
    for (priority, source) in [(100, "10.0.0.1"), (100, "10.0.0.9"), (101, "10.0.0.1")] {
        let mut bench = Bench::backup(100, settings());
        let actions = bench.after(2500 * MS, advert_from(priority, SECOND, source));
        assert_eq!(actions, []);
        assert_eq!(bench.wait(), down(100, SECOND), "priority {priority} from {source}");
    }
}

#[test]
fn a_backup_learns_the_interval_in_version_3() {
    let mut bench = Bench::backup(100, settings());
    let interval = Centis::new(40).unwrap();
    bench.handle(advert_from(200, interval, "10.0.0.9"));
    assert_eq!(bench.wait(), down(100, interval));
    assert_eq!(bench.machine.active_interval(), interval);
}

#[test]
fn a_backup_keeps_its_own_interval_in_version_2() {
    let two = Centis::from_secs(2).unwrap();
    let settings = Settings { version: Version::V2, interval: two, ..settings() };
    let mut bench = Bench::backup(100, settings);
    bench.handle(advert_from(200, SECOND, "10.0.0.9"));
    let down = active_down_interval(Version::V2, Priority::new(100), two, 3);
    assert_eq!(bench.wait(), down);
}

#[test]
fn a_preempting_backup_lets_its_timer_run_under_a_lower_priority() {
    let mut bench = Bench::backup(100, settings());
    let due = bench.deadline();
    assert_eq!(bench.after(500 * MS, advert(99)), []);
    assert_eq!(bench.deadline(), due);
    let cause = Cause::Preempted { peer: ip("10.0.0.9"), theirs: Priority::new(99) };
    let told = Action::Tell(Standing::Backup, Standing::Active, cause);
    let mut actions = bench.expire();
    assert_eq!(actions.pop(), Some(Action::Announce), "neighbours listen to the other");
    assert_eq!(actions.pop(), Some(told));
}

#[test]
fn a_backup_ignores_its_higher_priority_when_preempting_is_off() {
    let mut bench = Bench::backup(100, Settings { preempt: Preempt::No, ..settings() });
    bench.after(3000 * MS, advert(1));
    assert_eq!(bench.wait(), down(100, SECOND));
}

#[test]
fn a_preempt_delay_starts_with_the_first_advert_of_lower_priority() {
    let delay = Duration::from_secs(5);
    let mut bench = Bench::backup(100, Settings { preempt: Preempt::After(delay), ..settings() });
    let mut accepted = 0;
    for _ in 0..10 {
        bench.after(1000 * MS, advert(50));
        accepted += u32::from(bench.wait() == down(100, SECOND));
        if bench.deadline() < bench.now + 1000 * MS {
            break;
        }
    }
    assert_eq!(accepted, 5, "the adverts of the first five seconds");
    let spent = bench.deadline().since(START);
    assert!(spent < Duration::from_secs(1) + delay + down(100, SECOND), "{spent:?}");
}

#[test]
fn a_preempt_delay_does_not_hold_up_the_succession_of_a_dead_router() {
    let delay = Duration::from_secs(60);
    let mut bench = Bench::backup(100, Settings { preempt: Preempt::After(delay), ..settings() });
    bench.after(1000 * MS, advert(50));
    assert_eq!(bench.wait(), down(100, SECOND));
    bench.expire();
    assert_eq!(bench.standing(), Standing::Active);
}

#[test]
fn a_priority_that_changes_in_backup_moves_the_deadline_by_the_skew() {
    let mut bench = Bench::backup(100, settings());
    let due = bench.deadline();
    bench.after(700 * MS, Event::Priority(Priority::new(200)));
    assert_eq!(bench.deadline(), due - skew(100, SECOND) + skew(200, SECOND));
}

#[test]
fn a_backup_that_was_away_listens_again_before_it_claims() {
    let mut bench = Bench::backup(100, settings());
    bench.now = bench.deadline() + 1001 * MS;
    assert_eq!(bench.handle(Event::Timeout), []);
    assert_eq!(bench.wait(), SECOND.duration() + skew(100, SECOND));
    bench.expire();
    assert_eq!(bench.standing(), Standing::Active);
}

#[test]
fn a_backup_that_changes_to_version_2_waits_by_its_own_interval() {
    let mut bench = Bench::backup(100, settings());
    bench.after(100 * MS, advert_from(200, Centis::TENTH, "10.0.0.9"));
    assert_eq!(bench.wait(), down(100, Centis::TENTH));
    let v2 = Settings { version: Version::V2, ..settings() };
    assert_eq!(bench.machine.reconfigure(v2, bench.now).len(), 0);
    assert_eq!(bench.wait(), active_down_interval(Version::V2, Priority::new(100), SECOND, 3));
}

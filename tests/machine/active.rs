//! Active: RFC 9568 §6.4.3.

use std::time::Duration;

use vipd::config::model::Preempt;
use vipd::types::{Cause, Centis, Priority, Standing, Version};
use vipd::vrrp::machine::{Action, Event, Settings};

use crate::bench::{Bench, MS, SECOND, advert, advert_from, down, ip, says, settings, skew, up};

#[test]
fn adverts_follow_each_other_by_the_interval_however_late_each_is() {
    let mut bench = Bench::active(100, settings(), Duration::ZERO);
    let first = bench.deadline();
    for n in 1..100 {
        bench.now = bench.deadline() + 3 * MS;
        assert_eq!(says(&bench.handle(Event::Timeout)), [(100, 100)]);
        assert_eq!(bench.deadline(), first + n * SECOND.duration());
    }
}

#[test]
fn an_active_router_answers_a_release_at_once_and_tells_the_neighbours_again() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let answer = [Action::Advertise(Priority::new(100), SECOND), Action::Announce];
    assert_eq!(bench.handle(advert(0)), answer);
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn an_active_router_answers_a_lower_priority_and_tells_the_neighbours_again() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let answer = [Action::Advertise(Priority::new(100), SECOND), Action::Announce];
    assert_eq!(bench.handle(advert(99)), answer);
    assert_eq!(bench.wait(), SECOND.duration());
    assert_eq!(bench.standing(), Standing::Active);
}

#[test]
fn a_flood_of_lower_priorities_or_releases_is_answered_once_in_ten_milliseconds() {
    for flood in [99, 0] {
        let mut bench = Bench::active(100, settings(), 400 * MS);
        let answers =
            (0..1000).map(|_| bench.after(MS / 10, advert(flood)).len()).filter(|n| *n > 0);
        assert_eq!(answers.count(), 10, "priority {flood}");
    }
}

#[test]
fn an_answer_can_be_switched_off_but_the_neighbours_are_told() {
    let silent = Settings { answer_lower: false, ..settings() };
    let mut bench = Bench::active(100, silent, 400 * MS);
    let due = bench.deadline();
    assert_eq!(bench.handle(advert(99)), [Action::Announce]);
    assert_eq!(bench.deadline(), due);
}

#[test]
fn an_active_router_yields_to_a_higher_priority_or_a_higher_address() {
    let higher = Cause::HigherPriority { peer: ip("10.0.0.1"), theirs: Priority::new(101) };
    let address = Cause::HigherAddress { peer: ip("200.0.0.1") };
    for (priority, source, cause) in [(101, "10.0.0.1", higher), (100, "200.0.0.1", address)] {
        let mut bench = Bench::active(100, settings(), 400 * MS);
        let interval = Centis::new(40).unwrap();
        let actions = bench.handle(advert_from(priority, interval, source));
        let told = Action::Tell(Standing::Active, Standing::Backup, cause);
        let last_word = Action::Advertise(Priority::new(100), interval);
        assert_eq!(actions, [last_word, Action::DropAddresses, told]);
        assert_eq!(bench.wait(), down(100, interval));
    }
}

#[test]
fn an_equal_priority_from_a_lower_address_does_not_displace() {
    for source in ["9.255.255.255", "10.0.0.4"] {
        let mut bench = Bench::active(100, settings(), 400 * MS);
        bench.handle(advert_from(100, SECOND, source));
        assert_eq!(bench.standing(), Standing::Active, "{source}");
    }
}

#[test]
fn a_router_that_has_been_active_for_300_ms_says_a_last_word_when_it_yields() {
    for (active, word) in [(300, 0), (301, 1), (5000, 1)] {
        let mut bench = Bench::active(100, settings(), active * MS);
        let said = says(&bench.handle(advert(200)));
        assert_eq!(said, vec![(100, 100); word], "{active} ms");
    }
}

#[test]
fn a_last_word_in_the_middle_of_a_claim_can_be_had() {
    let talkative = Settings { answer_higher: true, ..settings() };
    let mut bench = Bench::active(100, talkative, MS);
    assert_eq!(says(&bench.handle(advert(200))), [(100, 100)]);
}

#[test]
fn nopreempt_does_not_protect_an_active_router() {
    let mut bench =
        Bench::active(100, Settings { preempt: Preempt::No, ..settings() }, Duration::ZERO);
    bench.handle(advert(101));
    assert_eq!(bench.standing(), Standing::Backup);
}

#[test]
fn of_two_owners_the_lower_address_yields() {
    let mut bench = Bench::new(255, settings());
    bench.handle(up());
    bench.handle(advert_from(255, SECOND, "10.0.0.4"));
    assert_eq!(bench.standing(), Standing::Active);
    bench.handle(advert_from(255, SECOND, "10.0.0.6"));
    assert_eq!(bench.standing(), Standing::Backup);
}

#[test]
fn an_active_router_that_stood_still_releases_and_listens_whatever_wakes_it() {
    let slower = Settings { interval: Centis::from_secs(5).unwrap(), ..settings() };
    type Wake = fn(&mut Bench, Settings, Duration) -> Vec<Action>;
    let wakers: [(&str, Wake); 4] = [
        ("its timer", |bench, _, after| bench.after(after, Event::Timeout)),
        ("a lower priority", |bench, _, after| bench.after(after, advert(50))),
        ("a weight", |bench, _, after| bench.after(after, Event::Priority(Priority::new(90)))),
        ("a reload", |bench, settings, after| {
            bench.now += after;
            bench.machine.reconfigure(settings, bench.now).to_vec()
        }),
    ];
    for (waker, wake) in wakers {
        let mut bench = Bench::active(100, settings(), Duration::ZERO);
        let lasted = down(254, SECOND) + MS;
        let actions = wake(&mut bench, slower, lasted);
        let cause = Cause::Stalled { lasted };
        let told = Action::Tell(Standing::Active, Standing::Backup, cause);
        let released = Action::Advertise(Priority::RELEASE, SECOND);
        assert_eq!(actions[..], [released, Action::DropAddresses, told], "{waker}");
    }
}

#[test]
fn a_router_that_stood_still_listens_for_an_interval_and_its_skew() {
    let mut bench = Bench::active(100, settings(), Duration::ZERO);
    bench.after(down(254, SECOND) + MS, Event::Timeout);
    assert_eq!(bench.wait(), SECOND.duration() + skew(100, SECOND));
}

#[test]
fn a_short_delay_is_no_stall() {
    let mut bench = Bench::active(100, settings(), Duration::ZERO);
    let actions = bench.after(down(254, SECOND), Event::Timeout);
    assert_eq!(says(&actions), [(100, 100)]);
    assert_eq!(bench.standing(), Standing::Active);
    assert!(bench.wait() <= SECOND.duration());
}

#[test]
fn a_longer_interval_is_taught_thrice_before_backups_wait_for_it() {
    let tenth = Centis::new(10).unwrap();
    let fast = Settings { interval: tenth, ..settings() };
    let mut bench = Bench::active(150, fast, 2000 * MS);
    let slow = Settings { interval: Centis::from_secs(10).unwrap(), ..fast };

    let mut said =
        says(&bench.machine.reconfigure(slow, bench.now).into_iter().collect::<Vec<_>>());
    let begun = bench.now;
    said.extend(says(&bench.expire()));
    said.extend(says(&bench.expire()));
    assert_eq!(said, [(150, 1000); 3]);
    assert!(bench.now.since(begun) < down(254, tenth), "a Backup that heard the last alone stays");
    assert_eq!(bench.wait(), Duration::from_secs(10));
}

#[test]
fn who_takes_over_teaches_its_longer_interval_twice_at_the_pace_that_was_learned() {
    let mut bench = Bench::backup(100, settings());
    let tenth = Centis::new(10).unwrap();
    bench.handle(advert_from(200, tenth, "10.0.0.9"));
    bench.handle(advert(0));

    let mut said = says(&bench.expire());
    assert_eq!(bench.standing(), Standing::Active);
    let begun = bench.now;
    said.extend(says(&bench.expire()));
    assert_eq!(said, [(100, 100); 2]);
    assert_eq!(bench.now.since(begun), tenth.duration());
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn who_takes_over_in_version_2_keeps_its_pace() {
    let version = Version::V2;
    let mut bench = Bench::active(100, Settings { version, ..settings() }, Duration::ZERO);
    assert_eq!(bench.wait(), SECOND.duration());
    bench.expire();
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn a_shorter_interval_is_taught_at_once_and_needs_no_copies() {
    let mut bench = Bench::active(150, settings(), 2400 * MS);
    let tenth = Centis::new(10).unwrap();
    let fast = Settings { interval: tenth, ..settings() };
    let actions: Vec<_> = bench.machine.reconfigure(fast, bench.now).into_iter().collect();
    assert_eq!(says(&actions), [(150, 10)]);
    assert_eq!(bench.wait(), tenth.duration());
}

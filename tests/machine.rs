//! Each cell of RFC 9568 §6.4, and what vipd adds to it, on one machine without a clock.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the test's own helpers"
)]

use std::net::IpAddr;
use std::time::Duration;

use vipd::config::model::Preempt;
use vipd::types::{Cause, Centis, Instant, Priority, Standing, Version};
use vipd::vrrp::machine::{Action, Advert, Event, Machine, Settings};
use vipd::vrrp::timing::{active_down_interval, skew_time};

const START: Instant = Instant::from_nanos(1_000_000_000_000);
const SECOND: Centis = Centis::SECOND;
const MS: Duration = Duration::from_millis(1);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn settings() -> Settings {
    Settings {
        version: Version::V3,
        interval: SECOND,
        preempt: Preempt::Yes,
        down_adverts: 3,
        answer_lower: true,
        answer_higher: false,
        release: None,
    }
}

fn advert(priority: u8) -> Event {
    advert_from(priority, SECOND, "10.0.0.9")
}

fn advert_from(priority: u8, interval: Centis, source: &str) -> Event {
    Event::Advert(Advert {
        priority: Priority::new(priority),
        interval,
        source: ip(source),
    })
}

fn up() -> Event {
    Event::Up {
        cause: Cause::Started,
        source: ip("10.0.0.5"),
    }
}

/// A machine at 10.0.0.5 and the time, which only the test moves.
struct Bench {
    machine: Machine,
    now: Instant,
}

impl Bench {
    fn new(priority: u8, settings: Settings) -> Self {
        Self {
            machine: Machine::new(settings, Priority::new(priority)),
            now: START,
        }
    }

    fn backup(priority: u8, settings: Settings) -> Self {
        let mut bench = Self::new(priority, settings);
        bench.handle(up());
        assert_eq!(bench.standing(), Standing::Backup);
        bench
    }

    /// Active for `long`, advertising on time.
    fn active(priority: u8, settings: Settings, long: Duration) -> Self {
        let mut bench = Self::backup(priority, settings);
        bench.expire();
        assert_eq!(bench.standing(), Standing::Active);
        let end = bench.now + long;
        while bench.deadline() <= end {
            bench.expire();
        }
        bench.now = end;
        bench
    }

    fn handle(&mut self, event: Event) -> Vec<Action> {
        self.machine.handle(event, self.now).into_iter().collect()
    }

    fn after(&mut self, span: Duration, event: Event) -> Vec<Action> {
        self.now += span;
        self.handle(event)
    }

    /// Lets the time pass to the deadline and a little more.
    fn expire(&mut self) -> Vec<Action> {
        self.now = self.deadline();
        self.handle(Event::Timeout)
    }

    fn deadline(&self) -> Instant {
        self.machine.deadline().expect("a deadline")
    }

    fn wait(&self) -> Duration {
        self.deadline().since(self.now)
    }

    fn standing(&self) -> Standing {
        self.machine.standing()
    }
}

fn down(priority: u8, interval: Centis) -> Duration {
    active_down_interval(Version::V3, Priority::new(priority), interval, 3)
}

fn skew(priority: u8, interval: Centis) -> Duration {
    skew_time(Version::V3, Priority::new(priority), interval)
}

fn says(actions: &[Action]) -> Vec<(u8, u16)> {
    let adverts = actions.iter().filter_map(|action| match action {
        Action::Advertise(priority, interval) => Some((priority.get(), interval.get())),
        Action::TakeAddresses | Action::DropAddresses | Action::Announce | Action::Tell(..) => None,
    });
    adverts.collect()
}

// --- Initialize ---------------------------------------------------------------------------------

#[test]
fn an_owner_is_active_from_the_start() {
    let mut bench = Bench::new(255, settings());
    let actions = bench.handle(up());
    assert_eq!(
        actions,
        [
            Action::Advertise(Priority::OWNER, SECOND),
            Action::TakeAddresses,
            Action::Tell(Standing::Initialize, Standing::Active, Cause::Owner),
        ]
    );
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn everybody_else_listens_for_a_whole_down_interval_first() {
    let mut bench = Bench::new(254, settings());
    let actions = bench.handle(up());
    assert_eq!(
        actions,
        [Action::Tell(
            Standing::Initialize,
            Standing::Backup,
            Cause::Started
        )]
    );
    assert_eq!(bench.wait(), down(254, SECOND));
}

#[test]
fn in_initialize_nothing_but_a_start_has_an_effect() {
    let mut bench = Bench::new(100, settings());
    for event in [
        advert(255),
        advert(0),
        Event::Timeout,
        Event::AddressesGone,
        Event::Down(Cause::Stopped),
        Event::Cut(Cause::Stopped),
    ] {
        assert_eq!(bench.handle(event), []);
        assert_eq!(bench.machine.deadline(), None);
    }
}

// --- Backup -------------------------------------------------------------------------------------

#[test]
fn a_backup_that_shuts_down_says_nothing() {
    let mut bench = Bench::backup(100, settings());
    let actions = bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(
        actions,
        [Action::Tell(
            Standing::Backup,
            Standing::Initialize,
            Cause::Stopped
        )]
    );
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
    assert_eq!(
        bench.expire().pop(),
        Some(Action::Tell(Standing::Backup, Standing::Active, cause))
    );
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
        assert_eq!(
            bench.wait(),
            down(100, SECOND),
            "priority {priority} from {source}"
        );
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
    let settings = Settings {
        version: Version::V2,
        interval: two,
        ..settings()
    };
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
    let cause = Cause::Preempted {
        peer: ip("10.0.0.9"),
        theirs: Priority::new(99),
    };
    assert_eq!(
        bench.expire().pop(),
        Some(Action::Tell(Standing::Backup, Standing::Active, cause))
    );
}

#[test]
fn a_backup_ignores_its_higher_priority_when_preempting_is_off() {
    let mut bench = Bench::backup(
        100,
        Settings {
            preempt: Preempt::No,
            ..settings()
        },
    );
    bench.after(3000 * MS, advert(1));
    assert_eq!(bench.wait(), down(100, SECOND));
}

#[test]
fn a_preempt_delay_starts_with_the_first_advert_of_lower_priority() {
    let delay = Duration::from_secs(5);
    let mut bench = Bench::backup(
        100,
        Settings {
            preempt: Preempt::After(delay),
            ..settings()
        },
    );
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
    assert!(
        spent < Duration::from_secs(1) + delay + down(100, SECOND),
        "{spent:?}"
    );
}

#[test]
fn a_preempt_delay_does_not_hold_up_the_succession_of_a_dead_router() {
    let delay = Duration::from_secs(60);
    let mut bench = Bench::backup(
        100,
        Settings {
            preempt: Preempt::After(delay),
            ..settings()
        },
    );
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
    assert_eq!(
        bench.deadline(),
        due - skew(100, SECOND) + skew(200, SECOND)
    );
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

// --- Active -------------------------------------------------------------------------------------

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
fn an_active_router_answers_a_release_at_once() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    assert_eq!(
        bench.handle(advert(0)),
        [Action::Advertise(Priority::new(100), SECOND)]
    );
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn an_active_router_answers_a_lower_priority_and_tells_the_neighbours_again() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let answer = [
        Action::Advertise(Priority::new(100), SECOND),
        Action::Announce,
    ];
    assert_eq!(bench.handle(advert(99)), answer);
    assert_eq!(bench.wait(), SECOND.duration());
    assert_eq!(bench.standing(), Standing::Active);
}

#[test]
fn a_flood_of_lower_priorities_is_answered_once_in_ten_milliseconds() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let answers = (0..1000)
        .map(|_| bench.after(MS / 10, advert(99)).len())
        .filter(|n| *n > 0);
    assert_eq!(answers.count(), 10);
}

#[test]
fn an_answer_can_be_switched_off_but_the_neighbours_are_told() {
    let silent = Settings {
        answer_lower: false,
        ..settings()
    };
    let mut bench = Bench::active(100, silent, 400 * MS);
    let due = bench.deadline();
    assert_eq!(bench.handle(advert(99)), [Action::Announce]);
    assert_eq!(bench.deadline(), due);
}

#[test]
fn an_active_router_yields_to_a_higher_priority_or_a_higher_address() {
    let higher = Cause::HigherPriority {
        peer: ip("10.0.0.1"),
        theirs: Priority::new(101),
    };
    let address = Cause::HigherAddress {
        peer: ip("200.0.0.1"),
    };
    for (priority, source, cause) in [(101, "10.0.0.1", higher), (100, "200.0.0.1", address)] {
        let mut bench = Bench::active(100, settings(), 400 * MS);
        let interval = Centis::new(40).unwrap();
        let actions = bench.handle(advert_from(priority, interval, source));
        let told = Action::Tell(Standing::Active, Standing::Backup, cause);
        assert_eq!(actions, [Action::DropAddresses, told]);
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
fn an_established_router_says_a_last_word_when_it_yields() {
    let mut bench = Bench::active(100, settings(), 5000 * MS);
    assert_eq!(says(&bench.handle(advert(200))), [(100, 100)]);
}

#[test]
fn nopreempt_does_not_protect_an_active_router() {
    let mut bench = Bench::active(
        100,
        Settings {
            preempt: Preempt::No,
            ..settings()
        },
        Duration::ZERO,
    );
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
fn an_active_router_that_stood_still_gives_up_and_listens_before_it_speaks() {
    let mut bench = Bench::active(100, settings(), Duration::ZERO);
    let lasted = down(254, SECOND) + MS;
    let actions = bench.after(lasted, Event::Timeout);
    let cause = Cause::Stalled { lasted };
    let told = Action::Tell(Standing::Active, Standing::Backup, cause);
    assert_eq!(actions, [Action::DropAddresses, told]);
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
fn a_new_interval_is_taught_at_once() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let five = Centis::from_secs(5).unwrap();
    let changed = Settings {
        interval: five,
        ..settings()
    };
    let actions: Vec<_> = bench
        .machine
        .reconfigure(changed, bench.now)
        .into_iter()
        .collect();
    assert_eq!(says(&actions), [(100, 500)]);
    assert_eq!(bench.wait(), five.duration());
}

// --- Leaving ------------------------------------------------------------------------------------

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
    let fast = Settings {
        release: Some(Centis::SHORTEST),
        ..settings()
    };
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
    let fast = Settings {
        release: Some(Centis::SHORTEST),
        ..settings()
    };
    let mut bench = Bench::active(100, fast, 400 * MS);
    let mut said = says(&bench.handle(Event::Down(Cause::Stopped)));
    while bench.standing() == Standing::Leaving {
        said.extend(says(&bench.expire()));
    }
    assert_eq!(
        said,
        [(100, 1), (100, 1), (100, 1), (100, 1), (0, 100), (0, 100)]
    );
}

#[test]
fn a_leaving_router_that_hears_a_new_active_router_says_nothing_more() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    bench.handle(Event::Down(Cause::Stopped));
    assert_eq!(bench.handle(advert(50)), []);
    assert_eq!(says(&bench.handle(Event::AddressesGone)), []);
    assert_eq!(bench.standing(), Standing::Initialize);
}

#[test]
fn a_router_whose_link_is_gone_drops_its_addresses_without_a_word() {
    let mut bench = Bench::active(100, settings(), 400 * MS);
    let actions = bench.handle(Event::Cut(Cause::Stopped));
    let told = Action::Tell(Standing::Active, Standing::Initialize, Cause::Stopped);
    assert_eq!(actions, [Action::DropAddresses, told]);
}

// --- Fast yield ---------------------------------------------------------------------------------

fn fast() -> Settings {
    Settings {
        release: Some(Centis::SHORTEST),
        ..settings()
    }
}

#[test]
fn a_lasting_drop_of_priority_is_yielded_fast() {
    let mut bench = Bench::active(150, fast(), 31_000 * MS);
    let begun = bench.now;
    let mut said = says(&bench.handle(Event::Priority(Priority::new(90))));
    while bench.now.since(begun) < 200 * MS {
        said.extend(says(&bench.expire()));
    }
    let expected = [
        (150, 1),
        (150, 1),
        (90, 1),
        (90, 1),
        (90, 1),
        (90, 1),
        (90, 100),
        (90, 100),
        (90, 100),
    ];
    assert_eq!(said.get(..9), Some(expected.as_slice()));
    assert_eq!(bench.standing(), Standing::Active, "nobody took over");
    assert!(
        said.get(9..)
            .is_some_and(|rest| rest.iter().all(|advert| *advert == (90, 100)))
    );
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
    assert_eq!(
        says(&bench.handle(Event::Priority(Priority::new(80)))),
        [(150, 1)]
    );
}

#[test]
fn nopreempt_owners_and_rises_do_not_yield_fast() {
    let held = Settings {
        preempt: Preempt::No,
        ..fast()
    };
    let mut bench = Bench::active(150, held, 31_000 * MS);
    assert_eq!(bench.handle(Event::Priority(Priority::new(90))), []);
    let mut bench = Bench::active(150, fast(), 31_000 * MS);
    assert_eq!(bench.handle(Event::Priority(Priority::new(200))), []);
}

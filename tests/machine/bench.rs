//! A machine under test, with the time in the test's hands.

use std::net::IpAddr;
use std::time::Duration;

use vipd::config::model::Preempt;
use vipd::types::{Cause, Centis, Instant, Priority, Standing, Version};
use vipd::vrrp::machine::{Action, Advert, Event, Machine, Settings};
use vipd::vrrp::timing::{active_down_interval, skew_time};

pub(crate) const START: Instant = Instant::from_nanos(1_000_000_000_000);
pub(crate) const SECOND: Centis = Centis::SECOND;
pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        version: Version::V3,
        interval: SECOND,
        preempt: Preempt::Yes,
        down_adverts: 3,
        answer_lower: true,
        answer_higher: false,
        release: None,
        several: false,
    }
}

pub(crate) fn advert(priority: u8) -> Event {
    advert_from(priority, SECOND, "10.0.0.9")
}

pub(crate) fn advert_from(priority: u8, interval: Centis, source: &str) -> Event {
    Event::Advert(Advert { priority: Priority::new(priority), interval, source: ip(source) })
}

pub(crate) fn up() -> Event {
    Event::Up { cause: Cause::Started, source: ip("10.0.0.5") }
}

/// A machine at 10.0.0.5 and the time, which only the test moves.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) now: Instant,
}

impl Bench {
    pub(crate) fn new(priority: u8, settings: Settings) -> Self {
        Self { machine: Machine::new(settings, Priority::new(priority)), now: START }
    }

    pub(crate) fn backup(priority: u8, settings: Settings) -> Self {
        let mut bench = Self::new(priority, settings);
        bench.handle(up());
        assert_eq!(bench.standing(), Standing::Backup);
        bench
    }

    /// Active for `long`, advertising on time.
    pub(crate) fn active(priority: u8, settings: Settings, long: Duration) -> Self {
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

    pub(crate) fn handle(&mut self, event: Event) -> Vec<Action> {
        self.machine.handle(event, self.now).into_iter().collect()
    }

    pub(crate) fn after(&mut self, span: Duration, event: Event) -> Vec<Action> {
        self.now += span;
        self.handle(event)
    }

    /// Lets the time pass to the deadline and a little more.
    pub(crate) fn expire(&mut self) -> Vec<Action> {
        self.now = self.deadline();
        self.handle(Event::Timeout)
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.machine.deadline().expect("a deadline")
    }

    pub(crate) fn wait(&self) -> Duration {
        self.deadline().since(self.now)
    }

    pub(crate) fn standing(&self) -> Standing {
        self.machine.standing()
    }
}

pub(crate) fn down(priority: u8, interval: Centis) -> Duration {
    active_down_interval(Version::V3, Priority::new(priority), interval, 3)
}

pub(crate) fn skew(priority: u8, interval: Centis) -> Duration {
    skew_time(Version::V3, Priority::new(priority), interval)
}

pub(crate) fn says(actions: &[Action]) -> Vec<(u8, u16)> {
    let adverts = actions.iter().filter_map(|action| match action {
        Action::Advertise(priority, interval) => Some((priority.get(), interval.get())),
        Action::TakeAddresses | Action::DropAddresses | Action::Announce | Action::Tell(..) => None,
    });
    adverts.collect()
}

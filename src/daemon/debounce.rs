//! Interfaces that have to stay down, or up, for a while before anybody is told.

use std::collections::{BTreeMap, HashMap};

use crate::config::model::LinkDelay;
use crate::types::{IfIndex, Instant, LinkName, LinkReport};

/// Holds back that an interface went down or came up.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    delays: BTreeMap<LinkName, LinkDelay>,
    links: HashMap<IfIndex, Held>,
}

/// An interface with a delay.
#[derive(Debug)]
struct Held {
    /// Whether it is up, as it was told last.
    told: bool,
    /// When it was last reported to be otherwise, if it still is.
    since: Option<Instant>,
    newest: LinkReport,
}

impl Debounce {
    /// From now on these interfaces have delays, and no others.
    pub(super) fn follow(&mut self, delays: BTreeMap<LinkName, LinkDelay>) {
        self.delays = delays;
    }

    /// An interface appeared or changed; what is to be told of it now.
    pub(super) fn changed(&mut self, report: LinkReport, now: Instant) -> LinkReport {
        let held = self.links.entry(report.index).or_insert_with(|| Held {
            told: report.up,
            since: None,
            newest: report.clone(),
        });
        held.newest = report;
        held.since = (held.newest.up != held.told).then(|| held.since.unwrap_or(now));
        if held.due(&self.delays).is_some_and(|due| due <= now) {
            held.tell();
        }
        LinkReport { up: held.told, ..held.newest.clone() }
    }

    /// An interface is gone, which is told at once.
    pub(super) fn gone(&mut self, link: IfIndex) {
        self.links.remove(&link);
    }

    /// When there is something to tell.
    pub(super) fn next(&self) -> Option<Instant> {
        self.links.values().filter_map(|held| held.due(&self.delays)).min()
    }

    /// What is to be told by now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<LinkReport> {
        let Self { delays, links } = self;
        let due = links.values_mut().filter(|it| it.due(delays).is_some_and(|due| due <= now));
        due.map(|held| {
            held.tell();
            held.newest.clone()
        })
        .collect()
    }
}

impl Held {
    fn due(&self, delays: &BTreeMap<LinkName, LinkDelay>) -> Option<Instant> {
        let delay = delays.get(&self.newest.name).copied().unwrap_or_default();
        let delay = if self.newest.up { delay.up } else { delay.down };
        self.since.map(|since| since + delay)
    }

    const fn tell(&mut self) {
        self.told = self.newest.up;
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DOWN: Duration = Duration::from_secs(2);
    const UP: Duration = Duration::from_secs(1);

    fn report(up: bool) -> LinkReport {
        let (index, name) = (IfIndex::new(2).unwrap(), LinkName::new("eth0").unwrap());
        LinkReport { index, name, up, mac: None, addresses: Vec::new() }
    }

    fn at(millis: u64) -> Instant {
        Instant::default() + Duration::from_millis(millis)
    }

    /// One whose eth0 has delays and was up.
    fn debounce() -> Debounce {
        let mut debounce = Debounce::default();
        debounce.follow([(report(true).name, LinkDelay { down: DOWN, up: UP })].into());
        assert!(debounce.changed(report(true), at(0)).up);
        assert_eq!(debounce.next(), None);
        debounce
    }

    #[test]
    fn what_is_down_for_long_enough_is_told_and_comes_back_in_its_time() {
        let mut debounce = debounce();
        assert!(debounce.changed(report(false), at(100)).up);
        assert!(debounce.changed(report(false), at(900)).up);
        assert_eq!(debounce.next(), Some(at(2100)));
        assert!(debounce.take(at(2099)).is_empty());
        assert_eq!(debounce.take(at(2100)), [report(false)]);
        assert_eq!(debounce.next(), None);
        assert!(!debounce.changed(report(true), at(3000)).up);
        assert_eq!(debounce.take(at(4000)), [report(true)]);
    }

    #[test]
    fn what_comes_back_in_time_was_never_down() {
        let mut debounce = debounce();
        debounce.changed(report(false), at(100));
        assert!(debounce.changed(report(true), at(2000)).up);
        assert_eq!(debounce.next(), None);
        debounce.changed(report(false), at(2050));
        assert_eq!(debounce.next(), Some(at(4050)), "the time begins anew");
    }

    #[test]
    fn one_without_a_delay_is_told_at_once_also_after_a_reload() {
        let mut debounce = debounce();
        debounce.changed(report(false), at(100));
        debounce.follow(BTreeMap::new());
        assert_eq!(debounce.next(), Some(at(100)));
        assert_eq!(debounce.take(at(150)), [report(false)]);
        assert!(debounce.changed(report(true), at(200)).up);
    }

    #[test]
    fn one_that_is_gone_is_forgotten() {
        let mut debounce = debounce();
        debounce.changed(report(false), at(100));
        debounce.gone(report(true).index);
        assert_eq!(debounce.next(), None);
        assert!(!debounce.changed(report(false), at(200)).up, "another one, which is down");
    }
}

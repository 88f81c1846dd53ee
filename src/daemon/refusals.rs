//! Which refused packets the operator hears of: a peer with another password sends one a second,
//! a hostile one a million.

use std::time::Duration;

use crate::types::{Instant, Refused, Slot};

/// What was told of refused packets.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    slots: Vec<Told>,
}

/// What was told of the packets that one instance refused.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// When the first of them was.
    since: Option<Instant>,
    /// A bit for each reason.
    reasons: u32,
}

impl Refusals {
    /// Makes room, so that nothing later has to.
    pub(super) fn reserve(&mut self, slot: Slot) {
        if self.slots.len() <= slot.index() {
            self.slots.resize(slot.index() + 1, Told::default());
        }
    }

    /// What was told of this instance is old: it is another one, or its state is.
    pub(super) fn forget(&mut self, slot: Slot) {
        if let Some(told) = self.slots.get_mut(slot.index()) {
            *told = Told::default();
        }
    }

    /// Whether this one is to be told.
    pub(super) fn is_news(&mut self, refused: &Refused) -> bool {
        let Some(told) = self.slots.get_mut(refused.slot.index()) else {
            return false;
        };
        if told.since.is_none_or(|since| refused.at.since(since) >= QUIET) {
            *told = Told { since: Some(refused.at), reasons: 0 };
        }
        let bit = 1 << refused.reason.index();
        let is_news = told.reasons & bit == 0;
        told.reasons |= bit;
        is_news
    }
}

/// How long the same reason is not told again.
const QUIET: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::types::Reject;

    use super::*;

    fn refused(secs: u64, reason: Reject) -> Refused {
        let at = Instant::default() + Duration::from_secs(secs);
        let peer = Ipv4Addr::new(10, 9, 0, 2).into();
        Refused { slot: Slot::new(1).unwrap(), at, peer, reason }
    }

    #[test]
    fn each_reason_is_told_once_a_minute() {
        let mut refusals = Refusals::default();
        refusals.reserve(Slot::new(1).unwrap());
        let mut is_news = |secs, reason| refusals.is_news(&refused(secs, reason));
        assert!(is_news(100, Reject::AuthFailed));
        assert!(!is_news(101, Reject::AuthFailed));
        assert!(is_news(101, Reject::Own), "the last reason has a bit too");
        assert!(!is_news(159, Reject::AuthFailed));
        assert!(is_news(160, Reject::AuthFailed));
    }

    #[test]
    fn a_new_state_makes_it_news_again() {
        let mut refusals = Refusals::default();
        let first = refused(100, Reject::Version);
        assert!(!refusals.is_news(&first), "nobody knows this instance");
        refusals.reserve(first.slot);
        assert!(refusals.is_news(&first));
        refusals.forget(first.slot);
        assert!(refusals.is_news(&first));
    }
}

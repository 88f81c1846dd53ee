//! After a release that several Backups may follow: seeing it through.
//!
//! Backups of neighbouring priorities may claim together; the taught interval leaves less than
//! half a millisecond between them. They settle it at once by priority, but the loser's gratuitous
//! ARP may leave after the winner's, and neighbours then believe the loser until the winner
//! announces again, which for keepalived is 5 s later. So the router that left listens for as long
//! as a Backup may take. If it hears two claims, it says one advert of the lowest priority: an
//! Active Router answers that with its own (RFC 9568 §6.4.3) and tells the neighbours once more;
//! Backups discard it or are taught the winner's interval by the answer.

use std::net::IpAddr;
use std::time::Duration;

use super::{Action, Actions, Advert};
use crate::types::{Centis, Instant, Priority};

/// A release that is being watched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Handover {
    /// When there is something to say, or nothing left to listen for.
    pub(super) until: Instant,
    /// The best claim heard.
    best: Option<(Priority, IpAddr)>,
    /// How often the winner has still to be reminded.
    reminders: u8,
}

impl Handover {
    /// Listens from now on, when Backups were released that had been taught `short`.
    pub(super) fn new(short: Centis, now: Instant) -> Self {
        Self { until: now + short.duration() + LATE_CLAIM, best: None, reminders: 0 }
    }

    /// Takes in a claim. Who stood still until its time was over hears of what others have settled.
    pub(super) fn hear(&mut self, advert: Advert, now: Instant) {
        if advert.priority.is_release() || now > self.until {
            return;
        }
        let claim = (advert.priority, advert.source);
        match self.best {
            None => {
                self.best = Some(claim);
                self.until = now + LATE_CLAIM;
            }
            Some((_, source)) if source == advert.source => {}
            Some(best) => {
                self.best = Some(best.max(claim));
                if self.reminders == 0 {
                    self.reminders = REMINDERS;
                    self.until = now + REMINDER_GAP;
                }
            }
        }
    }

    /// Whether it is over; reminds the winner of a contested claim otherwise.
    pub(super) fn expire(&mut self, interval: Centis, now: Instant, actions: &mut Actions) -> bool {
        // Nobody yields to the lowest priority but a router that has it itself.
        let outranked = self.best.is_some_and(|(priority, _)| priority > Priority::LOWEST);
        if self.reminders == 0 || !outranked {
            return true;
        }
        actions.push(Action::Advertise(Priority::LOWEST, interval));
        self.reminders -= 1;
        self.until = now + REMINDER_GAP;
        self.reminders == 0
    }
}

/// How much later than its skew, or than another's claim, a Backup's claim may come.
const LATE_CLAIM: Duration = Duration::from_millis(20);

/// How long the claimants have to announce before the winner is asked to do so again, and how
/// long after that it is asked once more.
const REMINDER_GAP: Duration = Duration::from_millis(40);

/// How often the winner is asked.
const REMINDERS: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const BETTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    const WORSE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 3));

    fn claim(priority: u8, source: IpAddr) -> Advert {
        Advert { priority: Priority::new(priority), interval: Centis::SECOND, source }
    }

    /// What is said, and after how many milliseconds, from the claims at their milliseconds.
    fn said(claims: &[(u64, Advert)]) -> Vec<(u64, Action)> {
        let begin = Instant::from_nanos(1_000_000_000);
        let mut handover = Handover::new(Centis::new(10).unwrap(), begin);
        let mut said = Vec::new();
        for millis in 0..1000 {
            let now = begin + Duration::from_millis(millis);
            for (_, advert) in claims.iter().filter(|(at, _)| *at == millis) {
                handover.hear(*advert, now);
            }
            if now >= handover.until {
                let mut actions = Actions::new();
                let over = handover.expire(Centis::SECOND, now, &mut actions);
                said.extend(actions.into_iter().map(|action| (millis, action)));
                if over {
                    said.push((millis, Action::DropAddresses));
                    return said;
                }
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn it_listens_for_a_claim_until_the_slowest_backup_must_have_claimed() {
        assert_eq!(said(&[]), [(120, Action::DropAddresses)]);
        assert_eq!(said(&[(60, claim(100, BETTER))]), [(80, Action::DropAddresses)]);
    }

    #[test]
    fn of_two_claims_the_winner_is_asked_twice_to_announce_again() {
        let reminder = Action::Advertise(Priority::LOWEST, Centis::SECOND);
        let claims = [(99, claim(2, WORSE)), (99, claim(3, BETTER)), (100, claim(3, BETTER))];
        let expected = [(139, reminder), (179, reminder), (179, Action::DropAddresses)];
        assert_eq!(said(&claims), expected);
    }

    #[test]
    fn claims_that_are_heard_when_its_time_is_over_change_nothing() {
        let begin = Instant::from_nanos(1_000_000_000);
        let mut handover = Handover::new(Centis::new(10).unwrap(), begin);
        let before = handover.clone();
        handover.hear(claim(2, WORSE), begin + Duration::from_millis(121));
        handover.hear(claim(3, BETTER), begin + Duration::from_millis(121));
        assert_eq!(handover, before);
    }

    #[test]
    fn a_winner_of_the_lowest_priority_is_not_unseated_by_a_reminder() {
        let claims = [(99, claim(1, WORSE)), (100, claim(1, BETTER))];
        assert_eq!(said(&claims), [(140, Action::DropAddresses)]);
    }
}

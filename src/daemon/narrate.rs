//! A kernel that tells what it does, for whom asked for details (`-D`).
//!
//! It tells on the kernel thread and when it is done: no advert waits for a line.

use std::collections::HashMap;

use tracing::{Level, debug, enabled};

use crate::kernel::{Announcement, Kernel, Operation, Outcome, Stands, Target, Unlisted, Verb};
use crate::types::{Family, IfIndex, Instant, LinkName};

/// Tells of everything that `K` has done.
#[derive(Debug)]
pub(super) struct Narrated<K> {
    kernel: K,
    /// What the interfaces are called that were told of.
    names: HashMap<IfIndex, LinkName>,
}

impl<K> Narrated<K> {
    pub(super) fn new(kernel: K) -> Self {
        Self { kernel, names: HashMap::new() }
    }

    fn tell_operations(&mut self, operations: &[Operation], outcomes: &[Outcome]) {
        let done =
            operations.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Done);
        let mut count = 0_usize;
        for (operation, _) in done {
            if let Target::Address(link, address) = &operation.target {
                self.names.insert(*link, address.link);
            }
            count += 1;
            if count <= LINES {
                let object = operation.target.object();
                match operation.verb {
                    Verb::Add => debug!("Setting {object}"),
                    Verb::Delete => debug!("Removing {object}"),
                }
            }
        }
        tell_rest(count);
    }

    fn tell_announcements(&self, announcements: &[Announcement]) {
        for Announcement { link, ip, .. } in announcements.iter().take(LINES) {
            let name = self.names.get(link).map_or("?", LinkName::as_str);
            match Family::of(*ip) {
                Family::V4 => debug!("Sending gratuitous ARP on {name} for {ip}"),
                Family::V6 => debug!("Sending unsolicited Neighbour Advert on {name} for {ip}"),
            }
        }
        tell_rest(announcements.len());
    }
}

impl<K: Kernel> Kernel for Narrated<K> {
    fn apply(&mut self, operations: &[Operation]) -> Vec<Outcome> {
        let outcomes = self.kernel.apply(operations);
        if enabled!(Level::DEBUG) {
            self.tell_operations(operations, &outcomes);
        }
        outcomes
    }

    fn addresses(&mut self) -> Result<Vec<Stands>, Unlisted> {
        self.kernel.addresses()
    }

    fn announce(&mut self, announcements: &[Announcement], now: Instant) -> usize {
        let sent = self.kernel.announce(announcements, now);
        if enabled!(Level::DEBUG) {
            self.tell_announcements(announcements.get(..sent).unwrap_or(announcements));
        }
        sent
    }
}

fn tell_rest(count: usize) {
    if let Some(more) = count.checked_sub(LINES).filter(|more| *more > 0) {
        debug!("… and {more} more");
    }
}

/// Lines about one piece of work: neighbours are told after the addresses were.
const LINES: usize = 32;

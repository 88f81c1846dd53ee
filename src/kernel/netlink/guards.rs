//! Which addresses packets are kept away from, from just before they stand until they are gone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use super::filter::Filter;
use crate::kernel::host::{Operation, Outcome, Verb};
use crate::kernel::ledger::ObjectId;
use crate::kernel::object::Target;
use crate::types::IfIndex;

/// The guards of one host's addresses; none without a packet filter.
#[derive(Debug, Default)]
pub(super) struct Guards {
    filter: Option<Rc<RefCell<Filter>>>,
    standing: HashMap<ObjectId, (IpAddr, IfIndex)>,
}

impl Guards {
    pub(super) fn new(filter: Rc<RefCell<Filter>>) -> Self {
        Self { filter: Some(filter), standing: HashMap::new() }
    }

    /// Packets are kept away before an address can be reached.
    pub(super) fn before(&mut self, operations: &[Operation]) {
        let Some(filter) = &self.filter else { return };
        for operation in operations {
            let Some(place) = guarded(operation) else { continue };
            let before = self.standing.insert(operation.id, place);
            if before == Some(place) {
                continue;
            }
            let mut filter = filter.borrow_mut();
            if let Some((ip, link)) = before {
                // It stood on an interface that went; a guard without an address harms nobody.
                let _stays = filter.release(ip, link).is_err();
            }
            if let Err(error) = filter.guard(place.0, place.1) {
                let address = place.0;
                tracing::error!(%address, %error, "Packets reach the address all the same.");
            }
        }
    }

    /// They are let through when it cannot be reached any more.
    pub(super) fn after(&mut self, operations: &[Operation], outcomes: &[Outcome]) {
        let Some(filter) = &self.filter else { return };
        if self.standing.is_empty() {
            return;
        }
        let done = |outcome: &Outcome| !matches!(outcome, Outcome::Refused(_));
        let all = || operations.iter().zip(outcomes);
        for (operation, outcome) in all() {
            let over = match operation.verb {
                Verb::Delete => done(outcome),
                Verb::Add => !done(outcome),
            };
            // What is deleted and added anew in one go keeps its guard.
            let stands = |(it, outcome): (&Operation, &Outcome)| {
                it.id == operation.id && guarded(it).is_some() && done(outcome)
            };
            if !over || all().any(stands) {
                continue;
            }
            if let Some((ip, link)) = self.standing.remove(&operation.id)
                && let Err(error) = filter.borrow_mut().release(ip, link)
            {
                tracing::warn!(address = %ip, %error, "Packets are still kept from the address.");
            }
        }
    }
}

/// Where an operation puts an address that packets are kept away from.
fn guarded(operation: &Operation) -> Option<(IpAddr, IfIndex)> {
    match (operation.verb, &operation.target) {
        (Verb::Add, Target::Address(link, address)) if address.guarded => Some((address.ip, *link)),
        (Verb::Add | Verb::Delete, _) => None,
    }
}

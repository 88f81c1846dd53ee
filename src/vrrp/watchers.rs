//! Which instances have to be looked at when something changes.

use super::router::Router;
use crate::config::model::{self, Transport};
use crate::types::Slot;

impl Router {
    /// Has `slot` looked at when anything changes that `config` depends on.
    pub(super) fn watch(&mut self, slot: Slot, config: &model::Instance) {
        self.trackers.watch(slot, config);
        for name in config.links() {
            let slots = self.watchers.entry(name).or_default();
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        if roams(config) {
            self.roamers.push(slot);
        }
        for address in config.held() {
            *self.held.entry(address.ip).or_default() += 1;
        }
    }

    /// Ends what [`Router::watch`] began.
    pub(super) fn unwatch(&mut self, slot: Slot, config: &model::Instance) {
        for name in config.links() {
            if let Some(slots) = self.watchers.get_mut(&name) {
                slots.retain(|other| *other != slot);
                if slots.is_empty() {
                    self.watchers.remove(&name);
                }
            }
        }
        self.trackers.unwatch(slot);
        self.roamers.retain(|other| *other != slot);
        for address in config.held() {
            if let Some(count) = self.held.get_mut(&address.ip) {
                *count -= 1;
                if *count == 0 {
                    self.held.remove(&address.ip);
                }
            }
        }
    }
}

/// Whether the adverts' source is one that any interface may have.
fn roams(config: &model::Instance) -> bool {
    config.source.is_some() && matches!(config.transport, Transport::Unicast { .. })
}

//! The files that keepalived's signals ask for: from what the core thread sees to what is written.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::model::{Key, Model};
use crate::observe::dump::{self, Kind, Seen, SeenGroup, Snapshot, Writer};
use crate::types::{Counters, Slot, Standing};

use super::messages::Sight;

/// What the files need besides what the core thread sees.
pub(super) struct Dumps {
    writer: Writer,
    /// When the state of each instance last changed, since 1970.
    changed: HashMap<Slot, Duration>,
    /// What was counted when somebody had the counters start over.
    cleared: HashMap<Slot, Counters>,
    started: Duration,
}

impl Dumps {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub(super) fn start() -> std::io::Result<Self> {
        let writer = dump::start(PathBuf::from(DIRECTORY))?;
        let (changed, cleared) = (HashMap::new(), HashMap::new());
        Ok(Self { writer, changed, cleared, started: dump::now() })
    }

    /// The state of the instance at `slot` changes now.
    pub(super) fn changed(&mut self, slot: Slot) {
        self.changed.insert(slot, dump::now());
    }

    /// Only these slots are in use.
    pub(super) fn follow(&mut self, names: &[(Slot, String)]) {
        let is_used = |slot: &Slot| names.iter().any(|(used, _)| used == slot);
        self.changed.retain(|slot, _| is_used(slot));
        self.cleared.retain(|slot, _| is_used(slot));
    }

    /// Has the counters start over, as far as these files are concerned.
    pub(super) fn clear(&mut self, sights: &[Sight]) {
        self.cleared = sights.iter().map(|sight| (sight.slot, sight.counters)).collect();
    }

    /// Has a file written of what the core thread sees. Without instances there is nothing to say.
    pub(super) fn write(&self, kind: Kind, model: &Model, sights: &[Sight]) {
        let snapshot = self.snapshot(model, sights);
        if !snapshot.instances.is_empty() {
            self.writer.write(kind, snapshot);
        }
    }

    fn snapshot(&self, model: &Model, sights: &[Sight]) -> Snapshot {
        let by_key: HashMap<Key, &Sight> = sights.iter().map(|sight| (sight.key, sight)).collect();
        let seen = model.instances.iter().filter_map(|config| {
            let sight = by_key.get(&config.key())?;
            let group = model.groups.iter().find(|group| group.members.contains(&sight.key));
            let before = self.cleared.get(&sight.slot).copied().unwrap_or_default();
            Some(Seen {
                config: config.clone(),
                group: group.map(|group| group.name.clone()),
                standing: sight.standing,
                at_fault: sight.at_fault || sight.standing == Standing::Leaving,
                priority: sight.priority,
                source: sight.source,
                counters: sight.counters.since(&before),
                changed: self.changed.get(&sight.slot).copied().unwrap_or(self.started),
            })
        });
        let name = |key: &Key| {
            let found = model.instances.iter().find(|instance| instance.key() == *key);
            found.map(|instance| instance.name.clone())
        };
        let groups = model.groups.iter().map(|group| SeenGroup {
            name: group.name.clone(),
            members: group.members.iter().filter_map(name).collect(),
        });
        Snapshot {
            router_id: model.node.router_id.clone().unwrap_or_default(),
            instances: seen.collect(),
            groups: groups.collect(),
        }
    }
}

/// Where keepalived writes them.
const DIRECTORY: &str = "/tmp";

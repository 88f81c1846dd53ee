//! The files that keepalived's signals ask for: from what the core thread sees to what is written.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tracing::warn;

use crate::check::{Report, Reports, count};
use crate::config::model::{self, Key, Model, Shown, TrackerKind, TrackerName, Watch};
use crate::kernel::netlink::survey;
use crate::observe::dump::{self, Group, Kind, Seen, SeenTracker, Snapshot, Writer};
use crate::sys::clock;
use crate::types::{Counters, Instant, LinkFacts, Slot, Standing, Verdict};

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
        let writer = dump::start(PathBuf::from(DIRECTORY), complete)?;
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
    pub(super) fn write(&self, kind: Kind, running: &Running<'_>, sights: &[Sight]) {
        let snapshot = self.snapshot(running, sights);
        if !snapshot.instances.is_empty() {
            self.writer.write(kind, snapshot);
        }
    }

    fn snapshot(&self, running: &Running<'_>, sights: &[Sight]) -> Snapshot {
        let Running { model, shown, reports } = *running;
        let moment = Moment { now: clock::now(), date: dump::now() };
        let by_key: HashMap<Key, &Sight> = sights.iter().map(|sight| (sight.key, sight)).collect();
        let seen = model.instances.iter().filter_map(|config| {
            let sight = by_key.get(&config.key())?;
            let group = model.groups.iter().find(|group| group.members.contains(&sight.key));
            let before = self.cleared.get(&sight.slot).copied().unwrap_or_default();
            Some(Seen {
                config: config.clone(),
                group: group.map(|group| group.name.clone()),
                strict: shown.instances.get(&config.name).is_some_and(|it| it.strict),
                standing: sight.standing,
                at_fault: sight.at_fault || sight.standing == Standing::Leaving,
                faults: sight.obstacles.faults,
                untold: sight.obstacles.untold,
                waits: waits(sight, group, &by_key),
                priority: sight.priority,
                source: sight.source,
                follows: sight.follows,
                interval: sight.interval,
                down: sight.down,
                deadline: sight.deadline.map(|deadline| moment.date_of(deadline)),
                descriptors: sight.descriptors,
                vmac_up: false,
                counters: sight.counters.since(&before),
                changed: self.changed.get(&sight.slot).copied().unwrap_or(self.started),
            })
        });
        let groups = model.groups.iter().map(|group| Group {
            config: group.clone(),
            shown: shown.groups.get(&group.name).cloned().unwrap_or_default(),
        });
        Snapshot {
            host: String::new(),
            instances: seen.collect(),
            groups: groups.collect(),
            trackers: trackers(model, reports),
            links: Vec::new(),
            taken: moment.date,
            model: model.clone(),
            shown: shown.clone(),
        }
    }
}

/// The running configuration and what is known of what it tracks.
#[derive(Clone, Copy)]
pub(super) struct Running<'a> {
    /// What it means.
    pub(super) model: &'a Model,
    /// What it says besides.
    pub(super) shown: &'a Shown,
    /// What is known of what is tracked.
    pub(super) reports: &'a Reports,
}

/// The same moment by both clocks.
struct Moment {
    now: Instant,
    date: Duration,
}

impl Moment {
    fn date_of(&self, other: Instant) -> Duration {
        // One of both is zero.
        self.date.saturating_add(other.since(self.now)).saturating_sub(self.now.since(other))
    }
}

/// Whether an instance waits only to hear of what it or another member of its sync group tracks.
fn waits(sight: &Sight, group: Option<&model::Group>, all: &HashMap<Key, &Sight>) -> bool {
    let alone = [sight.key];
    let keys = group.map_or(alone.as_slice(), |group| &group.members);
    let obstacles = || keys.iter().filter_map(|key| all.get(key)).map(|it| it.obstacles);
    sight.standing == Standing::Initialize
        && obstacles().all(|it| it.faults == 0)
        && obstacles().any(|it| it.untold > 0)
}

/// What is tracked, but for what cannot be.
fn trackers(model: &Model, reports: &Reports) -> Vec<SeenTracker> {
    let known: HashMap<TrackerName, Report> =
        reports.all().into_iter().map(|(_, report)| (report.name.clone(), report)).collect();
    let seen = model.trackers.iter().filter_map(|config| {
        let report = known.get(&config.name).filter(|it| it.verdict != Verdict::Disabled)?;
        Some(SeenTracker {
            config: config.clone(),
            verdict: report.verdict,
            level: report.level,
            running: report.running && config.name.kind == TrackerKind::Script,
            looks: report.looks,
            running_processes: 0,
        })
    });
    seen.collect()
}

/// Asks the system for what the files say of it. May wait for it: runs on the thread that writes.
fn complete(snapshot: &mut Snapshot) {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    host.trim_end().clone_into(&mut snapshot.host);
    match survey() {
        Ok(links) => snapshot.links = links,
        Err(error) => warn!(%error, "The files tell nothing of the interfaces."),
    }
    for seen in &mut snapshot.trackers {
        if let Watch::Process(process) = &seen.config.watch {
            seen.running_processes = count(process);
        }
    }
    let Snapshot { instances, links, .. } = snapshot;
    for seen in instances {
        let name = seen.config.vmac.as_ref().map(|vmac| vmac.name);
        let link = links.iter().find(|link| Some(link.name) == name);
        seen.vmac_up = link.is_some_and(|it| it.is(LinkFacts::UP) && it.is(LinkFacts::RUNNING));
    }
}

/// Where keepalived writes them.
const DIRECTORY: &str = "/tmp";

//! Arbitrary trackers, and who tracks them.

use std::path::PathBuf;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::program;
use crate::config::model::{
    Compared, File, InitialLevel, Instance, Process, Script, Tracked, Tracker, TrackerKind,
    TrackerName, Watch,
};
use crate::types::Weight;

/// One tracker of each name that there is.
pub(super) fn trackers() -> impl Strategy<Value = Vec<Tracker>> {
    let all: Vec<_> = names().into_iter().map(tracker).collect();
    all
}

/// Those of `all` that `instances` track.
pub(super) fn used(all: &[Tracker], instances: &[Instance]) -> Vec<Tracker> {
    let tracks = |one: &&Tracker| {
        instances.iter().any(|it| it.tracked.iter().any(|it| it.tracker == one.name))
    };
    all.iter().filter(tracks).cloned().collect()
}

/// What an instance tracks, nothing twice.
pub(super) fn tracked() -> impl Strategy<Value = Vec<Tracked>> {
    vec((select(names()), weight(253), any::<bool>()), 0..=2).prop_map(|all| {
        let mut tracked: Vec<Tracked> = Vec::new();
        for (tracker, weight, reverse) in all {
            if !tracked.iter().any(|one| one.tracker == tracker) {
                tracked.push(Tracked { tracker, weight, reverse });
            }
        }
        tracked
    })
}

fn names() -> Vec<TrackerName> {
    let kinds = [TrackerKind::Script, TrackerKind::File, TrackerKind::Process];
    let name = |kind, name: &str| TrackerName { kind, name: name.to_owned() };
    kinds.into_iter().flat_map(|kind| [name(kind, "chk"), name(kind, "other one")]).collect()
}

fn tracker(name: TrackerName) -> impl Strategy<Value = Tracker> {
    let watch = match name.kind {
        TrackerKind::Script => script().prop_map(Watch::Script).boxed(),
        TrackerKind::File => file().prop_map(Watch::File).boxed(),
        TrackerKind::Process => process().prop_map(Watch::Process).boxed(),
    };
    (weight(253), any::<bool>(), watch).prop_map(move |(weight, reverse, watch)| Tracker {
        name: name.clone(),
        weight,
        reverse,
        watch,
    })
}

fn script() -> impl Strategy<Value = Script> {
    let pause = || (1..=9_999_u64).prop_map(Duration::from_millis);
    (program(), pause(), pause(), 1..=9_u32, 1..=9_u32, any::<bool>()).prop_map(
        |(program, interval, timeout, rise, fall, init_fail)| Script {
            program,
            interval,
            timeout,
            rise,
            fall,
            init_fail,
        },
    )
}

fn file() -> impl Strategy<Value = File> {
    let initial = (any::<i32>(), any::<bool>())
        .prop_map(|(level, overwrite)| InitialLevel { level, overwrite });
    ("/[a-z/]{1,8}", option::of(initial))
        .prop_map(|(path, initial)| File { path: PathBuf::from(path), initial })
}

fn process() -> impl Strategy<Value = Process> {
    let words = ("[a-z]{1,8}", vec("\\PC{0,4}", 0..=2));
    let ways = vec![Compared::Equal, Compared::First, Compared::Begin];
    let delay = || (0..=9_u64).prop_map(Duration::from_secs);
    let delays = (delay(), delay());
    (words, option::of(select(ways)), any::<bool>(), 1..=9_u32, option::of(0..=9_u32), delays)
        .prop_map(|((program, arguments), way, full_command, quorum, most, delays)| {
            let usual = if arguments.is_empty() { Compared::No } else { Compared::Equal };
            let compared = way.unwrap_or(usual);
            Process {
                program,
                arguments,
                compared,
                full_command: full_command || compared != Compared::No,
                quorum: if most == Some(0) { quorum - 1 } else { quorum },
                most,
                fork_delay: delays.0,
                terminate_delay: delays.1,
            }
        })
}

fn weight(most: i16) -> impl Strategy<Value = Weight> {
    (-most..=most).prop_map(|value| Weight::new(value).unwrap())
}

//! What is watched, and who tracks it.

use std::time::Duration;

use super::Findings;
use super::instance::is;
use crate::config::declared::{self, Declared, Manners};
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{
    Compared, File, Instance, Process, Script, Tracked, Tracker, TrackerKind, TrackerName, Watch,
};
use crate::config::suggest::closest;
use crate::types::Weight;

/// The trackers that somebody tracks. Whoever tracks one that cannot be made tracks it no more.
pub(super) fn compile(
    declared: &Declared,
    instances: &mut [Instance],
    findings: &mut Findings<'_>,
) -> Vec<Tracker> {
    let mut made: Vec<Tracker> = Vec::new();
    for written in &declared.trackers {
        let name = name_of(written);
        if let Some(first) = declared.trackers.iter().find(|it| name_of(it) == name)
            && first.name.span != written.name.span
        {
            findings.push(
                findings
                    .flaw("duplicate-tracker", format!("the {name} is defined twice"))
                    .at(written.name.span, "this one is left out")
                    .at(first.name.span, "this one counts"),
            );
            continue;
        }
        let Some(watch) = watch(written, findings) else { continue };
        if !instances.iter().any(|it| it.tracked.iter().any(|it| it.tracker == name)) {
            if findings.manners == Manners::Lenient {
                findings.push(
                    Diagnostic::note("not-tracked", format!("nobody tracks the {name}"))
                        .at(written.name.span, "it is not watched"),
                );
            }
            continue;
        }
        let (weight, reverse) = weight_of(written);
        made.push(Tracker { name, weight, reverse, watch });
    }
    for instance in instances {
        instance.tracked.retain(|it| made.iter().any(|tracker| tracker.name == it.tracker));
    }
    made
}

/// What an instance or a group tracks, with the weights that hold there.
pub(super) fn tracked(
    written: &[declared::Tracked],
    who: &str,
    declared: &Declared,
    findings: &mut Findings<'_>,
) -> Vec<Tracked> {
    let mut all: Vec<Tracked> = Vec::new();
    for entry in written {
        let tracker = TrackerName { kind: entry.kind, name: entry.name.value.clone() };
        let known = declared.trackers.iter().find(|it| name_of(it) == tracker);
        let Some(known) = known else {
            findings.push(unknown(entry, &tracker, declared, findings));
            continue;
        };
        if all.iter().any(|other| other.tracker == tracker) {
            let message = format!("{who} tracks the {tracker} twice");
            let flaw = findings.flaw("tracked-twice", message);
            findings.push(flaw.at(entry.name.span, "this entry is left out"));
            continue;
        }
        let (weight, reverse) = weight_of(known);
        let weight = entry.weight.map_or(weight, |it| it.value);
        let reverse = entry.reverse.map_or(reverse, |it| it.value);
        all.push(Tracked { tracker, weight, reverse });
    }
    all
}

fn unknown(
    entry: &declared::Tracked,
    name: &TrackerName,
    declared: &Declared,
    findings: &Findings<'_>,
) -> Diagnostic {
    let finding = findings
        .flaw("no-such-tracker", format!("there is no {name}"))
        .at(entry.name.span, "this entry is left out");
    let same_kind = declared.trackers.iter().filter(|it| it.kind() == entry.kind);
    match closest(&name.name, same_kind.map(|it| it.name.value.as_str())) {
        Some(near) => finding.help(format!("did you mean {near}?")),
        None => finding,
    }
}

fn name_of(written: &declared::Tracker) -> TrackerName {
    TrackerName { kind: written.kind(), name: written.name.value.clone() }
}

/// The weight for those that name none: a file's number counts as it is, all else is a fault.
pub(super) fn weight_of(written: &declared::Tracker) -> (Weight, bool) {
    let usual = match written.kind() {
        TrackerKind::Script | TrackerKind::Process => Weight::FAULT,
        TrackerKind::File => Weight::ONE,
    };
    (written.weight.map_or(usual, |it| it.value), is(written.reverse))
}

/// `None` where what is to be watched is not said, which is told.
fn watch(written: &declared::Tracker, findings: &mut Findings<'_>) -> Option<Watch> {
    let name = name_of(written);
    let watch = match &written.watch {
        declared::Watch::Script(it) => script(it).map(Watch::Script),
        declared::Watch::File(it) => file(it).map(Watch::File),
        declared::Watch::Process(it) => process(it).map(Watch::Process),
    };
    // keepalived's own check of scripts has told that one names none.
    if watch.is_none() && (name.kind != TrackerKind::Script || findings.manners == Manners::Exact) {
        let message = format!("the {name} does not say what is to be watched");
        findings.push(
            findings.flaw("nothing-to-watch", message).at(written.name.span, "it is left out"),
        );
    }
    watch
}

fn script(written: &declared::Script) -> Option<Script> {
    let interval = written.interval.map_or(SECOND, |it| it.value);
    Some(Script {
        program: written.program.as_ref()?.value.clone(),
        interval,
        timeout: written.timeout.map(|it| it.value).filter(|it| !it.is_zero()).unwrap_or(interval),
        rise: written.rise.map_or(1, |it| it.value),
        fall: written.fall.map_or(1, |it| it.value),
        init_fail: is(written.init_fail),
    })
}

fn file(written: &declared::File) -> Option<File> {
    Some(File {
        path: written.path.as_ref()?.value.clone(),
        initial: written.initial.map(|it| it.value),
    })
}

fn process(written: &declared::Process) -> Option<Process> {
    let (program, arguments) = written.words.as_ref()?.value.split_first()?;
    let usual = if arguments.is_empty() { Compared::No } else { Compared::Equal };
    let compared = written.compared.map_or(usual, |it| it.value);
    let most = written.most.map(|it| it.value);
    let least = if most == Some(0) { 0 } else { 1 };
    Some(Process {
        program: program.clone(),
        arguments: arguments.to_vec(),
        compared,
        full_command: is(written.full_command) || compared != Compared::No,
        quorum: written.quorum.map_or(least, |it| it.value).max(least),
        most,
        fork_delay: written.fork_delay.map_or(Duration::ZERO, |it| it.value),
        terminate_delay: written.terminate_delay.map_or(Duration::ZERO, |it| it.value),
    })
}

const SECOND: Duration = Duration::from_secs(1);

//! `[script.NAME]`, `[file.NAME]`, `[process.NAME]`, and the entries of `track`.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::program;
use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{
    File, Process, Script, Setting, Tracked, TrackedInterface, Tracker, Watch,
};
use crate::config::model::{Compared, InitialLevel, TrackerKind};
use crate::config::source::{Span, Spanned};
use crate::types::Weight;

/// Reads `[script.NAME]`.
pub(super) fn script(name: Spanned<String>, table: &mut Table<'_, '_>) -> Tracker {
    let script = Script {
        program: program::required(table, "run"),
        interval: table.setting("interval", pause),
        timeout: table.setting("timeout", pause),
        rise: table.setting("rise", value::integer(1, MOST_RUNS)),
        fall: table.setting("fall", value::integer(1, MOST_RUNS)),
        init_fail: table.setting("init_fail", value::boolean),
    };
    let weight = table.setting("weight", weight(253));
    tracker(name, weight, Watch::Script(script), table)
}

/// Reads `[file.NAME]`.
pub(super) fn file(name: Spanned<String>, table: &mut Table<'_, '_>) -> Tracker {
    let file = File {
        path: table.required("path", "\"/run/weight\"", path),
        initial: table.either("initial", plain_level, level),
    };
    let weight = table.setting("weight", weight(254));
    tracker(name, weight, Watch::File(file), table)
}

/// Reads `[process.NAME]`.
pub(super) fn process(name: Spanned<String>, table: &mut Table<'_, '_>) -> Tracker {
    let ways = [("equal", Compared::Equal), ("first", Compared::First), ("begin", Compared::Begin)];
    let process = Process {
        words: table.required("process", "[\"haproxy\"]", words),
        compared: table.setting("compare", value::choice(&ways)),
        full_command: table.setting("full_command", value::boolean),
        quorum: table.setting("quorum", value::integer(1, 65_535)),
        most: table.setting("most", value::integer(0, 65_535)),
        fork_delay: table.setting("fork_delay", value::duration(LONGEST_DELAY)),
        terminate_delay: table.setting("terminate_delay", value::duration(LONGEST_DELAY)),
    };
    let weight = table.setting("weight", weight(254));
    tracker(name, weight, Watch::Process(process), table)
}

fn tracker(
    name: Spanned<String>,
    weight: Setting<Weight>,
    watch: Watch,
    table: &mut Table<'_, '_>,
) -> Tracker {
    Tracker { name, weight, reverse: table.setting("reverse", value::boolean), watch }
}

/// An entry of `track`.
pub(super) enum Entry {
    /// An interface.
    Link(TrackedInterface),
    /// A script, a file, a process.
    Tracker(Tracked),
}

/// Reads `track`.
pub(super) fn track(table: &mut Table<'_, '_>) -> (Vec<TrackedInterface>, Vec<Tracked>) {
    let entries = table.list("track", plain, detailed);
    let (mut links, mut trackers) = (Vec::new(), Vec::new());
    for entry in entries.into_iter().flat_map(|list| list.value) {
        match entry {
            Entry::Link(link) => links.push(link),
            Entry::Tracker(tracked) => trackers.push(tracked),
        }
    }
    (links, trackers)
}

/// An interface whose failure is a fault.
fn plain(value: Value<'_>, span: Span) -> Read<Entry> {
    let link = Spanned::new(value::link(value)?, span);
    Ok(Entry::Link(TrackedInterface { link, weight: None, reverse: None }))
}

/// What is tracked, with its weight: `{ script = "haproxy", weight = -20 }`.
fn detailed(table: &mut Table<'_, '_>) -> Option<Entry> {
    let link = table.setting("interface", value::link);
    let kinds = [
        (TrackerKind::Script, table.setting("script", value::word)),
        (TrackerKind::File, table.setting("file", value::word)),
        (TrackerKind::Process, table.setting("process", value::word)),
    ];
    let most = if link.is_some() || kinds[0].1.is_some() { 253 } else { 254 };
    let weight = table.setting("weight", weight(most));
    let reverse = table.setting("reverse", value::boolean);
    let named = kinds.iter().filter(|(_, name)| name.is_some()).count();
    if named + usize::from(link.is_some()) != 1 {
        let mistake = Mistake::value("names exactly one of interface, script, file, process");
        table.tell("track", table.span(), mistake);
        return None;
    }
    if let Some(link) = link {
        return Some(Entry::Link(TrackedInterface { link, weight, reverse }));
    }
    let (kind, name) = kinds.into_iter().find_map(|(kind, name)| Some((kind, name?)))?;
    Some(Entry::Tracker(Tracked { kind, name, weight, reverse }))
}

/// A weight, up to `most` either way; 0 makes the failure a fault.
fn weight(most: i64) -> impl Fn(Value<'_>) -> Read<Weight> {
    move |value| {
        let number = value::integer(-most, most)(value)?;
        Weight::new(number).map_err(|outside| Mistake::value(format!("is {outside}")))
    }
}

/// A time that is not zero.
fn pause(value: Value<'_>) -> Read<Duration> {
    let pause = value::duration(LONGEST_PAUSE)(value)?;
    if pause.is_zero() { Err(Mistake::value("is no time")) } else { Ok(pause) }
}

fn path(value: Value<'_>) -> Read<PathBuf> {
    let path = value::word(value)?;
    if path.starts_with('/') {
        return Ok(PathBuf::from(path));
    }
    Err(Mistake::value(format!("is \"{path}\", not an absolute path")))
}

fn plain_level(value: Value<'_>) -> Read<InitialLevel> {
    let level = number(value)?;
    Ok(InitialLevel { level, overwrite: false })
}

fn level(table: &mut Table<'_, '_>) -> Option<InitialLevel> {
    let level = table.required("level", "0", number);
    let overwrite = table.setting("overwrite", value::boolean);
    Some(InitialLevel { level: level?.value, overwrite: overwrite.is_some_and(|it| it.value) })
}

fn number(value: Value<'_>) -> Read<i32> {
    value::integer(i32::MIN.into(), i32::MAX.into())(value)
}

/// A program's name or path and the arguments it runs with.
fn words(value: Value<'_>) -> Read<Vec<String>> {
    let wanted = || Mistake::kind("a list of texts", value).help("[\"haproxy\"]");
    let DeValue::Array(list) = value else {
        return Err(wanted());
    };
    let words: Option<Vec<String>> =
        list.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
    let words = words.ok_or_else(wanted)?;
    match words.first() {
        Some(first) if !first.is_empty() => Ok(words),
        Some(_) | None => Err(Mistake::value("names no program")),
    }
}

/// Nobody waits for the millionth run.
const MOST_RUNS: i64 = 1_000_000;
/// A day.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);
/// keepalived's bound.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

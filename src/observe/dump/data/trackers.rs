//! What is tracked, and by whom.

use super::super::{SeenTracker, Snapshot, words};
use super::{line, list};
use crate::config::model::{Compared, File, Process, Script, Tracked, TrackerKind, Watch};
use crate::types::{Verdict, Weight};

pub(super) fn render(text: &mut String, snapshot: &Snapshot) {
    let headings = [
        (TrackerKind::Script, "------< VRRP Scripts >------\n"),
        (TrackerKind::File, "------< VRRP Track files >------\n"),
        (TrackerKind::Process, "------< VRRP Track processes >------\n"),
    ];
    for (kind, heading) in headings {
        let all = || snapshot.trackers.iter().filter(move |it| it.config.name.kind == kind);
        if all().next().is_some() {
            *text += heading;
        }
        for seen in all() {
            match &seen.config.watch {
                Watch::Script(script) => self::script(text, seen, script, snapshot),
                Watch::File(file) => self::file(text, seen, file, snapshot),
                Watch::Process(process) => self::process(text, seen, process, snapshot),
            }
        }
    }
}

fn script(text: &mut String, seen: &SeenTracker, script: &Script, snapshot: &Snapshot) {
    let (config, level) = (&seen.config, seen.level);
    let node = snapshot.model.node.script_account.as_ref();
    let runner = words::runner(script.program.account.as_ref(), node);
    line(text, " VRRP Script", &config.name.name);
    line(text, "   Command", words::program(&script.program, runner));
    line(text, "   Interval", format!("{} sec", script.interval.as_secs()));
    // Where none is written, it is the interval.
    let written = script.timeout != script.interval;
    let timeout = if written { script.timeout.as_secs() } else { 0 };
    line(text, "   Timeout", format!("{timeout} sec"));
    line(text, "   Weight", signed(config.weight, config.reverse));
    line(text, "   Rise", script.rise);
    line(text, "   Fall", script.fall);
    line(text, "   Result", level);
    *text += "   Insecure = no\n";
    let waits = seen.verdict == Verdict::Unknown || (script.init_fail && seen.looks == 0);
    line(text, "   Init state", if waits { "INIT" } else { "unknown" });
    line(text, "   Status", if level >= script.rise { "GOOD" } else { "BAD" });
    line(text, "   Script uid:gid", format!("{}:{}", runner.user, runner.group));
    *text += "   VRRP instances :\n";
    trackers(text, seen, snapshot);
    line(text, "   State", if seen.running { "running" } else { "idle" });
}

fn file(text: &mut String, seen: &SeenTracker, file: &File, snapshot: &Snapshot) {
    let config = &seen.config;
    line(text, " Track file", &config.name.name);
    line(text, "   File", file.path.display());
    let level = if let Verdict::Level(level) = seen.verdict { level } else { 0 };
    line(text, "   Status", level);
    line(text, "   Weight", signed(config.weight, config.reverse));
    trackers(text, seen, snapshot);
}

fn process(text: &mut String, seen: &SeenTracker, process: &Process, snapshot: &Snapshot) {
    let config = &seen.config;
    line(text, " VRRP Track process", &config.name.name);
    line(text, "   Process", &process.program);
    if !process.arguments.is_empty() {
        line(text, "   Parameters", process.arguments.join(" "));
    }
    match process.compared {
        Compared::No => {}
        Compared::Equal => *text += "   Param match\n",
        Compared::First => *text += "   Param match = partial\n",
        Compared::Begin => *text += "   Param match = initial\n",
    }
    line(text, "   Min processes", process.quorum);
    if let Some(most) = process.most {
        line(text, "   Max processes", most);
    }
    line(text, "   Current processes", seen.running_processes);
    line(text, "   Have quorum", seen.verdict == Verdict::Healthy);
    line(text, "   Weight", signed(config.weight, config.reverse));
    let delay = |delay: std::time::Duration| format!("{:.6}s", delay.as_secs_f64());
    line(text, "   Terminate delay", delay(process.terminate_delay));
    line(text, "   Fork delay", delay(process.fork_delay));
    *text += "   Fork delay timer not running\n   Terminate delay timer not running\n";
    line(text, "   Full command", process.full_command);
    trackers(text, seen, snapshot);
}

/// Everybody who tracks it.
fn trackers(text: &mut String, seen: &SeenTracker, snapshot: &Snapshot) {
    let all = || {
        snapshot.instances.iter().filter_map(|instance| {
            let mut tracked = instance.config.tracked.iter();
            let tracked = tracked.find(|it| it.tracker == seen.config.name)?;
            Some((instance, tracked))
        })
    };
    let own = all().filter(|(instance, tracked)| snapshot.is_own(instance, tracked));
    let of_groups = all().filter(|(instance, tracked)| !snapshot.is_own(instance, tracked));
    let lines = own.chain(of_groups).map(|(instance, tracked)| {
        let weight = signed(tracked.weight, tracked.reverse);
        format!("{}, weight {weight}", instance.config.name)
    });
    list(text, "   Tracking instances :", lines);
}

/// A tracked object with its weight.
pub(super) fn weighted(tracked: &Tracked, between: &str) -> String {
    let weight = signed(tracked.weight, tracked.reverse);
    format!("{}{between}weight {weight}", tracked.tracker.name)
}

fn signed(weight: Weight, reverse: bool) -> String {
    format!("{}{}", weight.get(), if reverse { " reverse" } else { "" })
}

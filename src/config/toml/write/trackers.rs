//! What is watched, and who tracks it, as native text.

use super::hooks::program;
use super::{Text, key, list, quoted, time, tracked_interface};
use crate::config::model::{Compared, File, Instance, Process, Script, Tracked, Tracker, Watch};
use crate::types::Weight;

impl Text {
    /// A table for a tracker.
    pub(super) fn tracker(&mut self, tracker: &Tracker) {
        let kind = tracker.name.kind;
        self.header(&format!("{}.{}", kind.word(), key(&tracker.name.name)));
        let usual = match &tracker.watch {
            Watch::Script(script) => {
                self.script(script);
                Weight::FAULT
            }
            Watch::File(file) => {
                self.file(file);
                Weight::ONE
            }
            Watch::Process(process) => {
                self.process(process);
                Weight::FAULT
            }
        };
        self.unless(tracker.weight == usual, "weight", tracker.weight.get());
        self.unless(!tracker.reverse, "reverse", true);
    }

    fn script(&mut self, script: &Script) {
        self.line("run", program(&script.program));
        self.line("interval", time(script.interval));
        self.unless(script.timeout == script.interval, "timeout", time(script.timeout));
        self.unless(script.rise == 1, "rise", script.rise);
        self.unless(script.fall == 1, "fall", script.fall);
        self.unless(!script.init_fail, "init_fail", true);
    }

    fn file(&mut self, file: &File) {
        self.line("path", quoted(&file.path.to_string_lossy()));
        if let Some(initial) = file.initial {
            let level = initial.level;
            match initial.overwrite {
                false => self.line("initial", level),
                true => self.line("initial", format!("{{ level = {level}, overwrite = true }}")),
            }
        }
    }

    fn process(&mut self, process: &Process) {
        let words = std::iter::once(&process.program).chain(&process.arguments);
        self.line("process", list(words.map(|word| quoted(word))));
        let usual = if process.arguments.is_empty() { Compared::No } else { Compared::Equal };
        let way = match process.compared {
            Compared::No => "",
            Compared::Equal => "\"equal\"",
            Compared::First => "\"first\"",
            Compared::Begin => "\"begin\"",
        };
        self.unless(process.compared == usual, "compare", way);
        let implied = process.compared != Compared::No;
        self.unless(process.full_command == implied, "full_command", true);
        if let Some(most) = process.most {
            self.line("most", most);
        }
        let least = if process.most == Some(0) { 0 } else { 1 };
        self.unless(process.quorum == least, "quorum", process.quorum);
        self.unless(process.fork_delay.is_zero(), "fork_delay", time(process.fork_delay));
        let delay = process.terminate_delay;
        self.unless(delay.is_zero(), "terminate_delay", time(delay));
    }

    /// `track` of an instance.
    pub(super) fn track(&mut self, instance: &Instance, trackers: &[Tracker]) {
        let links = instance.tracked_interfaces.iter().map(tracked_interface);
        let others = instance.tracked.iter().map(|one| tracked(one, trackers));
        let all: Vec<String> = links.chain(others).collect();
        if !all.is_empty() {
            self.line("track", list(all.into_iter()));
        }
    }
}

/// An entry of `track`; a weight only where it is not the tracker's own.
fn tracked(tracked: &Tracked, trackers: &[Tracker]) -> String {
    let Tracked { tracker, weight, reverse } = tracked;
    let own = trackers.iter().find(|it| it.name == *tracker);
    let mut text = format!("{} = {}", tracker.kind.word(), quoted(&tracker.name));
    if own.is_none_or(|own| own.weight != *weight) {
        text += &format!(", weight = {}", weight.get());
    }
    if own.is_none_or(|own| own.reverse != *reverse) {
        text += &format!(", reverse = {reverse}");
    }
    format!("{{ {text} }}")
}

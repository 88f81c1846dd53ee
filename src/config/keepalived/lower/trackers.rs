//! `vrrp_script`, `track_file`, `vrrp_track_process`, and who tracks them.

use std::path::PathBuf;
use std::time::Duration;

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use super::instance::tidy_name;
use crate::config::declared::{File, Process, Script, Setting, Tracked, Tracker, Watch};
use crate::config::model::{Compared, InitialLevel, TrackerKind};
use crate::config::source::Spanned;
use crate::types::{Account, Weight};

impl Lower<'_> {
    /// Takes over one tracker; `false` for other keywords.
    pub(super) fn tracker(&mut self, statement: &Statement) -> bool {
        let watch = match statement.keyword.name {
            "vrrp_script" => Watch::Script(Script::default()),
            "track_file" | "vrrp_track_file" => Watch::File(File::default()),
            "vrrp_track_process" => Watch::Process(Process::default()),
            _ => return false,
        };
        let Some(name) = statement.argument() else {
            return true;
        };
        let name = Spanned::new(tidy_name(&name.value), name.span);
        let mut tracker = Tracker { name, weight: None, reverse: None, watch };
        for inner in statement.block() {
            self.tracker_setting(&mut tracker, inner);
        }
        if let Watch::Script(Script { program: Some(program), .. }) = &mut tracker.watch {
            let own = program.value.account.take();
            program.value.account = user(statement).or(own);
        }
        self.declared.trackers.push(tracker);
        true
    }

    /// Takes over one statement; `false` if the keyword is none of those that work.
    pub(super) fn tracker_setting(&mut self, tracker: &mut Tracker, inner: &Statement) -> bool {
        let kind = tracker.kind();
        if inner.keyword.name == "weight" {
            let Some((word, rest)) = inner.words.get(1..).and_then(<[Word]>::split_first) else {
                return true;
            };
            tracker.weight = self.tracker_weight(word, kind);
            for option in rest {
                match option.value.as_str() {
                    "reverse" => tracker.reverse = Some(Spanned::new(true, option.span)),
                    other => self.bad(option, format!("{other} is not known here"), "ignored"),
                }
            }
            return true;
        }
        match &mut tracker.watch {
            Watch::Script(script) => self.script_setting(script, inner),
            Watch::File(file) => self.file_setting(file, inner),
            Watch::Process(process) => self.process_setting(process, inner),
        }
    }

    fn script_setting(&mut self, script: &mut Script, inner: &Statement) -> bool {
        match inner.keyword.name {
            "script" => {
                let before = script.program.take();
                script.program = self.program(inner).or(before);
            }
            "interval" => script.interval = self.pause(inner),
            "timeout" => script.timeout = self.pause(inner),
            "rise" => script.rise = self.number(inner, 1..=LONGEST),
            "fall" => script.fall = self.number(inner, 1..=LONGEST),
            "init_fail" => {
                script.init_fail = inner.place().map(|place| Spanned::new(true, place));
            }
            "user" => {} // it may stand before the script
            _ => return false,
        }
        true
    }

    fn file_setting(&mut self, file: &mut File, inner: &Statement) -> bool {
        match inner.keyword.name {
            "file" => {
                let path = inner.argument();
                file.path = path.map(|it| Spanned::new(PathBuf::from(&it.value), it.span));
            }
            "init_file" => {
                let mut initial = InitialLevel { level: 0, overwrite: false };
                for word in inner.words.iter().skip(1) {
                    match word.value.as_str() {
                        "overwrite" => initial.overwrite = true,
                        _ => {
                            let level = self.number_of(word, i32::MIN..=i32::MAX);
                            initial.level = level.map_or(0, |it| it.value);
                        }
                    }
                }
                file.initial = inner.place().map(|place| Spanned::new(initial, place));
            }
            _ => return false,
        }
        true
    }

    fn process_setting(&mut self, process: &mut Process, inner: &Statement) -> bool {
        let said = |value| inner.place().map(|place| Spanned::new(value, place));
        let delay = Duration::ZERO..=Duration::from_secs(3600);
        match inner.keyword.name {
            "process" => {
                let words = inner.words.iter().skip(1).map(|it| it.value.clone()).collect();
                process.words = inner.argument().map(|it| Spanned::new(words, it.span));
            }
            "param_match" => {
                let compared = match inner.argument().map(|it| (it, it.value.as_str())) {
                    None => Some(Compared::Equal),
                    Some((_, "initial")) => Some(Compared::Begin),
                    Some((_, "partial")) => Some(Compared::First),
                    Some((word, other)) => {
                        let message = format!("{other} is neither initial nor partial");
                        self.bad(word, message, "ignored");
                        None
                    }
                };
                process.compared = compared.and_then(said).or(process.compared);
            }
            "full_command" => process.full_command = inner.place().map(|it| Spanned::new(true, it)),
            "quorum" => process.quorum = self.number(inner, 1..=65_535),
            "quorum_max" => process.most = self.number(inner, 0..=65_535),
            "delay" => {
                process.fork_delay = self.seconds(inner, delay);
                process.terminate_delay = process.fork_delay;
            }
            "fork_delay" => process.fork_delay = self.seconds(inner, delay),
            "terminate_delay" => process.terminate_delay = self.seconds(inner, delay),
            _ => return false,
        }
        true
    }

    /// What a `track_script` and its like list. One that is not defined before it is left out.
    pub(super) fn tracked(&mut self, statement: &Statement) -> Option<Vec<Tracked>> {
        let kind = match statement.keyword.name {
            "track_script" => TrackerKind::Script,
            "track_file" => TrackerKind::File,
            "track_process" => TrackerKind::Process,
            _ => return None,
        };
        let mut all = Vec::new();
        for entry in statement.entries() {
            let [word, options @ ..] = entry.as_slice() else {
                continue;
            };
            let name = Spanned::new(tidy_name(&word.value), word.span);
            let mut defined = self.declared.trackers.iter();
            if !defined.any(|it| it.kind() == kind && it.name.value == name.value) {
                // Those of scripts are told with what else is wrong with scripts.
                if kind != TrackerKind::Script {
                    let message =
                        format!("no {} {} is defined before this line", kind.word(), name.value);
                    self.bad(word, message, "keepalived leaves it out");
                }
                continue;
            }
            let mut tracked = Tracked { kind, name, weight: None, reverse: None };
            let mut options = options.iter();
            while let Some(option) = options.next() {
                match option.value.as_str() {
                    "weight" => match options.next() {
                        Some(weight) => tracked.weight = self.tracker_weight(weight, kind),
                        None => self.bad(option, "a weight without its number", "ignored"),
                    },
                    "reverse" | "noreverse" if tracked.weight.is_some() => {
                        let reverse = option.value == "reverse";
                        tracked.reverse = Some(Spanned::new(reverse, option.span));
                    }
                    other => self.bad(option, format!("{other} is not known here"), "ignored"),
                }
            }
            all.push(tracked);
        }
        Some(all)
    }

    fn tracker_weight(&mut self, word: &Word, kind: TrackerKind) -> Setting<Weight> {
        match kind {
            TrackerKind::Script => self.weight(word),
            TrackerKind::File | TrackerKind::Process => {
                let number = self.number_of(word, -254..=254_i16)?;
                Some(Spanned::new(Weight::new(number.value).ok()?, number.span))
            }
        }
    }

    /// Seconds, of which 0 means 1.
    fn pause(&mut self, statement: &Statement) -> Setting<Duration> {
        let longest = Duration::from_secs(u64::from(LONGEST) / 1000);
        let pause = self.seconds(statement, Duration::ZERO..=longest)?;
        if pause.value.is_zero() {
            self.warn("bad-value", "0 is no time", pause.span, "taken for 1 second");
            return Some(pause.map(|_zero| Duration::from_secs(1)));
        }
        Some(pause)
    }
}

/// What `user` in the block of a script says.
fn user(statement: &Statement) -> Option<Account> {
    let user = statement.block().iter().rfind(|it| it.keyword.name == "user")?;
    let [_, user, rest @ ..] = user.words.as_slice() else {
        return None;
    };
    let group = rest.first().map(|group| group.value.clone());
    Some(Account { user: user.value.clone(), group })
}

/// The greatest count that keepalived takes.
const LONGEST: u32 = i32::MAX.cast_unsigned();

//! The one way in: a path in, a model or everything that is wrong with the file out.

use std::path::Path;

use super::advice::{Advice, Host, advise};
use super::compile::{compile, compile_daemon, shown};
use super::declared::{Declared, Manners};
use super::diagnostic::{Diagnostic, Diagnostics, Verdict};
use super::model::{Daemon, Model, Shown};
use super::source::{Sources, Spanned};
use super::{keepalived, toml};
use crate::types::{Account, LinkName};

/// What reading depends on besides the files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// `-i`: what `@ID` lines are compared with. keepalived takes the node's name up to the first
    /// dot where none is given.
    pub config_id: String,
    /// `-e`: every include must find what it names.
    pub all_includes: bool,
    /// Makes `${_RANDOM}` repeatable.
    pub random_seed: Option<u64>,
    /// After how many lines, repeated ones counted, a configuration is given up.
    pub most_lines: usize,
}

/// A configuration that was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it means; `None` exactly if there are errors.
    pub model: Option<Model>,
    /// What it says besides that.
    pub shown: Shown,
    /// How it sets the daemon's processes up, whether it can be run or not.
    pub daemon: Daemon,
    /// Everything that was found.
    pub diagnostics: Diagnostics,
    /// The files it consists of.
    pub sources: Sources,
    /// The interfaces it names.
    links: Vec<Spanned<LinkName>>,
    /// Those that it says something about without needing them.
    remarked: Vec<(Spanned<LinkName>, Verdict)>,
    /// As whom its scripts run.
    accounts: Vec<Spanned<Account>>,
    /// The names of its instances, scripts and groups.
    names: Vec<Spanned<String>>,
}

/// Reads `path`: our own syntax if it ends in `.toml`, keepalived's otherwise.
#[must_use]
pub fn load(path: &Path, options: &Options) -> Loaded {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::default();
    let declared = if path.extension().is_some_and(|it| it == "toml") {
        native(path, &mut sources, &mut diagnostics)
    } else {
        keepalived::read(path, options, &mut sources, &mut diagnostics)
    };
    // What can only be judged across settings is judged once each setting is right, or one
    // mistake would be told twice; keepalived's syntax has hardly a mistake that is an error.
    let judged = declared.manners == Manners::Lenient || !diagnostics.has_errors();
    let model = judged.then(|| compile(&declared, &mut diagnostics));
    if declared.instances.is_empty() && !diagnostics.has_errors() {
        let nothing = Diagnostic::warning("nothing-to-do", "there is no instance: nothing to do");
        diagnostics.push(nothing.verdict(Verdict::Silent));
    }
    diagnostics.sort();
    let daemon = compile_daemon(&declared.daemon);
    Loaded {
        model: model.flatten(),
        shown: shown(&declared),
        daemon,
        diagnostics,
        sources,
        links: declared.links().collect(),
        remarked: declared.remarks_on_links().collect(),
        accounts: declared.accounts().collect(),
        names: names(declared),
    }
}

/// What advice may be about.
fn names(declared: Declared) -> Vec<Spanned<String>> {
    let instances = declared.instances.into_iter().map(|it| it.name);
    let trackers = declared.trackers.into_iter().map(|it| it.name);
    instances.chain(trackers).chain(declared.groups.into_iter().map(|it| it.name)).collect()
}

fn native(path: &Path, sources: &mut Sources, found: &mut Diagnostics) -> Declared {
    match sources.read(path, true) {
        Ok(file) => toml::read(sources, file, found),
        Err(error) => {
            let error = Diagnostic::error(keepalived::UNREADABLE, error.in_full());
            found.push(error.verdict(Verdict::Silent));
            Declared::default()
        }
    }
}

/// On which machine interfaces are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Machine {
    /// On the one that is to run the configuration.
    Runs,
    /// Perhaps on another: nothing that is missing here need be missing there.
    Other,
}

/// The code of an interface that does not exist.
const NO_INTERFACE: &str = "no-such-interface";

impl Default for Options {
    fn default() -> Self {
        Self {
            config_id: String::new(),
            all_includes: false,
            random_seed: None,
            most_lines: 1 << 20,
        }
    }
}

impl Loaded {
    /// Reports each interface that does not exist. On the machine that is to run the
    /// configuration that is an error, as in keepalived, unless interfaces may come later
    /// (`dynamic_interfaces`); then there is no model any more.
    pub fn check_links(&mut self, machine: Machine, exists: impl Fn(LinkName) -> bool) {
        let dynamic = self.model.as_ref().map(|it| it.node.dynamic_interfaces);
        let mut missing: Vec<LinkName> = Vec::new();
        for link in &self.links {
            if exists(link.value) || missing.contains(&link.value) {
                continue;
            }
            missing.push(link.value);
            let message = format!("there is no interface {}", link.value);
            let finding = match (dynamic, machine) {
                (Some(true), _) => Diagnostic::note(NO_INTERFACE, message)
                    .at(link.span, "the instance is at fault until it appears"),
                (Some(false) | None, Machine::Other) => Diagnostic::warning(NO_INTERFACE, message)
                    .at(link.span, "vipd would not start on this machine")
                    .help("if it appears later, set dynamic_interfaces"),
                (Some(false) | None, Machine::Runs) => Diagnostic::error(NO_INTERFACE, message)
                    .at(link.span, "")
                    .help("if it appears later, set dynamic_interfaces"),
            };
            self.diagnostics.push(finding);
        }
        let needed = |name| self.links.iter().any(|link| link.value == name);
        for (link, verdict) in
            self.remarked.iter().filter(|(link, _)| dynamic != Some(true) && !needed(link.value))
        {
            if !exists(link.value) {
                let message = format!("there is no interface {}", link.value);
                let finding = Diagnostic::warning(NO_INTERFACE, message);
                let finding = finding.at(link.span, "nothing follows from this");
                self.diagnostics.push(finding.verdict(*verdict));
            }
        }
        self.diagnostics.sort();
        if self.diagnostics.has_errors() {
            self.model = None;
        }
        if self.diagnostics.errors().any(|it| it.code == NO_INTERFACE) {
            // There keepalived's test ends, before it looks at scripts.
            self.diagnostics.silence(keepalived::SCRIPT_SECURITY);
        }
    }

    /// Reports each user and group that does not exist.
    pub fn check_accounts(&mut self, exists: impl Fn(&Account) -> bool) {
        for Spanned { value: account, span } in &self.accounts {
            if !exists(account) {
                let group = account.group.as_ref().map(|group| format!(" with a group {group}"));
                let message =
                    format!("there is no user {}{}", account.user, group.unwrap_or_default());
                let warning = Diagnostic::warning("no-such-user", message);
                self.diagnostics.push(warning.at(*span, "scripts of that user are not run"));
            }
        }
        self.diagnostics.sort();
    }

    /// Adds what is worth saying on a machine like `host`, where there is a model.
    pub fn advise(&mut self, host: &Host) {
        let Some(model) = &self.model else {
            return;
        };
        for Advice { about, finding } in advise(model, host) {
            let mut told = self.diagnostics.iter().filter(|it| it.code == keepalived::NO_PROGRAM);
            if told.any(|it| finding.message.ends_with(&it.message)) {
                continue;
            }
            let place = self.names.iter().find(|name| name.value == about);
            self.diagnostics.push(match place {
                Some(name) => finding.at(name.span, ""),
                None => finding,
            });
        }
    }

    /// Why this looks like a file that is being written or was spoiled, not like one that somebody
    /// wants to run. Whoever runs already had better not trust it.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        let files = self.sources.files();
        let has = |code| self.diagnostics.iter().any(|it| it.code == code);
        if !files.is_empty() && files.iter().all(|file| file.text.trim().is_empty()) {
            Some("is empty")
        } else if has(keepalived::UNCLOSED_BLOCK) {
            Some("ends in the middle of a block")
        } else if self.names.is_empty() && keepalived::NOISE.into_iter().any(has) {
            Some("has no instance, but what nobody can read")
        } else {
            None
        }
    }

    /// The exit code with which keepalived ends on such a configuration: 0 if it runs, 2 if it
    /// cannot run, 6 if a file is missing that has to be there.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if !self.diagnostics.has_errors() {
            0
        } else if self.diagnostics.errors().any(keepalived::is_unreadable) {
            6
        } else {
            2
        }
    }
}

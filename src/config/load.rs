//! The one way in: a path in, a model or everything that is wrong with the file out.

use std::path::Path;

use super::compile::compile;
use super::diagnostic::{Diagnostic, Diagnostics, Verdict};
use super::model::Model;
use super::source::Sources;
use super::{keepalived, toml};

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
    /// Everything that was found.
    pub diagnostics: Diagnostics,
    /// The files it consists of.
    pub sources: Sources,
}

/// Reads `path`: our own syntax if it ends in `.toml`, keepalived's otherwise.
#[must_use]
pub fn load(path: &Path, options: &Options) -> Loaded {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::default();
    let model = if path.extension().is_some_and(|it| it == "toml") {
        native(path, &mut sources, &mut diagnostics)
    } else {
        let declared = keepalived::read(path, options, &mut sources, &mut diagnostics);
        compile(&declared, &mut diagnostics)
    };
    Loaded {
        model,
        diagnostics,
        sources,
    }
}

fn native(path: &Path, sources: &mut Sources, found: &mut Diagnostics) -> Option<Model> {
    match sources.read(path, true) {
        Ok(file) => toml::load(sources, file, found),
        Err(error) => {
            let error = Diagnostic::error(keepalived::UNREADABLE, error.in_full());
            found.push(error.verdict(Verdict::Silent));
            None
        }
    }
}

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

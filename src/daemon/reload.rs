//! From the file to a model that can be run, with everything that is wrong in the log.

use tracing::{error, info, warn};

use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::model::Model;
use crate::config::source::Sources;
use crate::config::{self, Loaded, Machine};
use crate::types::LinkName;

use super::error::Error;
use super::links;
use super::options::Options;

/// What has run before a configuration is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Before<'a> {
    /// Nothing: every interface has to be there.
    Nothing,
    /// A worker that died. An interface that is missing now must not keep the rest from running.
    DeadWorker,
    /// This, and it runs on. Its interfaces may have gone: who runs without them reads on.
    Running(&'a Model),
}

/// Reads the configuration and checks that its interfaces are there.
///
/// A file without a letter in it, as it is for a moment while it is written anew, must not take
/// down what runs: then it is refused.
///
/// # Errors
/// [`Error::Unreadable`] or [`Error::Config`]; the log says what and where.
pub(super) fn load(options: &Options, before: Before<'_>) -> Result<Model, Error> {
    let mut loaded = config::load(&options.config, &options.reading());
    loaded.check_links(Machine::Runs, |link| before.excuses(link) || links::exists(link));
    for finding in loaded.diagnostics.iter() {
        tell(&loaded.sources, finding);
    }
    if loaded.is_blank() && before.has_run() {
        let file = options.config.display();
        error!("{file} is empty; to give up every instance, stop the daemon.");
        return Err(Error::Config);
    }
    let unreadable = loaded.exit_code() == UNREADABLE;
    let Loaded { model: Some(model), .. } = loaded else {
        return Err(match unreadable {
            true => Error::Unreadable,
            false => Error::Config,
        });
    };
    Ok(model)
}

impl Before<'_> {
    fn excuses(self, link: LinkName) -> bool {
        match self {
            Self::Nothing => false,
            Self::DeadWorker => true,
            Self::Running(model) => model.instances.iter().any(|it| it.links().any(|l| l == link)),
        }
    }

    const fn has_run(self) -> bool {
        match self {
            Self::Nothing => false,
            Self::DeadWorker => true,
            Self::Running(model) => !model.instances.is_empty(),
        }
    }
}

/// Writes one finding into the log, its place as keepalived writes it.
fn tell(sources: &Sources, finding: &Diagnostic) {
    let place = finding.labels.first().and_then(|label| {
        let path = sources.file(label.span.file)?.path.display();
        Some(format!("({path}: Line {}) ", sources.line(label.span)))
    });
    let place = place.unwrap_or_default();
    let (code, message, help) = (finding.code, &finding.message, finding.help.as_deref());
    match finding.severity {
        Severity::Error => error!(code, help, "{place}{message}"),
        Severity::Warning => warn!(code, help, "{place}{message}"),
        Severity::Note => info!(code, help, "{place}{message}"),
    }
}

/// keepalived's exit code for a configuration that cannot be read.
const UNREADABLE: u8 = 6;

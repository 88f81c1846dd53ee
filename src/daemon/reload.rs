//! From the file to a model that can be run, with everything that is wrong in the log.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tracing::{error, info, warn};

use crate::config::diagnostic::{Diagnostic, Severity, Verdict};
use crate::config::model::{Model, Node, Shown};
use crate::config::source::Sources;
use crate::config::{self, Loaded, Machine};
use crate::types::LinkName;

use super::error::Error;
use super::host;
use super::links;
use super::options::Options;
use super::place::Place;

/// What has run before a configuration is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Before<'a> {
    /// Nothing: every interface has to be there.
    Nothing,
    /// A worker that died; this ran last. An interface that is missing now must not keep the rest
    /// from running.
    DeadWorker(&'a Model),
    /// This, and it runs on. Its interfaces may have gone: who runs without them reads on.
    Running(&'a Model),
}

/// A configuration that can be run.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    /// What it means.
    pub(super) model: Model,
    /// What it says besides that.
    pub(super) shown: Shown,
}

/// Reads the configuration and judges it.
///
/// # Errors
/// [`Error::Unreadable`] or [`Error::Config`]; the log says what and where.
pub(super) fn load(options: &Options, before: Before<'_>) -> Result<Accepted, Error> {
    let _marker = before.model().and_then(|running| Mark::set(options, running));
    judge(options, read(options), before)
}

/// The file that is there while the configuration is read, so that nobody changes it meanwhile.
struct Mark(PathBuf);

impl Mark {
    fn set(options: &Options, running: &Model) -> Option<Self> {
        let Node { daemon, reload, .. } = &running.node;
        let path = Place::of(options, daemon).marker(reload.marker.as_ref()?);
        let readable = Permissions::from_mode(0o644);
        match fs::write(&path, "").and_then(|()| fs::set_permissions(&path, readable)) {
            Ok(()) => Some(Self(path)),
            Err(error) => {
                warn!(%error, path = %path.display(), "Nobody sees that a reload takes place.");
                None
            }
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // Somebody else has removed it.
        let _gone = fs::remove_file(&self.0).is_err();
    }
}

/// Reads the configuration, wherever the process stands.
pub(super) fn read(options: &Options) -> Loaded {
    config::load(&options.config, &options.reading())
}

/// Makes sure that the configuration can be run, with its interfaces, by this process.
///
/// A file that is empty or ends half-way, as it is for a moment while it is written anew, must not
/// take down what runs: then it is refused.
///
/// # Errors
/// [`Error::Unreadable`] or [`Error::Config`]; the log says what and where.
pub(super) fn judge(
    options: &Options,
    mut loaded: Loaded,
    before: Before<'_>,
) -> Result<Accepted, Error> {
    loaded.check_links(Machine::Runs, |link| before.excuses(link) || links::exists(link));
    if let (Before::Nothing, Some(model)) = (before, &loaded.model) {
        let host = host::look(model);
        loaded.advise(&host);
    }
    for finding in loaded.diagnostics.iter() {
        tell(&loaded.sources, finding);
    }
    let settings = before.model().map(|it| &it.node.reload);
    if let Some(path) = settings.and_then(|it| it.report.as_deref()) {
        report(path, &loaded);
    }
    if settings.is_some_and(|it| it.strict) && loaded.diagnostics.verdict() != Verdict::Silent {
        error!("New config failed validation, and reload_check_config refuses it.");
        return Err(Error::Config);
    }
    if let Some(doubt) = loaded.doubt().filter(|_| before.has_run()) {
        let file = options.config.display();
        error!("{file} {doubt}; to give up every instance, stop the daemon.");
        return Err(Error::Config);
    }
    let unreadable = loaded.exit_code() == UNREADABLE;
    let Loaded { model: Some(mut model), shown, .. } = loaded else {
        return Err(match unreadable {
            true => Error::Unreadable,
            false => Error::Config,
        });
    };
    model.node.daemon = options.daemon(&model.node.daemon);
    if let Some(what) =
        before.model().and_then(|it| it.node.daemon.unchangeable(&model.node.daemon))
    {
        error!("Cannot change {what} at a reload - please restart vipd");
        return Err(Error::Config);
    }
    if options.without_vrrp {
        warn!("Started for health checks alone (-C), which vipd does not do: no instance runs.");
        model.instances.clear();
    }
    Ok(Accepted { model, shown })
}

impl<'a> Before<'a> {
    /// What has run.
    const fn model(self) -> Option<&'a Model> {
        match self {
            Self::Nothing => None,
            Self::DeadWorker(model) | Self::Running(model) => Some(model),
        }
    }

    fn excuses(self, link: LinkName) -> bool {
        match self {
            Self::Nothing => false,
            Self::DeadWorker(_) => true,
            Self::Running(model) => model.instances.iter().any(|it| it.links().any(|l| l == link)),
        }
    }

    const fn has_run(self) -> bool {
        match self {
            Self::Nothing => false,
            Self::DeadWorker(_) => true,
            Self::Running(model) => !model.instances.is_empty(),
        }
    }
}

/// Writes all findings into a file for whoever changed the configuration.
fn report(path: &Path, loaded: &Loaded) {
    let line =
        |finding: &Diagnostic| format!("{}{}\n", place(&loaded.sources, finding), finding.message);
    let text: String = loaded.diagnostics.iter().map(line).collect();
    if let Err(error) = fs::write(path, text) {
        warn!(%error, path = %path.display(), "What was found is written nowhere.");
    }
}

/// Where a finding is, as keepalived writes it.
fn place(sources: &Sources, finding: &Diagnostic) -> String {
    let place = finding.labels.first().and_then(|label| {
        let path = sources.file(label.span.file)?.path.display();
        Some(format!("({path}: Line {}) ", sources.line(label.span)))
    });
    place.unwrap_or_default()
}

/// Writes one finding into the log.
fn tell(sources: &Sources, finding: &Diagnostic) {
    let place = place(sources, finding);
    let (code, message, help) = (finding.code, &finding.message, finding.help.as_deref());
    match finding.severity {
        Severity::Error => error!(code, help, "{place}{message}"),
        Severity::Warning => warn!(code, help, "{place}{message}"),
        Severity::Advice | Severity::Note => info!(code, help, "{place}{message}"),
    }
}

/// keepalived's exit code for a configuration that cannot be read.
const UNREADABLE: u8 = 6;

//! From the file to a model that can be run, with everything that is wrong in the log.

use std::fs;

use tracing::{error, info, warn};

use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::model::Model;
use crate::config::source::Sources;
use crate::config::{self, Loaded};

use super::error::Error;
use super::links;
use super::options::Options;

/// Reads the configuration and checks that its interfaces are there.
///
/// # Errors
/// [`Error::Unreadable`] or [`Error::Config`]; the log says what and where.
pub(super) fn load(options: &Options) -> Result<Model, Error> {
    let how = config::Options {
        config_id: options.config_id.clone().unwrap_or_else(node_name),
        all_includes: options.all_includes,
        ..config::Options::default()
    };
    let loaded = config::load(&options.config, &how);
    for finding in loaded.diagnostics.iter() {
        tell(&loaded.sources, finding);
    }
    let unreadable = loaded.exit_code() == UNREADABLE;
    let Loaded {
        model: Some(model), ..
    } = loaded
    else {
        return Err(match unreadable {
            true => Error::Unreadable,
            false => Error::Config,
        });
    };
    let missing = links::missing(&model);
    for link in &missing {
        error!(interface = %link, "Interface {link} does not exist.");
    }
    if missing.is_empty() {
        Ok(model)
    } else {
        Err(Error::Config)
    }
}

/// The node's name up to the first dot: what `@ID` lines are compared with.
fn node_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().unwrap_or_default().to_owned()
}

/// Writes one finding into the log, with the place in the form that editors understand.
fn tell(sources: &Sources, finding: &Diagnostic) {
    let place = finding.labels.first().map(|label| {
        let path = sources
            .file(label.span.file)
            .map(|file| file.path.display());
        let path = path.map_or_else(String::new, |path| path.to_string());
        format!("{path}:{}", sources.line(label.span))
    });
    let place = place.unwrap_or_default();
    let (code, help) = (finding.code, finding.help.as_deref());
    match finding.severity {
        Severity::Error => error!(code, help, "{place}: {}", finding.message),
        Severity::Warning => warn!(code, help, "{place}: {}", finding.message),
        Severity::Note => info!(code, help, "{place}: {}", finding.message),
    }
}

/// keepalived's exit code for a configuration that cannot be read.
const UNREADABLE: u8 = 6;

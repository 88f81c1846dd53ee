//! From the file to a model that can be run, with everything that is wrong in the log.

use std::error::Error as _;
use std::path::Path;

use tracing::{error, info, warn};

use crate::config::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::config::model::Model;
use crate::config::source::Sources;

use super::error::Error;
use super::links;

/// Reads the configuration at `path` and checks that its interfaces are there.
///
/// # Errors
/// [`Error::Unreadable`] or [`Error::Config`]; the log says what and where.
pub(super) fn load(path: &Path) -> Result<Model, Error> {
    let mut sources = Sources::new();
    let file = sources.read(path, true).map_err(|error| {
        let cause = error.source().map(ToString::to_string);
        error!(%error, cause, "The configuration cannot be read.");
        Error::Unreadable
    })?;
    let mut findings = Diagnostics::default();
    let model = crate::config::toml::load(&sources, file, &mut findings);
    for finding in findings.iter() {
        tell(&sources, finding);
    }
    let model = model.ok_or(Error::Config)?;
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

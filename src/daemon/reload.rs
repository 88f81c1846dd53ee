//! From the file to a model that can be run, with everything that is wrong in the log.

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
    let loaded = config::load(&options.config, &options.reading());
    for finding in loaded.diagnostics.iter() {
        tell(&loaded.sources, finding);
    }
    let unreadable = loaded.exit_code() == UNREADABLE;
    let Loaded { model: Some(model), .. } = loaded else {
        return Err(match unreadable {
            true => Error::Unreadable,
            false => Error::Config,
        });
    };
    let missing = links::missing(&model);
    for link in &missing {
        error!(interface = %link, "Interface {link} does not exist.");
    }
    if missing.is_empty() { Ok(model) } else { Err(Error::Config) }
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

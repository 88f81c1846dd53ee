//! The daemon itself.

use crate::config::declared;
use crate::config::model::{Daemon, Reload};

/// The processes' settings. They do not depend on anything else that is written, so they are
/// known of a configuration that cannot run, too.
pub(in crate::config) fn daemon(written: &declared::Daemon) -> Daemon {
    let usual = Daemon::default();
    let text = |setting: &declared::Setting<String>| setting.as_ref().map(|it| it.value.clone());
    Daemon {
        namespace: text(&written.namespace),
        instance: text(&written.instance),
        pid_directory: written.pid_directory.map_or(usual.pid_directory, |it| it.value),
        name: text(&written.name),
        worker_name: text(&written.worker_name),
        umask: written.umask.map_or(usual.umask, |it| it.value),
        stop_patience: written.stop_patience.map_or(usual.stop_patience, |it| it.value),
    }
}

/// How a changed configuration is taken over.
pub(super) fn reload(written: &declared::Reload) -> Reload {
    Reload {
        strict: written.strict.is_some_and(|it| it.value),
        report: written.report.as_ref().map(|it| it.value.clone()),
        marker: written.marker.as_ref().map(|it| it.value.clone()),
        time_file: written.time_file.as_ref().map(|it| it.value.clone()),
        repeat: written.repeat.is_some_and(|it| it.value),
    }
}

//! `[daemon]` and `[reload]`.

use std::path::Path;

use super::{Text, quoted, time};
use crate::config::model::{Daemon, Marker, Reload};

impl Text {
    pub(super) fn daemon(&mut self, daemon: &Daemon) {
        let usual = Daemon::default();
        if *daemon == usual {
            return;
        }
        self.header("daemon");
        let Daemon { namespace, instance, pid_directory, name, worker_name, .. } = daemon;
        self.text("namespace", namespace.as_deref());
        self.text("instance", instance.as_deref());
        self.unless(*pid_directory == usual.pid_directory, "pid_directory", pid_directory);
        self.text("name", name.as_deref());
        self.text("worker_name", worker_name.as_deref());
        let umask = daemon.umask;
        self.unless(umask == usual.umask, "umask", format_args!("0o{umask:03o}"));
        let patience = daemon.stop_patience;
        self.unless(patience == usual.stop_patience, "stop_patience", time(patience));
    }

    pub(super) fn reload(&mut self, reload: &Reload) {
        if *reload == Reload::default() {
            return;
        }
        self.header("reload");
        self.unless(!reload.strict, "strict", true);
        self.path("report", reload.report.as_deref());
        match &reload.marker {
            None => {}
            Some(Marker::BesidePidFile) => self.line("marker", true),
            Some(Marker::At(path)) => self.path("marker", Some(path)),
        }
        self.path("time_file", reload.time_file.as_deref());
        self.unless(!reload.repeat, "repeat", true);
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.line(key, quoted(text));
        }
    }

    fn path(&mut self, key: &str, path: Option<&Path>) {
        self.text(key, path.map(Path::to_string_lossy).as_deref());
    }
}

//! Where the daemon stands: its network namespace, and the paths of its files.
//!
//! ```text
//! /run/keepalived.pid                             as a rule
//! /run/keepalived/keepalived_INSTANCE.pid         of an instance, or with a directory asked for
//! /run/keepalived/NAMESPACE/keepalived.pid        in a namespace
//! ```

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::config::model::{Daemon, Marker};
use crate::sys::namespace::Network;

use super::error::Error;
use super::options::Options;

/// The paths of the daemon's files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// Of the supervisor's process id.
    pub(super) pid_file: PathBuf,
    /// Of the worker's process id.
    pub(super) worker_pid_file: PathBuf,
    /// Where files stand that are named after the instance.
    directory: PathBuf,
    /// `_INSTANCE`, or nothing.
    suffix: String,
}

impl Place {
    /// The paths that `options` name, and those that follow from `daemon` where they name none.
    pub(super) fn of(options: &Options, daemon: &Daemon) -> Self {
        let directory = directory(daemon);
        let suffix = daemon.instance.as_ref().map(|it| format!("_{it}")).unwrap_or_default();
        let file = |name: &str| directory.join(format!("{name}{suffix}.pid"));
        Self {
            pid_file: options.pid_file.clone().unwrap_or_else(|| file("keepalived")),
            worker_pid_file: options.worker_pid_file.clone().unwrap_or_else(|| file("vrrp")),
            directory,
            suffix,
        }
    }

    /// The path of the file that is there while the configuration is read.
    pub(super) fn marker(&self, marker: &Marker) -> PathBuf {
        match marker {
            Marker::BesidePidFile => {
                self.directory.join(format!("keepalived{}.reload", self.suffix))
            }
            Marker::At(path) => path.clone(),
        }
    }

    /// Makes the directory of the pid files, if it is one of ours.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(super) fn make_directory(&self) -> Result<(), Error> {
        for directory in self.own_directories() {
            let made = DirBuilder::new().mode(0o755).create(directory);
            match made.and_then(|()| fs::set_permissions(directory, Permissions::from_mode(0o755)))
            {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::of("make the directory of the pid files")(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Removes the directory of the pid files, if it is ours and nobody else uses it.
    pub(super) fn remove_directory(&self) {
        let own: Vec<&Path> = self.own_directories().collect();
        for directory in own.into_iter().rev() {
            // Another daemon's files are in it, or somebody has removed it.
            let _stays = fs::remove_dir(directory).is_err();
        }
    }

    /// The directories below /run that hold the default files, the outer one first.
    fn own_directories(&self) -> impl Iterator<Item = &Path> {
        let inner = Some(self.directory.as_path()).filter(|it| *it != Path::new(RUN));
        let outer = inner.and_then(Path::parent).filter(|it| *it != Path::new(RUN));
        outer.into_iter().chain(inner)
    }
}

/// Moves the process into the network namespace of this name.
///
/// # Errors
/// Where there is none of this name, or it may not be entered; the process stays where it is.
pub fn enter_namespace(name: &str) -> Result<(), Error> {
    let path = Path::new(NAMESPACES).join(name);
    if !path.exists() {
        return Err(Error::NoNamespace { name: name.to_owned() });
    }
    Ok(Network::at(path)?.enter()?)
}

/// The directory of the pid files.
fn directory(daemon: &Daemon) -> PathBuf {
    let own = Path::new(RUN).join("keepalived");
    match &daemon.namespace {
        Some(namespace) => own.join(namespace),
        None if daemon.instance.is_some() || daemon.pid_directory => own,
        None => PathBuf::from(RUN),
    }
}

/// Where programs keep the files of their processes.
const RUN: &str = "/run";
/// Where network namespaces have names.
const NAMESPACES: &str = "/run/netns";

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(options: &Options, daemon: &Daemon) -> [String; 2] {
        let place = Place::of(options, daemon);
        [place.pid_file, place.worker_pid_file].map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn the_paths_are_keepalived_s() {
        let (name, usual) = (|name: &str| Some(name.to_owned()), Daemon::default());
        let rows = [
            (usual.clone(), ["/run/keepalived.pid", "/run/vrrp.pid"]),
            (
                Daemon { pid_directory: true, ..usual.clone() },
                ["/run/keepalived/keepalived.pid", "/run/keepalived/vrrp.pid"],
            ),
            (
                Daemon { instance: name("one"), ..usual.clone() },
                ["/run/keepalived/keepalived_one.pid", "/run/keepalived/vrrp_one.pid"],
            ),
            (
                Daemon { namespace: name("blue"), instance: name("two"), ..usual },
                ["/run/keepalived/blue/keepalived_two.pid", "/run/keepalived/blue/vrrp_two.pid"],
            ),
        ];
        for (daemon, expected) in rows {
            assert_eq!(paths(&Options::default(), &daemon), expected, "{daemon:?}");
        }
    }

    #[test]
    fn the_command_line_comes_first() {
        let options = Options {
            pid_file: Some(PathBuf::from("/x")),
            namespace: Some("red".to_owned()),
            ..Options::default()
        };
        let written = Daemon { namespace: Some("blue".to_owned()), ..Daemon::default() };
        let daemon = options.daemon(&written);
        assert_eq!(paths(&options, &daemon), ["/x", "/run/keepalived/red/vrrp.pid"]);
    }
}

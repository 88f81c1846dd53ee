//! `[daemon]` and `[reload]`: the processes, their files, and how a change is taken over.

use std::path::PathBuf;
use std::time::Duration;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Daemon, Reload};
use crate::config::keepalived::is_file_name;
use crate::config::model::Marker;

/// Reads `[daemon]`.
pub(super) fn daemon(table: &mut Table<'_, '_>) -> Daemon {
    Daemon {
        namespace: table.setting("namespace", file_name),
        instance: table.setting("instance", file_name),
        pid_directory: table.setting("pid_directory", value::boolean),
        name: table.setting("name", process_name),
        worker_name: table.setting("worker_name", process_name),
        umask: table.setting("umask", umask),
        stop_patience: table.setting("stop_patience", value::duration(LONGEST_PATIENCE)),
    }
}

/// Reads `[reload]`.
pub(super) fn reload(table: &mut Table<'_, '_>) -> Reload {
    Reload {
        strict: table.setting("strict", value::boolean),
        report: table.setting("report", path),
        marker: table.setting("marker", marker),
        time_file: table.setting("time_file", path),
        repeat: table.setting("repeat", value::boolean),
    }
}

/// What becomes a part of a path.
fn file_name(value: Value<'_>) -> Read<String> {
    let name = value::word(value)?;
    if is_file_name(&name) {
        return Ok(name);
    }
    Err(Mistake::value("cannot be the name of a file").help("it becomes a part of paths"))
}

fn process_name(value: Value<'_>) -> Read<String> {
    let name = value::word(value)?;
    if name.len() <= LONGEST_NAME && !name.contains('\0') {
        return Ok(name);
    }
    Err(Mistake::value(format!("has more than {LONGEST_NAME} octets, which Linux does not keep")))
}

/// Octal as everybody writes it: `0o027`.
fn umask(value: Value<'_>) -> Read<u16> {
    let mask = value::integer(0, 0o777)(value);
    mask.map_err(|mistake| mistake.help_if_none("octal is written `0o027`"))
}

fn path(value: Value<'_>) -> Read<PathBuf> {
    let path = PathBuf::from(value::word(value)?);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Mistake::value("is not an absolute path").help("the daemon runs in another directory"))
}

/// A path, or `true` for the usual one.
fn marker(value: Value<'_>) -> Read<Marker> {
    match value.as_bool() {
        Some(true) => Ok(Marker::BesidePidFile),
        Some(false) => Err(Mistake::value("is either a path or true").help("leave it out")),
        None => path(value).map(Marker::At),
    }
}

const LONGEST_PATIENCE: Duration = Duration::from_secs(3600);
/// Octets that Linux keeps of a process's name.
const LONGEST_NAME: usize = 15;

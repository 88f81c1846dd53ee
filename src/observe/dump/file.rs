//! Writing the files, on a thread of its own: a disk that hangs keeps nobody else waiting.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use rustix::process::getpid;
use tracing::{debug, warn};

use super::{Kind, Snapshot, render};

/// The way to the thread that writes.
#[derive(Clone, Debug)]
pub struct Writer(SyncSender<(Kind, Snapshot)>);

/// Starts the thread; its files stand in `directory`. What is to be asked of the system while
/// nobody waits, `complete` asks.
///
/// # Errors
/// Where the system has no thread left.
pub fn start(
    directory: PathBuf,
    complete: impl Fn(&mut Snapshot) + Send + 'static,
) -> io::Result<Writer> {
    let (sender, receiver) = sync_channel(WAITING);
    let serve = move || {
        while let Ok((kind, mut snapshot)) = receiver.recv() {
            complete(&mut snapshot);
            put(&directory, kind, &snapshot);
            if kind == Kind::Data {
                put(&directory, Kind::Parent, &snapshot);
            }
        }
    };
    thread::Builder::new().name("dump".to_owned()).spawn(serve)?;
    Ok(Writer(sender))
}

impl Writer {
    /// Has the file written. Where the disk has not taken the last ones, this one is left out.
    pub fn write(&self, kind: Kind, snapshot: Snapshot) {
        if self.0.try_send((kind, snapshot)).is_err() {
            warn!(?kind, "The disk does not take the last files, this one is left out.");
        }
    }
}

fn put(directory: &Path, kind: Kind, snapshot: &Snapshot) {
    let path = directory.join(name(kind));
    match replace(&path, &render(kind, snapshot)) {
        Ok(()) => debug!(path = %path.display(), "The file is written."),
        Err(error) => warn!(path = %path.display(), %error, "The file is not written."),
    }
}

/// Puts a file with this text at `path`, whole or not at all, whatever stands there. Its readers
/// may wait for it to appear there or to be closed there (inotify): both happen, in this order.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", getpid().as_raw_nonzero()));
    let aside = PathBuf::from(aside);
    // One that an earlier process of this number left.
    let _nothing_there = fs::remove_file(&aside).is_err();
    // New, so no link is followed into somebody else's file.
    let mut file = File::options().write(true).create_new(true).mode(0o644).open(&aside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        let _gone = fs::remove_file(&aside).is_err();
    }
    written
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Data => "keepalived.data",
        Kind::Parent => "keepalived_parent.data",
        Kind::Stats => "keepalived.stats",
        Kind::Json => "keepalived.json",
    }
}

/// Files that may wait for the disk.
const WAITING: usize = 4;

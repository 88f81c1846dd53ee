//! The sandbox: namespaces of users, network, mounts and processes around the whole demo.
//!
//! The process that was started makes them and waits. The director is the first process in
//! there: when it ends, the kernel ends all others and the networks with them; and it ends when
//! the one that was started does.

use std::fs;
use std::io::{Read, Write, stdin};
use std::process::{Command, Stdio};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Signal, geteuid, set_parent_process_death_signal};

use super::{During, Error};
use crate::sys::namespace;

/// Where the demo's files lie, in a file system that nobody else sees.
pub(super) const DIRECTORY: &str = "/run/vipd-demo";

/// Makes the sandbox, has the director play in it, and waits.
pub(super) fn perform() -> Result<(), Error> {
    if let Err(error) = namespace::become_root_of_a_sandbox() {
        if !geteuid().is_root() {
            return Err(Error::NoSandbox(error));
        }
        namespace::isolate().map_err(Error::NoSandboxForRoot)?;
    }
    namespace::isolate_children()?;
    let mut director = Command::new(PROGRAM)
        .args(["demo", "--role", "director"])
        .stdin(Stdio::piped())
        .spawn()
        .during("start the director")?;
    // The director waits for this: if we end before, its input ends without it.
    if let Some(mut input) = director.stdin.take() {
        input.write_all(GO).during("start the director")?;
    }
    let status = director.wait().during("wait for the director")?;
    status.success().then_some(()).ok_or(Error::Director)
}

/// Makes the director at home: tied to the one that was started, with an empty `/run`.
pub(super) fn enter() -> Result<(), Error> {
    set_parent_process_death_signal(Some(Signal::KILL)).during("be tied to the parent")?;
    let mut go = [0; GO.len()];
    stdin().read_exact(&mut go).during("wait for the start")?;

    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).during("keep mounts to ourselves")?;
    mount("tmpfs", "/run", "tmpfs", MountFlags::empty(), None).during("mount an empty /run")?;
    // Refused where a container masks parts of /proc; what is there then serves as well.
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let _outer = mount("proc", "/proc", "proc", flags, None).is_err();
    fs::create_dir(DIRECTORY).during("make the demo's directory")
}

/// The program that runs, whatever its file is called by now.
pub(super) const PROGRAM: &str = "/proc/self/exe";
/// What tells the director that the one that was started lives.
const GO: &[u8] = b"go\n";

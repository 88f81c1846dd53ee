//! Namespaces: whole networks within one machine, for tests and demonstrations.

use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::process::{getegid, geteuid};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::error::{During, Error};

/// A network namespace. It lives as long as this value, a thread or a socket in it.
#[derive(Debug)]
pub struct Network(OwnedFd);

impl Network {
    /// Makes an empty network and moves the calling thread into it.
    ///
    /// # Errors
    /// Where the process may not; the thread stays where it is.
    pub fn create() -> Result<Self, Error> {
        unshare(UnshareFlags::NEWNET).during("make a network namespace")?;
        Self::current()
    }

    /// The calling thread's network.
    ///
    /// # Errors
    /// Where there is no /proc.
    pub fn current() -> Result<Self, Error> {
        Self::at("/proc/thread-self/ns/net")
    }

    /// The network that this file stands for: one below /run/netns or /proc/PID/ns/net.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = File::open(path).during("open a network namespace")?;
        Ok(Self(file.into()))
    }

    /// Moves the calling thread into this network.
    ///
    /// # Errors
    /// Where the process may not; the thread stays where it is.
    pub fn enter(&self) -> Result<(), Error> {
        move_into_link_name_space(self.as_fd(), Some(LinkNameSpaceType::Network))
            .during("enter a network namespace")
    }
}

impl AsFd for Network {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes the process root in namespaces of its own: users, network, mounts. Nothing that it does
/// there needs privileges or is seen outside.
///
/// # Errors
/// Where the system forbids it (`kernel.apparmor_restrict_unprivileged_userns`,
/// `user.max_user_namespaces`), or the process has several threads. If it fails at writing the
/// maps, the process is in the new namespaces and nobody there.
pub fn become_root_of_a_sandbox() -> Result<(), Error> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWNS)
        .during("make a sandbox of namespaces")?;
    fs::write("/proc/self/setgroups", "deny").during("give up supplementary groups")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1")).during("become root of the sandbox")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1")).during("become root of the sandbox")
}

/// Gives the process a network and mounts of its own, without becoming anybody else.
///
/// # Errors
/// Where the process is not privileged; nothing has changed then.
pub fn isolate() -> Result<(), Error> {
    unshare(UnshareFlags::NEWNET | UnshareFlags::NEWNS).during("make a network and mounts")
}

/// Puts the children of this process from now on in a process namespace: when the first of them
/// ends, the kernel ends all that descend from it, and no further child can be started.
///
/// # Errors
/// Where the process is not privileged; nothing has changed then.
pub fn isolate_children() -> Result<(), Error> {
    unshare(UnshareFlags::NEWPID).during("make a namespace of processes")
}

fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES), "descriptors are shared by all threads");
    // SAFETY: the descriptor table is not unshared, which is the one thing that must not be.
    unsafe { unshare_unsafe(flags) }
}

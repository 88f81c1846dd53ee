//! A router of the demo: a network namespace with the daemon and the service in it.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::panic;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpgid};

use super::sandbox::{DIRECTORY, PROGRAM};
use super::{During, Error};
use crate::sys;
use crate::sys::namespace::Network;
use crate::types::{MacAddr, Priority};

/// A router of the demo.
#[derive(Debug)]
pub(super) struct Node {
    /// Its letter.
    pub(super) name: char,
    /// Its number on the network.
    pub(super) number: u8,
    /// Its priority.
    pub(super) priority: Priority,
    /// Its network.
    pub(super) network: Network,
    daemon: Option<Child>,
    service: Option<Child>,
}

impl Node {
    /// A router in a network of its own, with nothing in it yet.
    pub(super) fn new(name: char, number: u8, priority: u8) -> Result<Self, Error> {
        Ok(Self {
            name,
            number,
            priority: Priority::new(priority),
            network: new_network()?,
            daemon: None,
            service: None,
        })
    }

    /// Its own address.
    pub(super) fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 0, self.number)
    }

    /// Its hardware address.
    pub(super) fn mac(&self) -> MacAddr {
        MacAddr([2, 0, 0, 0, 77, self.number])
    }

    /// Starts what doesn't run of the daemon and the service.
    pub(super) fn start(&mut self, conf: &str) -> Result<(), Error> {
        let conf_file = self.file("conf");
        fs::write(&conf_file, conf).during("write a configuration")?;
        if self.daemon.is_none() {
            let log = File::options()
                .create(true)
                .append(true)
                .open(self.file("log"))
                .during("open a log")?;
            let mut command = Command::new(PROGRAM);
            command
                .args(["-n", "-l", "-D", "-G", "-f"])
                .arg(conf_file)
                .arg("-p")
                .arg(self.file("pid"))
                .arg("-r")
                .arg(self.file("worker.pid"))
                .stdout(log.try_clone().during("open a log")?)
                .stderr(log)
                .process_group(0);
            self.daemon = Some(self.spawn(command)?);
        }
        if self.service.is_none() {
            let mut command = Command::new(PROGRAM);
            command
                .args(["demo", "--role", "service", "--name"])
                .arg(self.name.to_string())
                .process_group(0);
            self.service = Some(self.spawn(command)?);
        }
        Ok(())
    }

    /// Ends supervisor, worker and service at once, without a word.
    pub(super) fn crash(&mut self) -> Result<(), Error> {
        for child in [self.daemon.take(), self.service.take()] {
            let Some(child) = child else { continue };
            let group = Pid::from_child(&child);
            kill_process_group(group, Signal::KILL).during("kill a node")?;
            // Orphans in the group are ours too: the director is the sandbox's first process.
            while let Ok(Some(_)) = waitpgid(group, WaitOptions::empty()) {}
        }
        Ok(())
    }

    /// Ends the worker alone, without a word. Its supervisor lives.
    pub(super) fn kill_worker(&self) -> Result<(), Error> {
        let pid = fs::read_to_string(self.file("worker.pid")).during("read a pid file")?;
        if let Some(pid) = pid.trim().parse().ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::KILL).during("kill a worker")?;
        }
        Ok(())
    }

    /// Asks the daemon to end; the service goes on.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        if let Some(daemon) = self.daemon.take() {
            kill_process(Pid::from_child(&daemon), Signal::TERM).during("stop a daemon")?;
        }
        Ok(())
    }

    /// The end of the daemon's log.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(self.file("log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = lines.len().saturating_sub(12);
        let lines = lines.get(last..).unwrap_or_default();
        lines.iter().map(|line| format!("  {}: {line}\n", self.name)).collect()
    }

    fn file(&self, kind: &str) -> PathBuf {
        PathBuf::from(format!("{DIRECTORY}/{}.{kind}", self.name))
    }

    fn spawn(&self, mut command: Command) -> Result<Child, Error> {
        command.stdin(Stdio::null());
        inside(&self.network, || command.spawn())?.during("start a process in a node")
    }
}

/// Makes a network that no thread is in.
pub(super) fn new_network() -> Result<Network, Error> {
    Ok(on_a_thread(Network::create)?)
}

/// Runs `work` on a thread in `network`; what it opens and starts belongs there.
pub(super) fn inside<T: Send>(
    network: &Network,
    work: impl FnOnce() -> T + Send,
) -> Result<T, sys::Error> {
    on_a_thread(|| network.enter().map(|()| work()))
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let ended = thread::scope(|scope| scope.spawn(work).join());
    ended.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

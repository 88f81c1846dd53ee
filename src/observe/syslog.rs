//! The system's log: one datagram a line, never waited for.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// A syslog facility, 0..=23.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Facility(u8);

impl Facility {
    /// `daemon`, the default.
    pub const DAEMON: Self = Self(3);
    /// `user`.
    const USER: Self = Self(1);
    /// The first of the eight local ones.
    const LOCAL0: u8 = 16;

    /// The facility that is written `0` … `7`, `local0` … `local7`, `user` or `daemon`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::USER),
            "daemon" => Some(Self::DAEMON),
            _ => {
                let digit = text.strip_prefix("local").unwrap_or(text);
                let local: u8 = digit.parse().ok().filter(|local| *local < 8)?;
                Some(Self(Self::LOCAL0 + local))
            }
        }
    }
}

/// Under which name this process writes to the system's log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ident {
    /// keepalived's name for its parent process.
    Supervisor,
    /// keepalived's name for its VRRP process.
    Worker,
}

/// Names this process in the system's log from now on.
pub fn set_ident(ident: Ident) {
    let name = match ident {
        Ident::Supervisor => 0,
        Ident::Worker => 1,
    };
    IDENT.store(name, Ordering::Relaxed);
}

/// What follows the process's name in the system's log, for good.
pub fn set_suffix(suffix: String) {
    // It fails only where it was set before.
    let _set_before = SUFFIX.set(suffix).is_err();
}

/// The system's log.
#[derive(Debug)]
pub(super) struct Syslog {
    socket: UnixDatagram,
    facility: Facility,
}

impl Syslog {
    /// The way to the system's log; `None` where this machine has none.
    pub(super) fn open(facility: Facility) -> Option<Self> {
        if !Path::new(SOCKET).exists() {
            return None;
        }
        let socket = UnixDatagram::unbound().ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, facility })
    }
}

impl<'a> MakeWriter<'a> for Syslog {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { log: self, severity: 6 }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        let severity = match *meta.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        Line { log: self, severity }
    }
}

/// One line on its way.
#[derive(Debug)]
pub(super) struct Line<'a> {
    log: &'a Syslog,
    severity: u8,
}

impl io::Write for Line<'_> {
    /// Takes all of `line` whatever became of it: there is nobody to tell.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let ident = match IDENT.load(Ordering::Relaxed) {
            0 => "Keepalived",
            _ => "Keepalived_vrrp",
        };
        let suffix = SUFFIX.get().map_or("", String::as_str);
        let priority = self.log.facility.0 * 8 + self.severity;
        let process = rustix::process::getpid();
        for text in line.split(|byte| *byte == b'\n') {
            if !text.is_empty() {
                let mut datagram = format!("<{priority}>{ident}{suffix}[{process}]: ").into_bytes();
                datagram.extend_from_slice(text);
                // A full or absent log loses the line: waiting for it could cost an address.
                let _lost = self.log.socket.send_to(&datagram, SOCKET).is_err();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the system's log listens.
const SOCKET: &str = "/dev/log";

/// The process's [`Ident`]; changes at a fork, hence not part of the log's settings.
static IDENT: AtomicU8 = AtomicU8::new(0);
/// What tells daemons of one machine apart.
static SUFFIX: OnceLock<String> = OnceLock::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_have_keepaliveds_names() {
        assert_eq!(Facility::parse("daemon"), Some(Facility::DAEMON));
        assert_eq!(Facility::parse("1"), Facility::parse("local1"));
        assert_eq!(Facility::parse("7"), Some(Facility(23)));
        for bad in ["8", "local8", "", "kern", "-1"] {
            assert_eq!(Facility::parse(bad), None, "{bad}");
        }
    }
}

//! What the kernel tells of every process: it begins, becomes another program, ends
//! (linux/cn_proc.h, by a connector over netlink).

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, send, socket_with,
};
use rustix::process::getpid;

use super::clock;
use super::error::{During, Error};
use super::namespace::Network;

/// A subscription to what happens to processes. Dropping it ends it.
#[derive(Debug)]
pub struct ProcessEvents {
    socket: OwnedFd,
}

/// What happened to a process. Threads are none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProcessEvent {
    /// It began as a copy of its parent.
    Began {
        /// Its number.
        pid: i32,
        /// Its parent's.
        parent: i32,
    },
    /// It runs another program, or has another name.
    Changed(i32),
    /// It ended.
    Ended(i32),
}

/// What was heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// This, perhaps nothing.
    Events(Vec<ProcessEvent>),
    /// More than there was room for: some events are lost.
    TooMuch,
}

/// Why nothing will be heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Silence {
    /// A system call was refused.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The kernel has refused the subscription: CAP_NET_ADMIN is missing.
    #[error("the kernel does not permit it: {0}")]
    NotPermitted(Errno),
    /// The kernel tells those alone that live in its first namespaces of users and processes.
    #[error("the kernel does not answer, as in a container")]
    NoAnswer,
}

impl ProcessEvents {
    /// Subscribes. The kernel listens in its first network alone: where this is another one, the
    /// calling thread moves to that of the first process, if it may.
    ///
    /// # Errors
    /// [`Silence`]; the thread may have moved.
    pub fn subscribe() -> Result<Self, Silence> {
        match Self::ask() {
            Err(Silence::Refused(Error { errno: Errno::CONNREFUSED, .. })) => {
                Network::at("/proc/1/ns/net").and_then(|it| it.enter())?;
                Self::ask()
            }
            answered => answered,
        }
    }

    fn ask() -> Result<Self, Silence> {
        const OPEN: &str = "hear of processes";
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(CONNECTOR))
            .during(OPEN)?;
        // A machine may start thousands of processes a second. Only the capable get so much.
        if set_socket_recv_buffer_size_force(&socket, ROOM).is_err() {
            set_socket_recv_buffer_size(&socket, ROOM).during(OPEN)?;
        }
        bind(&socket, &SocketAddrNetlink::new(0, PROCESSES)).during(OPEN)?;
        let mine = getpid().as_raw_nonzero().get().unsigned_abs();
        send(&socket, &request(LISTEN, mine), SendFlags::empty()).during(OPEN)?;
        let events = Self { socket };
        let patience = clock::now() + PATIENCE;
        while clock::now() < patience {
            if let Some(answer) = events.answer(patience.since(clock::now()), mine)? {
                return match answer {
                    0 => Ok(events),
                    errno => Err(Silence::NotPermitted(Errno::from_raw_os_error(errno))),
                };
            }
        }
        Err(Silence::NoAnswer)
    }

    /// The answer to our subscription, if that is what comes next.
    fn answer(&self, patience: Duration, mine: u32) -> Result<Option<i32>, Error> {
        self.wait(patience)?;
        let mut octets = [MaybeUninit::uninit(); LARGEST];
        let message = match self.receive(&mut octets) {
            Ok(message) => message,
            Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => return Ok(None),
            Err(errno) => return Err(errno).during("hear of processes"),
        };
        let is_ours = word(message, ACK) == Some(mine.wrapping_add(1));
        let answered = is_ours && word(message, WHAT) == Some(NOTHING);
        Ok(word(message, DATA).filter(|_| answered).and_then(|errno| i32::try_from(errno).ok()))
    }

    /// Waits until something happens, for `patience` at most, and tells all that did, up to a few
    /// hundred events.
    ///
    /// # Errors
    /// Where the socket is broken.
    pub fn next(&self, patience: Duration) -> Result<Heard, Error> {
        self.wait(patience)?;
        let mut events = Vec::new();
        let mut octets = [MaybeUninit::uninit(); LARGEST];
        for _ in 0..MOST {
            match self.receive(&mut octets) {
                Ok(message) => events.extend(event(message)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(Errno::NOBUFS) => return Ok(Heard::TooMuch),
                Err(errno) => return Err(errno).during("hear of processes"),
            }
        }
        Ok(Heard::Events(events))
    }

    fn wait(&self, patience: Duration) -> Result<(), Error> {
        let span = Timespec::try_from(patience).ok();
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], span.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno).during("wait for what happens to processes"),
        }
    }

    /// The next message of the kernel's; that of anybody else is empty.
    fn receive<'a>(&self, octets: &'a mut [MaybeUninit<u8>; LARGEST]) -> Result<&'a [u8], Errno> {
        let ((message, _), _, from) = recvfrom(&self.socket, &mut octets[..], RecvFlags::empty())?;
        let from = from.and_then(|it| SocketAddrNetlink::try_from(it).ok());
        Ok(if from.is_some_and(|it| it.pid() == 0) { message } else { &[] })
    }
}

impl Drop for ProcessEvents {
    fn drop(&mut self) {
        // Kernels before 6.6 count who listens, and go on telling nobody.
        let _gone = send(&self.socket, &request(IGNORE, 0), SendFlags::empty()).is_err();
    }
}

/// A message to the kernel.
///
/// ```text
///  0        4    6     8        12      16       20       24     28    32     34      36
/// +--------+----+-----+--------+-------+--------+--------+------+-----+------+-------+----------+
/// | length |kind|flags|sequence|  pid  | index  | value  |  seq | ack |length| flags | operation|
/// +--------+----+-----+--------+-------+--------+--------+------+-----+------+-------+----------+
/// ```
fn request(operation: u32, ack: u32) -> Vec<u8> {
    let mut octets = Vec::with_capacity(40);
    octets.extend(40_u32.to_ne_bytes());
    octets.extend(DONE.to_ne_bytes());
    octets.extend([0; 2 + 4 + 4]);
    for word in [PROCESSES, PROCESSES, 0, ack] {
        octets.extend(word.to_ne_bytes());
    }
    octets.extend(4_u16.to_ne_bytes());
    octets.extend([0; 2]);
    octets.extend(operation.to_ne_bytes());
    octets
}

/// What a message of the kernel's tells of a process.
///
/// ```text
///  0 … 28       32    36     40    44          52
/// +------------+-----+------+-----+-----------+--------------------------------------------+
/// | as above   | ... | what | cpu | timestamp | process, group; of a fork the child's next  |
/// +------------+-----+------+-----+-----------+--------------------------------------------+
/// ```
fn event(message: &[u8]) -> Option<ProcessEvent> {
    let number = |at| word(message, at).and_then(|it| i32::try_from(it).ok());
    // The first thread of a process has the process's number.
    let process = |at| number(at).filter(|pid| number(at + 4) == Some(*pid));
    match word(message, WHAT)? {
        FORK => Some(ProcessEvent::Began { pid: process(DATA + 8)?, parent: number(DATA + 4)? }),
        EXEC | NAME => Some(ProcessEvent::Changed(process(DATA)?)),
        EXIT => Some(ProcessEvent::Ended(process(DATA)?)),
        _ => None,
    }
}

fn word(message: &[u8], at: usize) -> Option<u32> {
    let octets = message.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*octets))
}

/// Index, value and group of the connector (CN_IDX_PROC, CN_VAL_PROC).
const PROCESSES: u32 = 1;
/// NLMSG_DONE: the connector wants no other kind.
const DONE: u16 = 3;
const LISTEN: u32 = 1;
const IGNORE: u32 = 2;

const ACK: usize = 28;
const WHAT: usize = 36;
const DATA: usize = 52;

const NOTHING: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const NAME: u32 = 0x200;
const EXIT: u32 = 0x8000_0000;

/// Octets of the largest message, with room for those to come.
const LARGEST: usize = 512;
/// Messages that are read at once.
const MOST: usize = 512;
/// Octets of messages that may wait, some thousands of them.
const ROOM: usize = 1 << 20;
/// How long the kernel may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.18 sent them, from `what` on.
    fn recorded(tail: &str) -> Vec<u8> {
        let mut octets = vec![0; WHAT];
        let digits = tail.as_bytes().chunks(2);
        octets.extend(
            digits.map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap()),
        );
        octets
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn recorded_messages_are_understood() {
        let padding = "00".repeat(24);
        let head = |what: &str| format!("{what}000000006aafda124d160000");
        for (what, data, expected) in [
            ("00000000", "00000000", None),
            (
                "01000000",
                "dc780000dc7800000879000008790000",
                Some(ProcessEvent::Began { pid: 0x7908, parent: 0x78dc }),
            ),
            // A thread.
            ("01000000", "dc780000dc7800000979000008790000", None),
            ("02000000", "0779000007790000", Some(ProcessEvent::Changed(0x7907))),
            ("00020000", "07790000077900006f707420", Some(ProcessEvent::Changed(0x7907))),
            ("00020000", "07790000497700006f7074206367752e3500", None),
            ("00000080", "07790000077900000000000011000000", Some(ProcessEvent::Ended(0x7907))),
            ("00010000", "0779000007790000", None),
        ] {
            let message = recorded(&(head(what) + data + &padding));
            assert_eq!(event(&message), expected, "{what} {data}");
        }
    }

    #[test]
    fn a_message_that_is_cut_short_tells_nothing() {
        let whole = recorded(&format!("01000000{}", "00".repeat(40)));
        for length in 0..DATA + 16 {
            assert_eq!(event(&whole[..length]), None, "{length}");
        }
    }
}

//! Messages on their way out of one socket, sent many at a time.

use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd};
use std::{mem, ptr};

use arrayvec::ArrayVec;
use rustix::io::Errno;
use socket2::Socket;

use super::call::{answered, fitted};
use super::control::Control;

/// Up to 64 messages for one socket. `T` tells the caller which one was refused.
#[derive(Debug)]
pub(super) struct Queue<T> {
    socket: Socket,
    octets: Vec<u8>,
    messages: ArrayVec<Message<T>, BATCH>,
}

/// Where a message goes and what goes with it.
#[derive(Debug)]
struct Message<T> {
    token: T,
    target: Target,
    control: Control,
    octets: Range<usize>,
}

/// A destination as the kernel wants it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// An IPv4 address.
    V4(libc::sockaddr_in),
    /// An IPv6 address.
    V6(libc::sockaddr_in6),
    /// An interface.
    Link(libc::sockaddr_ll),
}

impl<T: Copy> Queue<T> {
    /// Builds an empty queue for `socket`, which must not block.
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, octets: Vec::with_capacity(OCTETS), messages: ArrayVec::new() }
    }

    /// The number of the socket.
    pub(super) fn descriptor(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// Takes in a message that consists of `parts`, sending the others first if there is no
    /// room. Tells `refused` of each that the kernel did not take. Does not wait or allocate.
    pub(super) fn push(
        &mut self,
        token: T,
        (target, control): (Target, Control),
        parts: [&[u8]; 2],
        refused: &mut impl FnMut(T, Errno),
    ) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > OCTETS {
            return refused(token, Errno::MSGSIZE);
        }
        if self.messages.is_full() || self.octets.len() + length > OCTETS {
            self.flush(refused);
        }
        let start = self.octets.len();
        for part in parts {
            self.octets.extend_from_slice(part);
        }
        let octets = start..self.octets.len();
        self.messages.push(Message { token, target, control, octets });
    }

    /// Sends what was taken in, in its order, and forgets it. Tells `refused` of each message
    /// that the kernel did not take; the others are sent nevertheless.
    pub(super) fn flush(&mut self, refused: &mut impl FnMut(T, Errno)) {
        let mut sent = 0;
        while let Some(left) = self.messages.get(sent..)
            && let Some(first) = left.first()
        {
            match self.send(left) {
                Ok(count) => sent += count.max(1),
                Err(Errno::INTR) => {}
                Err(errno) => {
                    refused(first.token, errno);
                    sent += 1;
                }
            }
        }
        self.messages.clear();
        self.octets.clear();
    }

    /// Hands `messages` to the kernel, which takes as many as it can; an error is about the first.
    fn send(&self, messages: &[Message<T>]) -> Result<usize, Errno> {
        let mut vectors = [NO_OCTETS; BATCH];
        // SAFETY: all zeros is a valid mmsghdr: null pointers and lengths of 0.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for ((message, vector), place) in messages.iter().zip(&mut vectors).zip(&mut headers) {
            let octets = self.octets.get(message.octets.clone()).unwrap_or_default();
            vector.iov_base = octets.as_ptr().cast_mut().cast();
            vector.iov_len = octets.len();
            let (name, name_length) = message.target.name();
            let control = message.control.as_bytes();
            let header = &mut place.msg_hdr;
            header.msg_name = name.cast_mut();
            header.msg_namelen = fitted(name_length);
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_control = control.as_ptr().cast_mut().cast();
            header.msg_controllen = fitted(control.len());
        }
        // SAFETY: the first `messages.len()` headers, at most BATCH, each point to a vector, a
        // name and control octets of the lengths they state. These live in `vectors`, `messages`
        // and `self.octets` until this function returns, and sendmmsg writes to none of them.
        answered(unsafe {
            libc::sendmmsg(
                self.socket.as_fd().as_raw_fd(),
                headers.as_mut_ptr(),
                fitted(messages.len().min(BATCH)),
                0,
            )
        })
    }
}

impl Target {
    /// Where its C structure lies, and its length.
    const fn name(&self) -> (*const libc::c_void, usize) {
        match self {
            Self::V4(name) => (ptr::from_ref(name).cast(), size_of_val(name)),
            Self::V6(name) => (ptr::from_ref(name).cast(), size_of_val(name)),
            Self::Link(name) => (ptr::from_ref(name).cast(), size_of_val(name)),
        }
    }
}

/// Messages that are sent at once.
const BATCH: usize = 64;

/// Octets of all messages of a batch together.
const OCTETS: usize = 1 << 16;

/// A vector that points nowhere.
const NO_OCTETS: libc::iovec = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };

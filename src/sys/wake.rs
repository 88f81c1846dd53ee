//! How one thread wakes another.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use rustix::pipe::{PipeFlags, pipe_with};

use super::error::{During, Error};

/// A level-triggered signal between threads: readable from [`Waker::wake`] to [`Waker::drain`].
/// Neither blocks, allocates or locks. Wakes in between are one.
#[derive(Debug)]
pub struct Waker(OwnedFd);

impl Waker {
    /// Builds a waker that nobody has woken.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn new() -> Result<Self, Error> {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map(Self)
            .during("make an eventfd")
    }

    /// Wakes whoever waits for it.
    pub fn wake(&self) {
        // It fails only where the counter is full: then it is awake already.
        let _full = write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Takes back every wake so far. To be called before looking at what they were about.
    pub fn drain(&self) {
        let _empty = read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The sending half of a pipe that wakes a tokio task.
#[derive(Debug)]
pub struct PipeWaker(OwnedFd);

impl PipeWaker {
    /// Builds the two halves, both non-blocking; the other is for
    /// `tokio::net::unix::pipe::Receiver`.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn new() -> Result<(Self, OwnedFd), Error> {
        let (reader, writer) =
            pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).during("make a pipe")?;
        Ok((Self(writer), reader))
    }

    /// Wakes the reader. A pipe that is full has woken it already.
    pub fn wake(&self) {
        let _full = write(&self.0, &[1]);
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn many_wakes_are_drained_at_once() {
        let waker = Waker::new().unwrap();
        waker.wake();
        waker.wake();
        waker.drain();
        assert_eq!(read(&waker.0, &mut [0_u8; 8]), Err(Errno::AGAIN));
    }

    #[test]
    fn draining_what_nobody_woke_returns() {
        Waker::new().unwrap().drain();
    }

    #[test]
    fn a_full_pipe_is_no_reason_to_wait() {
        let (waker, reader) = PipeWaker::new().unwrap();
        for _ in 0..100_000 {
            waker.wake();
        }
        let mut octets = [0_u8; 64];
        assert_eq!(read(&reader, &mut octets), Ok(64));
    }
}

//! Waiting for descriptors and for a moment, to the nanosecond.

use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::thread::set_current_timer_slack;

use super::error::{During, Error};

/// A set of descriptors to wait for, each known by a number of the caller's.
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller {
    /// Builds an empty set.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC).during("make an epoll set")?,
            events: Vec::with_capacity(EVENTS),
        })
    }

    /// Waits for `fd` to be readable from now on; it is known as `token`.
    ///
    /// # Errors
    /// Where `fd` is in the set already or cannot be waited for; the set is unchanged.
    pub fn add(&self, fd: impl AsFd, token: u64) -> Result<(), Error> {
        epoll::add(&self.epoll, fd, EventData::new_u64(token), EventFlags::IN)
            .during("wait for a descriptor")
    }

    /// Waits for `fd` no longer. A descriptor that is closed leaves by itself.
    ///
    /// # Errors
    /// Where `fd` is not in the set.
    pub fn remove(&self, fd: impl AsFd) -> Result<(), Error> {
        epoll::delete(&self.epoll, fd).during("wait for a descriptor no longer")
    }

    /// Waits until a descriptor is readable or `timeout` has passed, for ever without one.
    /// Returns the tokens of up to 64 that are; none where a signal came. Does not allocate.
    ///
    /// # Errors
    /// None that a running system gives.
    pub fn wait(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<impl ExactSizeIterator<Item = u64> + '_, Error> {
        let timeout = timeout.map(timespec);
        self.events.clear();
        match self.wait_for(timeout.as_ref()) {
            Ok(()) | Err(Errno::INTR) => Ok(self.events.drain(..).map(|event| event.data.u64())),
            Err(errno) => Err(errno).during("wait for descriptors"),
        }
    }

    /// Waits with `ppoll` for the set itself to be readable, then asks it what is.
    ///
    /// `epoll_wait` alone counts in milliseconds, and `epoll_pwait2`, which does not, is missing
    /// before Linux 5.11 and behind some system call filters.
    fn wait_for(&mut self, timeout: Option<&Timespec>) -> Result<(), Errno> {
        let ready = poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], timeout)?;
        if ready > 0 {
            let events = spare_capacity(&mut self.events);
            epoll::wait(&self.epoll, events, Some(&AT_ONCE))?;
        }
        Ok(())
    }
}

/// Waits until `fd` is readable, for at most `timeout`, or until a signal comes.
///
/// # Errors
/// None that a running system gives.
pub fn wait_for(fd: impl AsFd, timeout: Duration) -> Result<(), Error> {
    match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timespec(timeout))) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno).during("wait for a descriptor"),
    }
}

/// Makes the calling thread's waits end at their moment and not up to 50 µs later.
///
/// # Errors
/// None that a running system gives; the thread waits as before.
pub fn wait_exactly() -> Result<(), Error> {
    set_current_timer_slack(Some(NonZeroU64::MIN)).during("set the timer slack")
}

fn timespec(span: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: span.subsec_nanos().into(),
    }
}

/// No waiting at all.
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Events that one wait returns at most.
const EVENTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::wake::Waker;
    use super::*;

    #[test]
    fn what_is_readable_is_told_until_it_is_drained() {
        let mut poller = Poller::new().unwrap();
        let (quiet, woken) = (Waker::new().unwrap(), Waker::new().unwrap());
        poller.add(&quiet, 7).unwrap();
        poller.add(&woken, 8).unwrap();
        woken.wake();
        for _ in 0..2 {
            let ready: Vec<u64> = poller.wait(None).unwrap().collect();
            assert_eq!(ready, [8]);
        }
        woken.drain();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap().len(), 0);
    }

    #[test]
    fn a_removed_descriptor_is_told_no_longer() {
        let mut poller = Poller::new().unwrap();
        let waker = Waker::new().unwrap();
        poller.add(&waker, 1).unwrap();
        waker.wake();
        poller.remove(&waker).unwrap();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap().len(), 0);
        assert_eq!(poller.remove(&waker).unwrap_err().errno, Errno::NOENT);
    }

    #[test]
    fn more_than_64_readable_descriptors_are_told_in_turns() {
        let mut poller = Poller::new().unwrap();
        let wakers: Vec<Waker> = (0..100).map(|_| Waker::new().unwrap()).collect();
        for (waker, token) in wakers.iter().zip(0..) {
            poller.add(waker, token).unwrap();
            waker.wake();
        }
        let mut told = [false; 100];
        for _ in 0..2 {
            for token in poller.wait(None).unwrap() {
                told[usize::try_from(token).unwrap()] = true;
            }
        }
        assert!(told.iter().all(|told| *told));
    }
}

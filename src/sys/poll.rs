//! Waiting for descriptors and for a moment, to the nanosecond.

use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::thread::set_current_timer_slack;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use crate::types::Instant;

use super::clock;
use super::error::{During, Error};

/// A set of descriptors to wait for, each known by a number of the caller's, and a timer.
///
/// `epoll_wait` alone counts in milliseconds, and `epoll_pwait2`, which does not, is missing
/// before Linux 5.11 and sets a timer at every call. Here the timer is a descriptor of the set, and
/// left alone where the moment moves on: a Backup's does with each packet.
pub struct Poller {
    epoll: OwnedFd,
    timer: OwnedFd,
    armed: Armed,
    events: Vec<Event>,
}

/// What the timer will do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Armed {
    /// Nothing.
    No,
    /// Run out at this moment.
    For(Instant),
    /// It ran out, and says so until it is set again.
    Ran,
}

impl Poller {
    /// Builds an empty set.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub fn new() -> Result<Self, Error> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).during("make an epoll set")?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, flags).during("make a timer to wait for")?;
        let poller = Self { epoll, timer, armed: Armed::No, events: Vec::with_capacity(EVENTS) };
        poller.add(&poller.timer, TIMER)?;
        Ok(poller)
    }

    /// Waits for `fd` to be readable from now on; it is known as `token`, of which the greatest
    /// is the timer's.
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

    /// Waits until a descriptor is readable or `moment` has come, for ever without one. Returns
    /// the tokens of up to 64 that are; none where the moment or a signal came, and sometimes
    /// where neither did. Does not allocate.
    ///
    /// # Errors
    /// None that a running system gives.
    pub fn wait_until(
        &mut self,
        moment: Option<Instant>,
    ) -> Result<impl ExactSizeIterator<Item = u64> + '_, Error> {
        self.events.clear();
        let come = moment.is_some_and(|moment| moment <= clock::now());
        if !come {
            self.arm(moment)?;
        }
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), come.then_some(&AT_ONCE)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno).during("wait for descriptors"),
        }
        if let Some(place) = self.events.iter().position(|event| event.data.u64() == TIMER) {
            self.events.swap_remove(place);
            self.armed = Armed::Ran;
        }
        Ok(self.events.drain(..).map(|event| event.data.u64()))
    }

    /// Sets the timer, unless it will run out no later as it is.
    fn arm(&mut self, moment: Option<Instant>) -> Result<(), Error> {
        let armed = match (self.armed, moment) {
            (Armed::No, None) | (Armed::For(_), None) => return Ok(()),
            (Armed::For(earlier), Some(moment)) if earlier <= moment => return Ok(()),
            (Armed::No | Armed::For(_) | Armed::Ran, Some(moment)) => Armed::For(moment),
            (Armed::Ran, None) => Armed::No,
        };
        let at = moment.map_or(Duration::ZERO, |moment| Duration::from_nanos(moment.as_nanos()));
        let setting = Itimerspec { it_interval: AT_ONCE, it_value: timespec(at) };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &setting).during("set a timer")?;
        self.armed = armed;
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

/// The timer's token.
const TIMER: u64 = u64::MAX;

/// No waiting at all, and no timer.
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
            let ready: Vec<u64> = poller.wait_until(None).unwrap().collect();
            assert_eq!(ready, [8]);
        }
        woken.drain();
        assert_eq!(poller.wait_until(Some(clock::now())).unwrap().len(), 0);
    }

    #[test]
    fn a_removed_descriptor_is_told_no_longer() {
        let mut poller = Poller::new().unwrap();
        let waker = Waker::new().unwrap();
        poller.add(&waker, 1).unwrap();
        waker.wake();
        poller.remove(&waker).unwrap();
        assert_eq!(poller.wait_until(Some(clock::now())).unwrap().len(), 0);
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
            for token in poller.wait_until(None).unwrap() {
                told[usize::try_from(token).unwrap()] = true;
            }
        }
        assert!(told.iter().all(|told| *told));
    }

    #[test]
    fn a_moment_that_moves_is_waited_for_exactly() {
        const MS: Duration = Duration::from_millis(1);
        let mut poller = Poller::new().unwrap();
        let waker = Waker::new().unwrap();
        poller.add(&waker, 1).unwrap();
        waker.wake();
        let begin = clock::now();
        // Later, sooner, later again: each time something is readable.
        for wait in [30, 10, 20] {
            assert_eq!(poller.wait_until(Some(begin + wait * MS)).unwrap().len(), 1);
        }
        waker.drain();
        let moment = begin + 20 * MS;
        let mut turns = 0;
        while clock::now() < moment {
            assert_eq!(poller.wait_until(Some(moment)).unwrap().len(), 0);
            turns += 1;
        }
        assert!((1..=2).contains(&turns), "{turns} turns: the timer of 10 ms and that of 20 ms");
    }

    #[test]
    fn a_timer_that_ran_out_wakes_nobody_who_waits_for_ever() {
        let mut poller = Poller::new().unwrap();
        let waker = Waker::new().unwrap();
        poller.add(&waker, 1).unwrap();
        let moment = clock::now() + Duration::from_millis(2);
        assert_eq!(poller.wait_until(Some(moment)).unwrap().len(), 0);
        waker.wake();
        let ready: Vec<u64> = poller.wait_until(None).unwrap().collect();
        assert_eq!(ready, [1]);
        assert_eq!(poller.armed, Armed::No);
    }
}

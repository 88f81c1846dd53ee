//! The sockets that VRRP arrives on: they follow what the router wants to listen to.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::Duration;

use crate::sys::{self, Arrivals, Poller, Receiver};
use crate::types::{Instant, Packet};
use crate::vrrp::Listen;

/// The open sockets, each known to the poller by its place.
#[derive(Default)]
pub(super) struct Sockets {
    open: Vec<Option<(Listen, Receiver)>>,
    arrivals: Arrivals,
    /// Those that could not be opened, and why is known.
    deaf: Vec<Listen>,
    /// When they are tried again.
    retry_at: Option<Instant>,
}

impl Sockets {
    /// Opens and closes sockets until there is one for each of `wanted`. Tells `deaf` once of each
    /// that cannot be opened; it is tried again in a second, and again.
    pub(super) fn follow(
        &mut self,
        wanted: impl Iterator<Item = Listen>,
        poller: &Poller,
        now: Instant,
        mut deaf: impl FnMut(Listen, sys::Error),
    ) {
        let mut wanted: Vec<Listen> = wanted.collect();
        wanted.sort_unstable_by_key(|listen| (listen.link, listen.address, listen.protocol));
        wanted.dedup();
        for place in &mut self.open {
            // Closing a socket takes it out of the poller.
            place.take_if(|(listen, _)| !wanted.contains(listen));
        }
        wanted.retain(|listen| !self.open.iter().flatten().any(|(open, _)| open == listen));
        self.retry_at = None;
        let known = std::mem::take(&mut self.deaf);
        for listen in wanted {
            if let Err(error) = self.open(listen, poller) {
                self.retry_at = Some(now + RETRY);
                self.deaf.push(listen);
                if !known.contains(&listen) {
                    deaf(listen, error);
                }
            }
        }
    }

    /// Closes sockets. The next [`Sockets::follow`] opens those again that are still wanted.
    pub(super) fn close(&mut self, unfit: impl Fn(&Listen) -> bool) {
        for place in &mut self.open {
            place.take_if(|(listen, _)| unfit(listen));
        }
    }

    /// Takes up to 64 packets from the socket that the poller knows by `token` and hands them to
    /// `each`, with how long they waited. Returns how many there were.
    pub(super) fn receive(
        &mut self,
        token: u64,
        mut each: impl FnMut(Listen, Packet<'_>, Duration),
    ) -> usize {
        let place = token.checked_sub(FIRST_TOKEN).map(usize::try_from);
        let Some(Ok(place)) = place else { return 0 };
        let Some((listen, receiver)) = self.open.get(place).and_then(Option::as_ref) else {
            return 0;
        };
        // An error such as "interface down" is the kernel thread's news; packets come after it.
        let Ok(count) = self.arrivals.receive(receiver) else {
            return 0;
        };
        let arrivals = self.arrivals.packets().zip(self.arrivals.waited());
        arrivals.for_each(|(packet, waited)| each(*listen, packet, waited));
        count
    }

    /// The number of the socket that listens there.
    pub(super) fn descriptor(&self, listen: Listen) -> Option<i32> {
        let open = self.open.iter().flatten().find(|(other, _)| *other == listen);
        open.map(|(_, receiver)| receiver.as_fd().as_raw_fd())
    }

    /// The tokens of all open sockets.
    pub(super) fn tokens(&self) -> impl Iterator<Item = u64> + use<> {
        FIRST_TOKEN..FIRST_TOKEN.saturating_add(u64::try_from(self.open.len()).unwrap_or(u64::MAX))
    }

    /// What could not be opened and is tried again.
    pub(super) fn deaf(&self) -> &[Listen] {
        &self.deaf
    }

    /// When [`Sockets::follow`] is to be called again for those that could not be opened.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    fn open(&mut self, listen: Listen, poller: &Poller) -> Result<(), sys::Error> {
        let receiver = Receiver::open(listen.link, listen.address, listen.protocol)?;
        let place = match self.open.iter().position(Option::is_none) {
            Some(place) => place,
            None => {
                self.open.push(None);
                self.open.len() - 1
            }
        };
        let token = FIRST_TOKEN.saturating_add(u64::try_from(place).unwrap_or(u64::MAX));
        poller.add(&receiver, token)?;
        if let Some(free) = self.open.get_mut(place) {
            *free = Some((listen, receiver));
        }
        Ok(())
    }
}

/// The token of the first socket; smaller ones are the loop's own.
const FIRST_TOKEN: u64 = 16;

/// How long a socket that could not be opened waits for the next attempt.
const RETRY: Duration = Duration::from_secs(1);

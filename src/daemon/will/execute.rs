//! The supervisor sends what the worker can't any more, and removes what it held.

use std::sync::Arc;
use std::time::Duration;

use rustix::event::{Timespec, poll};
use rustix::io::Errno;
use tracing::{error, info, warn};

use crate::daemon::links;
use crate::kernel::netlink::Netlink;
use crate::kernel::{Kernel, Object, ObjectId, Operation, Outcome, Target, Verb};
use crate::sys::{Departure, Transmitter};
use crate::types::{Envelope, Slot};

use super::read::{LastAdvert, Will};
use super::release::{released, shortened, signed_release};

/// Hands over first: the peers are told that every Active instance leaves. Then rules, routes and
/// addresses go.
///
/// Nothing stops it half way: what fails is told, the rest is done.
pub(in crate::daemon) fn execute(will: &Will) {
    if *will == Will::default() {
        return;
    }
    let sent = match Transmitter::open() {
        Ok(mut transmitter) => release(&mut transmitter, &will.adverts),
        Err(error) => {
            error!(%error, "The peers cannot be told that this node leaves.");
            0
        }
    };
    match Netlink::open() {
        Ok(mut kernel) => {
            let removed = remove(&mut kernel, will);
            info!(adverts = sent, addresses = removed, "The worker's instances were released.");
        }
        Err(error) => error!(%error, "The worker's addresses may still be there."),
    }
}

/// Removes rules, routes and addresses; says how many addresses are gone.
fn remove(kernel: &mut impl Kernel, will: &Will) -> usize {
    let rules = will.rules.iter().map(|rule| Target::Rule(Arc::new(rule.clone())));
    let routes = will.routes.iter().filter_map(|route| {
        let hops = route.hops.iter();
        // The kernel has dropped the routes over an interface that is gone.
        let links = hops.map(|hop| hop.link.map_or(Some(None), |it| links::index(it).map(Some)));
        Some(Target::Route(Arc::new(route.clone()), links.collect::<Option<_>>()?))
    });
    let addresses = will.addresses.iter().filter_map(|address| {
        Some(Target::Address(links::index(address.link)?, Arc::new(address.clone())))
    });
    let targets = rules.chain(routes).chain(addresses).enumerate();
    let operations = targets.filter_map(|(index, target)| {
        Some(Operation { id: ObjectId::new(index)?, verb: Verb::Delete, target })
    });
    let operations: Vec<Operation> = operations.collect();
    let outcomes = kernel.apply(&operations);
    let mut gone = 0;
    for (operation, outcome) in operations.iter().zip(&outcomes) {
        let object = operation.target.object();
        match outcome {
            Outcome::Refused(refusal) => error!(%object, error = %refusal, "Something stays."),
            Outcome::Done | Outcome::Already => {
                gone += usize::from(matches!(object, Object::Address(_)));
            }
        }
    }
    gone
}

/// Teaches a short interval where that helps, then sends priority 0; says how many adverts left.
///
/// Each goes out a few times, some hundred microseconds apart, in case one is lost. Priority 0
/// has the interval that the peers know from before: some drop what they do not expect.
fn release(transmitter: &mut Transmitter, adverts: &[LastAdvert]) -> usize {
    let taught = |advert: &LastAdvert| {
        let message = shortened(&advert.message, advert.taught?)?;
        Some((Envelope::Vrrp, message))
    };
    // A receiver takes no number twice, so each copy of a signed release has its own.
    let leaving = |copy: u32| {
        move |advert: &LastAdvert| match advert.key {
            Some(key) => signed_release(advert, key, copy + 1),
            None => Some((Envelope::Vrrp, released(&advert.message)?)),
        }
    };
    let mut sent = 0;
    for copy in 0..COPIES {
        pause(copy);
        sent += send(transmitter, adverts, taught);
    }
    for copy in 0..COPIES {
        pause(copy);
        sent += send(transmitter, adverts, leaving(copy));
    }
    sent
}

fn send(
    transmitter: &mut Transmitter,
    adverts: &[LastAdvert],
    message: impl Fn(&LastAdvert) -> Option<(Envelope, Vec<u8>)>,
) -> usize {
    let mut sent = 0;
    let refused = |errno: Errno| warn!(error = %errno, "A release was not sent.");
    for (index, advert) in adverts.iter().enumerate() {
        let (Some((envelope, message)), Some(slot)) = (message(advert), Slot::new(index)) else {
            continue;
        };
        let departure = Departure {
            slot,
            link: advert.link,
            source: advert.source,
            destination: advert.destination,
            ttl: advert.ttl,
            envelope,
            message: &message,
        };
        transmitter.push(departure, |_slot, errno| refused(errno));
        sent += 1;
    }
    transmitter.flush(|_slot, errno| refused(errno));
    sent
}

/// Waits before every copy but the first.
fn pause(copy: u32) {
    if copy > 0
        && let Ok(span) = Timespec::try_from(BETWEEN_COPIES)
    {
        // An early end only brings the copies closer together.
        let _early = poll(&mut [], Some(&span)).is_err();
    }
}

/// How often each release is sent.
const COPIES: u32 = 3;
/// How far apart the copies are.
const BETWEEN_COPIES: Duration = Duration::from_micros(300);

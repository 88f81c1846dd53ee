//! Every address of the host.

use std::io;
use std::ops::ControlFlow;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, Parseable};
use netlink_packet_route::address::AddressMessage;

use crate::kernel::host::{Stands, Unlisted};

use super::answer::Answer;
use super::message::found;
use super::socket::{Kind, Lost, RouteSocket};

/// Lists every address of every interface. Once more if they changed meanwhile, three times at most.
pub(super) fn list(socket: &mut RouteSocket) -> Result<Vec<Stands>, Unlisted> {
    for _ in 0..TRIES {
        if let Some(all) = try_list(socket).map_err(Unlisted)? {
            return Ok(all);
        }
    }
    Err(Unlisted(io::ErrorKind::Interrupted.into()))
}

/// One listing; `None` where it is not consistent.
fn try_list(socket: &mut RouteSocket) -> io::Result<Option<Vec<Stands>>> {
    socket.clear();
    let kind = Kind { message_type: RTM_GETADDR, flags: NLM_F_DUMP };
    let sequence = socket.pack(kind, &AddressMessage::default())?;
    socket.send()?;
    let mut all = Vec::new();
    let mut consistent = true;
    let end = socket.answers(sequence, |message| {
        consistent &= message.flags() & NLM_F_DUMP_INTR == 0;
        match message.message_type() {
            RTM_NEWADDR => {
                // What this library cannot read is no address that we would have added.
                let parsed = AddressMessage::parse(message.payload()).ok();
                all.extend(parsed.and_then(|it| found(&it)).map(|it| it.stands));
                ControlFlow::Continue(())
            }
            NLMSG_DONE => ControlFlow::Break(Ok(())),
            _ => match Answer::read(&message).and_then(|answer| answer.error) {
                Some(errno) => ControlFlow::Break(Err(errno)),
                None => ControlFlow::Continue(()),
            },
        }
    });
    match end {
        Ok(Ok(())) => Ok(consistent.then_some(all)),
        Ok(Err(errno)) => Err(errno.into()),
        Err(Lost::Overrun) => Ok(None),
        Err(Lost::Late) => Err(io::ErrorKind::TimedOut.into()),
        Err(Lost::Errno(errno)) => Err(errno.into()),
    }
}

const TRIES: usize = 3;
/// Message types of linux/rtnetlink.h.
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;

//! Telling the neighbours: gratuitous ARP and unsolicited Neighbor Advertisements.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::netdevice::index_to_name_inlined;

use crate::kernel::host::Announcement;
use crate::sys::{self, FrameSender};
use crate::types::{IfIndex, Instant};
use crate::wire::{RouterFlag, gratuitous_arp, unsolicited_na};

/// Sends frames on any interface.
#[derive(Debug)]
pub(super) struct Neighbours {
    frames: FrameSender<()>,
    forwarding: HashMap<IfIndex, (Instant, RouterFlag)>,
}

impl Neighbours {
    /// Opens the packet socket.
    pub(super) fn open() -> Result<Self, sys::Error> {
        Ok(Self { frames: FrameSender::open()?, forwarding: HashMap::new() })
    }

    /// Sends one frame for each announcement, in their order. Returns how many left.
    ///
    /// `socket` is any socket: the kernel is asked for the names of interfaces through it.
    pub(super) fn tell(
        &mut self,
        announcements: &[Announcement],
        now: Instant,
        socket: impl AsFd,
    ) -> usize {
        let mut refused = 0;
        for &Announcement { link, mac, ip } in announcements {
            let count = |(), _| refused += 1;
            match ip {
                IpAddr::V4(ip) => {
                    self.frames.push((), link, &gratuitous_arp(mac, mac, ip), count);
                }
                IpAddr::V6(ip) => {
                    let router = self.router_flag(link, now, &socket);
                    let frame = unsolicited_na(mac, mac, ip, router);
                    self.frames.push((), link, &frame, count);
                }
            }
        }
        self.frames.flush(|(), _| refused += 1);
        announcements.len().saturating_sub(refused)
    }

    /// Whether the interface forwards, as the kernel said within the last five seconds.
    fn router_flag(&mut self, link: IfIndex, now: Instant, socket: impl AsFd) -> RouterFlag {
        match self.forwarding.get(&link) {
            Some((asked, flag)) if now.since(*asked) < REMEMBERED => *flag,
            _ => {
                let flag = forwards(link, socket);
                self.forwarding.insert(link, (now, flag));
                flag
            }
        }
    }
}

/// Asks the kernel. Where it does not say, the interface does not forward: a host that is taken
/// for a router draws traffic, a router that is taken for a host loses none but redirects.
fn forwards(link: IfIndex, socket: impl AsFd) -> RouterFlag {
    let name = index_to_name_inlined(socket, link.get());
    let file = name.map(|name| format!("/proc/sys/net/ipv6/conf/{}/forwarding", name.as_str()));
    match file.map(fs::read_to_string) {
        Ok(Ok(text)) if text.trim() != "0" => RouterFlag::Router,
        _ => RouterFlag::Host,
    }
}

/// How long an answer holds.
const REMEMBERED: Duration = Duration::from_secs(5);

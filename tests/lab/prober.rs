//! A client that asks an address for an echo, again and again, and notes who answers.
//!
//! Requests go through the client kernel's own neighbour table, as any program's would; answers
//! are read from the wire with the kernel's stamp and the hardware address of their sender.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::clock::Stamp;
use super::packet::{Filter, PacketSocket};
use super::topology::{Lab, Mac};

/// One answered request.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// When the answer arrived.
    pub at: Stamp,
    /// Who sent it.
    pub mac: Mac,
}

/// A running client.
#[derive(Debug)]
pub struct Prober {
    answers: Arc<Mutex<Vec<Answer>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Prober {
    /// Starts to ask `target` from the lab's client, once every `period`.
    pub fn start(lab: &Lab, target: IpAddr, period: Duration) -> Self {
        static IDENTIFIER: AtomicU16 = AtomicU16::new(1);
        let identifier = IDENTIFIER.fetch_add(1, Ordering::Relaxed);
        let (asking, hearing) = lab.client().namespace.enter(|| {
            let (domain, protocol) = match target {
                IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
                IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
            };
            let asking = Socket::new(domain, Type::RAW, Some(protocol)).expect("root may ping");
            asking.set_nonblocking(true).expect("sockets can");
            // Answers are read from the wire: as little as possible is queued here.
            asking.set_recv_buffer_size(1).expect("sockets can");
            let hearing = PacketSocket::open(Filter::Echo).expect("root may capture");
            (asking, hearing)
        });
        let (answers, stop) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&answers), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut sequence = 0_u16;
            let mut next = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let wait = next.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    let request = request(target, identifier, sequence);
                    // An unresolved or unreachable target is an unanswered request.
                    drop(asking.send_to(&request, &SocketAddr::new(target, 0).into()));
                    sequence = sequence.wrapping_add(1);
                    next = (next + period).max(Instant::now());
                    continue;
                }
                let heard = hearing.receive(wait).expect("the client's socket works");
                if let Some(heard) = heard
                    && let Some(mac) = answer(&heard.octets, target, identifier)
                {
                    let answer = Answer { at: heard.at, mac };
                    kept.lock().expect("nobody panics holding it").push(answer);
                }
            }
        });
        Self { answers, stop, thread: Some(thread) }
    }

    /// Every answer so far.
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.lock().expect("nobody panics holding it").clone()
    }

    /// The newest answer.
    pub fn last(&self) -> Option<Answer> {
        self.answers.lock().expect("nobody panics holding it").last().copied()
    }

    /// The longest time without an answer that began at or after `since`, less a little: the
    /// last answer before `since` counts as its beginning too.
    pub fn outage(&self, since: Stamp) -> Duration {
        let answers = self.answers();
        let begin = answers.partition_point(|answer| answer.at < since).saturating_sub(1);
        answers[begin..]
            .windows(2)
            .map(|pair| pair[1].at.saturating_sub(pair[0].at))
            .max()
            .unwrap_or(Duration::ZERO)
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// An ICMP or ICMPv6 echo request of 8 octets. The kernel fills in ICMPv6's checksum.
fn request(target: IpAddr, identifier: u16, sequence: u16) -> [u8; 8] {
    let kind = if target.is_ipv4() { 8 } else { 128 };
    let [i0, i1] = identifier.to_be_bytes();
    let [s0, s1] = sequence.to_be_bytes();
    let words = [u16::from_be_bytes([kind, 0]), identifier, sequence];
    let sum: u32 = words.into_iter().map(u32::from).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let [c0, c1] = (!((folded & 0xffff) + (folded >> 16)) as u16).to_be_bytes();
    [kind, 0, c0, c1, i0, i1, s0, s1]
}

/// The sender's hardware address, if the frame is an echo reply from `target` to us.
fn answer(octets: &[u8], target: IpAddr, identifier: u16) -> Option<Mac> {
    let (source, kind, echo) = match target {
        IpAddr::V4(_) => (IpAddr::from(<[u8; 4]>::try_from(octets.get(26..30)?).ok()?), 0, 34),
        IpAddr::V6(_) => (IpAddr::from(<[u8; 16]>::try_from(octets.get(22..38)?).ok()?), 129, 54),
    };
    let ours = source == target
        && *octets.get(echo)? == kind
        && octets.get(echo + 4..echo + 6)? == identifier.to_be_bytes();
    ours.then(|| octets[6..12].try_into().expect("six octets"))
}

//! A thread on the switch that keeps every advert and announcement.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketType, socket};

use super::clock::Stamp;
use super::frame::{Advert, Claim, Frame, Kind};
use super::packet::{Filter, PacketSocket};
use super::topology::{Lab, Node};

/// Frames printed when a test fails.
const PRINTED_ON_FAILURE: usize = 60;

/// A running capture. When the test fails, it prints the last frames.
#[derive(Debug)]
pub struct Capture {
    frames: Arc<Mutex<Vec<Frame>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    /// Starts to capture; frames that come in after this returns are seen.
    pub fn start(lab: &Lab) -> Self {
        Self::start_with(lab, Filter::Control)
    }

    /// The same, of what one node sends: for when another floods the switch.
    pub fn start_of(lab: &Lab, node: &Node) -> Self {
        let [_, _, sender @ ..] = node.mac();
        Self::start_with(lab, Filter::ControlOf(sender))
    }

    fn start_with(lab: &Lab, filter: Filter) -> Self {
        let (frames, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (socket, ports) = lab.switch().enter(|| {
            let packets = PacketSocket::open(filter).expect("root may capture");
            let any = socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket");
            let ports: Vec<(u32, String)> = lab
                .nodes()
                .iter()
                .map(|node| {
                    let index = name_to_index(&any, &node.name).expect("every node has a port");
                    (index, node.name.clone())
                })
                .collect();
            (packets, ports)
        });
        let (running, begun) = mpsc::channel();
        let (kept, stopped): (Arc<Mutex<Vec<Frame>>>, _) = (Arc::clone(&frames), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            running.send(()).expect("the starter waits");
            while !stopped.load(Ordering::Relaxed) {
                let received = socket.receive(Duration::from_millis(50));
                let Some(received) = received.expect("the capture's socket works") else {
                    continue;
                };
                let port = ports.iter().find(|(index, _)| *index == received.interface);
                if let (Some((_, name)), Some(kind)) = (port, Kind::parse(&received.octets)) {
                    kept.lock().expect("nobody panics holding it").push(Frame {
                        at: received.at,
                        from: name.clone(),
                        kind,
                    });
                }
            }
        });
        begun.recv().expect("the thread starts");
        Self { frames, stop, thread: Some(thread) }
    }

    /// Everything captured so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.locked().clone()
    }

    /// The adverts since `since`: when, by which node, what.
    pub fn adverts(&self, since: Stamp) -> Vec<(Stamp, String, Advert)> {
        self.locked()
            .iter()
            .filter(|frame| frame.at >= since)
            .filter_map(|frame| match &frame.kind {
                Kind::Advert(advert) => Some((frame.at, frame.from.clone(), advert.clone())),
                Kind::Claim(_) => None,
            })
            .collect()
    }

    /// The announcements of `address` since `since`: when, by which node, what.
    pub fn claims(&self, address: IpAddr, since: Stamp) -> Vec<(Stamp, String, Claim)> {
        self.locked()
            .iter()
            .filter(|frame| frame.at >= since)
            .filter_map(|frame| match &frame.kind {
                Kind::Claim(claim) if claim.address == address => {
                    Some((frame.at, frame.from.clone(), claim.clone()))
                }
                Kind::Claim(_) | Kind::Advert(_) => None,
            })
            .collect()
    }

    /// The nodes that sent an advert of a priority other than 0 since `since`.
    pub fn advertisers(&self, since: Stamp) -> Vec<String> {
        let mut names: Vec<_> = self
            .adverts(since)
            .into_iter()
            .filter(|(_, _, advert)| advert.priority != 0)
            .map(|(_, name, _)| name)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// When `node` first sent an advert of a priority other than 0 after `since`.
    pub fn first_advert(&self, node: &str, since: Stamp) -> Option<Stamp> {
        self.adverts(since)
            .into_iter()
            .find(|(_, name, advert)| name == node && advert.priority != 0)
            .map(|(at, _, _)| at)
    }

    /// When `node` first claimed `address` after `since`, by an advert or an announcement: in
    /// unicast mode no advert reaches the wire while the only peer is out of reach.
    pub fn first_claim(&self, node: &str, address: IpAddr, since: Stamp) -> Option<Stamp> {
        let claims = self.claims(address, since);
        let announced = claims.into_iter().find(|(_, name, _)| name == node);
        let announced = announced.map(|(at, _, _)| at);
        self.first_advert(node, since).into_iter().chain(announced).min()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Frame>> {
        self.frames.lock().expect("nobody panics holding it")
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        if thread::panicking() {
            let frames = self.frames();
            let skipped = frames.len().saturating_sub(PRINTED_ON_FAILURE);
            eprintln!("--- the switch's last frames ({} before them)", skipped);
            for frame in &frames[skipped..] {
                eprintln!("{frame}");
            }
        }
    }
}

//! The cable, what is sent over it, and how to listen at its ends.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use socket2::{Domain, Socket, Type};

use vipd::sys::namespace::Network;
use vipd::sys::{Arrivals, Departure, Poller, Receiver, Transmitter, clock};
use vipd::types::{Centis, Envelope, Family, IfIndex, Packet, Priority, Protocol, Slot, Vrid};
use vipd::wire::{Coverage, Format, Frame};

/// Two networks and the cable between them. Both vanish with this value.
pub(crate) struct Cable {
    pub(crate) near: End,
    pub(crate) far: End,
}

/// One end: its network, interface and addresses.
pub(crate) struct End {
    pub(crate) network: Network,
    pub(crate) link: IfIndex,
    pub(crate) v4: IpAddr,
    pub(crate) v6: IpAddr,
}

impl Cable {
    pub(crate) fn lay() -> Self {
        let far = Network::create().expect("this test makes network namespaces: run it as root");
        let near = Network::create().expect("this test makes network namespaces: run it as root");
        let far_path = format!("/proc/{}/fd/{}", std::process::id(), far.as_fd().as_raw_fd());
        ip("link add near0 type veth peer name far0");
        ip(&format!("link set far0 netns {far_path}"));
        let near = End::set_up(near, "near0", 1);
        let far = End::set_up(far, "far0", 2);
        for (end, name, number) in [(&near, "near0", 1), (&far, "far0", 2)] {
            end.network.enter().unwrap();
            wait_until_up(name, number);
        }
        Self { near, far }
    }
}

impl End {
    fn set_up(network: Network, name: &str, number: u8) -> Self {
        network.enter().unwrap();
        ip(&format!("link set {name} address 02:00:00:00:00:0{number}"));
        ip(&format!("link set {name} addrgenmode none up"));
        ip(&format!("addr add 10.9.0.{number}/24 dev {name}"));
        ip(&format!("addr add fe80::{number}/64 dev {name} nodad"));
        Self {
            network,
            link: index(name),
            v4: format!("10.9.0.{number}").parse().unwrap(),
            v6: format!("fe80::{number}").parse().unwrap(),
        }
    }

    /// This end's address of the family of `other`.
    fn address_towards(&self, other: IpAddr) -> IpAddr {
        match other {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        }
    }

    /// `message` on its way from this end, with TTL 255.
    pub(crate) fn departure<'a>(&self, destination: IpAddr, message: &'a [u8]) -> Departure<'a> {
        Departure {
            slot: slot(0),
            link: self.link,
            source: self.address_towards(destination),
            destination,
            ttl: 255,
            envelope: Envelope::Vrrp,
            message,
        }
    }

    /// Listens at this end.
    pub(crate) fn receiver(&self, address: IpAddr) -> Receiver {
        self.network.enter().unwrap();
        Receiver::open(self.link, address, Protocol::Vrrp).unwrap()
    }

    /// Sends from this end.
    pub(crate) fn transmitter(&self) -> Transmitter {
        self.network.enter().unwrap();
        Transmitter::open().unwrap()
    }
}

/// Runs ip(8) in the calling thread's network.
pub(crate) fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.expect("ip(8) is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaint}");
}

/// Waits until the kernel has noticed the carrier, before which it drops what is sent, and listens
/// to those who look for the address of IPv6: it does both in its own time.
fn wait_until_up(name: &str, number: u8) {
    let shows = |arguments: &str, what: &str| {
        let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains(what)
    };
    let ready = (0..400).any(|_| {
        shows(&format!("-o link show {name}"), " state UP ")
            && shows(&format!("-6 maddr show dev {name}"), &format!("ff02::1:ff00:{number}"))
    });
    assert!(ready, "{name} is not ready");
}

/// The index of an interface in the calling thread's network.
pub(crate) fn index(name: &str) -> IfIndex {
    let any = Socket::new(Domain::UNIX, Type::DGRAM, None).unwrap();
    IfIndex::new(name_to_index(&any, name).unwrap()).unwrap()
}

pub(crate) fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

/// A version 3 advert of VRID `vrid` for one address, from `source` to `destination`.
pub(crate) fn advert(vrid: u8, source: IpAddr, destination: IpAddr) -> Vec<u8> {
    let format = Format::V3(Family::of(source));
    let mut frame = Frame::new(format, Vrid::new(vrid).unwrap(), [source]).unwrap();
    let (priority, interval) = (Priority::DEFAULT, Centis::SECOND);
    let form = Coverage::PseudoHeader;
    let sealed = frame.seal(priority, interval, source, destination, form);
    sealed.to_vec()
}

/// Waits until `receiver` has something, two seconds at most.
pub(crate) fn wait(receiver: &Receiver) -> bool {
    let mut poller = Poller::new().unwrap();
    poller.add(receiver, 0).unwrap();
    let ready = poller.wait_until(Some(clock::now() + Duration::from_secs(2))).unwrap();
    ready.len() > 0
}

/// Every packet until `receiver` has had none for as long as a packet could take.
pub(crate) fn drain(receiver: &Receiver, mut each: impl FnMut(Packet<'_>)) {
    let mut arrivals = Arrivals::new();
    let mut poller = Poller::new().unwrap();
    poller.add(receiver, 0).unwrap();
    let patience = Duration::from_millis(200);
    while poller.wait_until(Some(clock::now() + patience)).unwrap().len() > 0 {
        arrivals.receive(receiver).unwrap();
        arrivals.packets().for_each(&mut each);
    }
}

pub(crate) fn never(slot: Slot, errno: Errno) {
    panic!("slot {slot} was refused: {errno}");
}

pub(crate) fn group_v4() -> IpAddr {
    "224.0.0.18".parse().unwrap()
}

pub(crate) fn group_v6() -> IpAddr {
    "ff02::12".parse().unwrap()
}

//! Routers behind Authentication Headers: one sequence for all of them, and nothing heard twice.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vipd::config::model::{Authentication, Instance};
use vipd::types::{Envelope, Packet, Priority, Reject, Slot, Standing, Version};
use vipd::vrrp::Input;

use crate::node::{DOWN, GROUP, Node, index, instance, ip, message_v2, report, v4};

const KEY: [u8; 8] = *b"secret\0\0";

/// A node at 10.0.0.`host` with one signed instance.
fn signed(host: u8, priority: u8, key: [u8; 8]) -> Node {
    begun(host, priority, key, Duration::ZERO)
}

/// The same that begins so much later.
fn begun(host: u8, priority: u8, key: [u8; 8], later: Duration) -> Node {
    let config = Instance {
        version: Version::V2,
        priority: Priority::new(priority),
        authentication: Authentication::Ah(key),
        ..instance("api", 51)
    };
    let mut node = Node::new(Vec::new());
    node.now += later;
    node.link(&report(2, "eth0", true, &[&format!("10.0.0.{host}")]));
    node.router.add(config, node.now, &mut node.out).expect("a frame");
    node
}

/// What a node has sent since it was last asked, as packets.
fn packets(node: &mut Node) -> Vec<Vec<u8>> {
    let source = node.router.view(slot()).expect("an instance").source.expect("a source");
    let envelopes = std::mem::take(&mut node.out.envelopes);
    let sent = std::mem::take(&mut node.out.sent);
    let whole = sent.iter().zip(envelopes).map(|((destination, _, payload), envelope)| {
        let mut packet = v4(&source.to_string(), *destination, payload);
        if let Envelope::Ah(id) = envelope {
            packet[4..6].copy_from_slice(&id.get().to_be_bytes());
            packet[9] = 51;
        }
        packet
    });
    whole.collect()
}

fn hear(node: &mut Node, packet: &[u8]) {
    let packet = Packet::V4(packet);
    node.router.handle(Input::Received { link: index(2), packet }, node.now, &mut node.out);
}

/// Hands everything that either node says to the other until both are silent.
fn talk(one: &mut Node, other: &mut Node) {
    for _ in 0..8 {
        let (to_other, to_one) = (packets(one), packets(other));
        if to_other.is_empty() && to_one.is_empty() {
            return;
        }
        to_other.iter().for_each(|packet| hear(other, packet));
        to_one.iter().for_each(|packet| hear(one, packet));
    }
    panic!("they answer each other for ever");
}

fn slot() -> Slot {
    Slot::new(0).unwrap()
}

/// The sequence number of a packet.
fn number(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[28..32].try_into().unwrap())
}

#[test]
fn a_router_counts_on_from_what_it_heard() {
    let (mut a, mut b) = (signed(5, 100, KEY), signed(6, 90, KEY));
    a.pass(DOWN);
    let said = packets(&mut a);
    let last = number(said.last().unwrap());
    said.iter().for_each(|packet| hear(&mut b, packet));
    assert_eq!(b.standing(0), Standing::Backup);
    b.pass(DOWN);
    assert_eq!(number(&packets(&mut b)[0]), last + 1);
}

#[test]
fn a_repeated_advert_is_refused_and_changes_nothing() {
    let (mut a, mut b) = (signed(5, 100, KEY), signed(6, 90, KEY));
    a.pass(DOWN);
    let said = packets(&mut a);
    said.iter().for_each(|packet| hear(&mut b, packet));
    let due = b.router.next_timeout();
    b.now += Duration::from_millis(500);
    said.iter().for_each(|packet| hear(&mut b, packet));
    assert_eq!(b.rejected(Reject::AhReplay), u64::try_from(said.len()).unwrap());
    assert_eq!(b.router.next_timeout(), due, "its patience ends when it would have");
}

#[test]
fn a_flipped_bit_or_another_key_changes_nothing() {
    let (mut a, mut b) = (signed(5, 200, KEY), signed(6, 90, *b"another\0"));
    let (mut c, mut d) = (signed(7, 90, KEY), signed(8, 90, KEY));
    a.pass(DOWN);
    let good = packets(&mut a).remove(0);
    for node in [&mut b, &mut c, &mut d] {
        node.pass(Duration::from_secs(1));
    }
    let due = b.router.next_timeout();
    hear(&mut b, &good);
    assert_eq!(b.rejected(Reject::AhDigest), 1);
    assert_eq!(b.router.next_timeout(), due);
    for (place, reason) in [
        (27, Reject::AhIndex),
        (28, Reject::AhDigest),
        (43, Reject::AhDigest),
        (46, Reject::Checksum),
    ] {
        let mut bad = good.clone();
        bad[place] ^= 0x80;
        hear(&mut c, &bad);
        assert_eq!(c.rejected(reason), if place == 43 { 2 } else { 1 }, "octet {place}");
    }
    assert_eq!(c.router.next_timeout(), due);
    hear(&mut c, &good);
    assert_ne!(c.router.next_timeout(), due, "the number was not used up by the forged ones");
    // Without its header, or with a header that nobody expects.
    hear(&mut d, &message_in_clear());
    assert_eq!(d.rejected(Reject::AuthMismatch), 1);
    let mut plain = Node::new(vec![instance("api", 51)]);
    hear(&mut plain, &good);
    assert_eq!(plain.rejected(Reject::Version), 1);
    let config = Instance { version: Version::V2, ..instance("api", 51) };
    let mut plain = Node::new(vec![config]);
    hear(&mut plain, &good);
    assert_eq!(plain.rejected(Reject::AuthMismatch), 1);
}

fn message_in_clear() -> Vec<u8> {
    v4("10.0.0.9", GROUP, &message_v2(51, 200, "10.0.0.100"))
}

#[test]
fn after_a_split_one_remains_whoever_counted_further() {
    // Two that have counted equally far have to speak a moment apart: adverts that cross on the
    // way carry one number, and each refuses the other's. Clocks drift.
    for (a_later, b_later) in [(0, 90_000), (90_000, 0), (0, 1), (1, 0)]
        .map(|(a, b)| (Duration::from_millis(a), Duration::from_millis(b)))
    {
        let (mut a, mut b) = (begun(5, 100, KEY, a_later), begun(6, 90, KEY, b_later));
        a.pass(Duration::from_secs(100) - a_later);
        b.pass(Duration::from_secs(100) - b_later);
        assert_eq!([a.standing(0), b.standing(0)], [Standing::Active; 2]);
        packets(&mut a);
        packets(&mut b);
        for _ in 0..30 {
            a.pass(Duration::from_millis(100));
            talk(&mut a, &mut b);
            b.pass(Duration::from_millis(100));
            talk(&mut a, &mut b);
        }
        assert_eq!(a.standing(0), Standing::Active, "{a_later:?} and {b_later:?} later");
        assert_eq!(b.standing(0), Standing::Backup, "{a_later:?} and {b_later:?} later");
    }
}

#[test]
fn a_router_that_counts_from_the_beginning_is_heard_when_it_has_heard_us() {
    let mut b = signed(6, 90, KEY);
    b.pass(Duration::from_secs(100));
    packets(&mut b);
    let mut a = begun(5, 255, KEY, Duration::from_secs(100));
    a.pass(Duration::from_secs(1));
    let first = packets(&mut a);
    first.iter().for_each(|packet| hear(&mut b, packet));
    assert_eq!(b.standing(0), Standing::Active, "its first adverts are old numbers");
    for _ in 0..2 {
        b.pass(Duration::from_secs(1));
        a.pass(Duration::from_secs(1));
        talk(&mut a, &mut b);
    }
    assert_eq!([a.standing(0), b.standing(0)], [Standing::Active, Standing::Backup]);
}

#[test]
fn each_unicast_peer_is_sent_the_same_number_and_a_digest_of_its_own() {
    let mut node = Node::new(Vec::new());
    let peers = ["10.0.0.8", "10.0.0.9"];
    let config = Instance {
        version: Version::V2,
        authentication: Authentication::Ah(KEY),
        ..crate::node::unicast("api", 51, &peers)
    };
    node.router.add(config, node.now, &mut node.out).expect("a frame");
    node.pass(DOWN);
    let said = packets(&mut node);
    assert_eq!((number(&said[0]), number(&said[1])), (1, 1));
    assert_ne!(said[0][32..44], said[1][32..44]);
    assert_eq!(said[0][44..], said[1][44..]);
    let to: Vec<IpAddr> =
        said.iter().map(|it| Ipv4Addr::new(it[16], it[17], it[18], it[19]).into()).collect();
    assert_eq!(to[..2], peers.map(ip));
}

#[test]
fn a_reload_with_another_password_counts_on() {
    let mut node = signed(5, 100, KEY);
    node.pass(Duration::from_secs(60));
    let last = number(packets(&mut node).last().unwrap());
    let config = node.router.view(slot()).unwrap().config.clone();
    let config = Instance { authentication: Authentication::Ah(*b"changed\0"), ..config };
    node.router.replace(config, node.now, &mut node.out).unwrap();
    node.pass(Duration::from_secs(2));
    assert!(number(&packets(&mut node)[0]) > last);
}

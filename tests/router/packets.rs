//! Which packets count, for whom, and why others do not.

use std::time::Duration;

use vipd::config::model::{ChecksumForm, Instance, TrackedInterface, Transport};
use vipd::types::{
    Address, Centis, Difference, Family, Priority, Reject, Standing, Version, Vrid, Weight,
};
use vipd::vrrp::Input;
use vipd::wire::{Coverage, Format, Frame, Header};

use crate::node::{DOWN, GROUP, Node, instance, ip, link, message, message_v2, report, unicast};

#[test]
fn each_refused_packet_has_one_reason_and_changes_nothing() {
    let good = message(51, 200, "10.0.0.9", GROUP);
    let change = |at: usize, to: u8| {
        let mut bad = good.clone();
        bad[at] = to;
        bad
    };
    let cases = [
        (Reject::Length, good[..7].to_vec()),
        (Reject::Length, good[..11].to_vec()),
        (Reject::UnknownVrid, change(1, 52)),
        (Reject::Version, change(0, 0x21)),
        (Reject::Type, change(0, 0x32)),
        (Reject::Checksum, change(6, good[6] ^ 1)),
    ];
    for (reason, packet) in cases {
        let mut node = Node::new(vec![instance("api", 51)]);
        let due = node.router.next_timeout();
        node.now += Duration::from_secs(1);
        node.hear("10.0.0.9", GROUP, &packet);
        assert_eq!(node.rejected(reason), 1, "{reason}");
        assert_eq!(node.router.next_timeout(), due, "{reason}");
    }
}

#[test]
fn a_unicast_advert_is_not_for_a_multicast_instance_nor_the_reverse() {
    let ours = ip("10.0.0.5");
    let mut node = Node::new(vec![instance("api", 51)]);
    node.hear("10.0.0.9", ours, &message(51, 200, "10.0.0.9", ours));
    assert_eq!(node.rejected(Reject::Destination), 1);
    let mut node = Node::new(vec![unicast("api", 51, &["10.0.0.9"])]);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    assert_eq!(node.rejected(Reject::Destination), 1);
    node.hear("10.0.0.8", ours, &message(51, 200, "10.0.0.8", ours));
    assert_eq!(node.rejected(Reject::Source), 1);
}

#[test]
fn instances_that_share_a_vrid_are_told_apart_by_their_peers() {
    let ours = ip("10.0.0.5");
    let mut node =
        Node::new(vec![instance("multicast", 51), unicast("unicast", 51, &["10.0.0.9"])]);
    node.hear("10.0.0.9", ours, &message(51, 200, "10.0.0.9", ours));
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    let received: Vec<_> = node.router.views().map(|view| view.counters.adverts_received).collect();
    assert_eq!(received, [1, 1]);
}

#[test]
fn twins_that_differ_in_their_peers_or_their_group_hear_only_their_own() {
    let (ours, other_group) = (ip("10.0.0.5"), ip("224.0.0.55"));
    let twin = Instance { twin: Some(ip("10.0.0.9")), ..unicast("second", 51, &["10.0.0.9"]) };
    let transport = Transport::Multicast { group: other_group };
    let elsewhere = Instance { transport, ..instance("fourth", 51) };
    let instances =
        vec![unicast("first", 51, &["10.0.0.8"]), twin, instance("third", 51), elsewhere];
    let mut node = Node::new(instances);
    node.hear("10.0.0.9", ours, &message(51, 200, "10.0.0.9", ours));
    node.hear("10.0.0.8", other_group, &message(51, 200, "10.0.0.8", other_group));
    node.hear("10.0.0.9", other_group, &message(51, 200, "10.0.0.9", other_group));
    let received: Vec<_> = node.router.views().map(|view| view.counters.adverts_received).collect();
    assert_eq!(received, [0, 1, 0, 2]);
}

#[test]
fn instances_that_share_a_vrid_and_hear_anybody_are_told_apart_by_their_own_addresses() {
    let open = |name, source: &str, peer| {
        let mut instance = unicast(name, 51, &[peer]);
        instance.source = Some(ip(source));
        if let Transport::Unicast { check_source, .. } = &mut instance.transport {
            *check_source = false;
        }
        instance
    };
    let instances = vec![
        instance("multicast", 51),
        open("a", "10.0.0.5", "10.0.0.9"),
        open("b", "10.0.0.6", "10.0.0.8"),
    ];
    let mut node = Node::new(instances);
    node.link(&report(2, "eth0", true, &["10.0.0.5", "10.0.0.6"]));
    for (ours, expected) in [("10.0.0.6", [0, 0, 1]), ("10.0.0.5", [0, 1, 1])] {
        node.hear("10.0.0.7", ip(ours), &message(51, 200, "10.0.0.7", ip(ours)));
        let views = node.router.views();
        let received: Vec<_> = views.map(|view| view.counters.adverts_received).collect();
        assert_eq!(received, expected, "to {ours}");
    }
    // An address that is none of theirs makes it nobody's.
    let stray = ip("10.0.0.77");
    node.hear("10.0.0.7", stray, &message(51, 200, "10.0.0.7", stray));
    assert_eq!(node.rejected(Reject::Destination), 1);
    let mut alone = Node::new(vec![open("a", "10.0.0.5", "10.0.0.9")]);
    alone.hear("10.0.0.7", stray, &message(51, 200, "10.0.0.7", stray));
    assert_eq!(alone.rejected(Reject::Destination), 1);
}

#[test]
fn our_own_packet_that_comes_back_changes_nothing() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    let due = node.router.next_timeout();
    node.hear("10.0.0.5", GROUP, &message(51, 100, "10.0.0.5", GROUP));
    assert_eq!(node.rejected(Reject::Own), 1);
    assert_eq!(node.router.next_timeout(), due);
}

#[test]
fn our_own_fast_yield_that_comes_back_changes_nothing() {
    let weight = Weight::new(-30).unwrap();
    let tracked = TrackedInterface { link: link("eth1"), weight, reverse: false };
    let mut node =
        Node::new(vec![Instance { tracked_interfaces: vec![tracked], ..instance("api", 51) }]);
    node.link(&report(3, "eth1", true, &[]));
    node.pass(Duration::from_secs(60));
    node.link(&report(3, "eth1", false, &[]));
    let due = node.router.next_timeout();
    node.hear("10.0.0.5", GROUP, &message(51, 100, "10.0.0.5", GROUP));
    assert_eq!((node.rejected(Reject::Own), node.standing(0)), (1, Standing::Active));
    assert_eq!(node.router.next_timeout(), due);
}

#[test]
fn our_own_release_after_a_stall_that_comes_back_changes_nothing() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.now += Duration::from_secs(10);
    node.router.handle(Input::Timeout, node.now, &mut node.out);
    assert_eq!(node.standing(0), Standing::Backup);
    let due = node.router.next_timeout();
    node.hear("10.0.0.5", GROUP, &message(51, 0, "10.0.0.5", GROUP));
    assert_eq!(node.rejected(Reject::Own), 1);
    assert_eq!(node.router.next_timeout(), due);
}

#[test]
fn version_2_refuses_another_address_list_unless_its_sender_owns_the_addresses() {
    let v2 = |skip_address_check| Instance {
        version: Version::V2,
        skip_address_check,
        ..instance("api", 51)
    };
    let mut node = Node::new(vec![v2(false)]);
    node.hear("10.0.0.9", GROUP, &message_v2(51, 200, "10.0.0.177"));
    assert_eq!(node.rejected(Reject::AddressList), 1);
    node.hear("10.0.0.9", GROUP, &message_v2(51, 255, "10.0.0.177"));
    assert_eq!(node.rejected(Reject::AddressList), 1);

    let mut node = Node::new(vec![v2(true)]);
    node.hear("10.0.0.9", GROUP, &message_v2(51, 200, "10.0.0.100"));
    node.hear("10.0.0.9", GROUP, &message_v2(51, 200, "10.0.0.177"));
    assert_eq!(node.rejected(Reject::AddressList), 0);
    node.hear("10.0.0.8", GROUP, &message_v2(51, 200, "10.0.0.177"));
    assert_eq!(node.rejected(Reject::AddressList), 1);
}

#[test]
fn another_address_list_is_counted_and_the_advert_accepted() {
    let mut other = instance("api", 51);
    other.addresses.push(Address::new(ip("10.0.0.101"), link("eth0")));
    let mut node = Node::new(vec![other]);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    let counters = *node.router.views().next().unwrap().counters;
    assert_eq!((counters.address_list_differs, counters.adverts_received), (1, 1));
    let (theirs, ours) = (None, Some(ip("10.0.0.101")));
    let told: Vec<_> = node.out.remarks.iter().map(|it| (it.peer, it.what)).collect();
    assert_eq!(told, [(ip("10.0.0.9"), Difference::Addresses { theirs, ours })]);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    assert_eq!(node.out.remarks.len(), 1, "not with every advert");
}

/// What an instance sends and whether it accepts each form: the present one, that of old unicast
/// peers, and that of RFC 9568.
fn forms(checksum: ChecksumForm, heard: &[Coverage]) -> (Coverage, Vec<bool>) {
    let mut node = Node::new(vec![Instance { checksum, ..unicast("api", 51, &["10.0.0.9"]) }]);
    let (ours, theirs) = (ip("10.0.0.5"), ip("10.0.0.9"));
    let accepted = heard.iter().map(|form| {
        let vrid = Vrid::new(51).unwrap();
        let mut frame = Frame::new(Format::V3(Family::V4), vrid, [ip("10.0.0.100")]).unwrap();
        let message = frame.seal(Priority::new(50), Centis::SECOND, theirs, ours, *form);
        let before = node.rejected(Reject::Checksum);
        node.hear("10.0.0.9", ours, message);
        node.rejected(Reject::Checksum) == before
    });
    let accepted = accepted.collect();
    node.pass(DOWN);
    let (_, _, sent) = node.out.sent.last().expect("an advert");
    let header = Header::read(sent).unwrap();
    let advert = header.advertisement(Version::V3, Family::V4).unwrap();
    (advert.verify(ours, theirs).unwrap(), accepted)
}

#[test]
fn the_checksum_of_old_unicast_peers_is_sent_refused_or_learnt() {
    use Coverage::{GroupPseudoHeader as Old, MessageOnly as Bare, PseudoHeader as Usual};
    for (form, heard, sent, accepted) in [
        (ChecksumForm::PseudoHeader, &[Usual, Bare][..], Usual, vec![true, true]),
        (ChecksumForm::PseudoHeader, &[Old, Usual], Old, vec![true, true]),
        (ChecksumForm::PseudoHeaderOnly, &[Old, Usual], Usual, vec![false, true]),
        (ChecksumForm::OldUnicast, &[], Old, vec![]),
        (ChecksumForm::OldUnicast, &[Old, Usual], Old, vec![true, true]),
        (ChecksumForm::MessageOnly, &[Old, Usual, Bare], Bare, vec![true, true, true]),
    ] {
        assert_eq!(forms(form, heard), (sent, accepted), "{form:?} {heard:?}");
    }
}

#[test]
fn going_over_to_the_checksum_of_an_old_peer_is_told_once() {
    let mut node = Node::new(vec![unicast("api", 51, &["10.0.0.9"])]);
    let (ours, theirs) = (ip("10.0.0.5"), ip("10.0.0.9"));
    let mut frame =
        Frame::new(Format::V3(Family::V4), Vrid::new(51).unwrap(), [ip("10.0.0.100")]).unwrap();
    let form = Coverage::GroupPseudoHeader;
    let message = frame.seal(Priority::new(200), Centis::SECOND, theirs, ours, form).to_vec();
    node.hear("10.0.0.9", ours, &message);
    node.hear("10.0.0.9", ours, &message);
    let told: Vec<_> = node.out.remarks.iter().map(|remark| remark.what).collect();
    assert_eq!(told, [Difference::OldChecksum]);
}

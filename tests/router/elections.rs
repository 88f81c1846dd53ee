//! Elections, reloads, and leaving.

use std::time::Duration;

use vipd::config::model::{FastRelease, Instance};
use vipd::types::{Centis, Priority, Reject, Slot, Standing, Version};
use vipd::vrrp::{Desire, Input, Router};

use crate::node::{DOWN, GROUP, Node, instance, ip, message, report, unicast};

#[test]
fn an_instance_becomes_active_after_the_down_interval_and_advertises() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    assert_eq!(node.standing(0), Standing::Active);
    assert_eq!(node.out.adverts(), [(100, 100, GROUP)]);
    assert!(node.out.desires.iter().all(|(_, desire)| desire.present));
}

#[test]
fn stopping_leaves_in_order_and_ends_when_the_kernel_has_acknowledged() {
    let slow = Instance { fast_release: FastRelease::Off, ..instance("api", 51) };
    let mut node = Node::new(vec![slow, instance("other", 52)]);
    node.pass(Duration::from_secs(1));
    node.hear("10.0.0.9", GROUP, &message(52, 200, "10.0.0.9", GROUP));
    node.pass(Duration::from_millis(2700));
    assert_eq!((node.standing(0), node.standing(1)), (Standing::Active, Standing::Backup));
    node.acknowledge();
    node.out.sent.clear();
    node.router.handle(Input::Stop, node.now, &mut node.out);
    assert_eq!(node.out.adverts(), []);
    assert!(!node.router.is_stopped());
    node.acknowledge();
    assert_eq!(node.out.adverts(), [(0, 100, GROUP), (0, 100, GROUP)]);
    assert!(node.router.is_stopped());
}

#[test]
fn a_removed_instance_leaves_and_its_slot_is_used_again() {
    let first = instance("first", 51);
    let key = first.key();
    let mut node = Node::new(vec![first]);
    node.pass(DOWN);
    node.acknowledge();
    node.router.remove(key, node.now, &mut node.out);
    node.acknowledge();
    node.pass(Duration::from_millis(200));
    assert!(node.router.view(Slot::new(0).unwrap()).is_none());
    assert_eq!(node.router.next_timeout(), None);
    node.router.add(instance("second", 51), node.now, &mut node.out).unwrap();
    let slot = Slot::new(0).unwrap();
    let names = [Some("first".to_owned()), None, Some("second".to_owned())];
    assert_eq!(node.out.assigned, names.map(|name| (slot, name)));
}

#[test]
fn desires_of_a_slot_are_counted_on_when_it_is_used_again() {
    let mut node = Node::new(vec![instance("first", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.router.remove(instance("first", 51).key(), node.now, &mut node.out);
    node.acknowledge();
    node.pass(DOWN);
    node.router.add(instance("second", 51), node.now, &mut node.out).unwrap();
    node.pass(DOWN);
    let desire = Desire { present: true, generation: 3 };
    assert_eq!(node.out.desires, [(Slot::new(0).unwrap(), desire)]);
}

#[test]
fn an_instance_that_is_added_again_while_it_leaves_is_the_same_one_and_starts_anew() {
    let api = instance("api", 51);
    let mut node = Node::new(vec![api.clone()]);
    node.pass(DOWN);
    node.acknowledge();
    node.router.remove(api.key(), node.now, &mut node.out);
    node.router.add(api, node.now, &mut node.out).unwrap();
    assert_eq!(node.router.views().count(), 1);
    assert_eq!(node.standing(0), Standing::Leaving);
    node.acknowledge();
    node.pass(Duration::from_millis(5));
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_router_that_left_reminds_the_winner_of_two_claims_before_it_is_gone() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.router.handle(Input::Stop, node.now, &mut node.out);
    node.acknowledge();
    node.pass(Duration::from_millis(100));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.out.sent.clear();
    for (peer, priority) in [("10.0.0.3", 2), ("10.0.0.2", 3)] {
        node.hear(peer, GROUP, &message(51, priority, peer, GROUP));
    }
    assert!(!node.router.is_stopped(), "it watches");
    node.pass(Duration::from_millis(100));
    assert_eq!(node.out.adverts(), [(1, 100, GROUP), (1, 100, GROUP)]);
    assert!(node.router.is_stopped());
}

#[test]
fn a_replaced_instance_stays_active_and_says_so_at_once() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.out.sent.clear();
    let priority = Priority::new(90);
    let changed = Instance { priority, name: "renamed".to_owned(), ..instance("api", 51) };
    node.router.replace(changed, node.now, &mut node.out).unwrap();
    assert_eq!(node.standing(0), Standing::Active);
    assert!(node.out.desires.is_empty());
    node.pass(Duration::from_secs(1));
    assert!(node.out.adverts().contains(&(90, 100, GROUP)));
}

#[test]
fn a_change_to_version_2_never_sends_an_interval_of_0() {
    let fast = Instance { interval: Centis::TENTH, ..instance("api", 51) };
    let v2 = Instance { version: Version::V2, ..instance("api", 51) };
    let sent = |node: &Node| -> Vec<_> {
        node.out.sent.iter().map(|(_, _, octets)| (octets[0] >> 4, octets[5])).collect()
    };

    let mut stalled = Node::new(vec![fast.clone()]);
    stalled.pass(DOWN);
    stalled.out.sent.clear();
    stalled.now += DOWN;
    stalled.router.replace(v2.clone(), stalled.now, &mut stalled.out).unwrap();
    assert_eq!(sent(&stalled), [(3, 10)], "the release of the old version");

    let fast_release = FastRelease::To(Centis::SHORTEST);
    let mut leaving = Node::new(vec![Instance { fast_release, ..fast }]);
    leaving.pass(DOWN);
    leaving.router.remove(v2.key(), leaving.now, &mut leaving.out);
    leaving.out.sent.clear();
    leaving.router.replace(v2, leaving.now, &mut leaving.out).unwrap();
    leaving.pass(Duration::from_millis(100));
    assert_eq!(sent(&leaving), [(2, 1), (2, 1)], "two releases of the new version");
}

#[test]
fn the_only_unicast_peer_is_taught_10_ms_and_a_group_100_ms() {
    for (config, short) in [(unicast("a", 51, &["10.0.0.9"]), 1), (instance("a", 51), 10)] {
        let mut node = Node::new(vec![config]);
        node.pass(DOWN);
        node.acknowledge();
        node.out.sent.clear();
        node.router.handle(Input::Stop, node.now, &mut node.out);
        let taught = node.out.adverts().first().map(|(_, interval, _)| *interval);
        assert_eq!(taught, Some(short));
    }
}

#[test]
fn of_several_known_peers_the_likely_successor_alone_is_taught_10_ms() {
    let ours = ip("10.0.0.5");
    let mut node = Node::new(vec![unicast("api", 51, &["10.0.0.8", "10.0.0.9"])]);
    node.hear("10.0.0.8", ours, &message(51, 120, "10.0.0.8", ours));
    node.hear("10.0.0.9", ours, &message(51, 130, "10.0.0.9", ours));
    node.pass(DOWN);
    node.acknowledge();
    node.out.sent.clear();
    node.router.handle(Input::Stop, node.now, &mut node.out);
    assert_eq!(node.out.adverts(), [(100, 1, ip("10.0.0.9"))]);
    node.acknowledge();
    node.pass(Duration::from_millis(1));
    let said = node.out.adverts();
    let released: Vec<_> = said.iter().filter(|said| said.0 == 0).map(|said| said.2).collect();
    assert_eq!(released.len(), 4);
    assert!(released.contains(&ip("10.0.0.8")) && released.contains(&ip("10.0.0.9")));
}

#[test]
fn nothing_is_claimed_before_the_startup_delay_has_passed() {
    let mut node = Node::new(Vec::new());
    node.router = Router::new(Some(node.now + Duration::from_secs(60)));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    let owner = Instance { priority: Priority::OWNER, ..instance("api", 51) };
    node.router.add(owner, node.now, &mut node.out).unwrap();
    node.pass(Duration::from_secs(59));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    assert_eq!(node.rejected(Reject::NotRunning), 1);
    node.pass(Duration::from_secs(1));
    assert_eq!(node.standing(0), Standing::Active);
}

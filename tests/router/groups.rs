//! Sync groups: Active together or not at all.

use std::time::Duration;

use vipd::config::model::{Group, Hooks, Instance, Preempt, TrackedInterface};
use vipd::types::{Cause, Centis, Fault, Priority, Slot, Standing, Weight};
use vipd::vrrp::Input;

use super::node::{DOWN, GROUP, Node, Recorder, instance, link, message, report};

const PEER: &str = "10.0.0.2";

fn slot(index: usize) -> Slot {
    Slot::new(index).unwrap()
}

fn member(vrid: u8, interface: &str, priority: u8) -> Instance {
    Instance {
        interface: link(interface),
        priority: Priority::new(priority),
        ..instance(&format!("VI_{vrid}"), vrid)
    }
}

fn group(members: &[&Instance]) -> Group {
    Group {
        name: "G".to_owned(),
        members: members.iter().map(|member| member.key()).collect(),
        tracked_interfaces: Vec::new(),
        hooks: Hooks::default(),
    }
}

/// A node whose interfaces eth0 and eth1 are up, with VRID 1 on eth0 and VRID 2 on eth1 in a group.
fn node(one: Instance, two: Instance) -> Node {
    let mut node = Node::new(Vec::new());
    node.link(&report(3, "eth1", true, &["10.0.1.5"]));
    node.router.regroup(vec![group(&[&one, &two])], node.now, &mut node.out);
    for instance in [one, two] {
        node.router.add(instance, node.now, &mut node.out).unwrap();
    }
    node
}

fn pair() -> Node {
    node(member(1, "eth0", 150), member(2, "eth1", 150))
}

/// Both members Active, with nothing left to look at.
fn active_pair() -> Node {
    let mut node = pair();
    node.pass(DOWN);
    node.acknowledge();
    node.out = Recorder::default();
    node
}

fn standings(node: &Node) -> [Standing; 2] {
    [node.standing(0), node.standing(1)]
}

fn hear(node: &mut Node, vrid: u8, priority: u8) {
    node.hear(PEER, GROUP, &message(vrid, priority, PEER, GROUP));
}

#[test]
fn members_become_active_in_one_turn_when_the_slowest_is_ready() {
    let mut node = node(member(1, "eth0", 200), member(2, "eth0", 100));

    node.pass(Duration::from_millis(3_600));
    assert_eq!(standings(&node), [Standing::Backup; 2], "the first waits for the second");
    node.pass(Duration::from_millis(10));

    assert_eq!(standings(&node), [Standing::Active; 2]);
    let at: Vec<_> = node.out.told.iter().filter(|it| it.to == Standing::Active).collect();
    assert_eq!(at[0].at, at[1].at);
    assert_eq!(node.out.groups, [Standing::Backup, Standing::Active]);
}

#[test]
fn of_members_that_are_ready_in_the_same_moment_the_last_is_the_first_to_claim() {
    let mut node = pair();

    node.pass(DOWN);

    let claims = node.out.told.iter().filter(|it| it.to == Standing::Active);
    assert_eq!(claims.map(|it| it.slot).collect::<Vec<_>>(), [slot(1), slot(0)]);
}

#[test]
fn a_group_is_held_back_as_long_as_one_member_hears_its_better() {
    let mut node = node(member(1, "eth0", 100), member(2, "eth0", 100));

    for _ in 0..10 {
        hear(&mut node, 2, 150);
        node.pass(Duration::from_secs(1));
    }
    assert_eq!(standings(&node), [Standing::Backup; 2]);
    node.pass(DOWN);

    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn one_who_hears_an_active_router_again_is_not_ready_any_more() {
    let mut node = node(member(1, "eth0", 100), member(2, "eth0", 100));
    for _ in 0..5 {
        hear(&mut node, 2, 150);
        node.pass(Duration::from_secs(1));
    }
    hear(&mut node, 1, 150);
    node.pass(Duration::from_millis(2_900));

    assert_eq!(standings(&node), [Standing::Backup; 2]);
}

#[test]
fn a_fault_of_one_is_a_fault_of_all_and_names_it() {
    let mut node = active_pair();

    node.link(&report(3, "eth1", false, &["10.0.1.5"]));

    assert_eq!(
        node.out.causes(),
        [
            (Standing::Leaving, Cause::Fault(Fault::LinkDown(link("eth1")))),
            (Standing::Leaving, Cause::Fault(Fault::Member(slot(1)))),
        ]
    );
    node.acknowledge();
    node.pass(Duration::from_millis(10));
    assert_eq!(standings(&node), [Standing::Initialize; 2]);
    assert!(node.out.adverts().iter().filter(|advert| advert.0 == 0).count() >= 2);
    assert_eq!(node.out.groups, [Standing::Initialize]);
}

#[test]
fn a_group_begins_again_when_the_last_fault_is_gone() {
    let mut node = active_pair();
    node.link(&report(3, "eth1", false, &["10.0.1.5"]));
    node.acknowledge();
    node.pass(Duration::from_secs(1));
    node.link(&report(2, "eth0", false, &["10.0.0.5"]));
    node.link(&report(3, "eth1", true, &["10.0.1.5"]));
    assert_eq!(standings(&node), [Standing::Initialize; 2], "the other is at fault now");

    node.out.told.clear();
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));

    assert_eq!(standings(&node), [Standing::Backup; 2], "{:?}", node.out.told);
    node.pass(DOWN);
    assert_eq!(standings(&node), [Standing::Active; 2]);
    assert_eq!(node.out.groups, [Standing::Initialize, Standing::Backup, Standing::Active]);
}

#[test]
fn where_one_yields_the_others_release_and_follow() {
    let mut node = active_pair();

    hear(&mut node, 1, 200);

    assert_eq!(
        node.out.causes()[1..],
        [(Standing::Leaving, Cause::Member(slot(0)))],
        "the first became a Backup itself"
    );
    node.acknowledge();
    node.pass(Duration::from_millis(200));
    assert_eq!(standings(&node), [Standing::Backup; 2]);
    assert!(node.out.adverts().iter().any(|advert| advert.0 == 0), "the second says priority 0");
    assert_eq!(node.out.groups, [Standing::Backup]);
}

#[test]
fn a_group_that_retreats_comes_back_when_nobody_is_heard() {
    let mut node = active_pair();
    hear(&mut node, 1, 200);
    node.acknowledge();

    node.pass(DOWN + DOWN);

    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn every_member_leaves_by_itself_at_a_stop() {
    let mut node = active_pair();

    node.router.handle(Input::Stop, node.now, &mut node.out);
    let causes = node.out.causes();
    assert_eq!(causes, [(Standing::Leaving, Cause::Stopped); 2]);
    node.acknowledge();
    node.pass(Duration::from_secs(1));

    assert!(node.router.is_stopped());
    assert_eq!(node.out.groups, []);
}

#[test]
fn an_owner_waits_for_the_rest_of_its_group() {
    let mut node = node(member(1, "eth0", 255), member(2, "eth0", 100));
    node.pass(Duration::from_secs(3));
    assert_eq!(standings(&node), [Standing::Backup; 2]);

    node.pass(Duration::from_secs(1));

    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn owners_of_everything_in_a_group_take_it_at_once() {
    let mut node = node(member(1, "eth0", 255), member(2, "eth0", 255));

    node.pass(Duration::ZERO);

    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn a_member_that_is_added_joins_the_others() {
    let mut node = active_pair();
    let third = member(3, "eth0", 150);
    let keys = [member(1, "eth0", 150), member(2, "eth1", 150)];
    node.router.regroup(vec![group(&[&keys[0], &keys[1], &third])], node.now, &mut node.out);
    node.router.add(third, node.now, &mut node.out).unwrap();
    assert_eq!(standings(&node), [Standing::Active; 2], "nobody was disturbed");

    node.pass(DOWN);

    assert_eq!(node.standing(2), Standing::Active);
    assert_eq!(node.out.groups, [], "the group is what it was");
}

#[test]
fn a_member_that_must_join_takes_over_from_a_lower_priority_even_without_preemption() {
    let mut node = active_pair();
    let third = Instance { preempt: Preempt::No, ..member(3, "eth0", 150) };
    let keys = [member(1, "eth0", 150), member(2, "eth1", 150)];
    node.router.regroup(vec![group(&[&keys[0], &keys[1], &third])], node.now, &mut node.out);
    node.router.add(third, node.now, &mut node.out).unwrap();

    for _ in 0..5 {
        hear(&mut node, 3, 100);
        node.pass(Duration::from_secs(1));
    }

    assert_eq!(node.standing(2), Standing::Active);
}

#[test]
fn the_others_leave_where_a_member_that_must_join_is_outranked() {
    let mut node = active_pair();
    let third = member(3, "eth0", 150);
    let keys = [member(1, "eth0", 150), member(2, "eth1", 150)];
    node.router.regroup(vec![group(&[&keys[0], &keys[1], &third])], node.now, &mut node.out);
    node.router.add(third, node.now, &mut node.out).unwrap();

    hear(&mut node, 3, 200);
    node.acknowledge();
    node.pass(Duration::from_millis(200));

    assert_eq!(standings(&node), [Standing::Backup; 2]);
}

#[test]
fn a_member_that_leaves_the_group_leaves_the_others_alone() {
    let mut node = active_pair();
    let first = member(1, "eth0", 150);
    node.router.regroup(vec![group(&[&first])], node.now, &mut node.out);
    node.router.remove(member(2, "eth1", 150).key(), node.now, &mut node.out);
    node.acknowledge();
    node.pass(Duration::from_secs(10));

    assert_eq!(node.standing(0), Standing::Active);
    assert!(node.router.view(slot(1)).is_none());
    assert!(node.out.adverts().iter().all(|advert| advert.0 != 0 || advert.1 == 100));
}

#[test]
fn a_new_name_of_the_group_disturbs_nobody() {
    let mut node = active_pair();
    let renamed = Group {
        name: "H".to_owned(),
        ..group(&[&member(1, "eth0", 150), &member(2, "eth1", 150)])
    };

    node.router.regroup(vec![renamed], node.now, &mut node.out);

    assert_eq!(node.out.causes(), []);
    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn what_the_group_tracks_counts_for_every_member() {
    let (one, two) = (member(1, "eth0", 150), member(2, "eth0", 150));
    let mut node = Node::new(Vec::new());
    node.link(&report(3, "eth1", true, &[]));
    let tracked = |weight: i16| TrackedInterface {
        link: link("eth1"),
        weight: Weight::new(weight).unwrap(),
        reverse: false,
    };
    let with = |weight| Group { tracked_interfaces: vec![tracked(weight)], ..group(&[&one, &two]) };
    node.router.regroup(vec![with(-20)], node.now, &mut node.out);
    for instance in [&one, &two] {
        node.router.add(instance.clone(), node.now, &mut node.out).unwrap();
    }

    node.link(&report(3, "eth1", false, &[]));
    let priorities: Vec<u8> = node.router.views().map(|view| view.priority.get()).collect();
    assert_eq!(priorities, [130, 130]);

    node.router.regroup(vec![with(0)], node.now, &mut node.out);
    assert_eq!(standings(&node), [Standing::Initialize; 2]);
    node.router.regroup(vec![group(&[&one, &two])], node.now, &mut node.out);
    assert_eq!(standings(&node), [Standing::Backup; 2]);
}

#[test]
fn a_member_that_stood_still_for_too_long_joins_the_others_again() {
    let quick = Instance { interval: Centis::SHORTEST, ..member(1, "eth0", 150) };
    let mut node = node(quick, member(2, "eth0", 150));
    node.pass(DOWN);
    assert_eq!(standings(&node), [Standing::Active; 2]);

    node.now += Duration::from_millis(50);
    node.router.handle(Input::Timeout, node.now, &mut node.out);
    assert_eq!(standings(&node), [Standing::Backup, Standing::Active]);
    node.pass(Duration::from_millis(20));

    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn a_group_that_stood_still_listens_before_it_claims() {
    let mut node = node(member(1, "eth0", 100), member(2, "eth0", 100));
    node.pass(Duration::from_secs(1));

    node.now += Duration::from_secs(60);
    node.router.handle(Input::Timeout, node.now, &mut node.out);
    node.router.handle(Input::Timeout, node.now, &mut node.out);

    assert_eq!(standings(&node), [Standing::Backup; 2]);
    node.pass(Duration::from_secs(2));
    assert_eq!(standings(&node), [Standing::Active; 2]);
}

#[test]
fn a_lower_priority_heard_by_one_has_the_neighbours_of_all_told_again() {
    for priority in [100, 0] {
        let mut node = active_pair();
        hear(&mut node, 1, priority);
        assert_eq!(node.out.announced, [slot(0), slot(1)], "priority {priority}");
    }
}

#[test]
fn a_member_that_is_not_active_announces_nothing() {
    let mut node = active_pair();
    let third = member(3, "eth0", 150);
    let keys = [member(1, "eth0", 150), member(2, "eth1", 150)];
    node.router.regroup(vec![group(&[&keys[0], &keys[1], &third])], node.now, &mut node.out);
    node.router.add(third, node.now, &mut node.out).unwrap();
    hear(&mut node, 1, 100);
    assert_eq!(node.out.announced, [slot(0), slot(1)]);
}

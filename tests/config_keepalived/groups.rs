//! `vrrp_sync_group`, as keepalived 2.2.7 was seen to take it.

use vipd::config::model::{Group, Instance, Key, Model};
use vipd::types::Weight;

use super::reading::{Codes, read};

#[test]
fn members_stand_on_lines_or_on_one() {
    for list in ["A\n B", "A B"] {
        let (model, codes) = with(&format!("group {{\n {list}\n }}"));
        let Model { groups, instances, .. } = model.unwrap();

        assert_eq!(codes, [""; 0]);
        let keys: Vec<Key> = instances.iter().map(Instance::key).collect();
        assert_eq!(groups[0].members, keys);
    }
}

#[test]
fn a_group_may_stand_before_its_members() {
    let (model, codes) =
        read(&format!("vrrp_sync_group G {{\n group {{\n A\n B\n }}\n }}\n{}", two("")));

    assert_eq!(codes, [""; 0]);
    assert_eq!(model.unwrap().groups[0].members.len(), 2);
}

#[test]
fn what_keepalived_survives_is_survived() {
    for (text, code, left) in [
        ("group {\n A\n }", "lonely-member", Some(1)),
        ("group {\n }", "empty-group", None),
        ("notify_priority_changes", "empty-group", None),
        ("group {\n A\n B\n C\n }", "no-such-member", Some(2)),
        ("group {\n A\n B\n A\n }", "grouped-twice", Some(2)),
        ("group {\n A\n B\n }\n global_tracking", "old-word", Some(2)),
    ] {
        let (model, codes) = with(text);
        let groups = model.unwrap().groups;

        assert_eq!(codes, [code], "{text}");
        assert_eq!(groups.first().map(|group| group.members.len()), left, "{text}");
    }
}

#[test]
fn an_instance_is_in_the_first_group_that_names_it() {
    let group = |name: &str| format!("vrrp_sync_group {name} {{\n group {{\n A\n B\n }}\n}}\n");
    let (model, codes) = read(&format!("{}{}{}", two(""), group("G"), group("H")));

    assert_eq!(codes, ["grouped-twice", "grouped-twice", "empty-group"]);
    assert_eq!(model.unwrap().groups.len(), 1);
}

#[test]
fn a_group_needs_one_name_and_has_it_alone() {
    let group = |name: &str| format!("vrrp_sync_group {name} {{\n group {{\n A\n B\n }}\n}}\n");
    for (names, code) in
        [([" ", ""], "no-name"), (["G H", ""], "no-name"), (["G", "G"], "duplicate-group")]
    {
        let text: String = names.iter().filter(|it| !it.is_empty()).map(|it| group(it)).collect();
        let (_, codes) = read(&format!("{}{text}", two("")));

        assert_eq!(codes, [code], "{names:?}");
    }
}

#[test]
fn a_member_s_weight_of_an_interface_counts_and_is_told_unless_the_group_says_so() {
    let text = |own: &str| {
        format!(
            "{}vrrp_sync_group G {{\n group {{\n A\n B\n }}\n{own}\n}}\n",
            two("track_interface {\n eth9 weight 10\n }")
        )
    };
    let weight = |own| {
        let (model, codes) = read(&text(own));
        (model.unwrap().instances[0].tracked_interfaces[0].weight, codes)
    };

    assert_eq!(weight(""), (Weight::new(10).unwrap(), vec!["weight-in-group"]));
    assert_eq!(weight("sync_group_tracking_weight"), (Weight::new(10).unwrap(), vec![]));
}

#[test]
fn a_group_tracks_for_those_that_do_not_track_by_themselves() {
    let text = format!(
        "{}vrrp_sync_group G {{\n group {{\n A\n B\n }}\n track_interface {{\n eth9\n eth8 weight 5\n }}\n}}\n",
        two("track_interface {\n eth9\n }")
    );
    let (model, codes) = read(&text);
    let model = model.unwrap();
    let tracked = |index: usize| -> Vec<&str> {
        let all = model.groups[0].tracked_for(&model.instances[index]);
        all.map(|it| it.link.as_str()).collect()
    };

    assert_eq!(codes, ["tracked-twice"]);
    assert_eq!(tracked(0), ["eth8"]);
    assert_eq!(tracked(1), ["eth9", "eth8"]);
}

#[test]
fn what_every_member_tracks_by_itself_is_not_tracked_again() {
    let (group, codes) = grouped("group {\n A\n B\n }\n track_interface {\n eth0\n }");

    assert_eq!(codes, ["tracked-twice"]);
    assert!(group.tracked_interfaces.is_empty());
}

#[test]
fn a_group_has_hooks_and_its_members_tell_of_priorities_as_it_says() {
    let text = format!(
        "{}vrrp_sync_group G {{\n group {{\n A\n B\n }}\n notify_master \"/bin/up now\"\n \
         notify \"/bin/any\" root\n notify_priority_changes\n}}\n",
        two("notify_priority_changes off")
    );
    let (model, codes) = read(&text);
    let Model { groups, instances, .. } = model.unwrap();

    assert_eq!(codes, [""; 0]);
    let hooks = &groups[0].hooks;
    assert_eq!(hooks.active.as_ref().unwrap().words, ["/bin/up", "now"]);
    assert_eq!(hooks.any.as_ref().unwrap().account.as_ref().unwrap().user, "root");
    let told: Vec<bool> = instances.iter().map(|it| it.hooks.priority_changes).collect();
    assert_eq!(told, [false, true]);
}

/// A and B on eth0, with `own` in A.
fn two(own: &str) -> String {
    format!(
        "vrrp_instance A {{\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {{\n \
         10.0.0.5\n }}\n{own}\n}}\nvrrp_instance B {{\n interface eth0\n virtual_router_id 6\n \
         virtual_ipaddress {{\n 10.0.0.6\n }}\n}}\n"
    )
}

/// Two instances and the group G of this content.
fn with(content: &str) -> (Option<Model>, Codes) {
    read(&format!("{}vrrp_sync_group G {{\n {content}\n}}\n", two("")))
}

fn grouped(content: &str) -> (Group, Codes) {
    let (model, codes) = with(content);
    (model.unwrap().groups.remove(0), codes)
}

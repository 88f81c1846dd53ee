//! Keywords that an instance shares with global_defs, and tracking.

use std::time::Duration;

use vipd::config::model::{ChecksumForm, FastRelease};
use vipd::types::Centis;

use super::reading::{clean, made, told};

#[test]
fn announcements_follow_their_keywords() {
    let global = "vrrp_garp_master_delay 1\n vrrp_garp_master_repeat 2\n \
        vrrp_garp_master_refresh 3\n vrrp_garp_master_refresh_repeat 4\n \
        vrrp_garp_lower_prio_delay 5\n vrrp_garp_lower_prio_repeat 6\n \
        vrrp_garp_interval 0.001\n vrrp_gna_interval 0.000002";
    let secs = Duration::from_secs;
    let node = clean(global, "").announce;
    assert_eq!((node.delay, node.repeat), (secs(1), 2));
    assert_eq!((node.refresh, node.refresh_repeat), (secs(3), 4));
    assert_eq!((node.lower_delay, node.lower_repeat), (secs(5), 6));
    assert_eq!(node.arp_interval, Duration::from_millis(1));
    assert_eq!(node.na_interval, Duration::from_micros(2));
    let own = "garp_master_delay 10\n garp_master_repeat 20\n garp_master_refresh 30\n \
        garp_master_refresh_repeat 40\n garp_lower_prio_delay 50\n garp_lower_prio_repeat 0";
    let own = clean(global, own).announce;
    assert_eq!((own.delay, own.repeat), (secs(10), 20));
    assert_eq!((own.refresh, own.refresh_repeat), (secs(30), 40));
    assert_eq!((own.lower_delay, own.lower_repeat), (secs(50), 0));
    for wrong in ["garp_master_delay 5x", "garp_master_repeat 0", "garp_master_refresh -1"] {
        assert_eq!(told("", wrong), "bad-value", "{wrong}");
    }
    assert_eq!(told("vrrp_garp_interval 0", ""), "bad-value");
    assert_eq!(clean("vrrp_min_garp", "").announce.repeat, 1);
    assert_eq!(clean("vrrp_min_garp off", "").announce.repeat, 5);
}

#[test]
fn answers_to_other_priorities_can_be_chosen() {
    let answers = |global: &str, own: &str| {
        let instance = clean(global, own);
        (instance.answer_lower, instance.answer_higher)
    };
    assert_eq!(answers("", ""), (true, false));
    assert_eq!(answers("vrrp_lower_prio_no_advert", ""), (false, false));
    assert_eq!(answers("vrrp_lower_prio_no_advert", "lower_prio_no_advert off"), (true, false));
    assert_eq!(answers("", "higher_prio_send_advert"), (true, true));
    assert_eq!(answers("vrrp_higher_prio_send_advert true", ""), (true, true));
    assert_eq!(answers("vrrp_strict", ""), (false, false));
    assert_eq!(answers("vrrp_strict", "strict_mode no"), (true, false));
    assert_eq!(told("", "lower_prio_no_advert bogus"), "bad-value");
}

#[test]
fn the_other_policies_are_the_instances_or_the_nodes() {
    assert_eq!(clean("vrrp_down_timer_adverts 7", "").down_adverts, 7);
    assert_eq!(clean("vrrp_down_timer_adverts 7", "down_timer_adverts 9").down_adverts, 9);
    assert_eq!(told("", "down_timer_adverts 101"), "bad-value");
    assert!(clean("vrrp_skip_check_adv_addr", "").skip_address_check);
    assert!(clean("", "skip_check_adv_addr yes").skip_address_check);
    let bare = |global: &str, own: &str| clean(global, own).checksum == ChecksumForm::MessageOnly;
    assert!(bare("v3_checksum_as_v2", "version 3"));
    assert!(!bare("v3_checksum_as_v2", "v3_checksum_as_v2 off"));
    assert!(!clean("", "dont_track_primary").track_primary);
}

#[test]
fn fast_release_is_our_own_word() {
    let release = |global: &str, own: &str| clean(global, own).fast_release;
    assert_eq!(release("", ""), FastRelease::Auto);
    assert_eq!(release("vrrp_fast_release off", ""), FastRelease::Off);
    assert_eq!(release("vrrp_fast_release off", "fast_release auto"), FastRelease::Auto);
    let tenth = FastRelease::To(Centis::new(10).unwrap());
    assert_eq!(release("", "fast_release 0.1"), tenth);
    assert_eq!(told("", "fast_release soon"), "bad-value");
}

#[test]
fn tracked_interfaces_have_weights() {
    let tracked = |own: &str| {
        let (instance, codes) = made("", &format!("track_interface {{\n{own}\n}}"));
        let tracked = instance.tracked_interfaces.into_iter();
        let tracked = tracked.map(|it| (it.link.to_string(), it.weight.get(), it.reverse));
        (tracked.collect::<Vec<_>>(), codes.join(" "))
    };
    let one = |weight, reverse| vec![("eth1".to_owned(), weight, reverse)];
    assert_eq!(tracked("eth1"), (one(0, false), String::new()));
    assert_eq!(tracked("eth1 weight -5"), (one(-5, false), String::new()));
    assert_eq!(tracked("eth1 weight 253 reverse"), (one(253, true), String::new()));
    assert_eq!(tracked("eth1 weight 254"), (one(253, false), "bad-value".to_owned()));
    assert_eq!(tracked("eth1 reverse"), (one(0, false), "bad-value".to_owned()));
    assert_eq!(tracked("eth1\n eth1 weight 7"), (one(0, false), "tracked-twice".to_owned()));
    assert_eq!(tracked("eth0"), (vec![], "tracked-twice".to_owned()));
    assert_eq!(tracked("eth1 bogus"), (one(0, false), "bad-value".to_owned()));
    assert_eq!(tracked("eth1 weight 300"), (one(0, false), "bad-value".to_owned()));
}

//! `keepalived.json`: one line, an object for each virtual router, its keys in keepalived's order.

use std::fmt::Display;

use super::{AUTH_FAILURE, LENGTH, Seen, Snapshot, State, words};
use crate::config::model::{Authentication, Deletion, Preempt, TrackerKind, Watch};
use crate::types::{Address, Reject};

pub(super) fn render(snapshot: &Snapshot) -> String {
    let instances: Vec<String> =
        snapshot.instances.iter().map(|seen| instance(seen, snapshot)).collect();
    format!("[{}]\n", instances.join(","))
}

fn instance(seen: &Seen, snapshot: &Snapshot) -> String {
    format!("{{\"data\":{},\"stats\":{}}}", data(seen, snapshot), stats(seen))
}

fn data(seen: &Seen, snapshot: &Snapshot) -> String {
    let (config, announce, hooks) = (&seen.config, &seen.config.announce, &seen.config.hooks);
    let mut object = Object::default();
    let vmac = config.vmac.as_ref().map(|vmac| vmac.name);
    let node = snapshot.model.node.script_account.as_ref();
    object.text("iname", &config.name);
    object.put("dont_track_primary", u8::from(!config.track_primary));
    object.put("skip_check_adv_addr", u8::from(config.skip_address_check));
    object.put("strict_mode", u8::from(seen.strict));
    object.text("vmac_ifname", vmac.as_ref().map_or("", |name| name.as_str()));
    object.text("ifp_ifname", vmac.unwrap_or(config.interface).as_str());
    let heard = seen.follows.filter(|_| seen.state() == State::Backup);
    object.put("master_priority", heard.map_or(0, |(_, priority)| priority.get()));
    let changed = seen.changed;
    object.put("last_transition", format!("{}.{:06}", changed.as_secs(), changed.subsec_micros()));
    object.put("garp_delay", announce.delay.as_secs());
    object.put("garp_refresh", announce.refresh.as_secs());
    object.put("garp_rep", announce.repeat);
    object.put("garp_refresh_rep", announce.refresh_repeat);
    object.put("garp_lower_prio_delay", announce.lower_delay.as_secs());
    object.put("garp_lower_prio_rep", announce.lower_repeat);
    object.put("lower_prio_no_advert", u8::from(!config.answer_lower));
    object.put("higher_prio_send_advert", u8::from(config.answer_higher));
    object.put("vrid", config.vrid);
    object.put("base_priority", config.priority);
    object.put("effective_priority", seen.priority);
    object.put("vipset", seen.holds());
    object.put("promote_secondaries", config.promote_secondaries);
    object.put("adver_int", interval(config.interval.get()));
    object.put("master_adver_int", interval(seen.interval.get()));
    object.put("accept", u8::from(config.accept));
    object.put("nopreempt", config.preempt == Preempt::No);
    object.put("preempt_delay", seen.preempt_delay());
    object.put("state", seen.state().number());
    object.put("wantstate", State::number(seen.wanted()));
    object.put("version", seen.version());
    object.put("smtp_alert", hooks.mail);
    object.put("notify_deleted", matches!(hooks.deleted, Deletion::AsDeleted(_)));
    let deleted = match &hooks.deleted {
        Deletion::AsFault => None,
        Deletion::AsDeleted(program) => program.as_ref(),
    };
    for (key, program) in [
        ("script_backup", hooks.backup.as_ref()),
        ("script_master", hooks.active.as_ref()),
        ("script_fault", hooks.fault.as_ref()),
        ("script_stop", hooks.stop.as_ref()),
        ("script_deleted", deleted),
        ("script", hooks.any.as_ref()),
        ("script_master_rx_lower_pri", hooks.outranking.as_ref()),
    ] {
        if let Some(program) = program {
            let runner = words::runner(program.account.as_ref(), node);
            object.text(key, &words::program(program, runner));
        }
    }
    let stated = |it: &Address| seen.address(it);
    object.list("vips", config.addresses.iter().map(stated));
    object.list("evips", config.excluded.iter().map(stated));
    object.list("vroutes", config.routes.iter().map(words::route));
    object.list("vrules", config.rules.iter().map(words::rule));
    object.list("track_ifp", config.tracked_interfaces.iter().map(|it| it.link.to_string()));
    object.list("track_script", scripts(seen, snapshot));
    match config.authentication {
        Authentication::None => object.put("auth_type", 0),
        Authentication::Pass(_) => {
            object.put("auth_type", 1);
            object.text("auth_data", "********");
        }
        Authentication::Ah(_) => {
            object.put("auth_type", 2);
            object.text("auth_data", "********");
        }
    }
    object.end()
}

/// The commands of the scripts that the instance tracks by itself.
fn scripts<'a>(seen: &'a Seen, snapshot: &'a Snapshot) -> impl Iterator<Item = String> + 'a {
    let own = seen.config.tracked.iter().filter(|it| snapshot.is_own(seen, it));
    let own = own.filter(|it| it.tracker.kind == TrackerKind::Script);
    own.filter_map(|it| {
        let found = snapshot.trackers.iter().find(|other| other.config.name == it.tracker)?;
        let Watch::Script(script) = &found.config.watch else { return None };
        let node = snapshot.model.node.script_account.as_ref();
        let runner = words::runner(script.program.account.as_ref(), node);
        Some(words::program(&script.program, runner))
    })
}

fn stats(seen: &Seen) -> String {
    let counted = &seen.counters;
    let mut object = Object::default();
    for (key, count) in [
        ("advert_rcvd", counted.adverts_received),
        ("advert_sent", counted.adverts_sent),
        ("become_master", counted.became_active),
        ("release_master", counted.left_active),
        ("packet_len_err", seen.counted(&LENGTH)),
        ("advert_interval_err", seen.interval_errors()),
        ("ip_ttl_err", seen.counted(&[Reject::Ttl])),
        ("invalid_type_rcvd", seen.counted(&[Reject::Type])),
        ("addr_list_err", seen.address_list_errors()),
        ("invalid_authtype", seen.counted(&[Reject::AuthUnknown])),
        ("authtype_mismatch", seen.counted(&[Reject::AuthMismatch])),
        ("auth_failure", seen.counted(&AUTH_FAILURE)),
        ("pri_zero_rcvd", counted.releases_received),
        ("pri_zero_sent", counted.releases_sent),
    ] {
        object.put(key, count);
    }
    object.end()
}

/// An object that grows key by key.
#[derive(Default)]
struct Object(String);

impl Object {
    fn put(&mut self, key: &str, value: impl Display) {
        let comma = if self.0.is_empty() { "" } else { "," };
        self.0 += &format!("{comma}\"{key}\":{value}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.put(key, string(value));
    }

    /// Texts, if there are any.
    fn list(&mut self, key: &str, texts: impl Iterator<Item = String>) {
        let texts: Vec<String> = texts.map(|text| string(&text)).collect();
        if !texts.is_empty() {
            self.put(key, format!("[{}]", texts.join(",")));
        }
    }

    fn end(self) -> String {
        format!("{{{}}}", self.0)
    }
}

/// Hundredths of a second as seconds: `1`, `0.1`.
fn interval(centis: u16) -> String {
    let text = format!("{}.{:02}", centis / 100, centis % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A string, escaped as keepalived does it: slashes too.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '/' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

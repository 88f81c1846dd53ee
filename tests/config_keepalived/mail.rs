//! `smtp_alert` and what mails need, as keepalived 2.2.7 was seen to take it.

use std::time::Duration;

use vipd::config::model::{Mail, MailServer, Model};

use super::reading::{Codes, read};

const SERVER: &str = "smtp_server 192.0.2.25 2525\n notification_email {\n a@x b@x\n root\n }\n";

#[test]
fn mails_go_where_global_defs_say() {
    let global = format!(
        "{SERVER} notification_email_from v@x\n smtp_helo_name h\n smtp_connect_timeout 7\n \
         no_email_faults\n"
    );
    let (model, codes) = with(&global, "", "");
    let server = Some(MailServer { host: "192.0.2.25".to_owned(), port: 2525 });
    let to = ["a@x", "b@x", "root"].map(str::to_owned).to_vec();
    let (from, greeting) = (Some("v@x".to_owned()), Some("h".to_owned()));
    let timeout = Duration::from_secs(7);

    assert_eq!(codes, [""; 0]);
    assert_eq!(model.node.mail, Mail { to, from, server, greeting, timeout, faults: false });
    assert_eq!(wanted(&model), [false; 3]);
}

#[test]
fn the_nearest_word_says_who_sends_mails() {
    for (global, one, group, expected) in [
        ("smtp_alert", "", "", [true, true, true]),
        ("smtp_alert\n smtp_alert_vrrp off", "", "", [false; 3]),
        ("smtp_alert_vrrp", "smtp_alert no", "", [false, true, true]),
        ("", "smtp_alert", "", [true, false, false]),
        ("", "", "smtp_alert", [false, false, true]),
    ] {
        let (model, codes) = with(&format!("{SERVER}{global}\n"), one, group);

        assert_eq!(codes, [""; 0], "{global}");
        assert_eq!(wanted(&model), expected, "{global} {one} {group}");
    }
}

#[test]
fn without_server_or_recipient_nobody_gets_one_and_that_is_told() {
    for global in ["smtp_server 127.0.0.1", "notification_email {\n root\n }"] {
        let (model, codes) = with(global, "smtp_alert", "");

        assert_eq!(codes, ["no-mail"], "{global}");
        assert_eq!(wanted(&model), [false; 3]);
    }
    assert_eq!(with("", "", "").1, [""; 0], "who wants none needs no server");
}

#[test]
fn what_is_no_server_is_left_out() {
    for (global, code) in [
        ("smtp_server 127.0.0.1 0", "bad-value"),
        ("smtp_server 127.0.0.1 smtp", "bad-value"),
        ("smtp_connect_timeout 0", "bad-value"),
        ("notification_email {\n }", "empty-list"),
        ("smtp_alert_vrrp maybe", "bad-value"),
    ] {
        let (model, codes) = with(global, "", "");

        assert_eq!(codes, [code], "{global}");
        assert!(!model.node.mail.is_sent());
    }
}

/// Whether A, B and their group send mails.
fn wanted(model: &Model) -> [bool; 3] {
    let [a, b] = &model.instances[..] else { panic!("two instances") };
    let [group] = &model.groups[..] else { panic!("one group") };
    [a.hooks.mail, b.hooks.mail, group.hooks.mail]
}

/// A and B in a group, with these words in `global_defs`, in A and in the group.
fn with(global: &str, one: &str, group: &str) -> (Model, Codes) {
    let (model, codes) = read(&format!(
        "global_defs {{\n {global}\n}}\nvrrp_instance A {{\n interface eth0\n virtual_router_id 5\n \
         virtual_ipaddress {{\n 10.0.0.5\n }}\n {one}\n}}\nvrrp_instance B {{\n interface eth0\n \
         virtual_router_id 6\n virtual_ipaddress {{\n 10.0.0.6\n }}\n}}\n\
         vrrp_sync_group G {{\n group {{\n A\n B\n }}\n {group}\n}}\n"
    ));
    (model.unwrap(), codes)
}

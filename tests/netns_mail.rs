//! Mails of instances and groups, held against keepalived's in one run.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use lab::{Daemon, Lab, Program, eventually, pause};
use postbox::{Postbox, Received};

mod lab;
mod postbox;

/// How long anything may take that no protocol delays.
const SOON: Duration = Duration::from_secs(15);

/// A server in the node, and what the configuration says of it.
fn conf(postbox: &Postbox, more: &str) -> String {
    let instance = |number: u8, more: &str| {
        format!(
            "vrrp_instance VI_{number} {{\n    interface eth0\n    virtual_router_id 5{number}\n    \
             priority 200\n    advert_int 0.1\n    garp_master_delay 0\n    {more}\n    \
             virtual_ipaddress {{\n        10.9.0.10{number}\n    }}\n}}\n"
        )
    };
    format!(
        "global_defs {{\n    vrrp_version 3\n    smtp_server 127.0.0.1 {}\n    smtp_alert\n    \
         notification_email {{\n        admin@example.net\n        root\n    }}\n    \
         smtp_connect_timeout 5\n{more}}}\n\
         vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n}}\n{}{}{}",
        postbox.port(),
        instance(1, ""),
        instance(2, ""),
        instance(3, "smtp_alert off"),
    )
}

/// The mails that `program` sends while its node loses its link and gets it back.
fn story(program: Program, more: &str) -> Vec<Received> {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    node.namespace.ip(&["link", "set", "lo", "up"]);
    let listener = node.namespace.enter(|| TcpListener::bind("127.0.0.1:0").unwrap());
    let postbox = Postbox::open(listener, &[]);
    let has = |words: &str, count: usize| {
        eventually(SOON, words, || {
            let mails = postbox.received();
            let found = mails.iter().filter(|mail| mail.subject().contains(words)).count();
            (found == count).then_some(()).ok_or_else(|| format!("{found} of {mails:#?}"))
        });
    };
    let mut daemon = Daemon::start(&lab, node, program, &conf(&postbox, more));
    has("MASTER state", 3);
    lab.cut("a");
    let faults = if more.contains("no_email_faults") { 0 } else { 3 };
    has("FAULT state", faults);
    // Where no mail tells it, it has to have noticed.
    pause(Duration::from_millis(500));
    lab.mend("a");
    has("MASTER state", 6);
    pause(Duration::from_millis(300));
    assert!(daemon.stop().success());
    if program == Program::Vipd {
        has("Stopping", 3);
    }
    postbox.received()
}

/// A mail with the digits of its date and the name of its greeting left out of account.
fn shape(mail: &Received) -> Received {
    let mut shape = mail.clone();
    shape.text[0] = shape.text[0].replace(|c: char| c.is_ascii_digit(), "0");
    let day = shape.text[0].find(", ").unwrap();
    let month = day + ", 00 ".len();
    shape.text[0].replace_range(month..month + 3, "Mon");
    shape.text[0].replace_range(day - 3..day, "Day");
    shape
}

#[test]
fn mails_are_keepaliveds() {
    for more in [
        "    router_id node_1\n    notification_email_from keepalived@example.net\n    \
         smtp_helo_name helo.example\n",
        "    no_email_faults\n",
    ] {
        let ours = story(Program::Vipd, more);
        let theirs = story(Program::Keepalived, more);
        // keepalived says HELO to each mail; vipd may say several to one HELO.
        let hello: BTreeSet<&String> = ours.iter().map(|mail| &mail.envelope[0]).collect();
        let ours: Vec<Received> = ours.iter().map(|mail| with_hello(mail, &hello)).collect();
        let subjects = |mails: &[Received], whose: &str| -> Vec<String> {
            let subjects = mails.iter().map(|mail| mail.subject().to_owned());
            subjects.filter(|subject| subject.contains(whose)).collect()
        };
        let of = subjects(&ours, "VRRP Group G ");
        let states: Vec<&str> = of.iter().map(|it| it.rsplit(" - ").next().unwrap()).collect();
        let (backup, master) = ("Entering BACKUP state", "Entering MASTER state");
        let fault = Some("Entering FAULT state").filter(|_| !more.contains("no_email_faults"));
        let expected: Vec<&str> = [Some(backup), Some(master), fault, Some(backup), Some(master)]
            .into_iter()
            .flatten()
            .chain(["Stopping"])
            .collect();
        assert_eq!(states, expected);
        assert_eq!(subjects(&ours, "VI_3"), [""; 0]);
        // keepalived loses mails of its first moment and of its last: the connection is not there
        // yet, or not waited for.
        let middle = |mails: &[Received]| -> Vec<Received> {
            let mut shapes: Vec<Received> = mails.iter().map(shape).collect();
            shapes.sort();
            shapes.dedup();
            shapes.retain(|mail| !mail.subject().ends_with("Stopping"));
            shapes
        };
        assert_eq!(middle(&ours), middle(&theirs));
        let count = |mails: &[Received]| subjects(mails, "MASTER").len();
        assert_eq!(count(&ours), count(&theirs));
    }
}

/// The mail as if it had come by a connection of its own.
fn with_hello(mail: &Received, hello: &BTreeSet<&String>) -> Received {
    let mut mail = mail.clone();
    if !mail.envelope[0].starts_with("HELO") {
        let hello = hello.iter().find(|line| line.starts_with("HELO")).unwrap();
        mail.envelope.insert(0, (*hello).clone());
    }
    mail
}

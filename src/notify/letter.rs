//! What stands in a mail: keepalived's words, which filters and tickets of operators look for.

use std::time::Duration;

use super::event::{State, Subject};
use super::smtp::Letter;
use crate::config::model::Mail;
use crate::sys::host::{self, Date};

/// How a host and its mails call themselves where the configuration does not say.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// Its name.
    pub(super) name: String,
    /// As whom the daemon runs.
    pub(super) user: String,
}

impl Host {
    /// This one. May wait for a directory service.
    pub(super) fn own() -> Self {
        Self { name: host::name(), user: host::user() }
    }

    /// One that has no name.
    pub(super) fn unknown() -> Self {
        Self { name: "localhost".to_owned(), user: "root".to_owned() }
    }
}

/// The letter that tells that the state of a subject is another one since `time`, since 1970.
pub(super) fn letter(
    (whose, state): (&Subject, State),
    (mail, router_id): (&Mail, Option<&str>),
    host: &Host,
    time: Duration,
) -> Letter {
    let from = mail.from.clone().unwrap_or_else(|| format!("{}@{}", host.user, host.name));
    let (subject, body) = words(whose, state);
    let (kind, name) = match whose {
        Subject::Instance(name) => ("Instance", name),
        Subject::Group(name) => ("Group", name),
    };
    let (date, node) = (show(host::date(time)), router_id.unwrap_or(&host.name));
    let lines = [
        format!("Date: {date}"),
        format!("From: {from}"),
        format!("Subject: [{node}] VRRP {kind} {name} - {subject}"),
        "X-Mailer: Keepalived".to_owned(),
        format!("To: {}", mail.to.join(", ")),
        String::new(),
        format!("=> {body} <="),
        String::new(),
    ];
    let text = lines.map(|line| format!("{}\r\n", one_line(&line))).concat();
    Letter { from: bare(&from), to: mail.to.iter().map(|to| bare(to)).collect(), text }
}

/// keepalived's words for what happened.
const fn words(subject: &Subject, state: State) -> (&'static str, &'static str) {
    let subject_line = match state {
        State::Active => "Entering MASTER state",
        State::Backup => "Entering BACKUP state",
        State::Fault => "Entering FAULT state",
        State::Stop => "Stopping",
        State::Deleted => "Deleted",
    };
    let body = match (subject, state) {
        (Subject::Instance(_), State::Active) => "VRRP Instance is now owning VRRP VIPs",
        (Subject::Instance(_), State::Backup | State::Fault) => {
            "VRRP Instance is no longer owning VRRP VIPs"
        }
        (Subject::Instance(_), State::Stop) => "VRRP Instance stopping",
        (Subject::Group(_), State::Active) => "All VRRP group instances are now in MASTER state",
        (Subject::Group(_), State::Backup) => "All VRRP group instances are now in BACKUP state",
        (Subject::Group(_), State::Fault) => "All VRRP group instances are now in FAULT state",
        (Subject::Group(_), State::Stop) => "All VRRP group instances are now stopping",
        (Subject::Instance(_) | Subject::Group(_), State::Deleted) => "VRRP Deleted at reload",
    };
    (subject_line, body)
}

/// The address alone, without the name before it.
fn bare(address: &str) -> String {
    let inner = address.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    one_line(inner.map_or(address, |(inner, _)| inner).trim())
}

/// Nothing that a configuration says ends a line.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

/// `Sun, 22 Nov 2026 18:08:00 +0000` (RFC 5322 §3.3).
fn show(date: Date) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Date { year, month, day, weekday, hour, minute, second, offset } = date;
    let weekday = DAYS.get(weekday).copied().unwrap_or_default();
    let month = MONTHS.get(month).copied().unwrap_or_default();
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    format!(
        "{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} \
         {sign}{hours:02}{minutes:02}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host { name: "node1.example".to_owned(), user: "root".to_owned() }
    }

    #[test]
    fn a_mail_is_keepaliveds() {
        let to = vec!["admin@example.net".to_owned(), "Night <night@example.net>".to_owned()];
        let mail = Mail { to, ..Mail::default() };
        let instance = Subject::Instance("VI_1".into());
        let style = (&mail, Some("n\r\nX: y"));
        let letter = letter((&instance, State::Active), style, &host(), Duration::ZERO);
        let Letter { from, to, text } = letter;
        assert_eq!(from, "root@node1.example");
        assert_eq!(to, ["admin@example.net", "night@example.net"]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("Date: Thu, 01 Jan 1970 "), "{text}");
        assert_eq!(
            lines[1..],
            [
                "From: root@node1.example",
                "Subject: [n??X: y] VRRP Instance VI_1 - Entering MASTER state",
                "X-Mailer: Keepalived",
                "To: admin@example.net, Night <night@example.net>",
                "",
                "=> VRRP Instance is now owning VRRP VIPs <=",
                "",
                "",
            ]
        );
    }

    #[test]
    fn dates_have_the_offset_of_the_host() {
        let date = Date {
            year: 2026,
            month: 10,
            day: 2,
            weekday: 1,
            hour: 8,
            minute: 5,
            second: 0,
            offset: -210,
        };
        assert_eq!(show(date), "Mon, 02 Nov 2026 08:05:00 -0330");
    }
}

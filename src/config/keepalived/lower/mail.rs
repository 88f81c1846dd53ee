//! Mails.

use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::Setting;
use crate::config::model::MailServer;
use crate::config::source::Spanned;

impl Lower<'_> {
    /// Takes over what global_defs say of mails; `false` for other keywords.
    pub(super) fn mail(&mut self, statement: &Statement) -> bool {
        let text = |statement: &Statement| {
            statement.argument().map(|it| Spanned::new(it.value.clone(), it.span))
        };
        let mut mail = std::mem::take(&mut self.declared.mail);
        match statement.keyword.name {
            "notification_email" => {
                let words = statement.entries().iter().flatten();
                let words = words.map(|it| Spanned::new(it.value.clone(), it.span));
                let words: Vec<_> = words.collect();
                if let (Some(place), true) = (statement.place(), words.is_empty()) {
                    self.warn("empty-list", "nobody is to get a mail", place, "name somebody");
                }
                match (&mut mail.to, statement.place()) {
                    (Some(to), _) => to.value.extend(words),
                    (to, place) => *to = place.map(|place| Spanned::new(words, place)),
                }
            }
            "notification_email_from" => mail.from = text(statement),
            "smtp_server" => mail.server = self.mail_server(statement).or(mail.server),
            "smtp_helo_name" => mail.greeting = text(statement).or(mail.greeting),
            "smtp_connect_timeout" => {
                mail.timeout = self.whole_seconds(statement, 1..=LONGEST).or(mail.timeout);
            }
            "no_email_faults" => {
                mail.faults = statement.place().map(|place| Spanned::new(false, place));
            }
            "smtp_alert" => mail.usual = self.answer(statement),
            "smtp_alert_vrrp" => mail.usual_vrrp = self.answer(statement),
            _ => {
                self.declared.mail = mail;
                return false;
            }
        }
        self.declared.mail = mail;
        true
    }

    /// The server's name or address, and perhaps a port.
    fn mail_server(&mut self, statement: &Statement) -> Setting<MailServer> {
        let host = statement.argument()?;
        let port = match statement.words.get(2) {
            Some(word) => self.number_of(word, 1..=u16::MAX)?.value,
            None => MailServer::PORT,
        };
        Some(Spanned::new(MailServer { host: host.value.clone(), port }, host.span))
    }
}

/// keepalived's bound for `smtp_connect_timeout`.
const LONGEST: u32 = 4294;

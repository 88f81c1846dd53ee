//! Programs, pipes and mails as native text.

use super::{Text, list, quoted, time};
use crate::config::model::{Deletion, Fifo, Hooks, Mail, MailServer, Node};
use crate::types::{Account, Program};

impl Text {
    /// `[scripts]`, where anything in it is not as usual.
    pub(super) fn scripts(&mut self, node: &Node) {
        let (usual, fifos) = (Node::default(), &node.fifos);
        let is_usual = node.script_account.is_none()
            && node.secure_scripts == usual.secure_scripts
            && *fifos == usual.fifos;
        if is_usual {
            return;
        }
        self.header("scripts");
        if let Some(account) = &node.script_account {
            match &account.group {
                None => self.line("user", quoted(&account.user)),
                Some(_) => self.line("user", format!("{{ {} }}", who(account))),
            }
        }
        self.unless(!node.secure_scripts, "secure", true);
        for (key, reader_key, written) in
            [("fifo", "fifo_reader", &fifos.all), ("vrrp_fifo", "vrrp_fifo_reader", &fifos.vrrp)]
        {
            if let Some(written) = written {
                self.line(key, fifo(written));
                if let Some(reader) = &written.reader {
                    self.line(reader_key, program(reader));
                }
            }
        }
        self.unless(!fifos.repeat_on_reload, "repeat_on_reload", true);
    }

    /// `[mail]`, where anything in it is not as usual.
    pub(super) fn mail(&mut self, mail: &Mail) {
        let usual = Mail::default();
        if *mail == usual {
            return;
        }
        self.header("mail");
        self.unless(mail.to.is_empty(), "to", list(mail.to.iter().map(|to| quoted(to))));
        match &mail.server {
            None => {}
            Some(MailServer { host, port: MailServer::PORT }) => self.line("server", quoted(host)),
            Some(MailServer { host, port }) => {
                self.line("server", format!("{{ host = {}, port = {port} }}", quoted(host)));
            }
        }
        for (key, written) in [("from", &mail.from), ("greeting", &mail.greeting)] {
            if let Some(written) = written {
                self.line(key, quoted(written));
            }
        }
        self.unless(mail.timeout == usual.timeout, "timeout", time(mail.timeout));
        self.unless(mail.faults, "faults", false);
    }

    /// What is run when a state changes, in the table that was begun last.
    pub(super) fn hooks(&mut self, hooks: &Hooks) {
        let programs = [
            ("notify.any", &hooks.any),
            ("notify.active", &hooks.active),
            ("notify.backup", &hooks.backup),
            ("notify.fault", &hooks.fault),
            ("notify.stop", &hooks.stop),
            ("notify.outranking", &hooks.outranking),
        ];
        for (key, written) in programs {
            if let Some(written) = written {
                self.line(key, program(written));
            }
        }
        match &hooks.deleted {
            Deletion::AsFault => {}
            Deletion::AsDeleted(None) => self.line("notify.deleted", true),
            Deletion::AsDeleted(Some(written)) => self.line("notify.deleted", program(written)),
        }
        self.unless(!hooks.priority_changes, "notify.priority_changes", true);
        self.unless(!hooks.mail, "notify.mail", true);
    }
}

/// A program, with whom it runs as where that is said.
pub(super) fn program(program: &Program) -> String {
    let words = list(program.words.iter().map(|word| quoted(word)));
    match &program.account {
        None => words,
        Some(account) => format!("{{ run = {words}, {} }}", who(account)),
    }
}

fn fifo(fifo: &Fifo) -> String {
    let path = quoted(&fifo.path.to_string_lossy());
    match &fifo.account {
        None => path,
        Some(account) => format!("{{ path = {path}, {} }}", who(account)),
    }
}

fn who(account: &Account) -> String {
    let user = format!("user = {}", quoted(&account.user));
    match &account.group {
        None => user,
        Some(group) => format!("{user}, group = {}", quoted(group)),
    }
}

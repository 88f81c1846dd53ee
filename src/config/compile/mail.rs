//! Mails: by which server, to whom, and of whom.

use super::Findings;
use super::instance::is;
use crate::config::declared::{self, Declared, Manners, Setting};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::model::{Mail, Model};
use crate::config::source::Spanned;

/// How the node sends mails.
pub(super) fn compile(written: &declared::Mail) -> Mail {
    let usual = Mail::default();
    let text = |setting: &Setting<String>| setting.as_ref().map(|it| it.value.clone());
    let to = written.to.iter().flat_map(|to| &to.value);
    Mail {
        to: to.map(|it| it.value.clone()).collect(),
        from: text(&written.from),
        server: written.server.as_ref().map(|it| it.value.clone()),
        greeting: text(&written.greeting),
        timeout: written.timeout.map_or(usual.timeout, |it| it.value),
        faults: written.faults.map_or(usual.faults, |it| it.value),
    }
}

/// Whether mails tell of what has these hooks.
pub(super) fn is_wanted(written: &declared::Hooks, mail: &declared::Mail) -> bool {
    is(written.mail.or(mail.usual_vrrp).or(mail.usual))
}

/// Takes back what is wanted where there is nobody to send mails to, or by; tells so.
pub(super) fn settle(declared: &Declared, model: &mut Model, findings: &mut Findings<'_>) {
    let (mail, usual) = (&model.node.mail, &declared.mail);
    if mail.is_sent() {
        return;
    }
    let (missing, help) = match (&mail.server, declared.manners) {
        (None, Manners::Lenient) => ("server", "name it by smtp_server in global_defs"),
        (None, Manners::Exact) => ("server", "name it: `mail.server = \"127.0.0.1\"`"),
        (Some(_), Manners::Lenient) => ("recipient", "list them in notification_email"),
        (Some(_), Manners::Exact) => ("recipient", "list them: `mail.to = [\"root@localhost\"]`"),
    };
    let own = declared.instances.iter().map(|it| it.hooks.mail);
    let own = own.chain(declared.groups.iter().map(|it| it.hooks.mail));
    let mut said = own.chain([usual.usual_vrrp, usual.usual]).flatten().filter(|it| it.value);
    if let Some(Spanned { span, .. }) = said.next() {
        let message = format!("nobody gets a mail: there is no {missing}");
        let finding = match declared.manners {
            Manners::Lenient => Diagnostic::warning("no-mail", message).verdict(Verdict::Silent),
            Manners::Exact => findings.flaw("no-mail", message),
        };
        findings.push(finding.at(span, "").help(help));
    }
    let instances = model.instances.iter_mut().map(|it| &mut it.hooks);
    for hooks in instances.chain(model.groups.iter_mut().map(|it| &mut it.hooks)) {
        hooks.mail = false;
    }
}

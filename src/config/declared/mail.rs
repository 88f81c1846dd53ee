//! Who gets mails, and by which server, as it was written.

use std::time::Duration;

use super::Setting;
use crate::config::model::MailServer;
use crate::config::source::Spanned;

/// [`crate::config::model::Mail`] as far as it was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mail {
    /// `notification_email`
    pub to: Setting<Vec<Spanned<String>>>,
    /// `notification_email_from`
    pub from: Setting<String>,
    /// `smtp_server`
    pub server: Setting<MailServer>,
    /// `smtp_helo_name`
    pub greeting: Setting<String>,
    /// `smtp_connect_timeout`
    pub timeout: Setting<Duration>,
    /// `no_email_faults`, negated
    pub faults: Setting<bool>,
    /// `smtp_alert`: for all that may send mails and do not say.
    pub usual: Setting<bool>,
    /// `smtp_alert_vrrp`: the same for instances and groups, which are all that there is here.
    pub usual_vrrp: Setting<bool>,
}

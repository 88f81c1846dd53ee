//! Who gets a mail when a state changes, and by which server.

use std::time::Duration;

/// How mails are sent, and to whom. Whose changes of state they tell of, the
/// [hooks](super::Hooks) say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    /// `notification_email`: who gets them, each perhaps with a name before the address.
    pub to: Vec<String>,
    /// `notification_email_from`: whom they come from; the user that runs the daemon, at the host,
    /// where absent.
    pub from: Option<String>,
    /// `smtp_server`: who takes them; nobody gets one where absent.
    pub server: Option<MailServer>,
    /// `smtp_helo_name`: how the node introduces itself; by the host's name where absent.
    pub greeting: Option<String>,
    /// `smtp_connect_timeout`: how long the server may be silent, whole seconds from 1 on.
    pub timeout: Duration,
    /// Cleared by `no_email_faults`: faults are told too.
    pub faults: bool,
}

/// A server that takes mails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Where it listens.
    pub port: u16,
}

impl Mail {
    /// Whether anybody gets a mail at all.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.server.is_some() && !self.to.is_empty()
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            to: Vec::new(),
            from: None,
            server: None,
            greeting: None,
            timeout: Duration::from_secs(30),
            faults: true,
        }
    }
}

impl MailServer {
    /// Where servers listen.
    pub const PORT: u16 = 25;
}

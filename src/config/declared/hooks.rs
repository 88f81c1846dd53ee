//! Who is to be told, as it was written.

use super::Setting;
use crate::types::{Account, Program};

/// [`crate::config::model::Hooks`] as far as it was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hooks {
    /// `notify`
    pub any: Setting<Program>,
    /// `notify_master`
    pub active: Setting<Program>,
    /// `notify_backup`
    pub backup: Setting<Program>,
    /// `notify_fault`
    pub fault: Setting<Program>,
    /// `notify_stop`
    pub stop: Setting<Program>,
    /// `notify_deleted`, which may stand without a program.
    pub deleted: Setting<Option<Program>>,
    /// `notify_master_rx_lower_pri`
    pub outranking: Setting<Program>,
    /// `notify_priority_changes`
    pub priority_changes: Setting<bool>,
    /// `smtp_alert`
    pub mail: Setting<bool>,
}

/// What holds for all programs that the configuration names, and the pipes beside them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scripts {
    /// `script_user`
    pub account: Setting<Account>,
    /// `enable_script_security`
    pub secure: Setting<bool>,
    /// `notify_fifo`
    pub fifo: Setting<Fifo>,
    /// `notify_fifo_script`
    pub fifo_reader: Setting<Program>,
    /// `vrrp_notify_fifo`
    pub vrrp_fifo: Setting<Fifo>,
    /// `vrrp_notify_fifo_script`
    pub vrrp_fifo_reader: Setting<Program>,
    /// `fifo_write_vrrp_states_on_reload`
    pub repeat_on_reload: Setting<bool>,
    /// `vrrp_notify_priority_changes`: for instances and groups that do not say.
    pub priority_changes: Setting<bool>,
}

/// A named pipe as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fifo {
    /// Where it is.
    pub path: String,
    /// Whose it is made.
    pub account: Option<Account>,
}

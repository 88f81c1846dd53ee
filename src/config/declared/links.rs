//! What was written about single interfaces.

use std::time::Duration;

use super::Setting;
use crate::config::source::{Span, Spanned};
use crate::types::LinkName;

/// A line of `interface_up_down_delays`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LinkDelay {
    /// The interface.
    pub link: Spanned<LinkName>,
    /// Until it counts as down.
    pub down: Setting<Duration>,
    /// Until it counts as up again.
    pub up: Setting<Duration>,
}

/// A `garp_group`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pace {
    /// Where it stands.
    pub span: Span,
    /// `interface`, `interfaces`
    pub links: Vec<Spanned<LinkName>>,
    /// `garp_interval`
    pub arp_interval: Setting<Duration>,
    /// `gna_interval`
    pub na_interval: Setting<Duration>,
}

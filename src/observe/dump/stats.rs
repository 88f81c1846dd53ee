//! `keepalived.stats`

use super::{AUTH_FAILURE, LENGTH, Seen, Snapshot};
use crate::types::Reject;

pub(super) fn render(snapshot: &Snapshot) -> String {
    snapshot.instances.iter().map(instance).collect()
}

fn instance(seen: &Seen) -> String {
    let counted = &seen.counters;
    format!(
        "VRRP Instance: {}
  Advertisements:
    Received: {}
    Sent: {}
  Became master: {}
  Released master: {}
  Packet Errors:
    Length: {}
    TTL: {}
    Invalid Type: {}
    Advertisement Interval: {}
    Address List: {}
  Authentication Errors:
    Invalid Type: {}
    Type Mismatch: {}
    Failure: {}
  Priority Zero:
    Received: {}
    Sent: {}
",
        seen.config.name,
        counted.adverts_received,
        counted.adverts_sent,
        counted.became_active,
        counted.left_active,
        seen.counted(&LENGTH),
        seen.counted(&[Reject::Ttl]),
        seen.counted(&[Reject::Type]),
        seen.interval_errors(),
        seen.address_list_errors(),
        seen.counted(&[Reject::AuthUnknown]),
        seen.counted(&[Reject::AuthMismatch]),
        seen.counted(&AUTH_FAILURE),
        counted.releases_received,
        counted.releases_sent,
    )
}

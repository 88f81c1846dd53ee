//! What an instance looks at besides its own link: unicast peers, and interfaces it tracks.

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Peer, TrackedInterface};
use crate::config::source::{Span, Spanned};
use crate::types::Weight;

/// A peer that is an address and nothing else.
pub(super) fn plain(value: Value<'_>, span: Span) -> Read<Spanned<Peer>> {
    let address = value::ip(value)?;
    Ok(Spanned::new(Peer { address, min_ttl: None, max_ttl: None }, span))
}

/// A peer with its bounds: `{ ip = "10.0.0.2", min_ttl = 254 }`.
pub(super) fn detailed(table: &mut Table<'_, '_>) -> Option<Spanned<Peer>> {
    let address = table.required("ip", "\"10.0.0.2\"", value::ip);
    let min_ttl = table.setting("min_ttl", value::integer(0, 255));
    let max_ttl = table.setting("max_ttl", value::integer(0, 255));
    let address = address?.value;
    Some(Spanned::new(Peer { address, min_ttl, max_ttl }, table.span()))
}

/// A tracked interface whose failure is a fault.
pub(super) fn plain_tracked(value: Value<'_>, span: Span) -> Read<TrackedInterface> {
    let link = Spanned::new(value::link(value)?, span);
    Ok(TrackedInterface { link, weight: None, reverse: None })
}

/// A tracked interface with its weight: `{ interface = "eth1", weight = -20 }`.
pub(super) fn tracked(table: &mut Table<'_, '_>) -> Option<TrackedInterface> {
    let link = table.required("interface", "\"eth1\"", value::link);
    let weight = table.setting("weight", weight);
    let reverse = table.setting("reverse", value::boolean);
    Some(TrackedInterface { link: link?, weight, reverse })
}

/// -253 to 253; 0 makes the failure a fault.
fn weight(value: Value<'_>) -> Read<Weight> {
    let number = value::integer(-253, 253)(value)?;
    Weight::new(number).map_err(|outside| Mistake::value(format!("is {outside}")))
}

//! Unicast peers.

use super::table::Table;
use super::value::{self, Read, Value};
use crate::config::declared::Peer;
use crate::config::source::{Span, Spanned};

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

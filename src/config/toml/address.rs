//! Virtual addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use super::vmac;
use crate::config::declared::Address;
use crate::config::source::{Span, Spanned};
use crate::types::{Broadcast, Family, Scope};

/// An address that is text and nothing else: `"10.0.0.10/24"`.
pub(super) fn plain(value: Value<'_>, span: Span) -> Read<Address> {
    let (ip, prefix) = value::ip_and_prefix(value)?;
    Ok(Address {
        prefix: prefix.map(|prefix| Spanned::new(prefix, span)),
        ..Address::new(Spanned::new(ip, span), span)
    })
}

/// An address with what else the kernel is told: `{ ip = "10.0.0.10/24", label = "eth0:api" }`.
pub(super) fn detailed(table: &mut Table<'_, '_>) -> Option<Address> {
    let span = table.span();
    let ip = table.required("ip", "\"10.0.0.10/24\"", value::ip_and_prefix);
    let link = table.setting("interface", value::link);
    let scope = table.setting("scope", scope);
    let broadcast = table.setting("broadcast", broadcast);
    let label = table.setting("label", value::link);
    let peer = table.setting("peer", peer);
    let preferred_secs = table.setting("preferred", preferred);
    let dad = table.setting("dad", value::boolean);
    let home = table.setting("home", value::boolean);
    let manage_temporary = table.setting("manage_temporary", value::boolean);
    let no_prefix_route = table.setting("no_prefix_route", value::boolean);
    let auto_join = table.setting("auto_join", value::boolean);
    let tracked = table.setting("tracked", value::boolean);
    let vmac = table.setting("vmac", vmac::of_address);
    let Spanned { value: (ip, prefix), span: place } = ip?;
    Some(Address {
        prefix: prefix.map(|prefix| Spanned::new(prefix, place)),
        link,
        scope,
        broadcast,
        label,
        peer,
        preferred_secs,
        dad,
        home,
        manage_temporary,
        no_prefix_route,
        auto_join,
        tracked,
        vmac: vmac.and_then(|it| Some(Spanned::new(it.value?, it.span))),
        ..Address::new(Spanned::new(ip, place), span)
    })
}

/// One of four words, or the kernel's number.
pub(super) fn scope(value: Value<'_>) -> Read<Scope> {
    if value.is_integer() {
        return value::integer(0, 255)(value).map(Scope);
    }
    let words = [
        ("global", Scope::GLOBAL),
        ("site", Scope::SITE),
        ("link", Scope::LINK),
        ("host", Scope::HOST),
    ];
    value::choice(&words)(value)
}

/// `"all-ones"`, `"all-zeros"` or an IPv4 address.
fn broadcast(value: Value<'_>) -> Read<Broadcast> {
    let help = "\"all-ones\", \"all-zeros\" or an IPv4 address";
    match value.as_str() {
        Some("all-ones") => return Ok(Broadcast::AllOnes),
        Some("all-zeros") => return Ok(Broadcast::AllZeros),
        Some(_) | None => {}
    }
    match value::ip(value).map_err(|mistake| mistake.help_if_none(help))? {
        IpAddr::V4(ip) => Ok(Broadcast::Is(ip)),
        IpAddr::V6(ip) => Err(Mistake::value(format!("is {ip}, which is not of IPv4")).help(help)),
    }
}

/// The other end of a point-to-point link; its whole length where no prefix is given.
fn peer(value: Value<'_>) -> Read<(IpAddr, u8)> {
    let (ip, prefix) = value::ip_and_prefix(value)?;
    Ok((ip, prefix.unwrap_or_else(|| Family::of(ip).bits())))
}

/// `"forever"` or whole seconds.
fn preferred(value: Value<'_>) -> Read<Option<u32>> {
    let help = "\"forever\" or whole seconds such as \"0s\"";
    if value.as_str() == Some("forever") {
        return Ok(None);
    }
    let span =
        value::duration(LONGEST_LIFE)(value).map_err(|mistake| mistake.help_if_none(help))?;
    let whole = (span.subsec_nanos() == 0).then_some(span.as_secs());
    let secs = whole.and_then(|secs| u32::try_from(secs).ok());
    let broken = || Mistake::value(format!("is {span:?}, the kernel counts seconds")).help(help);
    secs.map(Some).ok_or_else(broken)
}

/// The kernel's greatest lifetime that is not for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(0xffff_fffe);

//! Virtual interfaces.

use toml::de::DeValue;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Setting, Vmac};
use crate::config::source::Spanned;
use crate::types::{LinkName, MacAddr};

/// Reads `vmac`, a truth value, a name or a table; and whether adverts leave by the interface
/// under it.
pub(super) fn read(table: &mut Table<'_, '_>) -> (Setting<Vmac>, Setting<bool>) {
    if table.is_table("vmac") {
        let both = table.section("vmac", detailed);
        return both.map_or((None, None), |(vmac, from_base)| (Some(vmac), from_base));
    }
    let Some(plain) = table.setting("vmac", plain) else {
        return (None, None);
    };
    let vmac = |name: Option<LinkName>| Vmac {
        name: name.map(|name| Spanned::new(name, plain.span)),
        ..Vmac::default()
    };
    (plain.value.map(|name| Spanned::new(vmac(name), plain.span)), None)
}

/// On which virtual interface an address stands: `true`, or its name.
pub(super) fn of_address(value: Value<'_>) -> Read<Option<Option<LinkName>>> {
    plain(value)
}

/// `{ name = "vrrp.51", mac = "02:00:00:00:00:01", group = 7, adverts = "base" }`
fn detailed(table: &mut Table<'_, '_>) -> (Spanned<Vmac>, Setting<bool>) {
    let outlets = [("vmac", false), ("base", true)];
    let vmac = Vmac {
        name: table.setting("name", value::link),
        mac: table.setting("mac", mac),
        group: table.setting("group", value::integer(0, u32::MAX.into())),
    };
    let from_base = table.setting("adverts", value::choice(&outlets));
    (Spanned::new(vmac, table.span()), from_base)
}

/// `true`, `false`, or a name.
fn plain(value: Value<'_>) -> Read<Option<Option<LinkName>>> {
    match value {
        DeValue::Boolean(true) => Ok(Some(None)),
        DeValue::Boolean(false) => Ok(None),
        DeValue::String(_) => Ok(Some(Some(value::link(value)?))),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => {
            Err(Mistake::kind("true, false or the name of the virtual interface", value))
        }
    }
}

/// A hardware address of one interface.
fn mac(value: Value<'_>) -> Read<MacAddr> {
    let text = value::text(value)?;
    let odd = || Mistake::value(format!("is \"{text}\", which is no interface's MAC address"));
    let mac = MacAddr::parse(text).filter(|mac| !mac.is_multicast());
    mac.ok_or_else(|| odd().help("such as \"02:00:00:00:00:01\""))
}

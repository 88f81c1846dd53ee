//! What may stand in an instance or, for all that say nothing themselves, in `[defaults]`.

use std::time::Duration;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Announce, Policy};
use crate::config::model::{ChecksumForm, FastRelease};
use crate::types::{Centis, Version};

/// Reads the settings that `[defaults]` and instances share.
pub(super) fn read(table: &mut Table<'_, '_>) -> Policy {
    let forms = [
        ("pseudo-header", ChecksumForm::PseudoHeader),
        ("pseudo-header-only", ChecksumForm::PseudoHeaderOnly),
        ("old-unicast", ChecksumForm::OldUnicast),
        ("message-only", ChecksumForm::MessageOnly),
    ];
    Policy {
        version: table.setting("version", version),
        down_adverts: table.setting("down_adverts", value::integer(1, 100)),
        check_source: table.setting("check_source", value::boolean),
        checksum: table.setting("checksum", value::choice(&forms)),
        answer_lower: table.setting("answer_lower", value::boolean),
        answer_higher: table.setting("answer_higher", value::boolean),
        skip_address_check: table.setting("skip_address_check", value::boolean),
        fast_release: table.setting("fast_release", fast_release),
        announce: table.section("announce", announce).unwrap_or_default(),
        ..Policy::default()
    }
}

/// Reads `announce`.
fn announce(table: &mut Table<'_, '_>) -> Announce {
    Announce {
        repeat: table.setting("repeat", value::integer(1, MOST_ROUNDS)),
        delay: table.setting("delay", value::duration(LONGEST_PAUSE)),
        refresh: table.setting("refresh", value::duration(LONGEST_PAUSE)),
        refresh_repeat: table.setting("refresh_repeat", value::integer(1, MOST_ROUNDS)),
        lower_repeat: table.setting("lower_repeat", value::integer(0, MOST_ROUNDS)),
        lower_delay: table.setting("lower_delay", value::duration(LONGEST_PAUSE)),
        arp_interval: table.setting("arp_interval", value::duration(LONGEST_PAUSE)),
        na_interval: table.setting("na_interval", value::duration(LONGEST_PAUSE)),
    }
}

/// 2 or 3.
fn version(value: Value<'_>) -> Read<Version> {
    match value::integer::<u8>(2, 3)(value)? {
        2 => Ok(Version::V2),
        _ => Ok(Version::V3),
    }
}

/// `"auto"`, `"off"` or an interval from 10 ms on.
fn fast_release(value: Value<'_>) -> Read<FastRelease> {
    let help = "\"auto\", \"off\" or whole hundredths of a second, from \"10ms\" to \"40.95s\"";
    let words = [("auto", FastRelease::Auto), ("off", FastRelease::Off)];
    match value.as_str() {
        Some(text) if !text.contains(|c: char| c.is_ascii_digit()) => {
            return value::choice(&words)(value).map_err(|mistake| mistake.help_if_none(help));
        }
        Some(_) => {}
        None => {
            return Err(Mistake::kind("\"auto\", \"off\" or a duration in quotes", value));
        }
    }
    let interval = value::duration(Centis::MAX_V3.duration())(value);
    let interval = interval.map_err(|mistake| mistake.help_if_none(help))?;
    let whole = interval.subsec_nanos().is_multiple_of(10_000_000);
    let centis = u16::try_from(interval.as_millis() / 10).ok().filter(|_| whole);
    let centis = centis.and_then(|centis| Centis::new(centis).ok());
    let between = || Mistake::value(format!("is {interval:?}, no interval of VRRP")).help(help);
    centis.map(FastRelease::To).ok_or_else(between)
}

/// Nobody listens to the thousandth announcement.
const MOST_ROUNDS: i64 = 1000;
/// A day.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

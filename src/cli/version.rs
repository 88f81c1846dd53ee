//! What `-v` prints, and the help of keepalived's flags.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;

use super::flags::{TABLE, Takes};
use super::{KEEPALIVED, VIPD};

/// What tools parse from keepalived's standard error, and then what people want to know.
///
/// The first line is `Keepalived v2.4.3 (11/22,2026)`, and each part of its form is somebody's:
/// Neutron and exporters cut the second word, Ansible's role takes everything up to the last
/// blank, and the exporters refuse a single line. Under the name `keepalived` it is the version
/// whose behaviour is ours.
pub(super) fn version(program: &OsStr) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    let first = if program == OsStr::new(KEEPALIVED) {
        format!("Keepalived v{KEEPALIVED_VERSION} ({DATE})")
    } else {
        format!("{VIPD} v{ours} ({DATE})")
    };
    let read = |what: &str| fs::read_to_string(format!("/proc/sys/kernel/{what}"));
    let system = read("ostype").and_then(|name| Ok((name, read("osrelease")?)));
    let running = system.map(|(name, release)| {
        format!("\n\nRunning on {} {}", name.trim_end(), release.trim_end())
    });
    format!(
        "{first}\n\n{VIPD} {ours}, in place of keepalived {KEEPALIVED_VERSION}{}\n\n\
         configure options: --disable-lvs --enable-json --enable-nftables\n\n\
         Config options:  NFTABLES VRRP VRRP_AUTH VRRP_VMAC JSON",
        running.unwrap_or_default(),
    )
}

/// The flags, a line each.
pub(super) fn help(program: &OsStr) -> String {
    let mut text = format!("Usage: {} [OPTION...]\n", program.display());
    for flag in TABLE {
        let short = flag.short.map_or_else(|| "   ".to_owned(), |letter| format!("-{letter},"));
        let long = match flag.takes {
            Takes::Nothing => flag.long.to_owned(),
            Takes::Value => format!("{}=…", flag.long),
            Takes::Optional => format!("{}[=…]", flag.long),
        };
        // Writing to a string cannot fail.
        let _never = writeln!(text, "  {short} --{long:<24} {}", flag.help).is_err();
    }
    if program != OsStr::new(KEEPALIVED) {
        text.push_str("Commands of vipd's own: vipd help\n");
    }
    text
}

/// The keepalived whose behaviour and messages are followed.
const KEEPALIVED_VERSION: &str = "2.4.3";
/// The date of this version, as keepalived writes dates.
const DATE: &str = "11/22,2026";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_word_is_the_version() {
        for (program, name) in [(KEEPALIVED, "Keepalived"), (VIPD, VIPD)] {
            let text = version(OsStr::new(program));
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(words[0], name);
            let numbers = words[1].strip_prefix('v').unwrap();
            assert_eq!(numbers.split('.').count(), 3, "{numbers}");
        }
    }
}

//! What `-v` prints, and the help of keepalived's flags.

use std::ffi::OsStr;
use std::fmt::Write as _;

use super::flags::{TABLE, Takes};
use super::{KEEPALIVED, VIPD};

/// The version in the form that tools parse from keepalived's standard error: the first line's
/// second word, a blank after it.
///
/// Under the name `keepalived` it is the version whose behaviour is ours.
pub(super) fn version(program: &OsStr) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    if program == OsStr::new(KEEPALIVED) {
        format!("Keepalived v{KEEPALIVED_VERSION} ({VIPD} {ours})")
    } else {
        format!("{VIPD} v{ours} (keepalived {KEEPALIVED_VERSION})")
    }
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

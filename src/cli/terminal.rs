//! What commands print for the person or program that started them.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line for programs: to standard output.
pub(super) fn answer(line: impl Display) {
    // A reader that went away wanted no answer.
    let _unread = writeln!(io::stdout(), "{line}").is_err();
}

/// Prints a line for people: to standard error.
pub(super) fn tell(line: impl Display) {
    // A closed standard error leaves nowhere to say so.
    let _unread = writeln!(io::stderr(), "{line}").is_err();
}

//! keepalived's syntax: the language as it is, its keywords, and what they declare.

mod define;
mod include;
mod keywords;
mod lex;
mod lower;
mod parse;
mod reader;
mod sequence;
mod text;

use std::path::Path;

use self::reader::Reader;
use super::declared::Declared;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::load::Options;
use super::source::{FileId, Sources};

/// Reads the file of this name, or all files of a pattern.
#[must_use]
pub fn read(
    path: &Path,
    options: &Options,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Declared {
    let statements = parse::parse(&mut Reader::open(path, options, sources, found));
    lower::lower(&statements, sources, found)
}

/// Whether it is for want of a file that the configuration does not run.
pub(super) use lower::is_file_name;

pub(super) fn is_unreadable(error: &Diagnostic) -> bool {
    [UNREADABLE, UNREADABLE_INCLUDE, MISSING_INCLUDE].contains(&error.code)
}

/// Reads a file that was added to `sources`.
#[must_use]
pub fn read_file(
    id: FileId,
    options: &Options,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Declared {
    let statements = parse::parse(&mut Reader::of_file(id, options, sources, found));
    lower::lower(&statements, sources, found)
}

/// The code of programs that are not there.
pub(super) const NO_PROGRAM: &str = "no-program";
/// The code of scripts that others could change.
pub(super) const SCRIPT_SECURITY: &str = "script-security";
/// The code of a block without an end.
pub(super) const UNCLOSED_BLOCK: &str = "unclosed-block";
/// The codes of what stands in no configuration.
pub(super) const NOISE: [&str; 3] = [UNKNOWN_KEYWORD, UNEXPECTED_BRACE, LINE_IGNORED];
/// The code of a word that no block knows.
const UNKNOWN_KEYWORD: &str = "unknown-keyword";
/// The code of a brace where none can be.
const UNEXPECTED_BRACE: &str = "unexpected-brace";
/// The code of a line that is read over.
const LINE_IGNORED: &str = "line-ignored";
/// The code of a configuration that cannot be read.
pub(super) const UNREADABLE: &str = "file-unreadable";
/// The code of an included file that cannot be read.
const UNREADABLE_INCLUDE: &str = "include-unreadable";
/// The code of an include that names no file.
const MISSING_INCLUDE: &str = "include-missing";

//! The files that a configuration consists of, and places in them.
//!
//! Nothing else of `config` reads files.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files read so far. Each keeps its text, so that a diagnostic can show the line.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    access: Access,
}

/// One file: where it was found and what stood in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Where it was found.
    pub path: PathBuf,
    /// What stood in it. Bytes that are not UTF-8 were replaced by U+FFFD.
    pub text: String,
}

/// A file's place in [`Sources`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileId(u32);

/// A range of bytes in a file's text.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

/// Why a file cannot be read. Nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("cannot read {path}")]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A directory.
    #[error("{path} is a directory")]
    Directory {
        /// What was named.
        path: PathBuf,
    },
    /// A device, a pipe.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// What was named.
        path: PathBuf,
    },
    /// keepalived refuses files that may be executed, and so do we: it is not a configuration.
    #[error("{path} is executable and thus not taken for a configuration: `chmod a-x` mends that")]
    Executable {
        /// The file.
        path: PathBuf,
    },
    /// Larger than any configuration, or too many files.
    #[error("{path} exceeds the bounds of a configuration")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl ReadError {
    /// The message with its cause.
    #[must_use]
    pub fn in_full(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

impl Sources {
    /// A collection that may read files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A collection that sees no file but those that are added: for text from elsewhere.
    #[must_use]
    pub fn sealed() -> Self {
        Self { files: Vec::new(), access: Access::Sealed }
    }

    /// Adds a text that was read elsewhere; `None` beyond the bounds of a configuration.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Option<FileId> {
        let text = text.into();
        let id = u32::try_from(self.files.len()).ok()?;
        if self.files.len() >= MOST_FILES || text.len() > MOST_BYTES {
            return None;
        }
        self.files.push(Source { path: path.into(), text });
        Some(FileId(id))
    }

    /// Reads a file. With `data_only`, an executable one is refused, as keepalived does.
    ///
    /// # Errors
    /// [`ReadError`] for anything but a readable regular file of ordinary size; nothing was added.
    pub fn read(&mut self, path: &Path, data_only: bool) -> Result<FileId, ReadError> {
        let refused = |cause| ReadError::System { path: path.to_owned(), cause };
        if self.access == Access::Sealed {
            return Err(refused(io::ErrorKind::NotFound.into()));
        }
        let found = fs::metadata(path).map_err(refused)?;
        if found.is_dir() {
            return Err(ReadError::Directory { path: path.to_owned() });
        }
        if !found.is_file() {
            return Err(ReadError::NotRegular { path: path.to_owned() });
        }
        if data_only && found.permissions().mode() & 0o111 != 0 {
            return Err(ReadError::Executable { path: path.to_owned() });
        }
        let too_large = || ReadError::TooLarge { path: path.to_owned() };
        if usize::try_from(found.len()).map_or(true, |bytes| bytes > MOST_BYTES) {
            return Err(too_large());
        }
        let bytes = fs::read(path).map_err(refused)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.add(path, text).ok_or_else(too_large)
    }

    /// The files whose names match a pattern with `*`, `?` and `[…]`, by name.
    #[must_use]
    pub fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        // `**` is one star twice to everybody but the crate.
        let pattern = pattern.to_string_lossy().replace("**", "*");
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        match self.access {
            Access::Sealed => Vec::new(),
            Access::FileSystem => glob::glob_with(&pattern, options)
                .map(|paths| paths.flatten().take(MOST_FILES).collect())
                .unwrap_or_default(),
        }
    }

    /// The text of a table of the system's, such as names of routing tables; no part of the
    /// configuration.
    #[must_use]
    pub fn table(&self, path: &Path) -> Option<String> {
        let small = |found: &fs::Metadata| found.is_file() && found.len() <= LARGEST_TABLE;
        let allowed = self.access == Access::FileSystem;
        let found = allowed.then(|| fs::metadata(path).ok()).flatten().filter(small);
        found.and_then(|_| fs::read_to_string(path).ok())
    }

    /// Whether there is something of this name.
    #[must_use]
    pub fn exists(&self, path: &Path) -> bool {
        self.access == Access::FileSystem && path.exists()
    }

    /// Whether there is a program of this name, searched on `PATH` where it has no slash; `None`
    /// where no file can be seen.
    #[must_use]
    pub fn has_program(&self, name: &str) -> Option<bool> {
        if self.access == Access::Sealed || name.is_empty() {
            return None;
        }
        if name.contains('/') {
            return Some(Path::new(name).is_file());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        Some(std::env::split_paths(&path).any(|directory| directory.join(name).is_file()))
    }

    /// Whether two names are one file.
    #[must_use]
    pub fn is_same(&self, one: &Path, other: &Path) -> bool {
        let resolve = |path: &Path| match self.access {
            Access::Sealed => None,
            Access::FileSystem => fs::canonicalize(path).ok(),
        };
        one == other || resolve(one).is_some_and(|one| Some(one) == resolve(other))
    }

    /// The directory of a file, in full where that can be found out.
    #[must_use]
    pub fn directory(&self, path: &Path) -> PathBuf {
        let parent = path.parent().unwrap_or_else(|| Path::new(""));
        match self.access {
            Access::Sealed => parent.to_owned(),
            Access::FileSystem => {
                let here = if parent == Path::new("") { Path::new(".") } else { parent };
                fs::canonicalize(here).unwrap_or_else(|_| parent.to_owned())
            }
        }
    }

    /// The files in the order in which they were read.
    #[must_use]
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// The file that `id` names; `None` if it belongs to another collection.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&Source> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// The text of `span`, empty if it belongs to another collection.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).and_then(|source| source.text.get(span.range())).unwrap_or_default()
    }

    /// The 1-based line on which `span` starts.
    #[must_use]
    pub fn line(&self, span: Span) -> usize {
        let before = self
            .file(span.file)
            .and_then(|source| source.text.as_bytes().get(..span.range().start));
        1 + before.map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
    }
}

impl Span {
    /// A range of bytes; ends beyond 4 GiB are cut, and no file is that large.
    #[must_use]
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let cut = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: cut(range.start), end: cut(range.end.max(range.start)) }
    }

    /// The offsets.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "usize holds u32 on every target with an MMU")]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From here to the end of `other`; this alone if that lies in another file or before.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file == other.file && other.end >= self.start {
            Self { end: other.end, ..self }
        } else {
            self
        }
    }
}

impl<T> Spanned<T> {
    /// A value and where it was written.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(change(self.value), self.span)
    }
}

/// Whether files may be read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Access {
    /// They may.
    #[default]
    FileSystem,
    /// They may not.
    Sealed,
}

/// The most bytes of a table of the system's.
const LARGEST_TABLE: u64 = 1 << 20;
/// The most files of one configuration.
const MOST_FILES: usize = 4096;
/// The most bytes of one file.
const MOST_BYTES: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> (Sources, FileId) {
        let mut sources = Sources::sealed();
        let id = sources.add("a.conf", text).unwrap();
        (sources, id)
    }

    #[test]
    fn a_span_names_its_text_and_its_line() {
        let (sources, id) = sources("one\ntwo three\n");
        let span = Span::new(id, 8..13);
        assert_eq!((sources.text(span), sources.line(span)), ("three", 2));
    }

    #[test]
    fn a_span_reaches_to_a_later_one_of_the_same_file_only() {
        let mut sources = Sources::sealed();
        let (a, b) = (sources.add("a", "").unwrap(), sources.add("b", "").unwrap());
        let (first, last) = (Span::new(a, 0..2), Span::new(a, 5..9));
        assert_eq!(first.to(last), Span::new(a, 0..9));
        assert_eq!(first.to(Span::new(b, 5..9)), first);
    }

    #[test]
    fn a_sealed_collection_reads_nothing() {
        let refused = Sources::sealed().read(Path::new("/etc/passwd"), true);
        assert!(matches!(refused, Err(ReadError::System { .. })));
    }

    #[test]
    fn a_directory_and_an_executable_are_refused() {
        let mut sources = Sources::new();
        let directory = sources.read(Path::new("/"), true);
        assert!(matches!(directory, Err(ReadError::Directory { .. })));
        let program = sources.read(&std::env::current_exe().unwrap(), true);
        assert!(matches!(program, Err(ReadError::Executable { .. })));
    }
}

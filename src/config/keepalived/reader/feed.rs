//! Where lines come from.

use std::path::{Path, PathBuf};
use std::vec;

use super::super::include::Checks;
use super::super::sequence::Sequence;
use super::super::text::Text;
use crate::config::source::{FileId, Sources, Span};

/// Something that gives lines; the last one on the stack is asked first.
pub(super) enum Feed {
    File(FileFeed),
    Lines(vec::IntoIter<Text>),
    Sequence(Sequence),
}

/// A file as far as it was read.
pub(super) struct FileFeed {
    id: FileId,
    offset: usize,
    /// Where relative names start, as it was written.
    pub(super) base: PathBuf,
    /// The same in full.
    pub(super) directory: PathBuf,
    /// What its includes insist on.
    pub(super) checks: Checks,
}

/// A definition of several lines as far as it was read.
pub(super) struct Collected {
    /// The name; `None` where a condition says that it is not to be defined.
    name: Option<String>,
    lines: Vec<Text>,
}

impl Feed {
    pub(super) const fn file(&self) -> Option<&FileFeed> {
        match self {
            Self::File(file) => Some(file),
            Self::Lines(_) | Self::Sequence(_) => None,
        }
    }

    pub(super) const fn file_mut(&mut self) -> Option<&mut FileFeed> {
        match self {
            Self::File(file) => Some(file),
            Self::Lines(_) | Self::Sequence(_) => None,
        }
    }

    /// Whether this is the file of `path`, and lines of it were read.
    pub(super) fn is_of(&self, sources: &Sources, path: &Path) -> bool {
        self.file()
            .filter(|file| file.offset > 0)
            .and_then(|file| sources.file(file.id))
            .is_some_and(|source| sources.is_same(&source.path, path))
    }

    /// Where it goes on.
    pub(super) fn place(&self, sources: &Sources) -> Option<Span> {
        match self {
            Self::File(file) => {
                let end = sources.file(file.id)?.text.len().min(file.offset);
                Some(Span::new(file.id, end..end))
            }
            Self::Lines(lines) => lines.as_slice().first()?.whole(),
            Self::Sequence(sequence) => Some(sequence.place),
        }
    }
}

impl FileFeed {
    /// A file from its beginning.
    pub(super) fn new(id: FileId, sources: &Sources, checks: Checks) -> Self {
        let path = sources.file(id).map(|source| source.path.as_path());
        let directory = path.map(|path| sources.directory(path));
        let base = path.and_then(Path::parent).map(Path::to_owned);
        Self {
            id,
            offset: 0,
            base: base.unwrap_or_default(),
            directory: directory.unwrap_or_default(),
            checks,
        }
    }

    /// The next line without its end; `None` behind the last.
    pub(super) fn next_line(&mut self, sources: &Sources) -> Option<Text> {
        let rest = sources.file(self.id)?.text.get(self.offset..)?;
        if rest.is_empty() {
            return None;
        }
        let line = rest.split('\n').next().unwrap_or(rest);
        let text = Text::verbatim(line, self.id, self.offset);
        self.offset += line.len() + 1;
        Some(text)
    }
}

impl Collected {
    /// Begins a definition whose value goes on in the next line.
    pub(super) fn start(name: &str, value: &Text) -> Option<Self> {
        value.as_str().strip_suffix('\\')?;
        let mut collected = Self { name: Some(name.to_owned()), lines: Vec::new() };
        collected.add(value);
        Some(collected)
    }

    /// A definition that is read over.
    pub(super) const fn unused() -> Self {
        Self { name: None, lines: Vec::new() }
    }

    /// Adds a line and says whether another follows.
    pub(super) fn add(&mut self, line: &Text) -> bool {
        let (end, more) = match line.as_str().strip_suffix('\\') {
            Some(line) => (line.len(), true),
            None => (line.as_str().len(), false),
        };
        let line = line.slice(0..end).trimmed();
        if self.name.is_some() && !line.as_str().is_empty() {
            self.lines.push(line);
        }
        more
    }

    /// The name, if it is to be defined, and the lines.
    pub(super) fn finish(self) -> (Option<String>, Vec<Text>) {
        (self.name, self.lines)
    }
}

/// Why a line cannot be used at all.
pub(super) fn unusable(line: &Text) -> Option<&'static str> {
    line.as_str().contains('\0').then_some("there is a NUL byte on the line: the line is ignored")
}

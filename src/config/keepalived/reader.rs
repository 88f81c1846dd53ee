//! From files to tokens: lines, includes, conditions, definitions, sequences.

mod feed;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use self::feed::{Collected, Feed, FileFeed};
use super::define::{self, BuiltIn, Definitions, Value};
use super::include::{self, Checks};
use super::lex::{self, Token};
use super::sequence::Sequence;
use super::text::Text;
use super::{MISSING_INCLUDE, UNREADABLE, UNREADABLE_INCLUDE};
use crate::config::Options;
use crate::config::diagnostic::{Diagnostic, Diagnostics, Verdict};
use crate::config::source::{FileId, ReadError, Sources, Span};

/// The tokens of a configuration, one after the other.
pub(super) struct Reader<'a> {
    sources: &'a mut Sources,
    found: &'a mut Diagnostics,
    known: Known<'a>,
    definitions: Definitions,
    feeds: Vec<Feed>,
    /// A definition of several lines that is being read.
    collected: Option<Collected>,
    tokens: VecDeque<Token>,
    lines_left: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `path`, which may be a pattern.
    pub(super) fn open(
        path: &Path,
        options: &'a Options,
        sources: &'a mut Sources,
        found: &'a mut Diagnostics,
    ) -> Self {
        let mut reader = Self::new(options, sources, found);
        let pattern = path.to_string_lossy();
        let matched = include::find(reader.sources, Path::new(""), &pattern);
        if matched.files.is_empty() {
            reader.found.push(
                Diagnostic::error(UNREADABLE, format!("there is no file {pattern}"))
                    .verdict(Verdict::Silent),
            );
        }
        reader.push_files(&matched.files, None, Checks::ALL);
        reader
    }

    /// A reader of a file that is there already.
    pub(super) fn of_file(
        id: FileId,
        options: &'a Options,
        sources: &'a mut Sources,
        found: &'a mut Diagnostics,
    ) -> Self {
        let mut reader = Self::new(options, sources, found);
        let file = FileFeed::new(id, reader.sources, reader.known.checks());
        reader.feeds.push(Feed::File(file));
        reader
    }

    fn new(options: &'a Options, sources: &'a mut Sources, found: &'a mut Diagnostics) -> Self {
        Self {
            sources,
            found,
            known: Known::new(options),
            definitions: Definitions::default(),
            feeds: Vec::new(),
            collected: None,
            tokens: VecDeque::new(),
            lines_left: options.most_lines,
        }
    }

    /// Where findings go.
    pub(super) fn found(&mut self) -> &mut Diagnostics {
        self.found
    }

    /// The next token without taking it.
    pub(super) fn peek(&mut self) -> Option<&Token> {
        while self.tokens.is_empty() {
            let line = self.next_line()?;
            self.tokens.extend(lex::tokens(&line));
        }
        self.tokens.front()
    }

    /// Takes the next token; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token> {
        self.peek()?;
        self.tokens.pop_front()
    }

    /// The next line with everything replaced; `None` at the end.
    fn next_line(&mut self) -> Option<Text> {
        loop {
            let Some(feed) = self.feeds.last_mut() else {
                self.finish_definition()?;
                continue;
            };
            let Some(next) = self.lines_left.checked_sub(1) else {
                let place = feed.place(self.sources);
                self.stop(place, "the configuration does not come to an end");
                return None;
            };
            self.lines_left = next;
            let line = match feed {
                Feed::File(file) => match file.next_line(self.sources) {
                    Some(line) => self.file_line(line),
                    None => {
                        self.finish_definition();
                        self.feeds.pop();
                        None
                    }
                },
                Feed::Lines(lines) => match lines.next() {
                    Some(line) => Some(line),
                    None => {
                        self.feeds.pop();
                        None
                    }
                },
                Feed::Sequence(sequence) => match sequence.next_round() {
                    Some(values) => {
                        for (name, value) in sequence.names.iter().zip(values) {
                            let value = Text::instead_of(sequence.place, &value);
                            self.definitions.define(name.clone(), Value::Word(value));
                        }
                        Some(sequence.line.clone())
                    }
                    None => {
                        self.feeds.pop();
                        None
                    }
                },
            };
            if let Some(line) = line.and_then(|line| self.replaced(line)) {
                return Some(line);
            }
        }
    }

    /// A line of a file without its comment, unless it is a part of something.
    fn file_line(&mut self, raw: Text) -> Option<Text> {
        if let Some(what) = feed::unusable(&raw) {
            let place = raw.span(0..0);
            self.warn("line-ignored", what, place);
            return None;
        }
        let line = match lex::without_comment(&raw) {
            Ok(line) => line.trimmed(),
            Err(open) => {
                let place = raw.span(open.offset..raw.as_str().len());
                self.warn(
                    "open-quote",
                    "a quote is not closed: the line is ignored",
                    place,
                );
                return None;
            }
        };
        if line.as_str().is_empty() {
            return None;
        }
        if let Some(collected) = &mut self.collected {
            if !collected.add(&line) {
                self.finish_definition();
            }
            return None;
        }
        let keyword = line
            .as_str()
            .split(lex::is_blank)
            .next()
            .unwrap_or_default();
        if keyword == "include_check" {
            self.include_check(&line);
            return Some(line);
        }
        match self.checks().with(keyword) {
            Some(checks) => {
                self.include(&line, checks);
                None
            }
            None => Some(line),
        }
    }

    /// The line after its condition, with names replaced; `None` if nothing is left of it.
    fn replaced(&mut self, mut line: Text) -> Option<Text> {
        let file = self.feeds.iter().rev().find_map(Feed::file);
        self.known.directory = file.map(|file| file.directory.clone()).unwrap_or_default();
        for _ in 0..MOST_TURNS {
            if line.as_str().starts_with('@') {
                let (applies, rest) = self.condition(&line);
                if !applies {
                    let defined = define::definition(&rest);
                    if defined
                        .is_some_and(|(name, value)| Collected::start(&name, &value).is_some())
                    {
                        self.collected = Some(Collected::unused());
                    }
                    return None;
                }
                line = rest;
                continue;
            }
            if let Some((name, value)) = define::definition(&line) {
                match Collected::start(&name, &value) {
                    Some(collected) => self.collected = Some(collected),
                    None => self.definitions.define(name, Value::Word(value)),
                }
                return None;
            }
            let head = Sequence::starts(line.as_str()).then(|| Sequence::head_end(line.as_str()));
            let (part, after) = match head.flatten() {
                Some(end) => (line.slice(0..end), line.slice(end..line.as_str().len())),
                None => (line, Text::default()),
            };
            let Ok(substituted) = self.definitions.substitute(&part, &mut self.known) else {
                let place = part.whole();
                self.warn("endless-definition", "a definition leads to itself", place);
                return None;
            };
            let mut whole = substituted.line;
            whole.push(&after);
            if Sequence::starts(whole.as_str()) {
                self.sequence(&whole);
                return None;
            }
            if !substituted.rest.is_empty() {
                self.push(Feed::Lines(substituted.rest.into_iter()));
            }
            line = whole.trimmed();
            if !substituted.changed {
                break;
            }
        }
        (!line.as_str().is_empty()).then_some(line)
    }

    /// Whether the condition at the line's beginning holds, and the line behind it.
    fn condition(&self, line: &Text) -> (bool, Text) {
        let text = line.as_str();
        let end = text.find(lex::is_blank).unwrap_or(text.len());
        let id = text.get(1..end).unwrap_or_default();
        let applies = match id.strip_prefix('^') {
            Some(other) => other != self.known.config_id,
            None => id == self.known.config_id,
        };
        (applies, line.slice(end..text.len()).trimmed())
    }

    fn sequence(&mut self, line: &Text) {
        match Sequence::read(line) {
            Ok(sequence) => self.push(Feed::Sequence(sequence)),
            Err(malformed) => {
                let message = format!("the line is ignored: {}", malformed.what);
                self.warn("bad-sequence", message, line.whole());
            }
        }
    }

    /// Ends the definition that is being read; `None` if there is none.
    fn finish_definition(&mut self) -> Option<()> {
        let (name, lines) = self.collected.take()?.finish();
        if let Some(name) = name {
            self.definitions.define(name, Value::Lines(lines));
        }
        Some(())
    }

    fn push(&mut self, feed: Feed) {
        if self.feeds.len() < MOST_DEPTH {
            self.feeds.push(feed);
        } else {
            let place = feed.place(self.sources);
            self.stop(
                place,
                "definitions or includes lead to each other without end",
            );
        }
    }

    fn stop(&mut self, place: Option<Span>, message: &str) {
        self.feeds.clear();
        self.collected = None;
        let mut diagnostic = Diagnostic::error("too-large", message);
        if let Some(place) = place {
            diagnostic = diagnostic.at(place, "given up here");
        }
        self.found.push(diagnostic);
    }

    fn warn(&mut self, code: &'static str, message: impl Into<String>, place: Option<Span>) {
        let warning = Diagnostic::warning(code, message);
        self.found.push(match place {
            Some(place) => warning.at(place, ""),
            None => warning,
        });
    }
}

/// Includes.
impl Reader<'_> {
    fn checks(&self) -> Checks {
        let file = self.feeds.iter().rev().find_map(Feed::file);
        file.map(|file| file.checks).unwrap_or_default()
    }

    fn include_check(&mut self, line: &Text) {
        let file = self.feeds.iter_mut().rev().find_map(Feed::file_mut);
        if let Some(file) = file {
            let words = line.as_str().split(lex::is_blank).skip(1);
            file.checks = file.checks.set(words.filter(|word| !word.is_empty()));
        }
    }

    fn include(&mut self, line: &Text, checks: Checks) {
        let rest = line
            .as_str()
            .split_once(lex::is_blank)
            .map_or("", |it| it.1);
        let pattern = rest.trim().trim_matches('"');
        let place = line.whole();
        if pattern.is_empty() {
            self.warn("empty-include", "the include names no file", place);
            return;
        }
        let file = self.feeds.iter().rev().find_map(Feed::file);
        let base = file.map(|file| file.base.clone()).unwrap_or_default();
        let matched = include::find(self.sources, &base, pattern);
        if checks.refuse(&matched) {
            let message = format!("no file matches {pattern}, and this include insists on it");
            let error = Diagnostic::error(MISSING_INCLUDE, message).verdict(Verdict::Security);
            self.push_found(error, place);
        } else if matched.files.is_empty() {
            let message = format!("no file matches {pattern}: nothing is included");
            let finding = match matched.wildcard {
                true => Diagnostic::note("include-empty", message),
                false => Diagnostic::warning(MISSING_INCLUDE, message)
                    .help("use `includea` for files that must be there"),
            };
            self.push_found(finding.verdict(Verdict::Silent), place);
        }
        self.push_files(&matched.files, place, checks);
    }

    /// Reads files so that the first one comes first.
    fn push_files(&mut self, files: &[PathBuf], place: Option<Span>, checks: Checks) {
        for path in files.iter().rev() {
            if self.feeds.iter().any(|feed| feed.is_of(self.sources, path)) {
                let message = format!("{} includes itself: left out", path.display());
                self.warn("include-cycle", message, place);
                continue;
            }
            match self.sources.read(path, true) {
                Ok(id) => {
                    let inherited = self.known.checks();
                    let file = FileFeed::new(id, self.sources, inherited);
                    self.push(Feed::File(file));
                }
                Err(error) => self.unreadable(&error, place, checks),
            }
        }
    }

    fn unreadable(&mut self, error: &ReadError, place: Option<Span>, checks: Checks) {
        let message = error.in_full();
        let finding = match (checks.read, place) {
            (true, Some(_)) => {
                Diagnostic::error(UNREADABLE_INCLUDE, message).verdict(Verdict::Security)
            }
            (true, None) => Diagnostic::error(UNREADABLE, message).verdict(Verdict::Silent),
            (false, _) => Diagnostic::warning(UNREADABLE_INCLUDE, message).verdict(Verdict::Silent),
        };
        self.push_found(finding, place);
    }

    fn push_found(&mut self, finding: Diagnostic, place: Option<Span>) {
        self.found.push(match place {
            Some(place) => finding.at(place, ""),
            None => finding,
        });
    }
}

/// What names with an underscore stand for.
struct Known<'a> {
    options: &'a Options,
    config_id: String,
    directory: PathBuf,
    random: u64,
}

impl<'a> Known<'a> {
    fn new(options: &'a Options) -> Self {
        let seed = || RandomState::new().build_hasher().finish();
        Self {
            options,
            config_id: options.config_id.clone(),
            directory: PathBuf::new(),
            random: options.random_seed.unwrap_or_else(seed) | 1,
        }
    }

    /// What includes insist on unless a file says otherwise.
    const fn checks(&self) -> Checks {
        if self.options.all_includes {
            Checks::ALL
        } else {
            Checks {
                read: false,
                matches: false,
                wildcard: false,
                braces: false,
            }
        }
    }

    /// A number of `least..=most`; xorshift is random enough for a priority or a delay.
    fn random(&mut self, arguments: &str) -> Option<u64> {
        let mut bounds = arguments.split_whitespace().map(str::parse::<u64>);
        let least = bounds.next().transpose().ok()?.unwrap_or(0);
        let most = bounds.next().transpose().ok()?.unwrap_or(32_767);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let width = most.checked_sub(least)?.checked_add(1)?;
        Some(least + self.random % width)
    }
}

impl BuiltIn for Known<'_> {
    fn value(&mut self, name: &str, arguments: &str) -> Option<String> {
        match name {
            "_PWD" => Some(self.directory.display().to_string()),
            "_INSTANCE" => Some(self.config_id.clone()),
            "_HASH" => Some("#".to_owned()),
            "_BANG" => Some("!".to_owned()),
            "_ENV" => Some(std::env::var(arguments.trim()).unwrap_or_default()),
            "_RANDOM" => self.random(arguments).map(|it| it.to_string()),
            _ => None,
        }
    }
}

/// How often one line may turn from one form into another.
const MOST_TURNS: usize = 64;
/// The most files, definitions and sequences that may lie within each other.
const MOST_DEPTH: usize = 64;

#[cfg(test)]
mod tests;

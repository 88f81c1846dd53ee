//! From files to tokens: lines, includes, conditions, definitions, sequences.

mod feed;
mod includes;
mod known;

use std::collections::VecDeque;
use std::path::Path;

use self::feed::{Collected, Feed, FileFeed};
use self::known::Known;
use super::UNREADABLE;
use super::define::{self, Definitions, Value};
use super::include::{self, Checks};
use super::lex::{self, Token};
use super::sequence::Sequence;
use super::text::Text;
use crate::config::Options;
use crate::config::diagnostic::{Diagnostic, Diagnostics, Verdict};
use crate::config::source::{FileId, Sources, Span};

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
            let line = line.and_then(|line| self.replaced(line));
            if let Some(line) = line.and_then(|line| self.included(line)) {
                return Some(line);
            }
        }
    }

    /// A line of a file without its comment, unless it is a part of something.
    fn file_line(&mut self, raw: Text) -> Option<Text> {
        if let Some(what) = feed::unusable(&raw) {
            let place = raw.span(0..0);
            self.warn(super::LINE_IGNORED, what, place);
            return None;
        }
        let line = match lex::without_comment(&raw) {
            Ok(line) => line.trimmed(),
            Err(open) => {
                let place = raw.span(open.offset..raw.as_str().len());
                let message = "a quote is not closed: it and what follows it are ignored";
                self.warn("open-quote", message, place);
                // keepalived acts on the words before, and ends where one is missing then.
                lex::without_comment(&raw.slice(0..open.offset)).unwrap_or_default().trimmed()
            }
        };
        if raw.as_str().trim_end_matches('\r').is_empty() {
            // Only a line without anything ends a definition; one of blanks or a comment does not.
            self.finish_definition();
        }
        if line.as_str().is_empty() {
            return None;
        }
        let line = self.continued(&raw, line);
        if let Some(collected) = &mut self.collected {
            if !collected.add(&line) {
                self.finish_definition();
            }
            return None;
        }
        Some(line)
    }

    /// A line of a definition goes on behind its `\`, even if that stands in a comment.
    fn continued(&self, raw: &Text, line: Text) -> Text {
        let defines = self.collected.is_some() || define::definition(&line).is_some();
        let end = raw.as_str().trim_end();
        if !defines || line.as_str().ends_with('\\') || !end.ends_with('\\') {
            return line;
        }
        let mut line = line;
        line.push(&raw.slice(end.len() - 1..end.len()));
        line
    }

    /// Goes on with the files of an include; any other line is given back.
    fn included(&mut self, line: Text) -> Option<Text> {
        let keyword = line.as_str().split(lex::is_blank).next().unwrap_or_default();
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
        let mut may_be_conditional = true;
        for _ in 0..MOST_TURNS {
            if may_be_conditional && line.as_str().starts_with('@') {
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
                may_be_conditional = false;
                continue;
            }
            if let Some((name, value)) = define::definition(&line) {
                match Collected::start(&name, &value) {
                    Some(collected) => self.collected = Some(collected),
                    None => self.definitions.define(name, Value::Word(value)),
                }
                return None;
            }
            if Sequence::is_list(line.as_str()) {
                self.sequence(&line);
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
            // What was put in may begin a comment: `${_HASH}` is there for that.
            if let Ok(stripped) = lex::without_comment(&line) {
                line = stripped.trimmed();
            }
            may_be_conditional = true;
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
            self.stop(place, "definitions or includes lead to each other without end");
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

/// How often one line may turn from one form into another.
const MOST_TURNS: usize = 64;
/// The most files, definitions and sequences that may lie within each other.
const MOST_DEPTH: usize = 64;

#[cfg(test)]
mod tests;

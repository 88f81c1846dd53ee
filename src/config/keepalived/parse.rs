//! From tokens to statements, block by block, with keepalived's ways of surviving mistakes.

use super::keywords::{self, Keyword, Missing, ROOT, Shape};
use super::lex::{Token, Word};
use super::reader::Reader;
use super::{UNCLOSED_BLOCK, UNEXPECTED_BRACE, UNKNOWN_KEYWORD};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::Span;

/// A keyword with what follows it.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// What is known of the keyword.
    pub(super) keyword: &'static Keyword,
    /// The keyword as it was written, and the words behind it.
    pub(super) words: Vec<Word>,
    /// What stands in its block.
    pub(super) body: Body,
}

/// What stands in a statement's block.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// There is no block.
    None,
    /// The words of each line.
    Values(Vec<Vec<Word>>),
    /// The statements.
    Block(Vec<Statement>),
}

impl Statement {
    /// Where the keyword stands.
    pub(super) fn place(&self) -> Option<Span> {
        self.words.first().map(|word| word.span)
    }

    /// The word behind the keyword.
    pub(super) fn argument(&self) -> Option<&Word> {
        self.words.get(1)
    }

    /// The entries of its block.
    pub(super) fn entries(&self) -> &[Vec<Word>] {
        match &self.body {
            Body::Values(entries) => entries,
            Body::None | Body::Block(_) => &[],
        }
    }

    /// The statements in its block.
    pub(super) fn block(&self) -> &[Self] {
        match &self.body {
            Body::Block(statements) => statements,
            Body::None | Body::Values(_) => &[],
        }
    }
}

/// Reads everything. What cannot be understood is reported and left out.
pub(super) fn parse(reader: &mut Reader<'_>) -> Vec<Statement> {
    let mut parser = Parser { reader, early: None, unclosed: false };
    parser.block(ROOT, None)
}

struct Parser<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// A block that ended before its time.
    early: Option<Early>,
    /// The end came within a block, and that was reported.
    unclosed: bool,
}

/// An unknown block within a block: its `}` ends the block around it.
#[derive(Clone, Copy)]
struct Early {
    /// That `}`.
    end: Span,
    /// The block that it ends.
    block: &'static str,
    /// The first keyword that got lost was reported.
    reported: bool,
}

impl Parser<'_, '_> {
    /// The statements up to the block's end, or the input's where there is no `opening`.
    fn block(&mut self, keywords: &'static [Keyword], opening: Option<&Word>) -> Vec<Statement> {
        let mut statements = Vec::new();
        // An unknown keyword that opened a block within this one.
        let mut stranger: Option<Word> = None;
        while let Some(token) = self.reader.next() {
            match token {
                Token::Close(place) => {
                    let Some(opening) = opening else {
                        self.extra_close(place);
                        continue;
                    };
                    if stranger.is_some() {
                        self.early = keywords::find(ROOT, &opening.value).map(|it| Early {
                            end: place,
                            block: it.name,
                            reported: false,
                        });
                    }
                    return statements;
                }
                Token::Open(_) if opening.is_none() && self.early.is_some() => {
                    self.rest_of_block();
                }
                Token::Open(place) => {
                    if stranger.is_none() {
                        self.warn(UNEXPECTED_BRACE, "no block can begin here", place, "ignored");
                        stranger = opening.cloned();
                    }
                }
                Token::Words(words) => {
                    let Some(first) = words.first() else { continue };
                    match keywords::find(keywords, &first.value) {
                        Some(keyword) => {
                            if opening.is_none() {
                                self.early = None;
                            }
                            statements.push(self.statement(keyword, words));
                        }
                        None if stranger.is_some() => {}
                        None => {
                            let first = first.clone();
                            if self.unknown(keywords, &first, opening) {
                                stranger = Some(first);
                            }
                        }
                    }
                }
            }
        }
        if let Some(opening) = opening {
            self.unclosed(opening);
        }
        statements
    }

    /// A known keyword with what follows it.
    fn statement(&mut self, keyword: &'static Keyword, words: Vec<Word>) -> Statement {
        if words.len() <= keyword.words {
            self.missing_word(keyword, &words);
        }
        let body = match (keyword.shape, words.first()) {
            (Shape::Line, _) | (_, None) => Body::None,
            (Shape::Block(inner), Some(opening)) => {
                self.open(opening);
                Body::Block(self.block(inner, Some(opening)))
            }
            (Shape::Values, Some(opening)) => {
                if let Some(extra) = words.get(1) {
                    let message = format!("{} takes its entries in braces", keyword.name);
                    self.warn("extra-word", message, extra.span, "ignored");
                }
                self.open(opening);
                Body::Values(self.values(opening))
            }
            (Shape::Foreign, Some(opening)) => {
                if let Some(Token::Open(_)) = self.reader.peek() {
                    self.skip(opening);
                }
                Body::None
            }
        };
        Statement { keyword, words, body }
    }

    /// The entries up to the `}`.
    fn values(&mut self, opening: &Word) -> Vec<Vec<Word>> {
        let mut entries = Vec::new();
        while let Some(token) = self.reader.next() {
            match token {
                Token::Close(_) => return entries,
                Token::Open(place) => {
                    self.warn(UNEXPECTED_BRACE, "an entry has no block", place, "ignored");
                }
                Token::Words(words) => entries.push(words),
            }
        }
        self.unclosed(opening);
        entries
    }

    /// Takes the `{`. Without one, the block begins all the same.
    fn open(&mut self, opening: &Word) {
        match self.reader.peek() {
            Some(Token::Open(_)) => {
                self.reader.next();
            }
            Some(Token::Close(_) | Token::Words(_)) => {
                let message = format!("the '{{' of {} is missing", opening.value);
                let label = "what follows is taken for its block";
                self.warn("missing-brace", message, opening.span, label);
            }
            None => {}
        }
    }

    /// Reads over a block, whatever stands in it.
    fn skip(&mut self, opening: &Word) {
        self.reader.next();
        if !self.rest_of_block() {
            self.unclosed(opening);
        }
    }

    /// Reads over what follows a `{` up to its `}`, and says whether there is one.
    fn rest_of_block(&mut self) -> bool {
        let mut depth = 1_u32;
        while let Some(token) = self.reader.next() {
            match token {
                Token::Open(_) => depth = depth.saturating_add(1),
                Token::Close(_) => depth = depth.saturating_sub(1),
                Token::Words(_) => {}
            }
            if depth == 0 {
                return true;
            }
        }
        false
    }
}

/// Findings.
impl Parser<'_, '_> {
    fn warn(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Span,
        label: &'static str,
    ) {
        let warning = Diagnostic::warning(code, message).at(place, label);
        self.reader.found().push(warning);
    }

    /// Reports a keyword that this block does not know, and says whether a block that it opens
    /// goes on within this one.
    fn unknown(
        &mut self,
        keywords: &'static [Keyword],
        word: &Word,
        opening: Option<&Word>,
    ) -> bool {
        let opens = matches!(self.reader.peek(), Some(Token::Open(_)));
        if opening.is_none() && self.lost(word) {
            return false;
        }
        // A mark at the beginning of a file is part of its first word, and nobody sees it.
        let shown = word.value.replace(BYTE_ORDER_MARK, "\\u{feff}");
        let mut message = format!("unknown keyword {shown}");
        if let Some(opening) = opening {
            message = format!("{message} in {}", opening.value);
        }
        let mut warning = match (opens, opening) {
            (false, _) => Diagnostic::warning(UNKNOWN_KEYWORD, message),
            (true, None) => Diagnostic::warning("unknown-block", message),
            (true, Some(opening)) => Diagnostic::warning(
                "unknown-block",
                format!("{message}: its '}}' ends {} too, as in keepalived", opening.value),
            ),
        };
        let label = match (opens, opening) {
            (false, _) => "the line is ignored",
            (true, None) => "the block is skipped",
            (true, Some(_)) => "the block is skipped, and what follows it is lost",
        };
        warning = warning.at(word.span, label);
        let name = opening.map_or("the root level", |it| it.value.as_str());
        if shown != word.value {
            let help = "the file begins with a byte order mark, which keepalived takes for a letter: \
                        save it without one";
            warning = warning.help(help);
        } else if let Some(block) = keywords::block_of(&word.value).filter(|it| *it != name) {
            // Where both belong into one block, the first of them was to end here.
            let unclosed = opening.filter(|it| keywords::block_of(&it.value) == Some(block));
            let question = unclosed.map(|it| format!(": is the '}}' of {} missing?", it.value));
            let question = question.unwrap_or_default();
            warning = warning.help(format!("{} belongs into {block}{question}", word.value));
        } else if let Some(near) = keywords::nearest(keywords, &word.value) {
            warning = warning.help(format!("did you mean {near}?"));
        }
        self.reader.found().push(warning);
        if opens && opening.is_none() {
            self.skip(word);
        } else if opens {
            self.reader.next();
        }
        opens && opening.is_some()
    }

    /// Whether `word` got lost because its block ended early; the first such word is reported.
    fn lost(&mut self, word: &Word) -> bool {
        let Some(early) = &mut self.early else {
            return false;
        };
        let (end, block) = (early.end, early.block);
        if !std::mem::replace(&mut early.reported, true) {
            let message = format!("{} and what follows is not in {block} any more", word.value);
            let warning = Diagnostic::warning("after-block", message)
                .at(word.span, "ignored")
                .at(end, format!("{block} ends here"))
                .help("remove the unknown block above");
            self.reader.found().push(warning);
        }
        true
    }

    fn extra_close(&mut self, place: Span) {
        if self.early.take().is_none() {
            self.warn("extra-brace", "this '}' closes nothing", place, "ignored");
        }
    }

    fn missing_word(&mut self, keyword: &'static Keyword, words: &[Word]) {
        let message = format!("a word is missing behind {}", keyword.name);
        let (finding, label) = match keyword.missing {
            Missing::Ends => {
                let error = Diagnostic::error("missing-word", message);
                (error.verdict(Verdict::Abort), "keepalived ends here")
            }
            Missing::Ignored => (Diagnostic::warning("missing-word", message), "ignored"),
        };
        let place = words.last().map(|last| last.span);
        self.reader.found().push(match place {
            Some(place) => finding.at(place, label),
            None => finding,
        });
    }

    fn unclosed(&mut self, opening: &Word) {
        if !std::mem::replace(&mut self.unclosed, true) {
            let message = format!("the '}}' of {} is missing", opening.value);
            self.warn(UNCLOSED_BLOCK, message, opening.span, "not closed before the end");
        }
    }
}

/// What some editors of other systems begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests;

//! The words of one line in a block of routes or rules, taken one after the other.

use std::net::IpAddr;

use super::super::lex::Word;
use super::Lower;
use super::names::{self, Kind};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::{Span, Spanned};
use crate::types::{Family, Prefix};

/// The line is left out; why was told.
pub(super) struct LeftOut;

/// What a word gave, or the end of its line.
pub(super) type Taken<T> = Result<T, LeftOut>;

/// A line that is being read.
pub(super) struct Entry<'w> {
    words: &'w [Word],
    /// The whole line.
    pub(super) span: Span,
}

impl<'w> Entry<'w> {
    /// `None` for a line without words.
    pub(super) fn new(words: &'w [Word]) -> Option<Self> {
        let (first, last) = (words.first()?, words.last()?);
        Some(Self { words, span: first.span.to(last.span) })
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Option<&'w Word> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&'w str> {
        self.words.first().map(|word| word.value.as_str())
    }
}

impl Lower<'_> {
    /// The word behind `option`. keepalived ends where there is none.
    pub(super) fn behind<'w>(&mut self, option: &Word, entry: &mut Entry<'w>) -> Taken<&'w Word> {
        entry.next().ok_or_else(|| {
            let message = format!("a word is missing behind {}", option.value);
            let error = Diagnostic::error("missing-word", message).at(option.span, "");
            self.found.push(error.verdict(Verdict::Abort));
            LeftOut
        })
    }

    /// Tells what is wrong with a word; the line is left out.
    pub(super) fn leave_out(&mut self, word: &Word, message: String) -> LeftOut {
        self.bad(word, message, "the whole line is left out");
        LeftOut
    }

    /// The number behind `option`, by name or in digits.
    pub(super) fn named(
        &mut self,
        kind: Kind,
        most: u32,
        option: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<Spanned<u32>> {
        let word = self.behind(option, entry)?;
        let number = names::number(kind, &word.value, most, self.sources);
        let number = number.ok_or_else(|| {
            let message = format!("{} is no {} from 0 to {most}", word.value, option.value);
            self.leave_out(word, message)
        })?;
        Ok(Spanned::new(number, word.span))
    }

    /// The number behind `option`, at most `most`.
    pub(super) fn digits(
        &mut self,
        most: u32,
        option: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<Spanned<u32>> {
        let word = self.behind(option, entry)?;
        match names::plain(&word.value).filter(|number| *number <= most) {
            Some(number) => Ok(Spanned::new(number, word.span)),
            None => {
                let message = format!("{} is not a number from 0 to {most}", word.value);
                Err(self.leave_out(word, message))
            }
        }
    }

    /// The number of one octet behind `option`.
    pub(super) fn octet(
        &mut self,
        kind: Kind,
        option: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<Spanned<u8>> {
        let number = self.named(kind, u32::from(u8::MAX), option, entry)?;
        Ok(number.map(|number| u8::try_from(number).unwrap_or(u8::MAX)))
    }

    /// The address behind `option`.
    pub(super) fn ip_behind(
        &mut self,
        option: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<Spanned<IpAddr>> {
        let word = self.behind(option, entry)?;
        self.ip(word)
    }

    /// The address that `word` is.
    pub(super) fn ip(&mut self, word: &Word) -> Taken<Spanned<IpAddr>> {
        match word.value.parse() {
            Ok(ip) => Ok(Spanned::new(ip, word.span)),
            Err(_) => {
                let message = format!("{} is not an IP address", word.value);
                Err(self.leave_out(word, message))
            }
        }
    }

    /// The network that `word` is: `None` for all of them.
    pub(super) fn network(&mut self, word: &Word) -> Taken<Spanned<Option<Prefix>>> {
        if matches!(word.value.as_str(), "default" | "any" | "all") {
            return Ok(Spanned::new(None, word.span));
        }
        let (host, length) = match word.value.split_once('/') {
            Some((host, length)) => (host, Some(length)),
            None => (word.value.as_str(), None),
        };
        let Ok(ip) = host.parse::<IpAddr>() else {
            let message = format!("{} is not known here and no IP network", word.value);
            return Err(self.leave_out(word, message));
        };
        let bits = Family::of(ip).bits();
        let written = length.map(|length| length.parse().ok().filter(|it| *it <= bits));
        if let Some(None) = written {
            let message = format!("{} has no length from 0 to {bits}", word.value);
            self.bad(word, message, "taken for one host");
        }
        let prefix = Prefix::new(ip, written.flatten().unwrap_or(bits));
        Ok(Spanned::new(prefix, word.span))
    }

    /// `from/to` or `to` as the kernel has it.
    pub(super) fn realms(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<u32>> {
        let word = self.behind(option, entry)?;
        let (from, to) = word.value.split_once('/').unwrap_or(("0", &word.value));
        let number = |name| names::number(Kind::Realm, name, u32::from(u16::MAX), self.sources);
        match (number(from), number(to)) {
            (Some(from), Some(to)) => Ok(Spanned::new(from << 16 | to, word.span)),
            _ => {
                let message = format!("{} is no realm", word.value);
                Err(self.leave_out(word, message))
            }
        }
    }
}

//! Text that remembers where each of its parts was written.
//!
//! Substitution puts together lines whose parts come from several places; a finding is to point
//! at what the operator wrote.

use std::ops::Range;

use crate::config::source::{FileId, Span};

/// A line or a part of one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Text {
    text: String,
    pieces: Vec<Piece>,
}

/// A part of a text that comes from one place.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Piece {
    /// Where it starts in the text; it ends where the next one starts.
    start: usize,
    /// Where it was written.
    span: Span,
    /// Whether it stands there letter by letter, or was put in for what stands there.
    verbatim: bool,
}

impl Text {
    /// `text` as it stands in `file` from `offset` on.
    pub(super) fn verbatim(text: &str, file: FileId, offset: usize) -> Self {
        Self {
            text: text.to_owned(),
            pieces: vec![Piece {
                start: 0,
                span: Span::new(file, offset..offset + text.len()),
                verbatim: true,
            }],
        }
    }

    /// `text` put in for what stands at `span`.
    pub(super) fn instead_of(span: Span, text: &str) -> Self {
        Self { text: text.to_owned(), pieces: vec![Piece { start: 0, span, verbatim: false }] }
    }

    /// The letters.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Where the part `range` was written; as much of it as stands in one place.
    pub(super) fn span(&self, range: Range<usize>) -> Option<Span> {
        let first = self.locate(range.start, range.end)?;
        let last = range.end.checked_sub(1).filter(|last| *last > range.start);
        let last = last.and_then(|last| self.locate(last, range.end));
        Some(last.map_or(first, |last| first.to(last)))
    }

    /// Where everything was written.
    pub(super) fn whole(&self) -> Option<Span> {
        self.span(0..self.text.len())
    }

    /// The part `range`, which must lie on letter boundaries; empty otherwise.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        let Some(text) = self.text.get(range.clone()) else {
            return part;
        };
        part.text.push_str(text);
        for (piece, end) in self.bounded() {
            let from = piece.start.max(range.start);
            let to = end.min(range.end);
            if from >= to && !(range.is_empty() && part.pieces.is_empty() && end >= range.start) {
                continue;
            }
            let mut piece = piece.clone();
            if piece.verbatim {
                let base = piece.span.range().start;
                let offsets = base + (from - piece.start)..base + (to.max(from) - piece.start);
                piece.span = Span::new(piece.span.file, offsets);
            }
            piece.start = from - range.start;
            part.pieces.push(piece);
        }
        part
    }

    /// Without white space at both ends.
    pub(super) fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        let end = start + self.text.trim().len();
        self.slice(start..end)
    }

    /// Adds `other` behind.
    pub(super) fn push(&mut self, other: &Self) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.pieces.extend(
            other.pieces.iter().map(|piece| Piece { start: piece.start + shift, ..piece.clone() }),
        );
    }

    /// The same letters, all put in for what stands at `span`.
    pub(super) fn moved(&self, span: Span) -> Self {
        Self::instead_of(span, &self.text)
    }

    /// Each piece with its end.
    fn bounded(&self) -> impl Iterator<Item = (&Piece, usize)> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.start);
        let ends = ends.chain(std::iter::once(self.text.len()));
        self.pieces.iter().zip(ends)
    }

    /// Where the letter at `offset` was written, up to `limit` in a verbatim piece.
    fn locate(&self, offset: usize, limit: usize) -> Option<Span> {
        let (piece, end) = self.bounded().filter(|(piece, _)| piece.start <= offset).last()?;
        if !piece.verbatim {
            return Some(piece.span);
        }
        let base = piece.span.range().start;
        let to = limit.clamp(offset, end.max(offset));
        Some(Span::new(piece.span.file, base + (offset - piece.start)..base + (to - piece.start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Sources;

    fn file() -> FileId {
        Sources::sealed().add("a", "").unwrap()
    }

    #[test]
    fn a_part_knows_where_it_was_written() {
        let text = Text::verbatim("  priority 100", file(), 40).trimmed();
        assert_eq!(text.as_str(), "priority 100");
        assert_eq!(text.span(9..12), Some(Span::new(file(), 51..54)));
        assert_eq!(text.whole(), Some(Span::new(file(), 42..54)));
    }

    #[test]
    fn what_was_put_in_points_at_what_it_replaces() {
        let mut text = Text::verbatim("priority ", file(), 0);
        let place = Span::new(file(), 9..14);
        text.push(&Text::instead_of(place, "100"));
        text.push(&Text::verbatim(" # x", file(), 14));
        assert_eq!(text.span(9..12), Some(place));
        assert_eq!(text.slice(9..12).whole(), Some(place));
        assert_eq!(text.span(10..12), Some(place));
        assert_eq!(text.span(0..12), Some(Span::new(file(), 0..14)));
        assert_eq!(text.span(13..14), Some(Span::new(file(), 15..16)));
    }

    #[test]
    fn a_slice_of_pieces_keeps_them_apart() {
        let mut text = Text::verbatim("10.0.", file(), 0);
        text.push(&Text::instead_of(Span::new(file(), 5..9), "7"));
        text.push(&Text::verbatim(".1/24", file(), 9));
        let part = text.slice(3..9);
        assert_eq!(part.as_str(), "0.7.1/");
        assert_eq!(part.span(0..6), Some(Span::new(file(), 3..12)));
        assert_eq!(part.span(2..3), Some(Span::new(file(), 5..9)));
    }

    #[test]
    fn an_empty_part_still_has_a_place() {
        let text = Text::verbatim("ab", file(), 7);
        assert_eq!(text.slice(1..1).whole(), Some(Span::new(file(), 8..8)));
    }
}

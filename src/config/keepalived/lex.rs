//! The letters of one line: comments, quotes, words, braces.

use super::text::Text;
use crate::config::source::{Span, Spanned};

/// A word with its place; its quotes are gone.
pub(super) type Word = Spanned<String>;

/// What a line consists of. A brace outside quotes always stands alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Token {
    /// `{`
    Open(Span),
    /// `}`
    Close(Span),
    /// Words up to the next brace or the line's end, at least one.
    Words(Vec<Word>),
}

/// A quote that is opened and not closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unterminated {
    /// Where it is opened, as an offset in the text.
    pub(super) offset: usize,
}

/// The line without its comment: `#` and `!` begin one outside double quotes, unless `\` stands
/// before them, which is then removed.
///
/// # Errors
/// [`Unterminated`] if a quote is open at the end.
pub(super) fn without_comment(line: &Text) -> Result<Text, Unterminated> {
    let text = line.as_str();
    let mut kept = Text::default();
    let mut from = 0;
    let mut quote = None;
    let mut letters = text.char_indices().peekable();
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '"' => quote = if quote.is_some() { None } else { Some(offset) },
            '\\' => {
                if let Some((_, '#' | '!')) = letters.peek() {
                    letters.next();
                    if quote.is_none() {
                        kept.push(&line.slice(from..offset));
                        from = offset + 1;
                    }
                } else if quote.is_some() && matches!(letters.peek(), Some((_, '"' | '\\'))) {
                    // An escaped quote does not end the string; the script's words keep it.
                    letters.next();
                }
            }
            '#' | '!' if quote.is_none() => {
                kept.push(&line.slice(from..offset));
                return Ok(kept);
            }
            _ => {}
        }
    }
    match quote {
        Some(offset) => Err(Unterminated { offset }),
        None => {
            kept.push(&line.slice(from..text.len()));
            Ok(kept)
        }
    }
}

/// The words and braces of a line.
pub(super) fn tokens(line: &Text) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let text = line.as_str();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let end = start + letter.len_utf8();
        match letter {
            '{' | '}' => {
                if !words.is_empty() {
                    tokens.push(Token::Words(std::mem::take(&mut words)));
                }
                let place = line.span(start..end);
                tokens.extend(place.map(|place| match letter {
                    '{' => Token::Open(place),
                    _ => Token::Close(place),
                }));
            }
            '"' => {
                let mut close = text.len();
                let mut word = String::new();
                while let Some((offset, letter)) = letters.next() {
                    match letter {
                        '"' => {
                            close = offset;
                            break;
                        }
                        '\\' if matches!(letters.peek(), Some((_, '"'))) => {
                            letters.next();
                            word.push('"');
                        }
                        _ => word.push(letter),
                    }
                }
                let place = line.span(start..text.len().min(close + 1));
                words.extend(place.map(|place| Word::new(word, place)));
            }
            _ if is_blank(letter) => {}
            _ => {
                let mut end = end;
                while let Some((offset, letter)) =
                    letters.next_if(|(_, it)| !is_blank(*it) && !matches!(it, '"' | '{' | '}'))
                {
                    end = offset + letter.len_utf8();
                }
                let place = line.span(start..end);
                let word = text.get(start..end).unwrap_or_default();
                words.extend(place.map(|place| Word::new(word.to_owned(), place)));
            }
        }
    }
    if !words.is_empty() {
        tokens.push(Token::Words(words));
    }
    tokens
}

/// What separates words.
pub(super) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\x0b' | '\x0c' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Sources;

    fn text(line: &str) -> Text {
        Text::verbatim(line, Sources::sealed().add("a", "").unwrap(), 0)
    }

    /// The tokens of a line, words joined by `|`.
    fn read(line: &str) -> Vec<String> {
        let line = without_comment(&text(line)).unwrap();
        let show = |token| match token {
            Token::Open(_) => "{".to_owned(),
            Token::Close(_) => "}".to_owned(),
            Token::Words(words) => {
                let words: Vec<_> = words.into_iter().map(|it| it.value).collect();
                words.join("|")
            }
        };
        tokens(&line).into_iter().map(show).collect()
    }

    #[test]
    fn words_are_split_at_blanks_and_quotes() {
        for (line, words) in [
            ("a b\tc", "a|b|c"),
            ("a\x0bb\x0cc\rd", "a|b|c|d"),
            (r#"a"b c"d e"#, "a|b c|d|e"),
            (r#"x "" y"#, "x||y"),
            ("'a b' c", "'a|b'|c"),
            ("a\u{a0}b", "a\u{a0}b"),
        ] {
            assert_eq!(read(line), [words], "{line:?}");
        }
    }

    #[test]
    fn a_comment_begins_outside_quotes() {
        for (line, words) in [
            ("a # b", "a"),
            ("a#b", "a"),
            ("c!d", "c"),
            (r##"a "b # c" d # e"##, "a|b # c|d"),
            (r"a\#b\!c", "a#b!c"),
        ] {
            assert_eq!(read(line), [words], "{line:?}");
        }
        assert_eq!(read("! nothing"), [""; 0]);
    }

    #[test]
    fn braces_stand_alone_unless_quoted() {
        assert_eq!(read("a {b c} d"), ["a", "{", "b|c", "}", "d"]);
        assert_eq!(
            read("virtual_ipaddress{10.0.0.1}"),
            ["virtual_ipaddress", "{", "10.0.0.1", "}"]
        );
        assert_eq!(read(r#"x "}" "{""#), ["x|}|{"]);
    }

    #[test]
    fn an_open_quote_is_found_where_it_opens() {
        let open = without_comment(&text(r#"a "b" "c # d"#));
        assert_eq!(open, Err(Unterminated { offset: 6 }));
    }

    #[test]
    fn an_escaped_quote_stays_in_its_string() {
        assert_eq!(read(r#"script "a \"b c\" d" e"#), [r#"script|a "b c" d|e"#]);
    }
}

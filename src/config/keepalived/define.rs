//! `$NAME=value` and what is put in for `$NAME`, `${NAME}` and the built-in `${_NAME}`.

use std::collections::HashMap;
use std::ops::Range;

use super::lex::is_blank;
use super::text::Text;
use crate::config::source::Span;

/// What is defined so far.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    values: HashMap<String, Value>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Part of a line.
    Word(Text),
    /// Several lines, which keep their own places.
    Lines(Vec<Text>),
}

/// Values that the reader knows and the file does not define.
pub(super) trait BuiltIn {
    /// What `name`, which starts with an underscore, stands for with these arguments.
    fn value(&mut self, name: &str, arguments: &str) -> Option<String>;
}

/// A line with its names replaced.
#[derive(Debug)]
pub(super) struct Substituted {
    /// The line; with `rest`, only its beginning.
    pub(super) line: Text,
    /// The further lines of a definition of several lines that ended the line.
    pub(super) rest: Vec<Text>,
    /// Whether anything was replaced.
    pub(super) changed: bool,
}

/// A line grew beyond every bound while names were replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Endless {
    /// The name that was replaced last.
    pub(super) place: Option<Span>,
}

/// The name and the value of a definition, if `line` is one.
pub(super) fn definition(line: &Text) -> Option<(String, Text)> {
    let text = line.as_str();
    let after = text.strip_prefix('$')?;
    let end = after.find(|letter: char| !is_name(letter))?;
    let (name, rest) = after.split_at_checked(end)?;
    if name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) || !rest.starts_with('=')
    {
        return None;
    }
    let value = line.slice(2 + end..text.len()).trimmed();
    Some((name.to_owned(), value))
}

impl Definitions {
    /// From now on `name` stands for `value`.
    pub(super) fn define(&mut self, name: String, value: Value) {
        self.values.insert(name, value);
    }

    /// Puts in what the names on `line` stand for, names within values included. A name that is
    /// not defined stays as it is.
    ///
    /// # Errors
    /// [`Endless`] for a definition that leads to itself.
    pub(super) fn substitute(
        &self,
        line: &Text,
        built_in: &mut dyn BuiltIn,
    ) -> Result<Substituted, Endless> {
        let mut line = line.clone();
        let (mut from, mut replaced) = (0, 0_usize);
        while let Some(reference) = next_reference(line.as_str(), from) {
            let text = line.as_str();
            let name = text.get(reference.name.clone()).unwrap_or_default();
            let arguments = text.get(reference.arguments.clone()).unwrap_or_default();
            let place = line.span(reference.whole.clone());
            let value = match built_in.value(name, arguments) {
                Some(value) => place.map(|it| Value::Word(Text::instead_of(it, &value))),
                None => self.values.get(name).cloned(),
            };
            let Some(value) = value else {
                from = reference.whole.end;
                continue;
            };
            replaced += 1;
            if replaced > MOST_REPLACED || text.len() > MOST_LENGTH {
                return Err(Endless { place });
            }
            let mut before = line.slice(0..reference.whole.start);
            match value {
                Value::Word(value) => {
                    let after = line.slice(reference.whole.end..text.len());
                    from = reference.whole.start;
                    let moved = place.map(|it| value.moved(it));
                    before.push(&moved.unwrap_or(value));
                    before.push(&after);
                    line = before;
                }
                // Several lines are put in at the end of a line alone.
                Value::Lines(_) if !line.slice(reference.whole.end..text.len()).is_blank() => {
                    replaced -= 1;
                    from = reference.whole.end;
                }
                Value::Lines(lines) => {
                    let mut lines = lines.into_iter();
                    if let Some(first) = lines.next() {
                        before.push(&first);
                    }
                    return Ok(Substituted { line: before, rest: lines.collect(), changed: true });
                }
            }
        }
        Ok(Substituted { line, rest: Vec::new(), changed: replaced > 0 })
    }
}

/// Where a name is referred to.
struct Reference {
    whole: Range<usize>,
    name: Range<usize>,
    arguments: Range<usize>,
}

/// The next `$NAME` or `${NAME arguments}` at or after `from`.
fn next_reference(text: &str, from: usize) -> Option<Reference> {
    let mut at = from;
    while let Some(found) = text.get(at..)?.find('$') {
        let start = at + found;
        let rest = text.get(start + 1..)?;
        if let Some(inner) = rest.strip_prefix('{') {
            let name_end = inner.find(|it: char| !is_name(it)).unwrap_or(inner.len());
            let name = start + 2..start + 2 + name_end;
            let close = inner.find('}');
            if let Some(close) = close.filter(|close| name_end > 0 && *close >= name_end) {
                let arguments = name.end..start + 2 + close;
                let spaced = inner
                    .as_bytes()
                    .get(name_end)
                    .is_none_or(|it| matches!(it, b'}' | b' ' | b'\t'));
                if spaced {
                    return Some(Reference { whole: start..start + 3 + close, name, arguments });
                }
            }
        } else {
            let length = rest.find(|it: char| !is_name(it)).unwrap_or(rest.len());
            let next = rest.get(length..).and_then(|it| it.chars().next());
            let ends = next.is_none_or(|it| is_blank(it) || matches!(it, ',' | ')'));
            if length > 0 && ends {
                let end = start + 1 + length;
                return Some(Reference {
                    whole: start..end,
                    name: start + 1..end,
                    arguments: end..end,
                });
            }
        }
        at = start + 1;
    }
    None
}

const fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The most names that are replaced on one line.
const MOST_REPLACED: usize = 1024;
/// The most bytes of a line in which names are still replaced.
const MOST_LENGTH: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Sources;

    struct Fixed;

    impl BuiltIn for Fixed {
        fn value(&mut self, name: &str, arguments: &str) -> Option<String> {
            match name {
                "_PWD" => Some("/etc".to_owned()),
                "_ENV" => Some(format!("<{}>", arguments.trim())),
                _ => None,
            }
        }
    }

    fn text(line: &str) -> Text {
        Text::verbatim(line, Sources::sealed().add("a", "").unwrap(), 0)
    }

    fn defined(values: &[(&str, &str)]) -> Definitions {
        let mut definitions = Definitions::default();
        for (name, value) in values {
            definitions.define((*name).to_owned(), Value::Word(text(value)));
        }
        definitions
    }

    fn replaced(values: &[(&str, &str)], line: &str) -> String {
        let line = defined(values).substitute(&text(line), &mut Fixed).unwrap();
        line.line.as_str().to_owned()
    }

    #[test]
    fn a_name_is_replaced_where_it_ends_clearly() {
        let values = [("A", "1"), ("AB", "2"), ("EMPTY", "")];
        for (line, expected) in [
            ("x $A y", "x 1 y"),
            ("x${A}y${AB}", "x1y2"),
            ("$A.5", "$A.5"),
            ("$A, ($AB) \"$A \"", "1, (2) \"1 \""),
            ("\"$A\" $A{ $A}", "\"$A\" $A{ $A}"),
            ("[$EMPTY ]", "[ ]"),
            ("$NONE ${NONE} $ ${", "$NONE ${NONE} $ ${"),
            ("${_PWD}/x ${_ENV HOME}", "/etc/x <HOME>"),
        ] {
            assert_eq!(replaced(&values, line), expected, "{line:?}");
        }
    }

    #[test]
    fn names_within_values_are_replaced_when_they_are_used() {
        let values = [("BASE", "10.2.${SUB}"), ("SUB", "7")];
        assert_eq!(replaced(&values, "${BASE}.1/24"), "10.2.7.1/24");
    }

    #[test]
    fn a_value_points_at_the_name_that_it_was_put_in_for() {
        let line = text("priority $P");
        let line = defined(&[("P", "100")]).substitute(&line, &mut Fixed).unwrap();
        let span = line.line.span(9..12).unwrap();
        assert_eq!(span.range(), 9..11);
    }

    #[test]
    fn a_definition_that_leads_to_itself_is_found_out() {
        let endless = defined(&[("A", "${B}"), ("B", "x ${A} ${A}")]);
        assert!(endless.substitute(&text("$A"), &mut Fixed).is_err());
    }

    #[test]
    fn several_lines_end_the_line_and_follow_it() {
        let mut definitions = Definitions::default();
        let lines = ["a {", "b", "}"].map(text).to_vec();
        definitions.define("BLOCK".to_owned(), Value::Lines(lines));
        let line = definitions.substitute(&text("x $BLOCK"), &mut Fixed).unwrap();
        assert_eq!(line.line.as_str(), "x a {");
        let rest: Vec<_> = line.rest.iter().map(Text::as_str).collect();
        assert_eq!(rest, ["b", "}"]);
    }

    #[test]
    fn a_definition_has_its_equals_sign_right_behind_the_name() {
        let read = |line: &str| {
            let (name, value) = definition(&text(line))?;
            Some((name, value.as_str().to_owned()))
        };
        let some = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(read("$A_1=x y"), some("A_1", "x y"));
        assert_eq!(read("$A=  x "), some("A", "x"));
        assert_eq!(read("$A="), some("A", ""));
        for line in ["$A =x", "$1A=x", "$=x", "A=x", "$A", "${A}=x"] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }
}

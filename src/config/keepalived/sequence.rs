//! `~SEQ(var, start, step, end) text` and `~LST(var, v1, v2 …) text`: a line many times over.

use super::text::Text;
use crate::config::source::Span;

/// A line to be repeated, with the values that its variables take in turn.
#[derive(Debug)]
pub(super) struct Sequence {
    /// The variables.
    pub(super) names: Vec<String>,
    /// What stands behind the closing parenthesis.
    pub(super) line: Text,
    /// Where the sequence was written.
    pub(super) place: Span,
    rounds: Rounds,
}

/// The values of each round.
#[derive(Debug)]
enum Rounds {
    Numbers { next: i64, step: i64, end: i64, hex: bool, over: bool },
    List(std::vec::IntoIter<Vec<String>>),
}

/// A line that begins like a sequence and is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Malformed {
    /// What is wrong.
    pub(super) what: &'static str,
}

impl Sequence {
    /// Whether `line` begins like a sequence.
    pub(super) fn starts(line: &str) -> bool {
        line.starts_with("~SEQ") || line.starts_with("~LST")
    }

    /// Whether `line` begins like a list: names in its head are replaced where they are used.
    pub(super) fn is_list(line: &str) -> bool {
        line.starts_with("~LST")
    }

    /// The offset behind the closing parenthesis.
    pub(super) fn head_end(line: &str) -> Option<usize> {
        line.find(')').map(|close| close + 1)
    }

    /// Reads a line that [`Sequence::starts`].
    ///
    /// # Errors
    /// [`Malformed`] if it is not a sequence after all.
    pub(super) fn read(line: &Text) -> Result<Self, Malformed> {
        let text = line.as_str();
        let malformed = |what| Malformed { what };
        let (open, close) = text
            .find('(')
            .zip(text.find(')'))
            .filter(|(open, close)| open < close)
            .ok_or_else(|| malformed("its parentheses are missing"))?;
        let head = text.get(open + 1..close).unwrap_or_default();
        let (names, rounds) = match text.get(..open).map(str::trim_end) {
            Some("~SEQ") => numbers(head, false)?,
            Some("~SEQx") => numbers(head, true)?,
            Some("~LST") => list(head)?,
            _ => return Err(malformed("only ~SEQ, ~SEQx and ~LST are known")),
        };
        let place = line.span(0..close + 1);
        Ok(Self {
            names,
            line: line.slice(close + 1..text.len()).trimmed(),
            place: place.ok_or_else(|| malformed("it is empty"))?,
            rounds,
        })
    }

    /// The values of the next round, as many as there are names; `None` after the last.
    pub(super) fn next_round(&mut self) -> Option<Vec<String>> {
        match &mut self.rounds {
            Rounds::List(rounds) => rounds.next(),
            Rounds::Numbers { next, step, end, hex, over } => {
                if *over || (*step > 0 && next > end) || (*step < 0 && next < end) {
                    return None;
                }
                let sign = if *next < 0 { "-" } else { "" };
                let value = if *hex {
                    format!("{sign}{:x}", next.unsigned_abs())
                } else {
                    next.to_string()
                };
                match next.checked_add(*step) {
                    Some(following) => *next = following,
                    None => *over = true,
                }
                Some(vec![value])
            }
        }
    }
}

fn numbers(head: &str, hex: bool) -> Result<(Vec<String>, Rounds), Malformed> {
    let mut fields = head.split(',').map(str::trim);
    let name = fields.next().unwrap_or_default();
    let numbers: Option<Vec<i64>> = fields.map(number).collect();
    let numbers = numbers.ok_or(Malformed { what: "its bounds are not numbers" })?;
    let (start, step, end) = match *numbers.as_slice() {
        [end] => (if end < 0 { -1 } else { 1 }, None, end),
        [start, end] => (start, None, end),
        [start, step, end] => (start, Some(step), end),
        _ => {
            return Err(Malformed { what: "it takes a variable and one to three numbers" });
        }
    };
    let step = step.unwrap_or(if end < start { -1 } else { 1 });
    if step == 0 {
        return Err(Malformed { what: "its step is 0" });
    }
    let rounds = Rounds::Numbers { next: start, step, end, hex, over: false };
    Ok((names(name)?, rounds))
}

/// A number as C writes them: decimal, `0x` hexadecimal, `0` octal.
fn number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match (hex, digits.strip_prefix('0')) {
        (Some(hex), _) => i64::from_str_radix(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => i64::from_str_radix(octal, 8),
        (None, _) => digits.parse(),
    };
    value.ok().map(|value| sign * value)
}

fn list(head: &str) -> Result<(Vec<String>, Rounds), Malformed> {
    let mut groups = groups(head).into_iter();
    let names = names(groups.next().unwrap_or_default())?;
    let groups: Vec<&str> = groups.collect();
    if groups.iter().flat_map(|group| fields(group)).any(|value| value.contains(is_no_value)) {
        return Err(Malformed { what: "its values have no blanks and no braces" });
    }
    if groups.iter().any(|group| fields(group).count() > names.len()) {
        return Err(Malformed { what: "it has more values than variables" });
    }
    let rounds: Vec<Vec<String>> = groups
        .into_iter()
        .map(|group| {
            let mut values: Vec<String> = fields(group).map(str::to_owned).collect();
            values.resize(names.len(), String::new());
            values
        })
        .collect();
    if rounds.is_empty() {
        return Err(Malformed { what: "it lists no value" });
    }
    Ok((names, Rounds::List(rounds.into_iter())))
}

fn names(group: &str) -> Result<Vec<String>, Malformed> {
    let names: Vec<String> = fields(group).map(str::to_owned).collect();
    let is_name = |name: &String| {
        let letters = name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
        letters && !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit())
    };
    if names.iter().all(is_name) {
        return Ok(names);
    }
    Err(Malformed { what: "its variable's name is not one" })
}

/// Splits at commas outside braces.
fn groups(head: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    head.split(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

/// What a value cannot contain.
const fn is_no_value(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '{' | '}')
}

/// The fields of `{a, b}`, or the one of `a`.
fn fields(group: &str) -> impl Iterator<Item = &str> {
    let inner = group.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    inner.unwrap_or(group).split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Sources;

    fn rounds(line: &str) -> Result<Vec<String>, &'static str> {
        let text = Text::verbatim(line, Sources::sealed().add("a", "").unwrap(), 0);
        let mut sequence = Sequence::read(&text).map_err(|it| it.what)?;
        assert_eq!(sequence.line.as_str(), "x");
        let mut rounds = Vec::new();
        while let Some(values) = sequence.next_round() {
            rounds.push(values.join("/"));
        }
        Ok(rounds)
    }

    #[test]
    fn numbers_count_as_they_are_told() {
        for (line, expected) in [
            ("~SEQ(N, 3) x", vec!["1", "2", "3"]),
            ("~SEQ(N, -2) x", vec!["-1", "-2"]),
            ("~SEQ(N, 0, 2) x", vec!["0", "1", "2"]),
            ("~SEQ(N, 2, 0) x", vec!["2", "1", "0"]),
            ("~SEQ(N, 0, 5, 12) x", vec!["0", "5", "10"]),
            ("~SEQx(N, 0x90, 0x10, 0xb0) x", vec!["90", "a0", "b0"]),
            ("~SEQ(N, 5, 1, 3) x", vec![]),
            ("~SEQ(N, 9223372036854775807, 9223372036854775807) x", vec!["9223372036854775807"]),
        ] {
            assert_eq!(rounds(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn lists_set_one_variable_or_several() {
        assert_eq!(rounds("~LST(A, 1, b ) x").unwrap(), ["1", "b"]);
        assert_eq!(rounds("~LST({A, B}, {1,2},{3}) x").unwrap(), ["1/2", "3/"]);
    }

    #[test]
    fn what_is_no_sequence_is_refused_with_a_reason() {
        for line in [
            "~SEQ x",
            "~SEQ(N) x",
            "~SEQ(N, a) x",
            "~SEQ(N, 1, 0, 3) x",
            "~SEQ(1N, 1, 3) x",
            "~SEQ(N, 1, 2, 3, 4) x",
            "~LST(A) x",
            "~LST(A, b c) x",
            "~LST({A, B}, {1,2,3}) x",
            "~SEQy(A, 1) x",
            ")~SEQ(",
        ] {
            assert!(rounds(line).is_err(), "{line}");
        }
    }
}

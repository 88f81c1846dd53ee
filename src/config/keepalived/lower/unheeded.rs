//! The words behind keywords that change nothing: judged as keepalived's configuration test does.

use super::super::keywords::{Place, Status, Words, words_behind};
use super::super::lex::Word;
use super::super::parse::Statement;
use super::value::yes_or_no;
use crate::config::diagnostic::{Diagnostic, Diagnostics};

/// Reports what keepalived's test would not accept behind a keyword that nobody else reads.
pub(super) fn check(statements: &[Statement], found: &mut Diagnostics) {
    at(Place::Root, statements, found);
}

fn at(place: Place, statements: &[Statement], found: &mut Diagnostics) {
    for statement in statements {
        if statement.keyword.status != Status::Works
            && let Some(words) = words_behind(statement.keyword.name, place)
        {
            found.extend(judge(statement, words));
        }
        at(Place::Block, statement.block(), found);
    }
}

fn judge(statement: &Statement, words: Words) -> Option<Diagnostic> {
    let name = statement.keyword.name;
    let first = statement.argument();
    match words {
        Words::Never(help) => {
            let finding = Diagnostic::warning("outdated", format!("{name} is outdated"));
            Some(finding.at(statement.place()?, "").help(help))
        }
        Words::Answer => {
            let bad = first.filter(|word| yes_or_no(&word.value).is_none())?;
            Some(ignored(bad, &format!("{} is neither yes nor no", bad.value)))
        }
        Words::OneOf(known) => {
            let bad = first.filter(|word| !known.contains(&word.value.as_str()))?;
            Some(ignored(bad, &format!("{name} is followed by {} or nothing", known.join(" or "))))
        }
        Words::Number(least, most, known) => {
            let mut words = statement.words.iter().skip(1);
            let is_known = |word: &&Word| known.contains(&word.value.as_str());
            let bad = match first.filter(is_known) {
                Some(_) => words.nth(1)?,
                None => first?,
            };
            outside(bad, least, most)
        }
        Words::Numbers(least, most) => {
            statement.words.iter().skip(1).find_map(|word| outside(word, least, most))
        }
    }
}

/// Reports a word that is not a number from `least` to `most`.
fn outside(word: &Word, least: i64, most: i64) -> Option<Diagnostic> {
    let number = word.value.parse::<i64>().ok();
    if number.is_some_and(|number| (least..=most).contains(&number)) {
        return None;
    }
    Some(ignored(word, &format!("{} is not a number from {least} to {most}", word.value)))
}

fn ignored(word: &Word, message: &str) -> Diagnostic {
    Diagnostic::warning("bad-value", message).at(word.span, "ignored")
}

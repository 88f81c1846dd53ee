//! The words of keepalived's language: which block knows which, and what becomes of each.

mod global;
mod instance;
mod root;
mod tracking;
mod words;

pub(super) use root::ROOT;
pub(super) use words::{Place, Words, behind as words_behind};

use crate::config::suggest::closest;

/// A word that a block knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    /// The word.
    pub(super) name: &'static str,
    /// What follows it.
    pub(super) shape: Shape,
    /// How many words must stand behind it.
    pub(super) words: usize,
    /// What keepalived does where one of them is missing.
    pub(super) missing: Missing,
    /// How common it is.
    pub(super) tier: Tier,
    /// What becomes of it.
    pub(super) status: Status,
}

/// What follows a keyword.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Words on the same line.
    Line,
    /// A block in which each line is an entry.
    Values,
    /// A block of keywords.
    Block(&'static [Keyword]),
    /// A block of another daemon's keywords, which is read over.
    Foreign,
}

/// What keepalived does where a word is missing behind a keyword.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Missing {
    /// It ends at once, with exit code 2.
    Ends,
    /// It leaves out the line.
    Ignored,
}

/// How common a keyword is in the field.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Tier {
    /// In the configurations of control nodes everywhere.
    A,
    /// Documented and really used.
    B,
    /// Rare, or a relic.
    C,
}

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// It does what it says.
    Works,
    /// Leaving it out changes nothing that the operator would miss.
    Quiet,
    /// It is not done yet; what that means, to be read behind the keyword's name and a colon.
    Pending(&'static str),
}

impl Keyword {
    const fn new(name: &'static str, tier: Tier) -> Self {
        Self {
            name,
            shape: Shape::Line,
            words: 0,
            missing: Missing::Ends,
            tier,
            status: Status::Works,
        }
    }

    const fn takes(self, words: usize) -> Self {
        Self { words, ..self }
    }

    const fn wants(self, words: usize) -> Self {
        Self { words, missing: Missing::Ignored, ..self }
    }

    const fn values(self) -> Self {
        Self { shape: Shape::Values, ..self }
    }

    const fn block(self, keywords: &'static [Self]) -> Self {
        Self { shape: Shape::Block(keywords), ..self }
    }

    const fn foreign(self) -> Self {
        Self { shape: Shape::Foreign, ..self }
    }

    const fn quiet(self) -> Self {
        Self { status: Status::Quiet, ..self }
    }

    const fn pending(self, effect: &'static str) -> Self {
        Self { status: Status::Pending(effect), ..self }
    }
}

const fn a(name: &'static str) -> Keyword {
    Keyword::new(name, Tier::A)
}

const fn b(name: &'static str) -> Keyword {
    Keyword::new(name, Tier::B)
}

const fn c(name: &'static str) -> Keyword {
    Keyword::new(name, Tier::C)
}

/// The keyword of this name.
pub(super) fn find(keywords: &'static [Keyword], name: &str) -> Option<&'static Keyword> {
    keywords.iter().find(|keyword| keyword.name == name)
}

/// The word of this block that `name` may be a slip of.
pub(super) fn nearest(keywords: &'static [Keyword], name: &str) -> Option<&'static str> {
    let short = name.get(..name.len().min(LONGEST_GUESSED))?;
    closest(short, keywords.iter().map(|keyword| keyword.name))
}

/// The block that knows `name`; for telling where it belongs.
pub(super) fn block_of(name: &str) -> Option<&'static str> {
    fn within(blocks: &'static [Keyword], name: &str) -> Option<&'static str> {
        blocks.iter().find_map(|block| match block.shape {
            Shape::Block(keywords) => match find(keywords, name) {
                Some(_) => Some(block.name),
                None => within(keywords, name),
            },
            Shape::Line | Shape::Values | Shape::Foreign => None,
        })
    }
    within(ROOT, name)
}

/// The longest word for which a near keyword is looked for.
const LONGEST_GUESSED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn each(keywords: &'static [Keyword], visit: &mut dyn FnMut(&'static [Keyword])) {
        visit(keywords);
        for keyword in keywords {
            if let Shape::Block(inner) = keyword.shape {
                each(inner, visit);
            }
        }
    }

    #[test]
    fn no_block_knows_a_word_twice() {
        each(ROOT, &mut |keywords| {
            let mut names: Vec<_> = keywords.iter().map(|it| it.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{names:?}");
        });
    }

    #[test]
    fn what_is_not_done_says_what_that_means() {
        each(ROOT, &mut |keywords| {
            for keyword in keywords {
                if let Status::Pending(effect) = keyword.status {
                    assert!(effect.contains("; "), "{}: {effect}", keyword.name);
                    assert!(!effect.ends_with('.'), "{}", keyword.name);
                }
            }
        });
    }

    #[test]
    fn a_near_word_is_guessed_and_a_far_one_not() {
        let Some(Shape::Block(instance)) = find(ROOT, "vrrp_instance").map(|it| it.shape) else {
            panic!("vrrp_instance is a block");
        };
        assert_eq!(nearest(instance, "prioirty"), Some("priority"));
        assert_eq!(nearest(instance, "virtual_ip_address"), Some("virtual_ipaddress"));
        assert_eq!(nearest(instance, "Priority"), Some("priority"));
        assert_eq!(nearest(instance, "frobnicate"), None);
    }
}

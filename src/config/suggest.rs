//! What somebody may have meant by a word that is not known.

/// The candidate that `word` is most likely a slip of; `None` where none is near.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = word.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&typed, candidate);
    let scored = candidates.into_iter().map(|candidate| (likeness(candidate), candidate));
    let near = scored.filter(|(score, _)| *score >= NEAR);
    near.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}

/// Likeness, 0.0..=1.0, from which on a word counts as a slip of another.
const NEAR: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["interface", "interval", "priority", "vrid"];
        assert_eq!(closest("intervall", known), Some("interval"));
        assert_eq!(closest("prioriyt", known), Some("priority"));
        assert_eq!(closest("Vrid", known), Some("vrid"));
    }

    #[test]
    fn a_different_word_is_not_a_slip() {
        assert_eq!(closest("colour", ["interface", "interval", "priority", "vrid"]), None);
    }
}

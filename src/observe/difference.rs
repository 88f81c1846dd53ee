//! A peer with other settings as one line of the log.
//!
//! Its adverts count: during a rolling change two settings are in use, and two Active routers
//! would be worse. But nothing except this line tells of a change that was never finished.

use std::fmt;

use tracing::warn;

use crate::types::{Difference, Differs};

/// Writes into the log that a peer of the instance called `name` has other settings.
pub fn log(name: &str, differs: &Differs) {
    let Differs { peer, what, .. } = differs;
    warn!(instance = name, %peer, help = help(what), "({name}) {peer} {}", Message(what));
}

/// What is not the same.
struct Message<'a>(&'a Difference);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Difference::Addresses { theirs, ours } => {
                f.write_str("has other addresses:")?;
                match (theirs, ours) {
                    (Some(theirs), Some(ours)) => write!(f, " {theirs}, not {ours}"),
                    (Some(theirs), None) => write!(f, " {theirs} too"),
                    (None, Some(ours)) => write!(f, " not {ours}"),
                    (None, None) => f.write_str(" one of them twice"),
                }?;
                f.write_str("; its adverts count all the same")
            }
            Difference::Interval { theirs, ours } => write!(
                f,
                "advertises every {:?} and we every {:?}: who takes over waits by the other's",
                theirs.duration(),
                ours.duration()
            ),
            Difference::OldChecksum => f.write_str(
                "sums its adverts up as keepalived before 1.3.7: from now on ours are, too",
            ),
        }
    }
}

/// What is to be done about it.
const fn help(what: &Difference) -> &'static str {
    match what {
        Difference::Addresses { .. } => {
            "write the same virtual addresses on all routers of the instance"
        }
        Difference::OldChecksum => {
            "update it, or write old_unicast_checksum on all newer routers of the instance"
        }
        Difference::Interval { .. } => {
            "write the same interval (advert_int) on all routers of the instance"
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::types::Centis;

    use super::*;

    #[test]
    fn one_address_on_each_side_says_what_to_look_for() {
        let (theirs, ours) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
        let told = |theirs, ours| Message(&Difference::Addresses { theirs, ours }).to_string();
        let told = [told(theirs, ours), told(theirs, None), told(None, ours), told(None, None)];
        let expected =
            ["10.0.0.1, not 10.0.0.2", "10.0.0.1 too", "not 10.0.0.2", "one of them twice"];
        for (told, expected) in told.iter().zip(expected) {
            let whole = format!("has other addresses: {expected}; its adverts count all the same");
            assert_eq!(*told, whole);
        }
    }

    #[test]
    fn intervals_are_told_in_their_units() {
        let theirs = Centis::new(10).unwrap();
        let what = Difference::Interval { theirs, ours: Centis::SECOND };
        assert!(Message(&what).to_string().starts_with("advertises every 100ms and we every 1s"));
    }
}

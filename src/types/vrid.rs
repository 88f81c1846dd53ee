//! The number of a virtual router on its link.

use std::fmt;
use std::num::NonZeroU8;

use super::OutOfRange;

/// Virtual Router Identifier, 1..=255, unique per link and address family (RFC 9568 §5.2.3).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Vrid(NonZeroU8);

impl Vrid {
    /// Builds a VRID.
    ///
    /// # Errors
    /// [`OutOfRange`] for 0.
    pub const fn new(value: u8) -> Result<Self, OutOfRange> {
        match NonZeroU8::new(value) {
            Some(value) => Ok(Self(value)),
            None => Err(OutOfRange { value: 0, least: 1, most: 255 }),
        }
    }

    /// The number, 1..=255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! How much a router wants to be Active, and what changes that.

use std::fmt;

use super::OutOfRange;

/// A router's priority as it stands in an advertisement, 0..=255 (RFC 9568 §5.2.4).
///
/// 0 says that the Active Router leaves, 255 that it owns the addresses.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Priority(u8);

impl Priority {
    /// The priority of a Backup for which none is configured.
    pub const DEFAULT: Self = Self(100);
    /// The highest priority of a router that does not own the addresses.
    pub const HIGHEST: Self = Self(254);
    /// The lowest priority of a router that takes part in the election.
    pub const LOWEST: Self = Self(1);
    /// The priority of the address owner.
    pub const OWNER: Self = Self(255);
    /// "I stop being Active": never a configured priority.
    pub const RELEASE: Self = Self(0);

    /// Builds a priority from a number of the wire: every octet is one.
    #[must_use]
    pub const fn new(value: u8) -> Self {
        Self(value)
    }

    /// The number, 0..=255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether this is the address owner's priority.
    #[must_use]
    pub const fn is_owner(self) -> bool {
        self.0 == Self::OWNER.0
    }

    /// Whether this announces that the Active Router leaves.
    #[must_use]
    pub const fn is_release(self) -> bool {
        self.0 == Self::RELEASE.0
    }

    /// This priority changed by `sum`, kept within 1..=254.
    ///
    /// An owner stays one: weights never touch priority 255.
    #[must_use]
    pub fn weighted(self, sum: i32) -> Self {
        if self.is_owner() {
            return self;
        }
        let value = i32::from(self.0).saturating_add(sum).clamp(1, 254);
        Self(u8::try_from(value).unwrap_or(Self::HIGHEST.0))
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a tracked object adds to the priority, -254..=254; 0 means that its failure is a fault.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Weight(i16);

impl Weight {
    /// The object's failure is a fault of the instance.
    pub const FAULT: Self = Self(0);
    /// What a number counts by that is added as it is.
    pub const ONE: Self = Self(1);

    /// Builds a weight.
    ///
    /// # Errors
    /// [`OutOfRange`] outside -254..=254.
    pub const fn new(value: i16) -> Result<Self, OutOfRange> {
        if value < -254 || value > 254 {
            #[expect(clippy::as_conversions, reason = "widening, and `i64::from` is not const")]
            return Err(OutOfRange { value: value as i64, least: -254, most: 254 });
        }
        Ok(Self(value))
    }

    /// The number, -254..=254.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }

    /// What an object of this weight adds: a positive weight counts while the object is up,
    /// a negative one while it is down.
    #[must_use]
    pub fn contribution(self, up: bool) -> i32 {
        match (up, self.0 > 0) {
            (true, true) | (false, false) => i32::from(self.0),
            (true, false) | (false, true) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weighted_priority_stays_between_1_and_254() {
        assert_eq!(Priority::new(100).weighted(-200), Priority::LOWEST);
        assert_eq!(Priority::new(100).weighted(200), Priority::HIGHEST);
        assert_eq!(Priority::new(100).weighted(20), Priority::new(120));
    }

    #[test]
    fn weights_do_not_touch_an_owner() {
        assert_eq!(Priority::OWNER.weighted(-100), Priority::OWNER);
    }

    #[test]
    fn a_positive_weight_counts_while_up_and_a_negative_one_while_down() {
        let (plus, minus) = (Weight::new(5).unwrap(), Weight::new(-5).unwrap());
        assert_eq!((plus.contribution(true), plus.contribution(false)), (5, 0));
        assert_eq!((minus.contribution(true), minus.contribution(false)), (0, -5));
    }
}

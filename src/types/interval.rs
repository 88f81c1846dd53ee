//! The advertisement interval in the unit of the wire.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use super::OutOfRange;

/// An advertisement interval in centiseconds, 1..=25500.
///
/// VRRPv3 carries up to 4095 of them (RFC 9568 §5.2.7), VRRPv2 whole seconds up to 255
/// (RFC 3768 §5.3.7); [`Centis::MAX_V3`] is the bound for the former.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Centis(NonZeroU16);

impl Centis {
    /// 10 ms, the shortest there is.
    pub const SHORTEST: Self = Self(NonZeroU16::MIN);
    /// 100 ms: as short as a release may make it where several Backups wait.
    pub const TENTH: Self = Self(NonZeroU16::new(10).expect("10 is not 0"));
    /// One second, the default of both versions.
    pub const SECOND: Self = Self(NonZeroU16::new(100).expect("100 is not 0"));
    /// The longest interval that VRRPv3 can carry: 40.95 s.
    pub const MAX_V3: Self = Self(NonZeroU16::new(4095).expect("4095 is not 0"));
    /// The longest interval that VRRPv2 can carry: 255 s.
    pub const MAX_V2: Self = Self(NonZeroU16::new(25500).expect("25500 is not 0"));

    /// Builds an interval.
    ///
    /// # Errors
    /// [`OutOfRange`] outside 1..=25500.
    pub const fn new(centis: u16) -> Result<Self, OutOfRange> {
        match NonZeroU16::new(centis) {
            Some(value) if centis <= 25500 => Ok(Self(value)),
            #[expect(clippy::as_conversions, reason = "widening, and `i64::from` is not const")]
            _ => Err(OutOfRange { value: centis as i64, least: 1, most: 25500 }),
        }
    }

    /// Builds an interval of whole seconds, 1..=255.
    ///
    /// # Errors
    /// [`OutOfRange`] for 0.
    pub fn from_secs(secs: u8) -> Result<Self, OutOfRange> {
        Self::new(u16::from(secs) * 100)
    }

    /// The number of centiseconds, 1..=25500.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Whole seconds, rounded down: 0..=255. What VRRPv2 carries.
    #[must_use]
    pub fn secs(self) -> u8 {
        u8::try_from(self.get() / 100).unwrap_or(u8::MAX)
    }

    /// The interval as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.get()) * 10)
    }
}

impl fmt::Display for Centis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.duration())
    }
}

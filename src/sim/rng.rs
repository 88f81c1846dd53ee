//! Chance, from a seed: SplitMix64, eight lines instead of a dependency, and the same for ever.

use std::time::Duration;

/// A sequence of numbers that its seed determines.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, any of the 2^64.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// An index below `length`; 0 where there is none.
    pub(super) fn index(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).unwrap_or_default()
    }

    /// A number from `least` to `most`.
    pub(super) fn octet(&mut self, least: u8, most: u8) -> u8 {
        let span = u64::from(most.saturating_sub(least)) + 1;
        least.saturating_add(u8::try_from(self.below(span)).unwrap_or_default())
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time from `least` to `most`, to the nanosecond.
    pub(super) fn span(&mut self, least: Duration, most: Duration) -> Duration {
        let width = most.saturating_sub(least).as_nanos();
        let width = u64::try_from(width).unwrap_or(u64::MAX).saturating_add(1);
        least + Duration::from_nanos(self.below(width))
    }

    /// One of several.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        const { assert!(N > 0, "there is something to pick") };
        #[expect(clippy::indexing_slicing, reason = "an index below N, which is not 0")]
        of[self.index(N)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_published_generator() {
        let mut rng = Rng::new(1_234_567);
        let first = [rng.next(), rng.next(), rng.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, published);
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_them() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u8> = (0..1000).map(|_| rng.octet(3, 5)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&5));
        let (least, most) = (Duration::from_nanos(1), Duration::from_nanos(2));
        let spans: Vec<Duration> = (0..100).map(|_| rng.span(least, most)).collect();
        assert_eq!(spans.iter().min(), Some(&least));
        assert_eq!(spans.iter().max(), Some(&most));
        assert_eq!(rng.below(0), 0);
    }
}

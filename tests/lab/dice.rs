//! Numbers from a seed that is printed and can be given again.

use super::clock::now;

/// SplitMix64: neighbouring seeds give unlike numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The seed of `VIPD_TEST_SEED`, or a new one; it is printed.
    pub fn seed() -> u64 {
        let seed = std::env::var("VIPD_TEST_SEED").ok().map_or_else(
            || u64::from(now().subsec_nanos()),
            |text| text.parse().expect("VIPD_TEST_SEED is a number"),
        );
        println!("VIPD_TEST_SEED={seed}");
        seed
    }

    /// Numbers from this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    /// A place in something of this length.
    pub fn index(&mut self, length: usize) -> usize {
        (self.roll() % length as u64) as usize
    }

    /// A random octet.
    pub fn octet(&mut self) -> u8 {
        self.roll() as u8
    }

    /// So many random octets.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.octet()).collect()
    }
}

//! Memory that a process shares with those that it forks, and that outlives them.

use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::error::{During, Error};

/// A fixed number of words, all 0 at first. What one process writes the others read, also after
/// its death.
#[derive(Debug)]
pub struct Region {
    words: NonNull<AtomicU64>,
    count: usize,
}

// SAFETY: a region owns its mapping, and its words are atomics, which any thread may use.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// Maps `count` words, 1 at least. To be called before the fork.
    ///
    /// # Errors
    /// Where there is no memory left, or no words are asked for.
    pub fn new(count: usize) -> Result<Self, Error> {
        const MAP: &str = "map shared memory";
        let length = count.checked_mul(WORD).ok_or(Errno::NOMEM).during(MAP)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses overlaps nothing.
        let start = unsafe {
            mmap_anonymous(ptr::null_mut(), length, access, MapFlags::SHARED | MapFlags::POPULATE)
        }
        .during(MAP)?;
        let words = NonNull::new(start.cast()).ok_or(Errno::FAULT).during(MAP)?;
        Ok(Self { words, count })
    }

    /// Writes `octets` from the word `first` on; what has no room is left out, the last word is
    /// filled up with zeros. A reader may see it half done: guard it with a word of your own.
    pub fn store(&self, first: usize, octets: &[u8]) {
        let words = self.get(first..).unwrap_or_default();
        for (word, chunk) in words.iter().zip(octets.chunks(WORD)) {
            let mut value = [0; WORD];
            for (place, octet) in value.iter_mut().zip(chunk) {
                *place = *octet;
            }
            word.store(u64::from_ne_bytes(value), Ordering::Relaxed);
        }
    }

    /// Reads octets from the word `first` on, as many as `octets` has room for and there are.
    pub fn load(&self, first: usize, octets: &mut [u8]) {
        let words = self.get(first..).unwrap_or_default();
        for (word, chunk) in words.iter().zip(octets.chunks_mut(WORD)) {
            let value = word.load(Ordering::Relaxed).to_ne_bytes();
            for (place, octet) in chunk.iter_mut().zip(value) {
                *place = octet;
            }
        }
    }
}

impl Deref for Region {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping holds `count` words, is aligned to a page, was zeroed by the
        // kernel, and stays until `self` is dropped.
        unsafe { slice::from_raw_parts(self.words.as_ptr(), self.count) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, of this length, and nobody borrows it any more.
        let _unmapped = unsafe { munmap(self.words.as_ptr().cast(), self.count * WORD) };
    }
}

/// Octets of a word.
const WORD: usize = size_of::<AtomicU64>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_loaded_whatever_its_length() {
        let region = Region::new(4).unwrap();
        for length in 0..=24 {
            let octets: Vec<u8> = (1..=length).collect();
            let mut back = vec![0; octets.len()];
            region.store(1, &octets);
            region.load(1, &mut back);
            assert_eq!(back, octets);
        }
        assert_eq!(region[0].load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let region = Region::new(2).unwrap();
        region.store(1, &[7; 100]);
        region.store(2, &[7; 100]);
        region.store(usize::MAX, &[7; 100]);
        let mut back = [9; 24];
        region.load(0, &mut back);
        assert_eq!(back[..8], [0; 8]);
        assert_eq!(back[8..16], [7; 8]);
        assert_eq!(back[16..], [9; 8]);
    }

    #[test]
    fn no_words_are_no_region() {
        assert_eq!(Region::new(0).unwrap_err().errno, Errno::INVAL);
        assert_eq!(Region::new(usize::MAX).unwrap_err().errno, Errno::NOMEM);
    }
}

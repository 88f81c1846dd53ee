//! One cell per instance, shared by two threads without a lock.
//!
//! The core thread writes what it desires, the kernel thread reads it when it gets there; only
//! the newest value of a cell counts, so the board cannot overflow and nobody ever waits. The
//! answers come back over a second board.
//!
//! ```text
//! cell   63        49 48                33 32      31                               0
//!       ┌───────────┬────────────────────┬─────────┬────────────────────────────────┐
//!       │ 0         │ contested          │ present │ generation                     │
//!       └───────────┴────────────────────┴─────────┴────────────────────────────────┘
//! ```

use std::array;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::types::Slot;
use crate::vrrp::Desire;

/// What one side of the board last said about a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Note {
    /// Whether the addresses are to be there, and the count of desires.
    pub(super) desire: Desire,
    /// How often others contested the addresses, modulo 65536: a change asks for an announcement.
    pub(super) contested: u16,
}

/// What fits into a cell.
pub(super) trait Cell: Copy {
    /// As a word. What is said before anything was said is 0.
    fn pack(self) -> u64;

    /// What a word says.
    fn unpack(cell: u64) -> Self;
}

impl Note {
    /// What is said of a slot before anything was said of it.
    pub(super) const NOTHING: Self =
        Self { desire: Desire { present: false, generation: 0 }, contested: 0 };
}

/// A board with room for [`Board::CAPACITY`] slots; memory is taken as slots come into use.
#[derive(Debug)]
pub(super) struct Board<C = Note> {
    blocks: [OnceLock<Box<Block>>; BLOCKS],
    says: PhantomData<fn(C) -> C>,
}

/// The cells of a run of slots, with one bit each that says "changed since last read".
#[derive(Debug)]
struct Block {
    dirty: [AtomicU64; BLOCK / 64],
    cells: [AtomicU64; BLOCK],
}

impl<C: Cell> Board<C> {
    /// How many slots it can hold.
    #[cfg(test)]
    pub(super) const CAPACITY: usize = BLOCKS * BLOCK;

    /// An empty board.
    pub(super) fn new() -> Self {
        Self { blocks: array::from_fn(|_| OnceLock::new()), says: PhantomData }
    }

    /// Makes room for `slot`, so that no later [`Board::post`] of it allocates.
    /// Slots from [`Board::CAPACITY`] on have no room.
    pub(super) fn reserve(&self, slot: Slot) {
        if let Some(block) = self.blocks.get(slot.index() / BLOCK) {
            block.get_or_init(Box::default);
        }
    }

    /// Writes `note` into the cell of `slot` and marks it changed. Nothing happens without room.
    pub(super) fn post(&self, slot: Slot, note: C) {
        let Some((block, place)) = self.find(slot) else {
            return;
        };
        if let (Some(cell), Some(dirty)) = (block.cells.get(place), block.dirty.get(place / 64)) {
            cell.store(note.pack(), Ordering::Release);
            dirty.fetch_or(1 << (place % 64), Ordering::AcqRel);
        }
    }

    /// The newest note on `slot`: where nothing was posted, what 0 says.
    pub(super) fn read(&self, slot: Slot) -> C {
        let cell = self.find(slot).and_then(|(block, place)| block.cells.get(place));
        C::unpack(cell.map_or(0, |cell| cell.load(Ordering::Acquire)))
    }

    /// Hands every changed slot with its newest note to `each` and marks it read.
    ///
    /// A note posted meanwhile is either among them or marked for the next time.
    pub(super) fn take(&self, mut each: impl FnMut(Slot, C)) {
        for (run, block) in self.blocks.iter().enumerate() {
            let Some(block) = block.get() else { continue };
            for (word, dirty) in block.dirty.iter().enumerate() {
                if dirty.load(Ordering::Relaxed) == 0 {
                    continue;
                }
                for bit in bits(dirty.swap(0, Ordering::AcqRel)) {
                    let place = word * 64 + bit;
                    let cell = block.cells.get(place);
                    let slot = Slot::new(run * BLOCK + place);
                    if let (Some(cell), Some(slot)) = (cell, slot) {
                        each(slot, C::unpack(cell.load(Ordering::Acquire)));
                    }
                }
            }
        }
    }

    fn find(&self, slot: Slot) -> Option<(&Block, usize)> {
        let block = self.blocks.get(slot.index() / BLOCK)?.get()?;
        Some((block, slot.index() % BLOCK))
    }
}

impl Default for Block {
    fn default() -> Self {
        Self {
            dirty: array::from_fn(|_| AtomicU64::new(0)),
            cells: array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Cell for Note {
    fn pack(self) -> u64 {
        u64::from(self.desire.generation)
            | u64::from(self.desire.present) << 32
            | u64::from(self.contested) << 33
    }

    fn unpack(cell: u64) -> Self {
        #[expect(clippy::as_conversions, reason = "takes the field's bits out of the word")]
        Self {
            desire: Desire { generation: cell as u32, present: cell >> 32 & 1 == 1 },
            contested: (cell >> 33) as u16,
        }
    }
}

/// The places of the bits that are set in `word`, lowest first.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = usize::try_from(word.trailing_zeros()).ok().filter(|_| word != 0)?;
        word &= word - 1;
        Some(lowest)
    })
}

/// Slots in a block.
const BLOCK: usize = 1024;
/// Blocks at most.
const BLOCKS: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    fn slot(index: usize) -> Slot {
        Slot::new(index).unwrap()
    }

    fn note(generation: u32, present: bool, contested: u16) -> Note {
        Note { desire: Desire { present, generation }, contested }
    }

    fn taken(board: &Board) -> Vec<(usize, Note)> {
        let mut all = Vec::new();
        board.take(|slot, note| all.push((slot.index(), note)));
        all
    }

    #[test]
    fn what_is_posted_is_taken_once_and_stays_readable() {
        let board = Board::<Note>::new();
        board.reserve(slot(3));
        board.post(slot(3), note(u32::MAX, true, u16::MAX));
        assert_eq!(taken(&board), [(3, note(u32::MAX, true, u16::MAX))]);
        assert_eq!(taken(&board), []);
        assert_eq!(board.read(slot(3)), note(u32::MAX, true, u16::MAX));
    }

    #[test]
    fn only_the_newest_note_of_a_slot_counts() {
        let board = Board::<Note>::new();
        board.reserve(slot(0));
        board.post(slot(0), note(1, true, 0));
        board.post(slot(0), note(2, false, 0));
        assert_eq!(taken(&board), [(0, note(2, false, 0))]);
    }

    #[test]
    fn slots_of_every_block_have_their_own_cell() {
        let board = Board::<Note>::new();
        let places = [0, 63, 64, BLOCK - 1, BLOCK, Board::<Note>::CAPACITY - 1];
        for (count, place) in places.into_iter().enumerate() {
            board.reserve(slot(place));
            board.post(slot(place), note(u32::try_from(count).unwrap(), count % 2 == 0, 7));
        }
        let found: Vec<usize> = taken(&board).into_iter().map(|(place, _)| place).collect();
        assert_eq!(found, places);
    }

    #[test]
    fn a_slot_without_room_is_absent_and_never_a_panic() {
        let board = Board::<Note>::new();
        for place in [5, Board::<Note>::CAPACITY, (u32::MAX - 1).try_into().unwrap()] {
            board.post(slot(place), note(1, true, 0));
            assert_eq!(board.read(slot(place)), note(0, false, 0));
        }
        board.reserve(slot(Board::<Note>::CAPACITY));
        assert_eq!(taken(&board), []);
    }

    #[test]
    fn a_reader_beside_a_writer_never_goes_back_and_never_misses_the_last_note() {
        const SLOTS: usize = 130;
        const LAST: u32 = 20_000;
        let board = Board::<Note>::new();
        (0..SLOTS).for_each(|place| board.reserve(slot(place)));
        let done = AtomicBool::new(false);
        let mut seen = vec![0; SLOTS];
        thread::scope(|scope| {
            scope.spawn(|| {
                for generation in 1..=LAST {
                    for place in [0, 63, 64, SLOTS - 1] {
                        board.post(slot(place), note(generation, generation % 2 == 0, 0));
                    }
                }
                done.store(true, Ordering::Release);
            });
            loop {
                let finished = done.load(Ordering::Acquire);
                board.take(|slot, note| {
                    assert_eq!(note.desire.present, note.desire.generation % 2 == 0);
                    assert!(note.desire.generation >= seen[slot.index()]);
                    seen[slot.index()] = note.desire.generation;
                });
                if finished {
                    break;
                }
            }
        });
        assert_eq!(
            [seen[0], seen[63], seen[64], seen[SLOTS - 1]],
            [LAST; 4],
            "the last note of every slot was seen"
        );
    }
}

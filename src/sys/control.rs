//! Ancillary data of a message (cmsg(3)): what travels beside its octets.

/// Ancillary data on its way to the kernel.
///
/// ```text
/// +--------------+-------+------+---------------------+---------+
/// | length: word | level | type | data                | padding |  and so on
/// +--------------+-------+------+---------------------+---------+
/// ```
///
/// The length counts header and data; the padding fills the data up to whole words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    octets: [u8; ROOM],
    length: usize,
}

impl Control {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { octets: [0; ROOM], length: 0 }
    }

    /// The same with one more piece of data. What has no room is left out; there is room for
    /// what this module's callers send.
    pub(super) fn with(mut self, level: libc::c_int, kind: libc::c_int, data: &[u8]) -> Self {
        let length = HEADER + data.len();
        let Some(room) = self.octets.get_mut(self.length..) else {
            return self;
        };
        debug_assert!(padded(length) <= room.len(), "ROOM is too small");
        let octets = length
            .to_ne_bytes()
            .into_iter()
            .chain(level.to_ne_bytes())
            .chain(kind.to_ne_bytes())
            .chain(data.iter().copied());
        for (place, octet) in room.iter_mut().zip(octets) {
            *place = octet;
        }
        self.length = (self.length + padded(length)).min(ROOM);
        self
    }

    /// The octets for the kernel.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// The data of the first piece of this level and type in what the kernel delivered.
pub(super) fn find(mut octets: &[u8], level: libc::c_int, kind: libc::c_int) -> Option<&[u8]> {
    loop {
        let (length, rest) = octets.split_first_chunk::<WORD>()?;
        let (found_level, rest) = rest.split_first_chunk::<4>()?;
        let (found_kind, _) = rest.split_first_chunk::<4>()?;
        let length = usize::from_ne_bytes(*length);
        let data = octets.get(HEADER..length)?;
        let found =
            (libc::c_int::from_ne_bytes(*found_level), libc::c_int::from_ne_bytes(*found_kind));
        if found == (level, kind) {
            return Some(data);
        }
        octets = octets.get(padded(length)..)?;
    }
}

/// `length` filled up to whole words.
const fn padded(length: usize) -> usize {
    length.next_multiple_of(WORD)
}

/// Octets of a word.
const WORD: usize = size_of::<usize>();

/// Octets of a header: the length, the level, the type.
const HEADER: usize = WORD + 8;

/// Octets of ancillary data at most, with their headers: an `in6_pktinfo`, a hop limit and a
/// `timespec`.
pub(super) const ROOM: usize = padded(HEADER + 20) + padded(HEADER + 4) + padded(HEADER + 16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_found_again_and_others_are_not() {
        let control = Control::new().with(41, 50, &[7; 20]).with(41, 52, &[9; 4]);
        let control = control.with(1, 35, &[3; 16]);
        assert_eq!(control.as_bytes().len(), ROOM);
        assert_eq!(find(control.as_bytes(), 1, 35), Some(&[3; 16][..]));
        assert_eq!(find(control.as_bytes(), 41, 50), Some(&[7; 20][..]));
        assert_eq!(find(control.as_bytes(), 41, 52), Some(&[9; 4][..]));
        assert_eq!(find(control.as_bytes(), 0, 52), None);
    }

    #[test]
    fn data_that_is_cut_short_is_not_found() {
        let control = Control::new().with(41, 50, &[7; 20]);
        for length in 0..HEADER + 20 {
            assert_eq!(find(&control.as_bytes()[..length], 41, 50), None, "{length}");
        }
    }

    #[test]
    fn a_length_that_leads_nowhere_ends_the_search() {
        for length in [0, 1, HEADER - 1, ROOM + 1, usize::MAX - 8] {
            let mut octets = [0; ROOM];
            octets[..WORD].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(find(&octets, 41, 50), None, "{length}");
        }
    }
}

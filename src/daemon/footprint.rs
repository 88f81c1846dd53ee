//! What the worker has changed on the host, where the supervisor sees it.
//!
//! The kernel thread writes it before each change. When the worker has died, the next one takes
//! over the virtual interfaces that it wants and takes back the rest; without a next one the
//! supervisor takes back everything.
//!
//! Two places of equal size, written in turn; the first word says which one counts, how long its
//! text is, and that there is any. So whenever the writer dies, one of them is whole.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{error, info};

use crate::config::model::Model;
use crate::kernel::Footprint;
use crate::kernel::netlink::{Filter, FilterSettings, Journal, Macvlans, OpenError};
use crate::sys::Region;
use crate::types::LinkName;

/// Writes down `footprint`; says whether there was room for all of it.
pub(super) fn write(region: &Region, footprint: &Footprint) -> bool {
    let text = footprint.to_string();
    let room = place_words(region) * WORD;
    let fits = text.len() <= room;
    let octets = text.as_bytes().get(..text.len().min(room)).unwrap_or_default();
    let place = 1 - head(region).map_or(1, |(place, _)| place);
    region.store(first_word(region, place), octets);
    let (place, length) = (u64::try_from(place).unwrap_or(0), u64::try_from(octets.len()));
    store_head(region, place << 32 | length.unwrap_or(0));
    fits
}

/// What was written last.
pub(super) fn read(region: &Region) -> Footprint {
    let Some((place, length)) = head(region) else {
        return Footprint::default();
    };
    let mut octets = vec![0; length.min(place_words(region) * WORD)];
    region.load(first_word(region, place), &mut octets);
    Footprint::read(&String::from_utf8_lossy(&octets))
}

/// Takes back all that a worker has left, which no other one will.
pub(super) fn take_back(region: &Region) {
    let footprint = read(region);
    if footprint == Footprint::default() {
        return;
    }
    let open = || -> Result<Macvlans, OpenError> {
        let journal = Journal::new(footprint.clone(), |_| {});
        let filter = Filter::open(FilterSettings::default(), journal.clone());
        let filter = Rc::new(RefCell::new(filter.map_err(OpenError::Netlink)?));
        Macvlans::open(filter, journal).map_err(OpenError::Netlink)
    };
    match open() {
        Ok(mut macvlans) => {
            macvlans.take_back(&BTreeSet::new());
            info!(interfaces = footprint.vmacs.len(), "What the worker left was removed.");
        }
        Err(error) => error!(%error, "Virtual interfaces of the worker may still be there."),
    }
    write(region, &Footprint::default());
}

/// How many words the footprint of `model` may take: room for it twice, and for reloads that add
/// to it.
pub(super) fn words_for(model: &Model) -> usize {
    let things: usize = model.instances.iter().map(|it| it.vmacs().count() + 1).sum();
    1 + 2 * (2 * things * MOST_OF_A_VMAC / WORD).max(LEAST_WORDS)
}

/// The names of all virtual interfaces that `model` wants.
pub(super) fn wanted(model: &Model) -> BTreeSet<LinkName> {
    model.instances.iter().flat_map(|it| it.vmacs()).map(|vmac| vmac.name).collect()
}

/// Which place counts, and the octets that stand there.
fn head(region: &Region) -> Option<(usize, usize)> {
    let head = region.first()?.load(Ordering::Acquire);
    let length = usize::try_from(head & 0xffff_ffff).ok()?;
    let place = usize::from(head >> 32 == 1);
    (head != 0).then_some((place, length))
}

fn store_head(region: &Region, head: u64) {
    if let Some(word) = region.first() {
        word.store(head, Ordering::Release);
    }
}

fn first_word(region: &Region, place: usize) -> usize {
    1 + place * place_words(region)
}

fn place_words(region: &Region) -> usize {
    region.len().saturating_sub(1) / 2
}

/// Octets of a word.
const WORD: usize = size_of::<AtomicU64>();
/// Octets of the lines for a virtual interface and the two settings of the one under it.
const MOST_OF_A_VMAC: usize = 160;
/// Words of a place at least: half a page.
const LEAST_WORDS: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(names: &[&str]) -> Footprint {
        let vmacs = names.iter().map(|name| LinkName::new(name).unwrap()).collect();
        Footprint { vmacs, ..Footprint::default() }
    }

    #[test]
    fn what_was_written_last_is_read() {
        let region = Region::new(words_for(&Model::default())).unwrap();
        assert_eq!(read(&region), Footprint::default());
        for names in [&["vrrp.1"][..], &["vrrp.1", "vrrp.2"], &[], &["vrrp.3"]] {
            assert!(write(&region, &footprint(names)));
            assert_eq!(read(&region), footprint(names));
        }
    }

    #[test]
    fn a_write_that_is_cut_short_leaves_the_one_before() {
        let region = Region::new(words_for(&Model::default())).unwrap();
        write(&region, &footprint(&["vrrp.1"]));
        let head = region[0].load(Ordering::Relaxed);
        write(&region, &footprint(&["vrrp.2", "vrrp.3"]));
        store_head(&region, head);
        assert_eq!(read(&region), footprint(&["vrrp.1"]));
    }

    #[test]
    fn what_has_no_room_is_told() {
        let region = Region::new(5).unwrap();
        assert!(write(&region, &footprint(&["vrrp.1"])));
        assert!(!write(&region, &footprint(&["vrrp.1", "vrrp.2"])));
        assert_eq!(read(&region), footprint(&["vrrp.1"]));
    }
}

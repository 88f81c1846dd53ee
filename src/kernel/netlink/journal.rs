//! A journal of what is changed on the host: written before each change, so that whoever ends
//! without taking it back leaves word of it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use super::sysctl;
use crate::kernel::footprint::Footprint;
use crate::types::LinkName;

/// The journal of those who change one host's interfaces, settings and packet filter.
#[derive(Clone)]
pub struct Journal(Rc<RefCell<Book>>);

struct Book {
    footprint: Footprint,
    /// Keeps it for whoever comes after us.
    keep: Box<dyn FnMut(&Footprint)>,
}

impl Journal {
    /// One in which `footprint` stands. `keep` is told of every change of it.
    #[must_use]
    pub fn new(footprint: Footprint, keep: impl FnMut(&Footprint) + 'static) -> Self {
        let mut book = Book { footprint, keep: Box::new(keep) };
        (book.keep)(&book.footprint);
        Self(Rc::new(RefCell::new(book)))
    }

    /// What stands in it.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        self.0.borrow().footprint.clone()
    }

    /// A virtual interface is about to be made, or was removed.
    pub(super) fn vmac(&self, name: LinkName, there: bool) {
        self.amend(|it| if there { it.vmacs.insert(name) } else { it.vmacs.remove(&name) });
    }

    /// A table is about to be made, or was removed.
    pub(super) fn table(&self, name: &str, there: bool) {
        self.amend(|it| match there {
            true => it.tables.insert(name.to_owned()),
            false => it.tables.remove(name),
        });
    }

    /// A setting was `old` before it was changed, unless it was changed already.
    pub(super) fn was(&self, path: &str, old: &str) {
        self.amend(|it| {
            let is_new = !it.settings.contains_key(path);
            if is_new {
                it.settings.insert(path.to_owned(), old.to_owned());
            }
            is_new
        });
    }

    /// What a setting was before it was changed.
    pub(super) fn before(&self, path: &str) -> Option<String> {
        self.0.borrow().footprint.settings.get(path).cloned()
    }

    /// Changes a setting until it is restored.
    pub(super) fn change(&self, path: &str, value: &str) {
        let Some(old) = sysctl::read(path) else { return };
        if old != value {
            self.was(path, &old);
            sysctl::write(path, value);
        }
    }

    /// The settings that `which` names are as they were.
    pub(super) fn restore(&self, which: impl Fn(&str) -> bool) {
        let settings = self.0.borrow().footprint.settings.clone();
        for (path, old) in settings.into_iter().filter(|(path, _)| which(path)) {
            if sysctl::read(&path).is_some_and(|is| is != old) {
                sysctl::write(&path, &old);
            }
            self.amend(|it| it.settings.remove(&path).is_some());
        }
    }

    /// The settings of an interface went with it.
    pub(super) fn forget_settings_of(&self, link: LinkName) {
        self.amend(|it| {
            let count = it.settings.len();
            it.settings.retain(|path, _| !sysctl::is_of(path, link));
            it.settings.len() != count
        });
    }

    fn amend(&self, change: impl FnOnce(&mut Footprint) -> bool) {
        let mut book = self.0.borrow_mut();
        let Book { footprint, keep } = &mut *book;
        if change(footprint) {
            keep(footprint);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Journal").field(&self.0.borrow().footprint).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str) -> LinkName {
        LinkName::new(name).unwrap()
    }

    #[test]
    fn every_change_is_kept_and_nothing_else() {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keeper = Rc::clone(&kept);
        let journal = Journal::new(Footprint::default(), move |it| {
            keeper.borrow_mut().push(it.to_string());
        });
        journal.vmac(link("vrrp.1"), true);
        journal.vmac(link("vrrp.1"), true);
        journal.table("keepalived", true);
        journal.vmac(link("vrrp.1"), false);
        let expected =
            ["", "vmac vrrp.1\n", "vmac vrrp.1\ntable keepalived\n", "table keepalived\n"];
        assert_eq!(*kept.borrow(), expected);
    }

    #[test]
    fn the_first_value_of_a_setting_is_what_it_was() {
        let journal = Journal::new(Footprint::default(), |_| {});
        let path = "ipv4/conf/eth0.5/arp_ignore";
        journal.was(path, "2");
        journal.was(path, "1");
        assert_eq!(journal.before(path).as_deref(), Some("2"));
        journal.forget_settings_of(link("eth0"));
        assert_eq!(journal.before(path).as_deref(), Some("2"), "it is another interface's");
        journal.forget_settings_of(link("eth0.5"));
        assert_eq!(journal.before(path), None);
    }
}

//! News of interfaces on their way to the core thread.
//!
//! What finds no room waits here, for each interface the newest alone. That it went is never
//! left out: one that comes back with the same number is another one, and whoever listened to it
//! has to listen anew.

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, TrySendError};

use crate::types::{IfIndex, LinkReport};

use super::messages::LinkEvent;

/// The kernel thread's end of the way to the core thread.
pub(super) struct LinkPost {
    sender: SyncSender<LinkEvent>,
    /// Events were lost, and the core thread does not know.
    missed: bool,
    waiting: BTreeMap<IfIndex, News>,
}

/// What is to be told of an interface, in this order.
#[derive(Debug, Default)]
struct News {
    /// It went.
    gone: bool,
    /// It is there, and so it stands.
    report: Option<LinkReport>,
}

impl LinkPost {
    pub(super) const fn new(sender: SyncSender<LinkEvent>) -> Self {
        Self { sender, missed: false, waiting: BTreeMap::new() }
    }

    /// An interface appeared or changed.
    pub(super) fn changed(&mut self, report: LinkReport) {
        let news = self.waiting.entry(report.index).or_default();
        news.report = Some(report);
    }

    /// An interface went.
    pub(super) fn gone(&mut self, link: IfIndex) {
        self.waiting.insert(link, News { gone: true, report: None });
    }

    /// Events were lost. What is there has been told, but not what went and came back.
    pub(super) const fn missed(&mut self) {
        self.missed = true;
    }

    /// Whether everything has been sent.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.missed
    }

    /// Sends what there is room for; says whether anything went.
    pub(super) fn flush(&mut self) -> bool {
        let mut any = false;
        while let Some(mut entry) = self.waiting.first_entry() {
            let (link, news) = (*entry.key(), entry.get_mut());
            if std::mem::take(&mut news.gone) {
                match self.sender.try_send(LinkEvent::Gone(link)) {
                    Ok(()) => any = true,
                    Err(error) => {
                        news.gone = is_full(&error);
                        return any;
                    }
                }
            }
            if let Some(report) = news.report.take() {
                match self.sender.try_send(LinkEvent::Changed(report)) {
                    Ok(()) => any = true,
                    Err(TrySendError::Full(LinkEvent::Changed(report))) => {
                        news.report = Some(report);
                        return any;
                    }
                    Err(_ended) => return any,
                }
            }
            entry.remove();
        }
        if self.missed && self.sender.try_send(LinkEvent::Missed).is_ok() {
            self.missed = false;
            any = true;
        }
        any
    }
}

/// There is room again later. Else the core thread has ended; so will this one.
const fn is_full<T>(error: &TrySendError<T>) -> bool {
    matches!(error, TrySendError::Full(_))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use crate::types::LinkName;

    use super::*;

    fn index(number: u32) -> IfIndex {
        IfIndex::new(number).unwrap()
    }

    fn report(number: u32, up: bool) -> LinkReport {
        let name = LinkName::new("eth0").unwrap();
        LinkReport { index: index(number), name, up, mac: None, addresses: Vec::new() }
    }

    fn told(receiver: &Receiver<LinkEvent>) -> Vec<String> {
        let words = receiver.try_iter().map(|event| match event {
            LinkEvent::Gone(link) => format!("-{link}"),
            LinkEvent::Changed(report) => format!("{} {}", report.index, report.up),
            LinkEvent::Missed => "missed".to_owned(),
        });
        words.collect()
    }

    #[test]
    fn an_interface_that_went_and_came_back_is_told_as_both() {
        let (sender, receiver) = sync_channel(8);
        let mut post = LinkPost::new(sender);
        post.changed(report(2, true));
        post.gone(index(2));
        post.changed(report(2, false));
        post.changed(report(2, true));
        assert!(post.flush() && post.is_empty());
        assert_eq!(told(&receiver), ["-2", "2 true"]);
    }

    #[test]
    fn what_finds_no_room_is_told_later_and_nothing_twice() {
        let (sender, receiver) = sync_channel(1);
        let mut post = LinkPost::new(sender);
        post.gone(index(2));
        post.changed(report(2, true));
        post.changed(report(3, true));
        post.missed();
        let mut all = Vec::new();
        while post.flush() {
            all.extend(told(&receiver));
        }
        assert_eq!(all, ["-2", "2 true", "3 true", "missed"]);
        assert!(post.is_empty());
    }
}

//! What the worker tells the supervisor: one octet over a pipe. The pipe's end tells most.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, fcntl_dupfd_cloexec, read, write};
use rustix::pipe::{PipeFlags, pipe_with};

/// What happened to the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum News {
    /// Its configuration is running for the first time.
    Started,
    /// A new configuration is running.
    Reloaded,
    /// A new configuration was refused.
    Refused,
    /// It ends in order: nothing is left to release.
    Ended,
    /// It is dying: the kernel has closed its end of the pipe.
    Dying,
}

/// The worker's end.
#[derive(Debug)]
pub(super) struct Reporter(OwnedFd);

/// The supervisor's end.
#[derive(Debug)]
pub(super) struct Reports(OwnedFd);

/// Builds both ends.
///
/// # Errors
/// Where the process has too many descriptors.
pub(super) fn pipe() -> rustix::io::Result<(Reporter, Reports)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    Ok((Reporter(writer), Reports(reader)))
}

impl Reporter {
    /// The same end under a high number.
    ///
    /// When a process dies, Linux closes its files from the highest number down, and only then
    /// tells the parent. A packet socket takes 10 to 30 ms to close; the end of this pipe is not
    /// to wait for it.
    pub(super) fn raised(self) -> Self {
        match fcntl_dupfd_cloexec(&self.0, HIGH) {
            Ok(high) => Self(high),
            // There are not as many numbers: the end is told later.
            Err(_) => self,
        }
    }

    /// Tells the supervisor.
    pub(super) fn report(&self, news: News) {
        let row = OCTETS.iter().find(|(known, _)| *known == news);
        if let Some((_, octet)) = row {
            // Without a supervisor the worker is about to be told to stop.
            let _gone = write(&self.0, &[*octet]).is_err();
        }
    }
}

impl Reports {
    /// What the worker has told since the last call; [`News::Dying`] comes last, and again.
    pub(super) fn take(&self) -> Vec<News> {
        let mut news = Vec::new();
        let mut octets = [0; 64];
        loop {
            match read(&self.0, &mut octets) {
                Ok(0) => news.push(News::Dying),
                Ok(count) => {
                    let told = octets.iter().take(count);
                    let rows = told.filter_map(|octet| OCTETS.iter().find(|row| row.1 == *octet));
                    news.extend(rows.map(|(news, _)| *news));
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {}
                Err(_) => news.push(News::Dying),
            }
            return news;
        }
    }
}

impl AsFd for Reports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What the worker says itself, as it travels.
const OCTETS: [(News, u8); 4] =
    [(News::Started, b'S'), (News::Reloaded, b'R'), (News::Refused, b'N'), (News::Ended, b'E')];

/// A high descriptor, below the usual limit of 1024.
const HIGH: i32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_arrive_in_their_order_and_once() {
        let (reporter, reports) = pipe().unwrap();
        let all = [News::Started, News::Refused, News::Reloaded, News::Ended];
        all.into_iter().for_each(|news| reporter.report(news));
        assert_eq!(reports.take(), all);
        assert_eq!(reports.take(), []);
    }

    #[test]
    fn the_end_of_the_worker_is_told_after_its_last_words() {
        let (reporter, reports) = pipe().unwrap();
        let reporter = reporter.raised();
        reporter.report(News::Started);
        (0..200).for_each(|_| reporter.report(News::Reloaded));
        drop(reporter);
        let told = reports.take();
        assert_eq!((told.first(), told.last()), (Some(&News::Started), Some(&News::Dying)));
        assert_eq!(told.len(), 202);
        assert_eq!(reports.take(), [News::Dying]);
    }

    #[test]
    fn a_worker_without_a_supervisor_goes_on() {
        let (reporter, reports) = pipe().unwrap();
        drop(reports);
        reporter.report(News::Started);
    }
}

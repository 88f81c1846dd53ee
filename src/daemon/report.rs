//! What the worker tells the supervisor: one octet over a pipe.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

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
    /// Tells the supervisor.
    pub(super) fn report(&self, news: News) {
        let octet = match news {
            News::Started => b'S',
            News::Reloaded => b'R',
            News::Refused => b'N',
        };
        // Without a supervisor the worker is about to be told to stop.
        let _gone = rustix::io::write(&self.0, &[octet]).is_err();
    }
}

impl Reports {
    /// What the worker has told since the last call.
    pub(super) fn take(&self) -> Vec<News> {
        let mut octets = [0; 64];
        let count = rustix::io::read(&self.0, &mut octets).unwrap_or(0);
        let told = octets.iter().take(count);
        told.filter_map(|octet| match octet {
            b'S' => Some(News::Started),
            b'R' => Some(News::Reloaded),
            b'N' => Some(News::Refused),
            _ => None,
        })
        .collect()
    }
}

impl AsFd for Reports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_arrive_in_their_order_and_once() {
        let (reporter, reports) = pipe().unwrap();
        let all = [News::Started, News::Refused, News::Reloaded];
        all.into_iter().for_each(|news| reporter.report(news));
        assert_eq!(reports.take(), all);
        assert_eq!(reports.take(), []);
    }

    #[test]
    fn a_worker_without_a_supervisor_goes_on() {
        let (reporter, reports) = pipe().unwrap();
        drop(reports);
        reporter.report(News::Started);
    }
}

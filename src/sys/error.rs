//! What failed and why.

use std::io;

use rustix::io::Errno;

/// A request that the system refused. What else happened to its subject is said where it is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{request}: {errno}")]
pub struct Error {
    /// What was asked, in words: "join the multicast group".
    pub request: &'static str,
    /// The system's answer.
    pub errno: Errno,
}

/// Says which request a bare result belongs to.
pub(super) trait During<T> {
    /// The same result, its error named after `request`.
    fn during(self, request: &'static str) -> Result<T, Error>;
}

impl<T> During<T> for Result<T, Errno> {
    fn during(self, request: &'static str) -> Result<T, Error> {
        self.map_err(|errno| Error { request, errno })
    }
}

impl<T> During<T> for io::Result<T> {
    fn during(self, request: &'static str) -> Result<T, Error> {
        self.map_err(|error| errno_of(&error)).during(request)
    }
}

/// The number in `error`; EIO for one that has none, which no system call makes.
pub(super) fn errno_of(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_asked_and_what_the_answer_was() {
        let error = Err::<(), _>(Errno::PERM).during("lock the memory");
        assert_eq!(
            error.unwrap_err().to_string(),
            "lock the memory: Operation not permitted (os error 1)"
        );
    }
}

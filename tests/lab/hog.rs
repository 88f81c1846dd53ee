//! Somebody who takes every octet of a disk.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A disk is full for as long as this lives.
#[derive(Debug)]
pub struct Hog {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hog {
    /// Fills the disk that `filler` stands on before this returns, and takes what becomes free.
    ///
    /// # Panics
    /// When the disk takes nothing for another reason than being full.
    pub fn start(mut filler: File) -> Self {
        let mut is_full = move || match filler.write(&[0; 512]) {
            Ok(_) => false,
            Err(error) if error.kind() == ErrorKind::StorageFull => true,
            Err(error) => panic!("the disk is not full, but takes no more: {error}"),
        };
        while !is_full() {}
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                is_full();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

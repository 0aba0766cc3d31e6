//! Where resources are opened and rendered: beside the runtime's threads, and as many at once as there are processors.
//!
//! An envelope may take a second of computing. On a thread of the runtime that second would be missing for the watches,
//! the keys and the pulse; a few hostile envelopes would stop them all.

use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// A bound on what is computed at once.
pub(crate) struct Openings(Semaphore);

impl Default for Openings {
    fn default() -> Self {
        Self(Semaphore::new(
            available_parallelism().map_or(2, NonZero::get),
        ))
    }
}

impl Openings {
    /// Does `work` when it is its turn, while others have the runtime.
    pub(crate) async fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        // It is never closed; without a turn the work is done all the same.
        let _turn = self.0.acquire().await;
        match Handle::current().runtime_flavor() {
            // Another thread takes over what this one had to do.
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
            // One thread is all that there is: the tests' runtime.
            _ => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_is_computed_keeps_nobody_waiting() {
        let openings = Arc::new(Openings(Semaphore::new(1)));
        let (go_on, told) = mpsc::channel();
        // The work waits for another task of the same runtime, which has one thread.
        let computing = openings.clone();
        let work = tokio::spawn(async move { computing.run(move || told.recv()).await });
        while openings.0.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let other = tokio::spawn(async move { go_on.send(7) });
        assert!(other.await.expect("it ends").is_ok());
        assert_eq!(work.await.expect("it ends"), Ok(7));
    }
}

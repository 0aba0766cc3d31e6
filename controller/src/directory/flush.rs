//! What must be down on the disk before a link leads to it, flushed for many resources at once.
//!
//! A flush costs the disk milliseconds, however little there is to write. The resources of a pass
//! therefore go on in step: each writes what is new, then all of it is flushed, and only then are
//! the links swapped. See [`Flush::drive`].

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::folder::step;

/// Files and directories that wait for the flush that they share.
#[derive(Default)]
pub(super) struct Flush(Mutex<State>);

#[derive(Default)]
struct State {
    /// Each is flushed by itself.
    single: Vec<OwnedFd>,
    /// One of each file system that is flushed as a whole.
    whole: Vec<(u64, OwnedFd)>,
    /// How many flushes there were, and how the last one ended.
    rounds: u64,
    failed: Option<Failed>,
}

/// Why the last flush failed: everybody who waited for it hears so.
#[derive(Clone, Copy)]
struct Failed(io::ErrorKind, Option<i32>);

/// More than a few files cost more than a flush of the whole file system.
const SINGLE_MAX: usize = 32;

impl Flush {
    /// Takes up a file or a directory that was written.
    pub(super) fn add(&self, written: OwnedFd) -> io::Result<()> {
        self.state().add(written)
    }

    /// Waits until everything that was added so far is on the disk.
    pub(super) async fn flushed(&self) -> io::Result<()> {
        let before = self.state().rounds;
        poll_fn(|_| {
            let state = self.state();
            match state.failed {
                _ if state.rounds == before => Poll::Pending,
                None => Poll::Ready(Ok(())),
                Some(Failed(_, Some(code))) => Poll::Ready(Err(io::Error::from_raw_os_error(code))),
                Some(Failed(kind, None)) => Poll::Ready(Err(kind.into())),
            }
        })
        .await
    }

    /// Runs all of them to their ends, with a flush whenever none can go on without. They wait for
    /// nothing else.
    pub(super) fn drive<'f, T>(
        &self,
        futures: impl Iterator<Item = Pin<Box<dyn Future<Output = T> + 'f>>>,
    ) -> Vec<T> {
        let mut runs: Vec<_> = futures.map(Run::Going).collect();
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let mut waiting = false;
            for run in &mut runs {
                if let Run::Going(future) = run {
                    match future.as_mut().poll(&mut context) {
                        Poll::Ready(output) => *run = Run::Done(output),
                        Poll::Pending => waiting = true,
                    }
                }
            }
            if !waiting {
                break;
            }
            self.state().flush();
        }
        let done = |run| match run {
            Run::Done(output) => output,
            Run::Going(_) => unreachable!("none of them is waiting"),
        };
        runs.into_iter().map(done).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Run<'f, T> {
    Going(Pin<Box<dyn Future<Output = T> + 'f>>),
    Done(T),
}

impl State {
    fn add(&mut self, written: OwnedFd) -> io::Result<()> {
        self.single.push(written);
        if self.single.len() > SINGLE_MAX {
            for written in std::mem::take(&mut self.single) {
                let device = rustix::fs::fstat(&written)?.st_dev;
                if self.whole.iter().all(|(known, _)| *known != device) {
                    self.whole.push((device, written));
                } else if !flushes_whole() {
                    File::from(written).sync_all()?;
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        let single = std::mem::take(&mut self.single).into_iter();
        let whole = std::mem::take(&mut self.whole).into_iter();
        let mut flushes = single
            .map(|written| (written, false))
            .chain(whole.map(|(_, written)| (written, true)));
        let result = flushes.try_for_each(|(written, whole)| {
            step()?;
            if whole {
                flush_whole(written)
            } else {
                File::from(written).sync_all()
            }
        });
        self.rounds += 1;
        self.failed = result
            .err()
            .map(|error| Failed(error.kind(), error.raw_os_error()));
    }
}

/// Whether one call flushes a whole file system and says whether that failed.
const fn flushes_whole() -> bool {
    cfg!(target_os = "linux")
}

#[cfg(target_os = "linux")]
fn flush_whole(written: OwnedFd) -> io::Result<()> {
    Ok(rustix::fs::syncfs(written)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_whole(written: OwnedFd) -> io::Result<()> {
    File::from(written).sync_all()
}

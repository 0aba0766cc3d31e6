//! Passes by file events, and at a resync, until somebody says stop.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher};

use super::{DirectoryStore, Report, StoreError};

/// How a store watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchOptions {
    /// How long files must be quiet before a pass: a checkout writes many.
    pub debounce: Duration,
    /// How long after a pass the next one comes without any event.
    pub resync: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(200),
            resync: Duration::from_secs(60),
        }
    }
}

/// How often a pass that wrote is followed by another without a wait.
const AGAIN_MAX: u32 = 3;
/// How soon a stop is noticed.
const TICK: Duration = Duration::from_millis(50);
/// A stream of events that never ends holds a pass up for this many debounces at most.
const DEBOUNCES_MAX: u32 = 10;

impl DirectoryStore {
    /// Reconciles at once, then whenever a manifest or something in the store changes, and at the
    /// resync, until `stop` is true. `told` gets every pass.
    ///
    /// The folder of manifests may be away for a while: `told` gets the error, and it goes on.
    ///
    /// # Errors
    ///
    /// `Watch` when file events can't be had at all.
    pub fn watch(
        &mut self,
        sources: &Path,
        options: WatchOptions,
        stop: &AtomicBool,
        mut told: impl FnMut(Result<Report, StoreError>),
    ) -> Result<(), StoreError> {
        let (sender, events) = mpsc::channel();
        let config = Config::default().with_follow_symlinks(false);
        let on_event = move |event| {
            if is_change(&event) {
                // The receiver is gone only when the watch is over.
                let _ = sender.send(());
            }
        };
        let mut watcher = RecommendedWatcher::new(on_event, config).map_err(StoreError::Watch)?;
        let root = self.path().to_owned();
        let mut again = 0;
        while !stop.load(Ordering::Relaxed) {
            // Before the pass, so that no change falls between; anew, since it may be another folder.
            watcher
                .watch(&root, RecursiveMode::Recursive)
                .map_err(StoreError::Watch)?;
            let watched = watch_sources(&mut watcher, sources);
            let pass = self.reconcile_once(sources);
            // What a pass makes is not watched yet: one that wrote is followed by another at once.
            let wrote = pass.as_ref().is_ok_and(|report| !report.is_quiet());
            match watched {
                Err(error) if pass.is_ok() => return Err(StoreError::Watch(error)),
                _ => told(pass),
            }
            if wrote && again < AGAIN_MAX {
                again += 1;
                continue;
            }
            again = 0;
            wait(&events, options, stop);
        }
        Ok(())
    }
}

fn watch_sources(watcher: &mut RecommendedWatcher, sources: &Path) -> notify::Result<()> {
    if sources.is_dir() {
        return watcher.watch(sources, RecursiveMode::Recursive);
    }
    // An editor puts a new file in the place of the old one.
    let parent = sources
        .parent()
        .filter(|parent| *parent != Path::new(""))
        .map_or_else(|| PathBuf::from("."), Path::to_owned);
    watcher.watch(&parent, RecursiveMode::NonRecursive)
}

/// Waits for a change and then for quiet, for the resync, or for the stop.
fn wait(events: &Receiver<()>, options: WatchOptions, stop: &AtomicBool) {
    let started = Instant::now();
    let mut first: Option<Instant> = None;
    let mut last = started;
    while !stop.load(Ordering::Relaxed) {
        match events.recv_timeout(TICK.min(options.debounce)) {
            Ok(()) => {
                last = Instant::now();
                first.get_or_insert(last);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The watcher lives as long as the loop that calls this.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let quiet = last.elapsed() >= options.debounce;
        let enough = |first: Instant| first.elapsed() >= options.debounce * DEBOUNCES_MAX;
        if first.is_some_and(|first| quiet || enough(first)) || started.elapsed() >= options.resync
        {
            return;
        }
    }
}

/// Reading is no change; an error may hide one.
fn is_change(event: &notify::Result<notify::Event>) -> bool {
    match event {
        Ok(event) => match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            EventKind::Access(_) => false,
            _ => true,
        },
        Err(_) => true,
    }
}

//! Ends a run before its nth change of the disk, without any of its own tidying up.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

thread_local!(static LEFT: Cell<Option<usize>> = const { Cell::new(None) });

/// Runs until `steps` changes were made; nothing when it was killed before its end.
pub(in super::super) fn after<T>(steps: usize, run: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(Some(steps));
    let ended = panic::catch_unwind(AssertUnwindSafe(run));
    LEFT.set(None);
    ended.ok()
}

pub(super) fn step() {
    match LEFT.get() {
        // Not through the panic hook: it would print every one of them.
        Some(0) => panic::resume_unwind(Box::new("killed")),
        Some(left) => LEFT.set(Some(left - 1)),
        None => {}
    }
}

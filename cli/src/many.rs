//! Many files side by side, on all processors; a few of them on none but this one.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::progress::Progress;

/// Works on each item; the results are in the order of the items.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    progress: Option<&Progress>,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let step = || {
        if let Some(progress) = progress {
            progress.step();
        }
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    each_on(processors, items, |item| {
        let result = work(item);
        step();
        result
    })
}

/// The same on so many threads, for work that waits for something else than processors.
pub(crate) fn each_on<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len() / ITEMS_FOR_A_THREAD);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        let mut mine = Vec::new();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(nth) else { break };
            mine.push((nth, work(item)));
        }
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.append(&mut mine);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more threads are allowed, those that are there do the work.
            if thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(nth, _)| *nth);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Fewer are done before a thread has started.
const ITEMS_FOR_A_THREAD: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for items in [0, 1, 15, 1000] {
            let items: Vec<usize> = (0..items).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(each(&items, None, |item| item * 2), doubled);
        }
    }
}

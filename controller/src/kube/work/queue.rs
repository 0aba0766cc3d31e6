//! The work queue: each key once, fair between namespaces, delays and backoff inside.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::kube::backoff::Backoff;

/// What is reconciled: the sealed resources of one namespace and name, which want one Secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// When a key that was worked on comes back by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Not before something changes.
    OnChange,
    /// As soon as its backoff allows, longer with every failure in a row; not before the time that the API server asked for.
    Backoff(Option<Duration>),
}

impl Again {
    /// What comes sooner of two; of two waits that the API server asked for, the longer one.
    pub(crate) fn sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::OnChange, other) | (other, Self::OnChange) => other,
            (Self::Backoff(a), Self::Backoff(b)) => Self::Backoff(a.max(b)),
        }
    }
}

/// A queue that any number of workers take from.
///
/// A key is with one worker at a time. What is added while it is being worked on comes after, once.
/// Namespaces take turns, so that ten thousand keys of one don't keep the single key of another waiting.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    backoff: Backoff,
}

#[derive(Default)]
struct State {
    keys: HashMap<Key, Entry>,
    ready: HashMap<Box<str>, VecDeque<Key>>,
    turns: VecDeque<Box<str>>,
    delayed: BTreeMap<(Instant, u64), Key>,
    sequence: u64,
    paused: bool,
}

#[derive(Default)]
struct Entry {
    place: Place,
    failures: u32,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    /// Known for its failures only.
    #[default]
    Nowhere,
    Ready,
    Delayed(Instant, u64),
    Running,
    /// Running, and wanted again after.
    Dirty,
}

impl Queue {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self {
            state: Mutex::default(),
            wake: Notify::new(),
            backoff,
        }
    }

    /// Wants `key` now. A delay that it waits for is cut short.
    pub(crate) fn add(&self, key: Key) {
        self.state().add(key);
        self.wake.notify_one();
    }

    /// Wants `key` now, unless a worker has it: then it is that worker's own doing.
    pub(crate) fn add_if_idle(&self, key: Key) {
        let mut state = self.state();
        let place = state.keys.get(&key).map(|entry| entry.place);
        if !matches!(place, Some(Place::Running | Place::Dirty)) {
            state.add(key);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Stops handing out keys, or goes on; they still pile up meanwhile.
    pub(crate) fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// Waits for the next key. The caller gives it back by [`Queue::done`].
    pub(crate) async fn take(&self) -> Key {
        loop {
            let next = {
                let mut state = self.state();
                state.move_due(Instant::now());
                match state.take() {
                    Some(key) => {
                        if !state.turns.is_empty() {
                            self.wake.notify_one();
                        }
                        return key;
                    }
                    None => state.delayed.keys().next().map(|(due, _)| *due),
                }
            };
            match next {
                Some(due) => tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep_until(due) => {}
                },
                None => self.wake.notified().await,
            }
        }
    }

    /// Gives a key back.
    pub(crate) fn done(&self, key: Key, again: Again) {
        let mut state = self.state();
        let Some(entry) = state.keys.get_mut(&key) else {
            return;
        };
        let dirty = entry.place == Place::Dirty;
        entry.place = Place::Nowhere;
        let delay = match again {
            Again::OnChange => {
                entry.failures = 0;
                None
            }
            Again::Backoff(at_least) => {
                entry.failures = entry.failures.saturating_add(1);
                let delay = self.backoff.delay(entry.failures);
                Some(delay.max(at_least.unwrap_or_default()))
            }
        };
        match delay {
            // Also when a change came in meanwhile: a hot loop would be worse than a late answer.
            Some(delay) => state.delay(key, Instant::now() + delay),
            None if dirty => state.add(key),
            None => {
                state.keys.remove(&key);
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// How many keys are ready and not yet with a worker.
    pub(crate) fn depth(&self) -> usize {
        self.state().ready.values().map(VecDeque::len).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, key: Key) {
        let entry = self.keys.entry(key.clone()).or_default();
        match entry.place {
            Place::Ready | Place::Dirty => return,
            Place::Running => {
                entry.place = Place::Dirty;
                return;
            }
            Place::Delayed(due, sequence) => {
                self.delayed.remove(&(due, sequence));
            }
            Place::Nowhere => {}
        }
        entry.place = Place::Ready;
        let of_namespace = self.ready.entry(key.namespace.clone()).or_default();
        if of_namespace.is_empty() {
            self.turns.push_back(key.namespace.clone());
        }
        of_namespace.push_back(key);
    }

    fn delay(&mut self, key: Key, due: Instant) {
        let entry = self.keys.entry(key.clone()).or_default();
        match entry.place {
            Place::Nowhere => {}
            Place::Delayed(earlier, _) if earlier <= due => return,
            Place::Delayed(later, sequence) => {
                self.delayed.remove(&(later, sequence));
            }
            Place::Ready | Place::Running | Place::Dirty => return,
        }
        self.sequence += 1;
        entry.place = Place::Delayed(due, self.sequence);
        self.delayed.insert((due, self.sequence), key);
    }

    fn move_due(&mut self, now: Instant) {
        while let Some(first) = self.delayed.first_entry() {
            if first.key().0 > now {
                break;
            }
            let key = first.get().clone();
            self.add(key);
        }
    }

    /// The next key of the namespace whose turn it is.
    fn take(&mut self) -> Option<Key> {
        if self.paused {
            return None;
        }
        let namespace = self.turns.pop_front()?;
        let of_namespace = self.ready.get_mut(&namespace)?;
        let key = of_namespace.pop_front()?;
        if of_namespace.is_empty() {
            self.ready.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        if let Some(entry) = self.keys.get_mut(&key) {
            entry.place = Place::Running;
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, name: &str) -> Key {
        Key {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    fn queue() -> Queue {
        Queue::new(Backoff {
            first: Duration::from_secs(1),
            cap: Duration::from_secs(8),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_there_once_and_with_one_worker() {
        let queue = queue();
        queue.add(key("a", "x"));
        queue.add(key("a", "x"));
        let taken = queue.take().await;
        assert_eq!(queue.depth(), 0);
        queue.add(key("a", "x"));
        assert_eq!(queue.depth(), 0, "it is being worked on");
        queue.done(taken, Again::OnChange);
        assert_eq!(queue.depth(), 1, "and comes after");
        queue.done(queue.take().await, Again::OnChange);
        assert!(queue.state().keys.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn namespaces_take_turns() {
        let queue = queue();
        for name in ["1", "2", "3"] {
            queue.add(key("big", name));
        }
        queue.add(key("small", "1"));
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(queue.take().await.namespace);
        }
        assert_eq!(order, ["big", "small", "big", "big"].map(Box::from));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_longer_and_longer_and_a_change_cuts_it_short() {
        let queue = queue();
        queue.add(key("a", "x"));
        let mut waits = Vec::new();
        for _ in 0..6 {
            let start = Instant::now();
            let taken = queue.take().await;
            waits.push(start.elapsed());
            queue.done(taken, Again::Backoff(None));
        }
        assert!(
            waits[1] <= Duration::from_secs(1) && waits[5] > Duration::from_secs(3),
            "{waits:?}"
        );
        assert!(
            waits
                .iter()
                .all(|wait| *wait <= Duration::from_millis(8001)),
            "{waits:?}"
        );
        let start = Instant::now();
        queue.add(key("a", "x"));
        queue.done(queue.take().await, Again::OnChange);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_queue_keeps_what_is_added() {
        let queue = queue();
        queue.pause(true);
        queue.add(key("a", "x"));
        let waited = tokio::time::timeout(Duration::from_secs(5), queue.take()).await;
        assert!(waited.is_err());
        queue.pause(false);
        assert_eq!(queue.take().await, key("a", "x"));
    }
}

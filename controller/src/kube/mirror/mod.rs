//! What this process knows of a collection: kept small, never older than its own writes.
//!
//! A watch tells of a write some time after its answer has come. Whoever decides again in between must see the write,
//! or it would be done twice: [`Mirror::learn`] takes the answer in, and what the watch tells later that is no newer
//! changes nothing and wakes nobody.

mod age_identities;
mod key_secret;
mod meta;
mod resource;
mod rsa_key_secret;
mod sealing_key;
mod secret;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

pub(super) use age_identities::AgeIdentities;
pub(super) use key_secret::KeySecret;
pub(super) use meta::{Annotations, Meta};
pub(super) use resource::SeenResource;
pub(super) use rsa_key_secret::RsaKeySecret;
pub(super) use sealing_key::SeenSealingKey;
pub(super) use secret::SeenSecret;

use super::watch::{Change, Versioned};
use super::work::queue::Key;

/// An object that a [`Mirror`] keeps.
pub(super) trait Mirrored: Versioned + Sync + 'static {
    /// Its namespace (empty when it has none) and name.
    fn key(&self) -> Key;

    /// True when it differs from `older` in nothing but what the controller itself reports.
    fn is_report_on(&self, older: &Self) -> bool {
        let _ = older;
        false
    }

    /// By what it is found beside its name, if by anything: [`Mirror::marked`].
    fn mark(&self) -> Option<&str> {
        None
    }
}

/// The objects of one kind, by namespace and name.
pub(super) struct Mirror<T>(RwLock<State<T>>);

struct State<T> {
    objects: HashMap<Key, Arc<T>>,
    /// Where the objects of each mark are.
    marked: HashMap<Box<str>, HashSet<Key>>,
    /// How far each watch has come, by the namespace that it watches; the empty one stands for all.
    newest: HashMap<Box<str>, u64>,
    synced: HashSet<Box<str>>,
}

impl<T: Mirrored> Mirror<T> {
    pub(super) fn new() -> Self {
        Self(RwLock::new(State {
            objects: HashMap::new(),
            marked: HashMap::new(),
            newest: HashMap::new(),
            synced: HashSet::new(),
        }))
    }

    /// The object of this name.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<T>> {
        self.read(|state| state.objects.get(key).cloned())
    }

    /// All objects.
    pub(super) fn all(&self) -> Vec<Arc<T>> {
        self.read(|state| state.objects.values().cloned().collect())
    }

    /// The names of all objects.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.read(|state| state.objects.keys().cloned().collect())
    }

    /// All objects with this mark.
    pub(super) fn marked(&self, mark: &str) -> Vec<Arc<T>> {
        self.read(|state| {
            let keys = state.marked.get(mark).into_iter().flatten();
            keys.filter_map(|key| state.objects.get(key).cloned())
                .collect()
        })
    }

    /// True when so many watches have listed everything once.
    pub(super) fn is_synced(&self, watches: usize) -> bool {
        self.read(|state| state.synced.len() >= watches)
    }

    /// Takes in the answer to a write of ours, unless the watch has come past it already.
    pub(super) fn learn(&self, object: T) {
        let key = object.key();
        let version = number(object.version());
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let newest = [&*key.namespace, ""]
            .iter()
            .filter_map(|watched| state.newest.get(*watched))
            .max();
        // The watch is in order: had it not told of this version yet, it would not be further.
        let outdated = newest.is_some_and(|newest| *newest >= version);
        let older = state
            .objects
            .get(&key)
            .is_some_and(|known| number(known.version()) >= version);
        if !outdated && !older {
            state.put(key, object);
        }
    }

    /// Replaces what is known of an object by more of the same version.
    pub(super) fn amend(&self, object: T) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.objects.get_mut(&object.key())
            && known.version() == object.version()
        {
            *known = Arc::new(object);
        }
    }

    /// Forgets an object that a write of ours has found gone.
    pub(super) fn forget(&self, key: &Key, version: &str) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state
            .objects
            .get(key)
            .is_some_and(|known| known.version() == version)
        {
            state.take(key);
        }
    }

    fn read<R>(&self, read: impl FnOnce(&State<T>) -> R) -> R {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An object of which something new is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    pub(super) key: Key,
    /// Nothing but its status has changed.
    pub(super) status_only: bool,
    /// The marks that it has, or had.
    pub(super) marks: Vec<Box<str>>,
}

/// The receiving end of one watch.
pub(super) struct Feed<T> {
    mirror: Arc<Mirror<T>>,
    /// The namespace that is watched; empty for all.
    namespace: Box<str>,
    listed: HashSet<Key>,
}

impl<T: Mirrored> Feed<T> {
    pub(super) fn new(mirror: Arc<Mirror<T>>, namespace: &str) -> Self {
        Self {
            mirror,
            namespace: namespace.into(),
            listed: HashSet::new(),
        }
    }

    /// Takes a change in and returns of what something new is known.
    pub(super) fn receive(&mut self, change: Change<T>) -> Vec<News> {
        let mut state = self
            .mirror
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        match change {
            Change::Begin => {
                self.listed.clear();
                // A restored etcd counts from an earlier version again.
                state.newest.remove(&self.namespace);
                Vec::new()
            }
            Change::Listed(object) => {
                let key = object.key();
                self.listed.insert(key.clone());
                match state.objects.get(&key) {
                    Some(known) if known.version() == object.version() => Vec::new(),
                    _ => vec![state.put(key, object)],
                }
            }
            Change::Synced => {
                let listed = std::mem::take(&mut self.listed);
                let gone: Vec<Key> = state
                    .objects
                    .keys()
                    .filter(|key| self.namespace.is_empty() || key.namespace == self.namespace)
                    .filter(|key| !listed.contains(key))
                    .cloned()
                    .collect();
                let gone = gone.into_iter().map(|key| state.take(&key)).collect();
                state.objects.shrink_to_fit();
                state.synced.insert(self.namespace.clone());
                gone
            }
            Change::Applied(object) => {
                let (key, version) = (object.key(), number(object.version()));
                state.newest.insert(self.namespace.clone(), version);
                match state.objects.get(&key) {
                    Some(known) if number(known.version()) >= version && version > 0 => Vec::new(),
                    _ => vec![state.put(key, object)],
                }
            }
            Change::Deleted(object) => {
                let (key, version) = (object.key(), number(object.version()));
                state.newest.insert(self.namespace.clone(), version);
                match state.objects.get(&key) {
                    None => Vec::new(),
                    Some(known) if number(known.version()) > version && version > 0 => Vec::new(),
                    Some(_) => vec![state.take(&key)],
                }
            }
        }
    }
}

impl<T: Mirrored> State<T> {
    fn put(&mut self, key: Key, object: T) -> News {
        let mut news = News::of(key.clone());
        let mark: Option<Box<str>> = object.mark().map(Into::into);
        let object = Arc::new(object);
        if let Some(older) = self.objects.insert(key.clone(), object.clone()) {
            news.status_only = object.is_report_on(&older);
            news.marks.extend(self.unmark(&key, &older));
        }
        if let Some(mark) = mark {
            self.marked.entry(mark.clone()).or_default().insert(key);
            if !news.marks.contains(&mark) {
                news.marks.push(mark);
            }
        }
        news
    }

    fn take(&mut self, key: &Key) -> News {
        let mut news = News::of(key.clone());
        if let Some(older) = self.objects.remove(key) {
            news.marks.extend(self.unmark(key, &older));
        }
        news
    }

    fn unmark(&mut self, key: &Key, older: &T) -> Option<Box<str>> {
        let mark = older.mark()?;
        if let Some(keys) = self.marked.get_mut(mark) {
            keys.remove(key);
            if keys.is_empty() {
                self.marked.remove(mark);
            }
        }
        Some(mark.into())
    }
}

impl News {
    fn of(key: Key) -> Self {
        Self {
            key,
            status_only: false,
            marks: Vec::new(),
        }
    }
}

/// Resource versions of one collection are comparable as numbers (KEP-5504); one that isn't a number is never newer.
fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, version: u64) -> SeenSecret {
        let json = serde_json::json!({"metadata": {
            "name": name, "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
        }});
        serde_json::from_value(json).expect("the metadata of a Secret")
    }

    fn key(name: &str) -> Key {
        Key {
            namespace: "shop".into(),
            name: name.into(),
        }
    }

    #[test]
    fn what_the_watch_tells_of_our_own_write_wakes_nobody() {
        let mirror = Arc::new(Mirror::new());
        let mut feed = Feed::new(mirror.clone(), "");
        feed.receive(Change::Begin);
        feed.receive(Change::Synced);
        mirror.learn(secret("db", 7));
        assert_eq!(feed.receive(Change::Applied(secret("db", 7))), []);
        assert_eq!(
            feed.receive(Change::Applied(secret("db", 8))),
            [News::of(key("db"))]
        );
    }

    #[test]
    fn an_answer_that_comes_after_the_deletion_does_not_bring_it_back() {
        let mirror = Arc::new(Mirror::new());
        let mut feed = Feed::new(mirror.clone(), "");
        feed.receive(Change::Applied(secret("db", 7)));
        assert_eq!(
            feed.receive(Change::Deleted(secret("db", 8))),
            [News::of(key("db"))]
        );
        mirror.learn(secret("db", 7));
        assert!(mirror.get(&key("db")).is_none());
    }

    #[test]
    fn an_event_from_before_our_write_changes_nothing() {
        let mirror = Arc::new(Mirror::new());
        let mut feed = Feed::new(mirror.clone(), "");
        mirror.learn(secret("db", 9));
        assert_eq!(feed.receive(Change::Applied(secret("db", 8))), []);
        assert_eq!(feed.receive(Change::Deleted(secret("db", 8))), []);
        assert_eq!(
            mirror.get(&key("db")).expect("it is still there").version(),
            "9"
        );
    }

    #[test]
    fn an_object_is_found_by_its_mark_and_wakes_whom_it_belongs_to_when_it_goes() {
        let of = |name: &str, version: u64, owner: Option<&str>| -> SeenSecret {
            let references: Vec<_> = owner
                .iter()
                .map(
                    |uid| serde_json::json!({"kind": "SopsSecret", "uid": uid, "controller": true}),
                )
                .collect();
            let json = serde_json::json!({"metadata": {
                "name": name, "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
                "ownerReferences": references,
            }});
            serde_json::from_value(json).expect("the metadata of a Secret")
        };
        let mirror = Arc::new(Mirror::new());
        let mut feed = Feed::new(mirror.clone(), "");
        let found = |mark: &str| mirror.marked(mark).len();
        for (version, owner, marks) in [
            (1, Some("a"), vec!["a"]),
            (2, Some("b"), vec!["a", "b"]),
            (3, None, vec!["b"]),
            (4, Some("a"), vec!["a"]),
        ] {
            let news = feed.receive(Change::Applied(of("db", version, owner)));
            let told: Vec<&str> = news[0].marks.iter().map(|mark| &**mark).collect();
            assert_eq!(told, marks);
            for mark in ["a", "b"] {
                assert_eq!(found(mark), usize::from(owner == Some(mark)));
            }
        }
        mirror.learn(of("own", 9, Some("a")));
        assert_eq!(found("a"), 2);
        mirror.forget(&key("own"), "9");
        assert_eq!(found("a"), 1);
        let news = feed.receive(Change::Deleted(of("db", 10, Some("a"))));
        assert_eq!(*news[0].marks[0], *"a");
        assert_eq!(found("a"), 0);
    }

    #[test]
    fn what_a_new_list_lacks_is_gone() {
        let mirror = Arc::new(Mirror::new());
        let mut feed = Feed::new(mirror.clone(), "");
        for name in ["a", "b"] {
            feed.receive(Change::Applied(secret(name, 1)));
        }
        feed.receive(Change::Begin);
        assert_eq!(feed.receive(Change::Listed(secret("a", 1))), []);
        assert_eq!(feed.receive(Change::Synced), [News::of(key("b"))]);
        assert_eq!(mirror.keys(), [key("a")]);
    }
}

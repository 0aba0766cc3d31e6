//! Which Secrets resources want that make several: their names are known only once they were opened, and a change of a
//! Secret that is not theirs yet, or not any more, has to bring them back.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::kube::work::queue::Key;

/// Secrets by resource, and the other way round.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<Both>);

#[derive(Default)]
struct Both {
    secrets: HashMap<Key, BTreeSet<Key>>,
    resources: HashMap<Key, BTreeSet<Key>>,
}

impl Wanted {
    /// `resource` wants these Secrets and no others.
    pub(crate) fn set(&self, resource: Key, secrets: BTreeSet<Key>) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        both.forget(&resource);
        for secret in &secrets {
            let resources = both.resources.entry(secret.clone()).or_default();
            resources.insert(resource.clone());
        }
        if !secrets.is_empty() {
            both.secrets.insert(resource, secrets);
        }
    }

    /// `resource` is gone.
    pub(crate) fn forget(&self, resource: &Key) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        both.forget(resource);
    }

    /// Who wants a Secret.
    pub(crate) fn by(&self, secret: &Key) -> Vec<Key> {
        let both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let resources = both.resources.get(secret);
        resources.into_iter().flatten().cloned().collect()
    }
}

impl Both {
    fn forget(&mut self, resource: &Key) {
        for secret in self.secrets.remove(resource).into_iter().flatten() {
            if let Some(resources) = self.resources.get_mut(&secret) {
                resources.remove(resource);
                if resources.is_empty() {
                    self.resources.remove(&secret);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key {
            namespace: "shop".into(),
            name: name.into(),
        }
    }

    #[test]
    fn a_secret_brings_back_everybody_who_wants_it_now() {
        let wanted = Wanted::default();
        wanted.set(key("r"), [key("a"), key("b")].into());
        wanted.set(key("s"), [key("a")].into());
        assert_eq!(wanted.by(&key("a")), [key("r"), key("s")]);
        wanted.set(key("r"), [key("b")].into());
        assert_eq!(wanted.by(&key("a")), [key("s")]);
        wanted.forget(&key("s"));
        wanted.forget(&key("r"));
        assert!(wanted.by(&key("a")).is_empty() && wanted.by(&key("b")).is_empty());
        let both = wanted.0.lock().expect("nobody panicked");
        assert!(both.secrets.is_empty() && both.resources.is_empty());
    }
}

//! What Sealed Secrets' own flags ask to leave undone for SealedSecrets: `--update-status=false`, `--skip-recreate`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kube::kind::Kind;
use crate::kube::mirror::SeenResource;
use crate::kube::work::queue::Key;

/// What is left undone, and what has to be known for that.
#[derive(Default)]
pub(crate) struct Restraint {
    /// The status is not written; what it would say is known to this process alone, so that a restart opens everything.
    pub(crate) leaves_status: bool,
    /// A Secret that somebody deletes stays away until its SealedSecret changes, or the controller starts anew.
    pub(crate) leaves_deleted: bool,
    /// Of which uid and generation this process has seen the Secret well.
    made: Mutex<HashMap<Key, (Box<str>, i64)>>,
}

impl Restraint {
    /// Whether the status is left as it is, and whether deleted Secrets stay away.
    pub(crate) fn new(leaves_status: bool, leaves_deleted: bool) -> Self {
        Self {
            leaves_status,
            leaves_deleted,
            ..Self::default()
        }
    }

    /// Remembers that the Secret of this resource was there.
    pub(crate) fn made<K: Kind>(&self, seen: &SeenResource<K>) {
        if self.leaves_deleted {
            let generation = (seen.uid.clone(), seen.generation);
            self.lock().insert(seen.key(), generation);
        }
    }

    /// Whether the Secret of this resource was there, so that somebody has deleted it since.
    pub(crate) fn was_made<K: Kind>(&self, seen: &SeenResource<K>) -> bool {
        let made = self.lock();
        made.get(&seen.key())
            .is_some_and(|(uid, generation)| *uid == seen.uid && *generation == seen.generation)
    }

    /// Forgets what is gone.
    pub(crate) fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Box<str>, i64)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What is wrong with a value that no key opens: found out when nobody waits, and told in the status.
//!
//! A diagnosis is begun when a resource was just opened in vain, so once for each change of it or of the keys. It runs on
//! the [`Background`] thread after everything that was asked for, takes at most 32 private operations, and comes back
//! through the queue: the next reconcile of the resource tells it, if it still holds. It is remembered: where the status
//! has no room for the record of a refusal, as with Sealed Secrets' own definition, nothing is opened again either.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bulla_core::names::KeyName;
use bulla_core::reason::Reason;
use bulla_core::recipient::Fingerprint;
use bulla_core::sealed_secrets::{RsaPrivateKey, diagnose};

use crate::engine::Keys;
use crate::kube::cluster::Cluster;
use crate::kube::kind::Kind;
use crate::kube::mirror::SeenResource;
use crate::kube::work::background::{Background, Urgency};
use crate::kube::work::queue::Key;

/// Diagnoses that were made.
pub(crate) struct Diagnoses {
    cluster: Arc<Cluster>,
    background: Arc<Background>,
    made: Mutex<HashMap<Key, Diagnosed>>,
}

/// What is to be told about one resource, as it was then.
struct Diagnosed {
    subject: Subject,
    told: (Reason, String),
}

/// All that a diagnosis depends on, but for what other resources there are.
#[derive(PartialEq)]
struct Subject {
    kind: &'static str,
    uid: Box<str>,
    generation: i64,
    scope: BTreeMap<&'static str, Box<str>>,
    keys: Vec<Fingerprint>,
}

impl Subject {
    fn new<K: Kind>(seen: &SeenResource<K>, keys: &Keys) -> Self {
        Self {
            kind: K::KIND,
            uid: seen.uid.clone(),
            generation: seen.generation,
            scope: seen.scope.clone(),
            keys: keys.rsa.iter().map(RsaPrivateKey::fingerprint).collect(),
        }
    }
}

impl Diagnoses {
    pub(crate) fn new(cluster: Arc<Cluster>, background: Arc<Background>) -> Self {
        Self {
            cluster,
            background,
            made: Mutex::default(),
        }
    }

    /// Begins to find out what `value` of a resource was sealed for. `detail` is what was told of it so far.
    pub(crate) fn begin<K: Kind>(
        self: &Arc<Self>,
        seen: &Arc<SeenResource<K>>,
        value: &KeyName,
        detail: &str,
        keys: &Keys,
    ) {
        let (this, seen) = (self.clone(), seen.clone());
        let (value, detail, ring) = (value.clone(), detail.to_owned(), keys.rsa.clone());
        let subject = Subject::new(&seen, keys);
        tokio::spawn(async move {
            let (cluster, resource) = (this.cluster.clone(), seen.clone());
            let job = move || {
                let suspect = K::suspect(&resource, &value, &cluster)?;
                let (found_in, candidates) = (&suspect.found_in, &suspect.candidates);
                let diagnosis = diagnose(&suspect.item, found_in, candidates, &ring);
                cluster.metrics.diagnosed::<K>(diagnosis.operations);
                // Where it lies it did not open: with a place that it was sealed for, that is all that is wrong.
                diagnosis.sealed_for.as_ref()?;
                let detail = format!("{detail}; value `{value}` is {diagnosis}");
                Some((Reason::WrongPlace, detail))
            };
            // Without an answer the message stays as it is.
            let Ok(Some(told)) = this.background.run(Urgency::Idle, job).await else {
                return;
            };
            this.made().insert(seen.key(), Diagnosed { subject, told });
            this.cluster.queue.add(seen.key());
        });
    }

    /// What is to be told about a resource, as long as it and the keys stay as they are.
    pub(crate) fn get<K: Kind>(
        &self,
        seen: &SeenResource<K>,
        keys: &Keys,
    ) -> Option<(Reason, String)> {
        let mut made = self.made();
        let key = seen.key();
        let diagnosed = made.get(&key)?;
        if diagnosed.subject == Subject::new(seen, keys) {
            return Some(diagnosed.told.clone());
        }
        if diagnosed.subject.kind == K::KIND {
            made.remove(&key);
        }
        None
    }

    /// Forgets what is gone.
    pub(crate) fn forget(&self, key: &Key) {
        self.made().remove(key);
    }

    fn made(&self) -> MutexGuard<'_, HashMap<Key, Diagnosed>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

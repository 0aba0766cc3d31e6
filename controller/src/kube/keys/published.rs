//! The key rings that the workers open with, put together from the keepers of both families of keys.

use std::sync::{Mutex, PoisonError};

use bulla_core::reason::Reason;
use bulla_core::recipient::KeyRing;
use bulla_core::sealed_secrets::RsaKeyRing;
use tokio::sync::watch;

use crate::engine::Keys;
use crate::kube::cluster::Cluster;
use crate::kube::kind::{Envelopes, Kind, SealedSecrets};

/// Where keepers hand in their rings. Nothing is published before each family was looked at once.
pub(crate) struct Publisher {
    parts: Mutex<Parts>,
    keys: watch::Sender<Option<Keys>>,
}

struct Parts {
    age: Option<KeyRing>,
    rsa: Option<RsaKeyRing>,
}

impl Publisher {
    /// A publisher, and where it publishes. Without SealedSecrets nobody hands in RSA keys.
    pub(crate) fn new(with_sealed_secrets: bool) -> (Self, watch::Receiver<Option<Keys>>) {
        let (keys, receiver) = watch::channel(None);
        let parts = Parts {
            age: None,
            rsa: (!with_sealed_secrets).then(RsaKeyRing::default),
        };
        let publisher = Self {
            parts: Mutex::new(parts),
            keys,
        };
        (publisher, receiver)
    }

    /// Hands in the keys for envelopes; wakes those that had none when something has changed.
    pub(crate) fn age(&self, cluster: &Cluster, ring: KeyRing) {
        let names = |ring: &KeyRing| ring.iter().map(|key| key.fingerprint()).collect::<Vec<_>>();
        let fresh = names(&ring);
        if self.change(|parts| {
            let known = parts.age.as_ref().map(names);
            parts.age = Some(ring);
            known.as_ref() != Some(&fresh)
        }) {
            tracing::info!(keys = ?fresh, "the key ring has changed");
            wake::<Envelopes>(cluster);
        }
    }

    /// Hands in the keys for SealedSecrets; wakes those that had none when something has changed.
    pub(crate) fn rsa(&self, cluster: &Cluster, ring: RsaKeyRing) {
        let names =
            |ring: &RsaKeyRing| ring.iter().map(|key| key.fingerprint()).collect::<Vec<_>>();
        let fresh = names(&ring);
        if self.change(|parts| {
            let known = parts.rsa.as_ref().map(names);
            parts.rsa = Some(ring);
            known.as_ref() != Some(&fresh)
        }) {
            tracing::info!(keys = ?fresh, "the RSA key ring has changed");
            wake::<SealedSecrets>(cluster);
        }
    }

    /// Publishes when `change` says that something is new, and everybody has handed in.
    fn change(&self, change: impl FnOnce(&mut Parts) -> bool) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut parts);
        if let (true, Some(age), Some(rsa)) = (changed, &parts.age, &parts.rsa) {
            self.keys.send_replace(Some(Keys {
                age: age.clone(),
                rsa: rsa.clone(),
            }));
        }
        changed
    }
}

/// A key that came may be the one that they wait for.
fn wake<K: Kind>(cluster: &Cluster) {
    for resource in K::mirror(cluster).all() {
        if resource.ready().1 == Reason::NoKey.as_str() {
            cluster.queue.add(resource.key());
        }
    }
}

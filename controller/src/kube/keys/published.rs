//! The key rings that the workers open with, put together from the keepers of both families of keys.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bulla_core::names::ResourceName;
use bulla_core::reason::Reason;
use bulla_core::recipient::{Identity, KeyRing};
use bulla_core::sealed_secrets::{Certificate, LegacyData, RsaKeyRing};
use tokio::sync::watch;

use crate::engine::Keys;
use crate::kube::cluster::Cluster;
use crate::kube::kind::{Envelopes, Kind, SealedSecrets, SopsSecrets};

/// Where keepers hand in their rings. Nothing is published before each family was looked at once.
pub(crate) struct Publisher {
    parts: Mutex<Parts>,
    keys: watch::Sender<Option<Keys>>,
    names: watch::Sender<BTreeSet<ResourceName>>,
    closing: watch::Sender<Option<Arc<Certificate>>>,
}

struct Parts {
    age: Option<KeyRing>,
    rsa: Option<RsaKeyRing>,
    /// Identities that open SopsSecrets beside the sealing keys.
    brought: Option<KeyRing>,
    age_names: BTreeSet<ResourceName>,
    rsa_names: BTreeSet<ResourceName>,
    brought_names: BTreeSet<ResourceName>,
    legacy: LegacyData,
}

/// What is published.
#[derive(Clone)]
pub(crate) struct Published {
    /// The keys that open, newest first; nothing before the first look at them.
    pub(crate) keys: watch::Receiver<Option<Keys>>,
    /// The names of all key Secrets.
    pub(crate) names: watch::Receiver<BTreeSet<ResourceName>>,
    /// The certificate that new values of SealedSecrets are closed with; nothing while there is none.
    pub(crate) closing: watch::Receiver<Option<Arc<Certificate>>>,
}

impl Publisher {
    /// A publisher, and where it publishes. Without SealedSecrets nobody hands in RSA keys, and without SopsSecrets
    /// nobody brings identities.
    pub(crate) fn new(
        (with_sealed_secrets, with_sops_secrets): (bool, bool),
        legacy: LegacyData,
    ) -> (Self, Published) {
        let (keys, keys_receiver) = watch::channel(None);
        let (names, names_receiver) = watch::channel(BTreeSet::new());
        let (closing, closing_receiver) = watch::channel(None);
        let parts = Parts {
            age: None,
            rsa: (!with_sealed_secrets).then(RsaKeyRing::default),
            brought: (!with_sops_secrets).then(KeyRing::default),
            age_names: BTreeSet::new(),
            rsa_names: BTreeSet::new(),
            brought_names: BTreeSet::new(),
            legacy,
        };
        let publisher = Self {
            parts: Mutex::new(parts),
            keys,
            names,
            closing,
        };
        let published = Published {
            keys: keys_receiver,
            names: names_receiver,
            closing: closing_receiver,
        };
        (publisher, published)
    }

    /// Hands in the names of the Secrets with age keys.
    pub(crate) fn age_names(&self, names: BTreeSet<ResourceName>) {
        self.name(|parts| parts.age_names = names);
    }

    /// Hands in the names of the Secrets with RSA keys.
    pub(crate) fn rsa_names(&self, names: BTreeSet<ResourceName>) {
        self.name(|parts| parts.rsa_names = names);
    }

    /// Hands in the names of the Secrets with identities for SopsSecrets.
    pub(crate) fn brought_names(&self, names: BTreeSet<ResourceName>) {
        self.name(|parts| parts.brought_names = names);
    }

    /// Hands in the certificate that closes.
    pub(crate) fn closing(&self, certificate: Option<&Certificate>) {
        self.closing.send_if_modified(|known| {
            let changed = known.as_deref() != certificate;
            if changed {
                *known = certificate.cloned().map(Arc::new);
            }
            changed
        });
    }

    fn name(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let names = parts.age_names.iter().chain(&parts.rsa_names);
        let names = names.chain(&parts.brought_names).cloned().collect();
        self.names.send_if_modified(|known| {
            let changed = *known != names;
            *known = names;
            changed
        });
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
            wake::<SopsSecrets>(cluster);
        }
    }

    /// Hands in the identities that open SopsSecrets; wakes those that had none when something has changed.
    pub(crate) fn brought(&self, cluster: &Cluster, ring: KeyRing) {
        let names = |ring: &KeyRing| ring.iter().map(Identity::fingerprint).collect::<Vec<_>>();
        let fresh = names(&ring);
        if self.change(|parts| {
            let known = parts.brought.as_ref().map(names);
            parts.brought = Some(ring);
            known.as_ref() != Some(&fresh)
        }) {
            tracing::info!(keys = ?fresh, "the identities for SopsSecrets have changed");
            wake::<SopsSecrets>(cluster);
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
        let complete = (&parts.age, &parts.rsa, &parts.brought);
        if let (true, (Some(age), Some(rsa), Some(brought))) = (changed, complete) {
            let both = age.iter().chain(brought.iter()).map(Identity::duplicate);
            self.keys.send_replace(Some(Keys {
                age: age.clone(),
                sops: KeyRing::new(both.collect()),
                rsa: rsa.clone(),
                legacy: parts.legacy,
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

//! What every part of the controller shares: the ways to the API server, the caches, the queue, the metrics.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::api::fence::Moment;
use super::api::rest::{FencedRest, Rest};
use super::backoff::Backoff;
use super::kind::restraint::Restraint;
use super::kind::{Envelopes, SealedSecrets, SopsSecrets};
use super::mirror::{
    AgeIdentities, KeySecret, Mirror, News, RsaKeySecret, SeenResource, SeenSealingKey, SeenSecret,
};
use super::telemetry::metrics::Metrics;
use super::work::openings::Openings;
use super::work::queue::{Key, Queue};
use super::work::wanted::Wanted;

/// One process's view of a cluster.
pub(super) struct Cluster {
    /// The controller's own namespace, where its keys are.
    pub(super) namespace: String,
    /// This process, as Events and the lease name it.
    pub(super) identity: String,
    pub(super) open: Rest,
    pub(super) fenced: FencedRest,
    pub(super) envelopes: Arc<Mirror<SeenResource<Envelopes>>>,
    pub(super) sealed_secrets: Arc<Mirror<SeenResource<SealedSecrets>>>,
    /// Whether `SealedSecret`s are opened too.
    pub(super) with_sealed_secrets: bool,
    pub(super) sops_secrets: Arc<Mirror<SeenResource<SopsSecrets>>>,
    /// Whether `SopsSecret`s are opened too.
    pub(super) with_sops_secrets: bool,
    /// The Secrets that they make, once they were opened.
    pub(super) wanted: Wanted,
    /// Secrets with identities that open them beside the sealing keys.
    pub(super) age_identities: Arc<Mirror<AgeIdentities>>,
    /// Whether their turn has come: the other controller is gone, and the keys that it left are known.
    pub(super) may_open_sealed_secrets: AtomicBool,
    /// Whether the other controller was at work when somebody last looked: this one stands by.
    pub(super) stands_by: AtomicBool,
    /// What flags ask to leave undone for them.
    pub(super) restraint: Restraint,
    pub(super) secrets: Arc<Mirror<SeenSecret>>,
    pub(super) sealing_keys: Arc<Mirror<SeenSealingKey>>,
    pub(super) key_secrets: Arc<Mirror<KeySecret>>,
    /// Sealed Secrets' key Secrets, with its label; empty without `SealedSecret`s.
    pub(super) rsa_key_secrets: Arc<Mirror<RsaKeySecret>>,
    /// The one that counts by its name alone, as its first releases left it.
    pub(super) legacy_key_secret: Arc<Mirror<RsaKeySecret>>,
    pub(super) queue: Arc<Queue>,
    pub(super) metrics: Arc<Metrics>,
    /// How many watches fill the caches of envelopes and Secrets.
    pub(super) namespaces_watched: usize,
    /// Shows that the runtime of the watches and workers still runs.
    pub(super) pulse: Pulse,
    /// Where resources are opened and rendered.
    pub(super) openings: Openings,
}

/// What a [`Cluster`] begins with.
pub(super) struct Beginning {
    pub(super) namespace: String,
    pub(super) identity: String,
    pub(super) open: Rest,
    pub(super) fenced: FencedRest,
    pub(super) with_sealed_secrets: bool,
    pub(super) with_sops_secrets: bool,
    pub(super) restraint: Restraint,
    pub(super) retries: Backoff,
    pub(super) metrics: Metrics,
    pub(super) namespaces_watched: usize,
}

/// A task says that it lives; another thread asks whether it still does.
#[derive(Default)]
pub(super) struct Pulse(Mutex<Option<Moment>>);

impl Pulse {
    /// Beats until the process ends.
    pub(super) async fn beat(&self) {
        loop {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Moment::now());
            tokio::time::sleep(PULSE).await;
        }
    }

    /// False when nothing was heard for a minute.
    pub(super) fn is_alive(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| Moment::now().since(last) < PULSE * 12)
    }
}

const PULSE: Duration = Duration::from_secs(5);

impl Cluster {
    /// A view in which nothing was seen yet.
    pub(super) fn new(beginning: Beginning) -> Self {
        Self {
            namespace: beginning.namespace,
            identity: beginning.identity,
            open: beginning.open,
            fenced: beginning.fenced,
            envelopes: Arc::new(Mirror::new()),
            sealed_secrets: Arc::new(Mirror::new()),
            with_sealed_secrets: beginning.with_sealed_secrets,
            sops_secrets: Arc::new(Mirror::new()),
            with_sops_secrets: beginning.with_sops_secrets,
            wanted: Wanted::default(),
            age_identities: Arc::new(Mirror::new()),
            may_open_sealed_secrets: AtomicBool::default(),
            stands_by: AtomicBool::default(),
            restraint: beginning.restraint,
            secrets: Arc::new(Mirror::new()),
            sealing_keys: Arc::new(Mirror::new()),
            key_secrets: Arc::new(Mirror::new()),
            rsa_key_secrets: Arc::new(Mirror::new()),
            legacy_key_secret: Arc::new(Mirror::new()),
            queue: Arc::new(Queue::new(beginning.retries)),
            metrics: Arc::new(beginning.metrics),
            namespaces_watched: beginning.namespaces_watched,
            pulse: Pulse::default(),
            openings: Openings::default(),
        }
    }

    /// True once every cache has seen everything.
    pub(super) fn is_synced(&self) -> bool {
        let watches = self.namespaces_watched;
        self.envelopes.is_synced(watches)
            && (!self.with_sealed_secrets || self.sealed_secrets.is_synced(watches))
            && self.secrets.is_synced(watches)
            && self.are_keys_synced()
            && (!self.with_sealed_secrets || self.are_rsa_keys_synced())
            && (!self.with_sops_secrets
                || self.sops_secrets.is_synced(watches) && self.age_identities.is_synced(1))
    }

    /// The keys of every sealed resource, of whatever kind.
    pub(super) fn resources(&self) -> Vec<Key> {
        let mut keys = self.envelopes.keys();
        keys.append(&mut self.sealed_secrets.keys());
        keys.append(&mut self.sops_secrets.keys());
        keys
    }

    /// True when a sealed resource of this name is there.
    pub(super) fn has_resource(&self, key: &Key) -> bool {
        self.envelopes.get(key).is_some()
            || self.sealed_secrets.get(key).is_some()
            || self.sops_secrets.get(key).is_some()
    }

    /// Brings back everybody whose Secret this is, or who wants it.
    pub(super) fn wake(&self, secret: &News) {
        if self.has_resource(&secret.key) {
            self.queue.add(secret.key.clone());
        }
        if !self.with_sops_secrets {
            return;
        }
        let owners = secret.marks.iter();
        let owners = owners.flat_map(|uid| self.sops_secrets.marked(uid));
        for resource in owners
            .map(|owner| owner.key())
            .chain(self.wanted.by(&secret.key))
        {
            self.queue.add(resource);
        }
    }

    /// True once everything about sealing keys is known.
    pub(super) fn are_keys_synced(&self) -> bool {
        self.sealing_keys.is_synced(1) && self.key_secrets.is_synced(1)
    }

    /// True once everything about the keys of Sealed Secrets is known.
    pub(super) fn are_rsa_keys_synced(&self) -> bool {
        self.sealing_keys.is_synced(1)
            && self.rsa_key_secrets.is_synced(1)
            && self.legacy_key_secret.is_synced(1)
    }
}

//! What every part of the controller shares: the ways to the API server, the caches, the queue, the metrics.

use std::sync::Arc;

use super::metrics::Metrics;
use super::mirror::{KeySecret, Mirror, SeenEnvelope, SeenSealingKey, SeenSecret};
use super::queue::Queue;
use super::rest::{FencedRest, Rest};

/// One process's view of a cluster.
pub(super) struct Cluster {
    /// The controller's own namespace, where its keys are.
    pub(super) namespace: String,
    /// This process, as Events and the lease name it.
    pub(super) identity: String,
    pub(super) open: Rest,
    pub(super) fenced: FencedRest,
    pub(super) envelopes: Arc<Mirror<SeenEnvelope>>,
    pub(super) secrets: Arc<Mirror<SeenSecret>>,
    pub(super) sealing_keys: Arc<Mirror<SeenSealingKey>>,
    pub(super) key_secrets: Arc<Mirror<KeySecret>>,
    pub(super) queue: Arc<Queue>,
    pub(super) metrics: Arc<Metrics>,
    /// How many watches fill the caches of envelopes and Secrets.
    pub(super) namespaces_watched: usize,
}

impl Cluster {
    /// True once every cache has seen everything.
    pub(super) fn is_synced(&self) -> bool {
        self.envelopes.is_synced(self.namespaces_watched)
            && self.secrets.is_synced(self.namespaces_watched)
            && self.are_keys_synced()
    }

    /// True once everything about sealing keys is known.
    pub(super) fn are_keys_synced(&self) -> bool {
        self.sealing_keys.is_synced(1) && self.key_secrets.is_synced(1)
    }
}

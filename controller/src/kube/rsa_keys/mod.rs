//! The keys of Sealed Secrets: labelled TLS Secrets in the controller's namespace.

mod parsed;

use std::collections::BTreeMap;
use std::sync::Arc;

use bulla_core::sealed_secrets::RsaKeyRing;
use tokio::sync::Notify;

use self::parsed::Parsed;
use super::cluster::Cluster;
use super::keys::Publisher;
use super::mirror::RsaKeySecret;

/// Keeps the keys of Sealed Secrets.
pub(super) struct RsaKeeper {
    cluster: Arc<Cluster>,
    publisher: Arc<Publisher>,
    changed: Arc<Notify>,
    parsed: Parsed,
}

impl RsaKeeper {
    /// A keeper, which hands in at `publisher`. `changed` wakes it.
    pub(super) fn new(
        cluster: Arc<Cluster>,
        publisher: Arc<Publisher>,
        changed: Arc<Notify>,
    ) -> Self {
        Self {
            cluster,
            publisher,
            changed,
            parsed: Parsed::default(),
        }
    }

    /// Runs until the process ends.
    pub(super) async fn run(mut self) {
        loop {
            self.pass();
            self.changed.notified().await;
        }
    }

    fn pass(&mut self) {
        if !self.cluster.are_rsa_keys_synced() {
            return;
        }
        let secrets = self.secrets();
        let names = secrets.iter();
        self.publisher.rsa_names(
            names
                .filter_map(|secret| secret.name.parse().ok())
                .collect(),
        );
        let pairs = self.parsed.read(&secrets);
        let mut open: Vec<_> = pairs
            .into_iter()
            .flatten()
            .filter(|pair| pair.secret.is_active())
            .collect();
        open.sort_by_key(|pair| {
            let made = (pair.certificate.not_before(), pair.created());
            std::cmp::Reverse((made, pair.secret.uid.clone()))
        });
        let newest = open.first().map(|pair| &pair.certificate);
        self.publisher.closing(newest);
        let keys = open.iter().map(|pair| pair.private.clone());
        self.publisher.rsa(&self.cluster, RsaKeyRing::shared(keys));
    }

    /// Every key Secret, once.
    fn secrets(&self) -> Vec<Arc<RsaKeySecret>> {
        let legacy = self.cluster.legacy_key_secret.all();
        let all = legacy.into_iter().chain(self.cluster.rsa_key_secrets.all());
        // Where both watches tell of one, that of the labels is the later word: it sees a label go.
        let by_name: BTreeMap<_, _> = all.map(|secret| (secret.name.clone(), secret)).collect();
        by_name.into_values().collect()
    }
}

/// Sealed Secrets' label of key Secrets.
pub(super) const RSA_KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

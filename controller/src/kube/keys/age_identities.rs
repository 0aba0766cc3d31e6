//! Identities that somebody brought so that SopsSecrets open: Secrets in the controller's namespace with a label, which
//! take the place of the file that sops-secrets-operator mounts. They are read anew whenever they change.

use std::sync::Arc;

use bulla_core::recipient::{Identity, KeyRing, parse_identity_file};
use tokio::sync::Notify;

use crate::kube::cluster::Cluster;
use crate::kube::keys::Publisher;

/// Reads them until the process ends.
pub(crate) async fn keep(cluster: Arc<Cluster>, publisher: Arc<Publisher>, changed: Arc<Notify>) {
    loop {
        if cluster.age_identities.is_synced(1) {
            let names = cluster.age_identities.keys();
            let names = names.iter().filter_map(|key| key.name.parse().ok());
            publisher.brought_names(names.collect());
            publisher.brought(&cluster, KeyRing::new(read(&cluster)));
        }
        changed.notified().await;
    }
}

/// All identities that can be read. A file with one that can't is passed over, and the log says which.
fn read(cluster: &Cluster) -> Vec<Identity> {
    let mut secrets = cluster.age_identities.all();
    secrets.sort_by(|a, b| a.name.cmp(&b.name));
    let mut identities = Vec::new();
    for secret in &secrets {
        for (key, text) in &secret.files {
            if !ENDINGS.iter().any(|ending| key.ends_with(ending)) {
                continue;
            }
            // For parsing it into the key ring.
            let text = std::str::from_utf8(text.reveal()).unwrap_or_default();
            match parse_identity_file(text) {
                Ok(read) => identities.extend(read),
                Err(error) => {
                    tracing::warn!(secret = &*secret.name, key, %error, "passing over a file of identities");
                }
            }
        }
    }
    identities
}

/// As Flux names them, and as sops-secrets-operator's documentation does.
const ENDINGS: [&str; 2] = [".agekey", ".txt"];

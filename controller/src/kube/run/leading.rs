//! What becoming the leader begins, and losing the lease ends.

use std::sync::Arc;
use std::time::Duration;

use bulla_core::secret::SecretPolicy;
use tokio::sync::watch;

use super::RETRIES;
use crate::engine::{Engine, Keys, RecordKey};
use crate::kube::cluster::Cluster;
use crate::kube::keys::Published;
use crate::kube::keys::record_key::{RECORD_KEY_SECRET, RecordKeyBytes, record_key};

/// Follows the lease: readies the engine and opens the queue on each election, closes it on each loss.
pub(super) async fn lead(
    cluster: Arc<Cluster>,
    policy: SecretPolicy,
    mut leading: watch::Receiver<bool>,
    mut keys: Published,
    engine: watch::Sender<Option<Arc<Engine>>>,
) {
    loop {
        if leading.wait_for(|leading| *leading).await.is_err() {
            return;
        }
        let key = tokio::select! {
            _ = leading.wait_for(|leading| !*leading) => continue,
            key = prepare(&cluster, &mut keys.keys) => key,
        };
        for key in cluster.resources() {
            cluster.queue.add(key);
        }
        loop {
            let mut policy = policy.clone();
            policy.key_secrets = keys.names.borrow_and_update().clone();
            policy
                .key_secrets
                .insert(RECORD_KEY_SECRET.parse().expect("it is a name"));
            engine.send_replace(Some(Arc::new(Engine::new(
                RecordKey::new(key.clone()),
                policy,
            ))));
            cluster.queue.pause(false);
            tokio::select! {
                _ = leading.wait_for(|leading| !*leading) => break,
                _ = keys.names.changed() => {}
            }
        }
        cluster.queue.pause(true);
    }
}

/// Waits until the caches are complete and the keys are known, and gets the key of the records.
async fn prepare(cluster: &Cluster, keys: &mut watch::Receiver<Option<Keys>>) -> RecordKeyBytes {
    // Without the keys, everything new would be refused for a moment, and say so.
    let _ = keys.wait_for(Option::is_some).await;
    let mut failures = 0;
    let key = loop {
        match record_key(cluster).await {
            Ok(key) => break key,
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, secret = RECORD_KEY_SECRET, "failed to get the key of the records");
                tokio::time::sleep(RETRIES.delay(failures)).await;
            }
        }
    };
    while !cluster.is_synced() {
        tokio::time::sleep(SYNC_POLL).await;
    }
    key
}

const SYNC_POLL: Duration = Duration::from_millis(5);

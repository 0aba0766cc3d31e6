//! Tests that take turns on a cluster of their own: each starts its controllers, and ends them.

mod definitions;
mod key_loss;
mod outage;
mod renewal;
mod replicas;
mod restart;
mod restore;

use std::{collections::BTreeSet, sync::OnceLock};

use bulla_core::api::{SealingKey, SecretEnvelope};
use bulla_tests::{
    Cluster, Controller, Deployment, Options,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Secret};
use kube::{Api, Client, Resource, ResourceExt, api::ListParams};
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};

/// Waits for the turn; nobody else's controller runs until the guard is dropped.
async fn turn() -> MutexGuard<'static, Deployment<'static>> {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static DEPLOYMENT: OnceLock<Mutex<Deployment<'static>>> = OnceLock::new();
    let deployment = DEPLOYMENT.get_or_init(|| {
        let cluster = CLUSTER.get_or_init(|| Cluster::start(Options::default()));
        Mutex::new(Deployment::install(cluster))
    });
    let deployment = deployment.lock().await;
    // A test that failed may have left it stopped.
    deployment.cluster().start_api_server();
    deployment
}

/// The names of all objects of these kinds in the cluster, with the version of each: all that the controller may write.
async fn versions(client: &Client) -> BTreeSet<(String, Option<String>)> {
    let mut versions = versions_of::<SecretEnvelope>(client).await;
    versions.extend(versions_of::<Secret>(client).await);
    versions.extend(versions_of::<SealingKey>(client).await);
    versions
}

async fn versions_of<K>(client: &Client) -> BTreeSet<(String, Option<String>)>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let objects = Api::<K>::all(client.clone())
        .list(&ListParams::default())
        .await;
    let objects = objects.expect("the objects can be listed").items;
    let named = |object: K| {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let name = format!("{} {namespace}/{name}", K::kind(&()));
        (name, object.resource_version())
    };
    objects.into_iter().map(named).collect()
}

/// How many envelopes there are in the whole cluster.
async fn envelopes(client: &Client) -> usize {
    versions_of::<SecretEnvelope>(client).await.len()
}

/// Waits until the controller has counted how much is closed for each key, which it does now and then.
async fn until_counted(client: &Client) {
    let keys = Api::<SealingKey>::all(client.clone());
    let all = Api::<SecretEnvelope>::all(client.clone());
    eventually("the use of the keys is counted", DEADLINE, async || {
        let all = all.list(&ListParams::default()).await.ok()?.items;
        let keys = keys.list(&ListParams::default()).await.ok()?.items;
        let counted = keys.iter().all(|key| {
            let Some(status) = &key.status else {
                return false;
            };
            let Some((use_, fingerprint)) = status.used_by.zip(status.fingerprint.clone()) else {
                return true;
            };
            let closed = |envelope: &&SecretEnvelope| {
                let keys = envelope.spec.data_keys.iter();
                keys.flat_map(|key| &key.closed_for)
                    .any(|closed| closed.recipient == fingerprint)
            };
            use_.resources as usize == all.iter().filter(closed).count()
        });
        counted.then_some(())
    })
    .await;
}

/// Who holds the lease; empty when it was given back.
async fn holder(client: &Client) -> Option<String> {
    let leases = Api::<Lease>::namespaced(client.clone(), bulla_tests::deployment::NAMESPACE);
    let leases = leases.list(&ListParams::default()).await.ok()?.items;
    assert!(leases.len() <= 1, "there is one lease: {leases:?}");
    leases.into_iter().next()?.spec?.holder_identity
}

/// Waits until a controller has worked on so many envelopes and has nothing left to do.
async fn until_idle(controller: &Controller, envelopes: usize) -> bulla_tests::metrics::Metrics {
    let what = format!("{} has looked at {envelopes} envelopes", controller.pod());
    controller
        .until_metrics(&what, |metrics| {
            metrics.sum("bulla_reconciles_total", &[]) >= envelopes as f64
                && metrics.sum("bulla_queue_depth", &[]) == 0.0
        })
        .await
}

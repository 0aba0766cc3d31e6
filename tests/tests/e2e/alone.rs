//! Tests that take turns on a cluster of their own: each starts its controllers, and ends them.

mod definitions;
mod key_loss;
mod outage;
mod renewal;
mod replicas;
mod restart;

use std::{collections::BTreeMap, sync::OnceLock};

use bulla_core::api::{SealingKey, SecretEnvelope};
use bulla_tests::{Cluster, Controller, Deployment, Options};
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

/// The objects of one kind in the whole cluster, with the version of each.
async fn versions<K>(client: &Client) -> BTreeMap<String, Option<String>>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let objects = Api::<K>::all(client.clone())
        .list(&ListParams::default())
        .await;
    let objects = objects.expect("the objects can be listed").items;
    let named = |object: K| {
        let name = format!(
            "{}/{}",
            object.namespace().unwrap_or_default(),
            object.name_any()
        );
        (name, object.resource_version())
    };
    objects.into_iter().map(named).collect()
}

/// Everything that the controller may write.
async fn all_versions(client: &Client) -> [BTreeMap<String, Option<String>>; 3] {
    [
        versions::<SecretEnvelope>(client).await,
        versions::<Secret>(client).await,
        versions::<SealingKey>(client).await,
    ]
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

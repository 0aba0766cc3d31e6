//! A cluster is lost, and its keys are brought back to another one.

use bulla_core::api::{SEALING_KEY_LABEL, SealingKey};
use bulla_tests::{
    Cluster, Deployment, Options, Tenant,
    deployment::NAMESPACE,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    api::{ListParams, PostParams},
};

use super::turn;

#[tokio::test]
async fn the_key_secrets_alone_bring_the_keys_back() {
    // The cluster that is lost: its Git repository and its key Secrets are not.
    let (sealed, draft, backup) = {
        let deployment = turn().await;
        let _controller = deployment.start(&[]);
        let tenant = Tenant::new(deployment.cluster(), "lost").await;
        let draft = tenant.draft("db").value("password", "hunter2");
        let sealing_keys = Api::<SealingKey>::all(tenant.client.clone());
        let sealing_keys = sealing_keys
            .list(&ListParams::default())
            .await
            .expect("the keys can be listed");
        // Other tests leave keys that were lost, retired or compromised.
        let closes = |key: &SealingKey| key.status.as_ref().and_then(|s| s.closes) == Some(true);
        let closing: Vec<String> = sealing_keys
            .items
            .iter()
            .filter(|key| closes(key))
            .map(ResourceExt::name_any)
            .collect();
        let keys = Api::<Secret>::namespaced(tenant.client.clone(), NAMESPACE);
        let mut keys = keys
            .list(&ListParams::default().labels(SEALING_KEY_LABEL))
            .await
            .expect("the key Secrets can be listed")
            .items;
        keys.retain(|secret| closing.contains(&secret.labels()[SEALING_KEY_LABEL]));
        assert!(!keys.is_empty(), "there is a key to restore");
        (tenant.seal(&draft), draft, keys)
    };

    let cluster = Cluster::start(Options::default());
    let deployment = Deployment::install(&cluster);
    let controller = deployment.start(&["--require-existing-key", "--renew-check=1s"]);
    let client = cluster.client().await;
    let keys = Api::<SealingKey>::all(client.clone());
    controller
        .until_metrics("it leads", |metrics| {
            metrics.sum("bulla_leader", &[]) == 1.0
        })
        .await;
    assert_eq!(
        controller.get("/readyz").map(|(code, _)| code),
        Some(503),
        "there is no key yet"
    );
    let made = keys
        .list(&ListParams::default())
        .await
        .expect("the keys can be listed")
        .items;
    assert!(made.is_empty(), "a key was made: {made:?}");

    let home = Api::<Secret>::namespaced(client.clone(), NAMESPACE);
    for secret in &backup {
        let mut restored = secret.clone();
        restored.metadata.uid = None;
        restored.metadata.resource_version = None;
        restored.metadata.creation_timestamp = None;
        restored.metadata.managed_fields = None;
        home.create(&PostParams::default(), &restored)
            .await
            .expect("the key Secret can be restored");
    }
    eventually("it is ready", DEADLINE, async || {
        (controller.get("/readyz")?.0 == 200).then_some(())
    })
    .await;
    eventually("every key is back", DEADLINE, async || {
        let keys = keys.list(&ListParams::default()).await.ok()?.items;
        let public = |key: &SealingKey| key.status.as_ref()?.public_key.clone();
        (keys.iter().filter_map(public).count() == backup.len()).then_some(())
    })
    .await;

    // What lies in Git opens as it is.
    let namespace = sealed.namespace().unwrap_or_default();
    cluster.kubectl_ok(&["create", "namespace", &namespace]);
    let tenant = Tenant::existing(&cluster, &namespace).await;
    tenant.apply(&sealed).await;
    tenant.ready("db").await;
    assert_eq!(&data(&tenant.secret("db").await), draft.values());
    // And from then on all is as it was, without the flag.
    drop(controller);
    let _controller = deployment.start(&[]);
    tenant.deliver(&draft.clone().named("after")).await;
}

//! Keys that somebody takes away, puts in the wrong place, or forges.

use bulla_core::{
    api::{KeyState, REQUESTED_AT_ANNOTATION, SEALING_KEY_LABEL, SealingKey},
    reason::Reason,
};
use bulla_tests::{
    Tenant,
    deployment::NAMESPACE,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::turn;

async fn closing(keys: &Api<SealingKey>) -> Option<SealingKey> {
    let keys = keys.list(&ListParams::default()).await.ok()?.items;
    keys.into_iter().find(|key| {
        key.status
            .as_ref()
            .is_some_and(|status| status.closes == Some(true))
    })
}

#[tokio::test]
async fn a_compromised_key_opens_nothing_from_then_on_and_is_replaced() {
    let deployment = turn().await;
    let _controller = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "compromised").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let draft = tenant.draft("db").value("password", "hunter2");
    let before = tenant.deliver(&draft).await;
    let key = closing(&keys).await.expect("a key closes");

    let state = json!({"spec": {"state": KeyState::Compromised}});
    keys.patch(
        &key.name_any(),
        &PatchParams::default(),
        &Patch::Merge(&state),
    )
    .await
    .expect("anything may become that");

    eventually("another key closes", DEADLINE, async || {
        closing(&keys)
            .await
            .filter(|other| other.uid() != key.uid())
    })
    .await;
    tenant
        .apply(&tenant.seal(&draft.clone().named("new")))
        .await;
    tenant.refused("new", Reason::NoKey).await;
    // What was opened in time stays; asked for anew, it does not open any more, and stays even so.
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        before.resource_version()
    );
    tenant
        .annotate("db", REQUESTED_AT_ANNOTATION, Some("now"))
        .await;
    tenant.refused("db", Reason::NoKey).await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        before.resource_version()
    );
    // The new key closes for the same values.
    let renewed = Tenant::existing(deployment.cluster(), &tenant.namespace).await;
    renewed.deliver(&draft).await;
    assert_eq!(
        renewed.secret("db").await.resource_version(),
        before.resource_version()
    );
}

#[tokio::test]
async fn a_key_secret_counts_only_where_its_sealing_key_says_by_uid() {
    let deployment = turn().await;
    let controller = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "forged").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let key = closing(&keys).await.expect("a key closes");
    let reference = key
        .status
        .and_then(|status| status.secret)
        .expect("it names its Secret");
    let home = Api::<Secret>::namespaced(tenant.client.clone(), NAMESPACE);
    let original = home.get(&reference.name).await.expect("it is there");
    assert_eq!(original.uid(), Some(reference.uid));
    assert!(
        original.owner_references().is_empty(),
        "nothing collects a key"
    );

    // The same bytes in other places: a namespace of somebody's, another name at home, and the same name anew.
    let copy = |name: &str| {
        let mut copy = original.clone();
        copy.metadata = Default::default();
        copy.metadata.name = Some(name.to_owned());
        copy.metadata.labels = Some(original.labels().clone());
        copy.metadata.annotations = Some(original.annotations().clone());
        copy
    };
    assert!(original.labels().contains_key(SEALING_KEY_LABEL));
    let create = PostParams::default();
    tenant
        .secrets
        .create(&create, &copy(&reference.name))
        .await
        .expect("it can be created");
    home.create(&create, &copy("another-name"))
        .await
        .expect("it can be created");
    home.delete(&reference.name, &DeleteParams::default())
        .await
        .expect("it can be deleted");
    home.create(&create, &copy(&reference.name))
        .await
        .expect("it can be created");

    // None of them opens, now or after a restart; a key that was lost is told, and another one is made.
    let lost = tenant.draft("lost").value("password", "hunter2");
    tenant.apply(&tenant.seal(&lost)).await;
    tenant.refused("lost", Reason::NoKey).await;
    drop(controller);
    let _controller = deployment.start(&[]);
    eventually("another key closes", DEADLINE, async || {
        closing(&keys)
            .await
            .filter(|other| other.name_any() != key.metadata.name.clone().unwrap_or_default())
    })
    .await;
    tenant
        .apply(&tenant.seal(&lost.clone().named("lost-too")))
        .await;
    tenant.refused("lost-too", Reason::NoKey).await;
    let renewed = Tenant::existing(deployment.cluster(), &tenant.namespace).await;
    assert_eq!(&data(&renewed.deliver(&lost).await), lost.values());
    home.delete("another-name", &DeleteParams::default())
        .await
        .expect("it can be deleted");
}

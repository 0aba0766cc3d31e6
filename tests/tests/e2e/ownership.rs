//! Secrets of others are left alone, taken over when they ask for it, and collected with their envelope.

use bulla_core::{api::ADOPT_ANNOTATION, reason::Reason};
use bulla_tests::tenant::{condition, data};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, PostParams},
};
use serde_json::{Value, json};

use super::tenant;

async fn create(secrets: &Api<Secret>, secret: Value) -> Secret {
    let secret = serde_json::from_value(secret).expect("the Secret is well-formed");
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .expect("the Secret can be created")
}

#[tokio::test]
async fn a_foreign_secret_is_not_touched() {
    let tenant = tenant("foreign").await;
    let foreign = json!({
        "metadata": {"name": "db", "labels": {"app.kubernetes.io/managed-by": "bulla"}},
        "stringData": {"password": "theirs"},
    });
    let foreign = create(&tenant.secrets, foreign).await;

    let draft = tenant.draft("db").value("password", "ours");
    tenant.apply(&tenant.seal(&draft)).await;

    tenant.refused("db", Reason::NotOwned).await;
    let after = tenant.secret("db").await;
    assert_eq!(after.resource_version(), foreign.resource_version());

    // It goes: the name is free.
    tenant
        .secrets
        .delete("db", &DeleteParams::default())
        .await
        .expect("it can be deleted");
    tenant.ready("db").await;
    assert_eq!(&data(&tenant.secret("db").await), draft.values());
}

#[tokio::test]
async fn a_secret_of_another_owner_is_not_touched_and_the_owner_is_named() {
    let tenant = tenant("owned").await;
    let owners = Api::<ConfigMap>::namespaced(tenant.client.clone(), &tenant.namespace);
    let owner =
        serde_json::from_value(json!({"metadata": {"name": "their-owner"}})).expect("a ConfigMap");
    let owner: ConfigMap = owners
        .create(&PostParams::default(), &owner)
        .await
        .expect("it can be created");
    let owned =
        json!({"metadata": {"name": "db", "ownerReferences": [owner.controller_owner_ref(&())]}});
    let owned = create(&tenant.secrets, owned).await;

    tenant
        .apply(&tenant.seal(&tenant.draft("db").value("password", "ours")))
        .await;

    let refused = tenant.refused("db", Reason::NotOwned).await;
    let message = &condition(&refused, "Stalled")
        .expect("it is stalled")
        .message;
    assert!(message.contains("ConfigMap `their-owner`"), "{message}");
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        owned.resource_version()
    );
}

#[tokio::test]
async fn a_secret_that_asks_for_it_is_adopted_and_outlives_the_envelope() {
    let tenant = tenant("adopted").await;
    let theirs = json!({
        "metadata": {"name": "db", "labels": {"team": "blue"}},
        "stringData": {"password": "theirs", "obsolete": "x"},
    });
    let theirs = create(&tenant.secrets, theirs).await;
    let draft = tenant.draft("db").value("password", "ours");
    tenant.apply(&tenant.seal(&draft)).await;
    tenant.refused("db", Reason::NotOwned).await;

    // For another resource: that says nothing to this one.
    let adopt = |by: &str| json!({"metadata": {"annotations": {ADOPT_ANNOTATION: by}}});
    tenant.intrude("admin", "db", &adopt("cache")).await;
    tenant.intrude("admin", "db", &adopt("db")).await;

    tenant.ready("db").await;
    let adopted = tenant.secret("db").await;
    assert_eq!(adopted.uid(), theirs.uid(), "it is the same Secret");
    assert_eq!(&data(&adopted), draft.values());
    assert_eq!(adopted.labels()["team"], "blue");
    assert!(
        !adopted.annotations().contains_key(ADOPT_ANNOTATION),
        "it is used up"
    );
    tenant.event("db", "Adopted", "").await;

    // It heals like any other.
    tenant
        .intrude(
            "intruder",
            "db",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    let healed = tenant
        .until_secret("it is put back", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;

    // And stays, where one that the controller made is collected.
    tenant.deliver(&draft.clone().named("made")).await;
    for name in ["db", "made"] {
        tenant
            .envelopes
            .delete(name, &DeleteParams::background())
            .await
            .expect("it can be deleted");
    }
    tenant.until_no_secret("made").await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        healed.resource_version()
    );
}

#[tokio::test]
async fn an_annotation_for_another_resource_is_no_consent() {
    let tenant = tenant("named").await;
    for (name, by) in [("a", "b"), ("c", "SealedSecret/c")] {
        let foreign = json!({"metadata": {"name": name, "annotations": {ADOPT_ANNOTATION: by}}});
        let foreign = create(&tenant.secrets, foreign).await;
        tenant
            .apply(&tenant.seal(&tenant.draft(name).value("password", "ours")))
            .await;
        tenant.refused(name, Reason::NotOwned).await;
        assert_eq!(
            tenant.secret(name).await.resource_version(),
            foreign.resource_version()
        );
    }
}

#[tokio::test]
async fn a_deleted_envelope_takes_its_secret_along() {
    let tenant = tenant("collected").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let envelope = tenant.apply(&tenant.seal(&draft)).await;
    tenant.ready("db").await;
    let secret = tenant.secret("db").await;
    let owner = &secret.owner_references()[0];
    assert_eq!(
        (Some(&owner.uid), owner.controller),
        (envelope.uid().as_ref(), Some(true))
    );
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("SecretEnvelope", "db")
    );

    tenant
        .envelopes
        .delete("db", &DeleteParams::background())
        .await
        .expect("it can be deleted");
    tenant.until_no_secret("db").await;

    // One of the same name begins anew.
    let again = tenant.deliver(&draft).await;
    assert_ne!(again.uid(), secret.uid());
}

//! Sealing keys as resources: asked for, relabelled, retired and deleted, all without a restart.

use bulla_core::{
    api::{KeyState, REQUESTED_AT_ANNOTATION, SealingKey},
    reason::Reason,
    recipient::Recipient,
};
use bulla_tests::{
    deployment::NAMESPACE,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::tenant;

async fn set_state(keys: &Api<SealingKey>, name: &str, state: KeyState) {
    let patch = json!({"spec": {"state": state}});
    keys.patch(name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .expect("the state can be changed");
}

/// Waits for an Event about a key, where `kubectl describe` looks for it.
async fn told(client: &kube::Client, name: &str, reason: &str) {
    let events = Api::<Event>::namespaced(client.clone(), "default");
    let fields = format!("regarding.kind=SealingKey,regarding.name={name},reason={reason}");
    let parameters = ListParams::default().fields(&fields);
    eventually("there is the Event", DEADLINE, async || {
        let found = events.list(&parameters).await.ok()?.items;
        (!found.is_empty()).then_some(())
    })
    .await;
}

/// The life of one key that somebody asked for; there may be one such request an hour.
#[tokio::test]
async fn a_key_is_made_on_request_opens_closes_no_more_retires_and_goes() {
    let tenant = tenant("keys").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let home = Api::<Secret>::namespaced(tenant.client.clone(), NAMESPACE);
    let wanted = |name: &str| -> SealingKey {
        serde_json::from_value(json!({
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": name},
            "spec": {"suite": "X25519", "state": "Active"},
        }))
        .expect("a sealing key")
    };
    keys.create(&PostParams::default(), &wanted("by-hand"))
        .await
        .expect("it can be created");
    let status = eventually("the key is made", DEADLINE, async || {
        let status = keys.get("by-hand").await.ok()?.status?;
        (status.closes == Some(true)).then_some(status)
    })
    .await;
    let recipient: Recipient = status
        .public_key
        .expect("it is published")
        .parse()
        .expect("it is a recipient");
    assert!(recipient.as_str().starts_with("age1"));
    assert_eq!(
        status.fingerprint,
        Some(recipient.fingerprint().to_string())
    );
    let secret = status.secret.expect("it names its Secret");
    assert_eq!(
        home.get(&secret.name).await.expect("it is there").uid(),
        Some(secret.uid)
    );
    told(&tenant.client, "by-hand", "Made").await;
    told(&tenant.client, "by-hand", "Closes").await;
    // A second one has to wait.
    keys.create(&PostParams::default(), &wanted("too-soon"))
        .await
        .expect("it can be created");

    let seal = |name: &str| {
        let draft = tenant.draft(name).value("password", "hunter2");
        (draft.seal_for(std::slice::from_ref(&recipient)), draft)
    };
    let (sealed, draft) = seal("active");
    tenant.apply(&sealed).await;
    tenant.ready("active").await;
    assert_eq!(&data(&tenant.secret("active").await), draft.values());
    eventually("its use is counted", DEADLINE, async || {
        let use_ = keys.get("by-hand").await.ok()?.status?.used_by?;
        ((use_.resources, use_.values) == (1, 1)).then_some(())
    })
    .await;

    set_state(&keys, "by-hand", KeyState::OpenOnly).await;
    eventually("it closes no more", DEADLINE, async || {
        (keys.get("by-hand").await.ok()?.status?.closes == Some(false)).then_some(())
    })
    .await;
    tenant.apply(&seal("open-only").0).await;
    tenant.ready("open-only").await;

    // It can't be deleted while it opens.
    keys.delete("by-hand", &DeleteParams::background())
        .await
        .expect("it is marked");
    tenant.apply(&seal("marked").0).await;
    tenant.ready("marked").await;
    let marked = keys.get("by-hand").await.expect("it is still there");
    assert!(marked.metadata.deletion_timestamp.is_some() && !marked.finalizers().is_empty());

    let too_soon = keys.get("too-soon").await.expect("it is there");
    assert!(
        too_soon
            .status
            .is_none_or(|status| status.public_key.is_none()),
        "one request an hour"
    );
    set_state(&keys, "by-hand", KeyState::Retired).await;
    eventually("it is gone", DEADLINE, async || {
        keys.get_opt("by-hand").await.ok()?.is_none().then_some(())
    })
    .await;
    told(&tenant.client, "by-hand", "Released").await;
    told(&tenant.client, "too-soon", "RateLimited").await;
    tenant.apply(&seal("retired").0).await;
    tenant.refused("retired", Reason::NoKey).await;
    let before = tenant.secret("active").await;
    tenant
        .annotate("active", REQUESTED_AT_ANNOTATION, Some("now"))
        .await;
    tenant.refused("active", Reason::NoKey).await;
    assert_eq!(
        tenant.secret("active").await.resource_version(),
        before.resource_version()
    );

    // Nobody waits for the other one any more.
    set_state(&keys, "too-soon", KeyState::Compromised).await;
}

#[tokio::test]
async fn the_public_half_is_for_everyone_and_the_private_half_is_not() {
    let cluster = super::shared().deployment.cluster();
    let tenant = tenant("reader").await;
    cluster.kubectl_ok(&[
        "create",
        "serviceaccount",
        "viewer",
        "-n",
        &tenant.namespace,
    ]);
    let subject = format!("--serviceaccount={}:viewer", tenant.namespace);
    cluster.kubectl_ok(&[
        "create",
        "clusterrolebinding",
        &tenant.namespace,
        "--clusterrole=view",
        &subject,
    ]);
    let who = format!("--as=system:serviceaccount:{}:viewer", tenant.namespace);
    eventually("the role is in force", DEADLINE, async || {
        cluster
            .kubectl(&["get", "sealingkeys", &who])
            .status
            .success()
            .then_some(())
    })
    .await;
    assert!(
        !cluster
            .kubectl(&["get", "secrets", "-n", NAMESPACE, &who])
            .status
            .success()
    );
}

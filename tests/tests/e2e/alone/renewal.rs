//! Keys are renewed on a period; the old ones go on opening, until nothing needs them.

use bulla_core::api::{KeyState, REQUESTED_AT_ANNOTATION, SealingKey};
use bulla_tests::{
    Controller, Deployment, Repository, Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;

use super::turn;

/// Ends `controller` and has its key renewed; returns the next controller, the old key, and the new one.
async fn renewed<'c>(
    deployment: &Deployment<'c>,
    controller: Controller,
    keys: &Api<SealingKey>,
) -> (Controller, SealingKey, SealingKey) {
    let closing = async || {
        let keys = keys.list(&ListParams::default()).await.ok()?.items;
        let closes = |key: &SealingKey| {
            key.status
                .as_ref()
                .is_some_and(|status| status.closes == Some(true))
        };
        let mut closing: Vec<_> = keys.into_iter().filter(closes).collect();
        // Two do for a moment, between two writes of a status.
        closing.pop().filter(|_| closing.is_empty())
    };
    let old = eventually("a key closes", DEADLINE, closing).await;
    drop(controller);
    let controller = deployment.start(&["--renew-period=2s"]);
    let other = async || closing().await.filter(|new| new.uid() != old.uid());
    eventually("another key closes", DEADLINE, other).await;
    drop(controller);
    // Not for ever: there may be no more than 64.
    let controller = deployment.start(&["--renew-period=0"]);
    let new = eventually("the new key closes", DEADLINE, other).await;
    (controller, old, new)
}

#[tokio::test]
async fn a_renewed_key_closes_and_the_old_one_opens() {
    let deployment = turn().await;
    let first = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "renewal").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());

    let (_controller, old, new) = renewed(&deployment, first, &keys).await;

    let public_key = |key: &SealingKey| key.status.clone().and_then(|status| status.public_key);
    assert_ne!(public_key(&new), public_key(&old));
    let old = keys.get(&old.name_any()).await.expect("the old key stays");
    assert_eq!(old.spec.state, KeyState::Active);
    assert_eq!(old.status.and_then(|status| status.closes), Some(false));
    // Sealed for the old key, after the renewal; and for the new one.
    let draft = tenant.draft("old").value("password", "hunter2");
    assert_eq!(&data(&tenant.deliver(&draft).await), draft.values());
    let renewed = Tenant::existing(deployment.cluster(), &tenant.namespace).await;
    renewed.deliver(&draft.clone().named("new")).await;
}

#[tokio::test]
async fn what_was_closed_for_an_old_key_is_rewrapped_and_the_old_key_retires() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let first = deployment.start(&[]);
    let tenant = Tenant::new(cluster, "rewrap").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let repository = Repository::new().with_reader_of(cluster, &tenant.namespace);
    repository.bulla_ok(&["key", "generate", "--suite", "x25519", "-o", "safe.txt"]);
    let safe = repository.bulla_ok(&["key", "show", "--public", "safe.txt"]);
    let recovery = format!("safe={}", safe.trim());
    repository.bulla_ok(&[
        "init",
        "--cluster",
        "test",
        "--fetch",
        "--recovery",
        &recovery,
    ]);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": tenant.namespace},
        "stringData": {"password": "hunter2"},
    });
    repository.write("db.json", secret.to_string());
    repository.bulla_ok(&["seal", "-i", "db.json"]);
    cluster.apply(&repository.read("db.json"));
    let sealed = tenant.ready("db").await;
    let before = tenant.secret("db").await;

    let (_controller, old, _) = renewed(&deployment, first, &keys).await;
    repository.bulla_ok(&["key", "fetch", "--name", "test"]);
    repository.bulla_ok(&["rewrap", "-I", "safe.txt", "db.json"]);
    cluster.apply(&repository.read("db.json"));
    let rewrapped = tenant
        .until("it is applied", "db", |envelope| {
            envelope.spec != sealed.spec
        })
        .await;
    tenant.ready("db").await;
    assert_eq!(
        rewrapped.spec.data, sealed.spec.data,
        "every value stays as it was"
    );
    for state in [KeyState::OpenOnly, KeyState::Retired] {
        let patch = Patch::Merge(json!({"spec": {"state": state}}));
        let patched = keys
            .patch(&old.name_any(), &PatchParams::default(), &patch)
            .await;
        patched.expect("the state goes on");
    }
    eventually("the old key rests", DEADLINE, async || {
        let key = keys.get(&old.name_any()).await.ok()?;
        (key.status?.observed_generation == key.metadata.generation).then_some(())
    })
    .await;

    // Opened anew, with the new key: the Secret has not been touched.
    tenant
        .annotate("db", REQUESTED_AT_ANNOTATION, Some("now"))
        .await;
    tenant
        .until("it was opened anew", "db", |envelope| {
            let status = envelope.status.as_ref();
            status.and_then(|status| status.last_handled_reconcile_at.as_deref()) == Some("now")
        })
        .await;
    tenant.ready("db").await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        before.resource_version()
    );
}

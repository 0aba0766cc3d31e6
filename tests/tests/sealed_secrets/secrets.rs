//! What becomes of a Secret that is there already, that somebody edits, or that nobody shall own.

use bulla_tests::tenant::data;
use k8s_openapi::api::core::v1::Secret;
use kube::{ResourceExt, api::DeleteParams};
use serde_json::{Value, json};

use super::{shared, tenant};

fn annotated(mut secret: Value, names: &[&str]) -> Value {
    for name in names {
        secret["metadata"]["annotations"][format!("sealedsecrets.bitnami.com/{name}")] =
            json!("true");
    }
    secret
}

fn is_owned(secret: &Secret) -> bool {
    secret
        .owner_references()
        .iter()
        .any(|owner| owner.kind == "SealedSecret")
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_left_alone_and_said_to_be() {
    let tenant = tenant("foreign").await;
    let theirs = tenant.secret_of("db", &[("mine", "1")]);
    shared().deployment.cluster().apply(&theirs.to_string());
    tenant
        .apply(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    let message = tenant.failed("db", "").await;
    assert!(
        message.contains("sealedsecrets.bitnami.com/managed"),
        "{message}"
    );
    assert_eq!(
        data(&tenant.secret("db").await),
        [("mine".into(), b"1".into())].into()
    );
    // Once it is gone, the place is free.
    tenant
        .secrets
        .delete("db", &DeleteParams::default())
        .await
        .expect("it is deleted");
    tenant.synced("db").await;
    assert_eq!(data(&tenant.secret("db").await)["a"], b"b");
}

#[tokio::test]
async fn a_managed_secret_is_taken_over() {
    let tenant = tenant("managed").await;
    let theirs = annotated(tenant.secret_of("db", &[("mine", "1")]), &["managed"]);
    shared().deployment.cluster().apply(&theirs.to_string());
    let made = tenant
        .deliver(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    assert_eq!(data(&made), [("a".into(), b"b".into())].into());
    assert!(is_owned(&made));
}

#[tokio::test]
async fn a_patched_secret_keeps_what_it_has_and_its_owner() {
    let tenant = tenant("patched").await;
    let mut theirs = annotated(
        tenant.secret_of("db", &[("mine", "1"), ("a", "old")]),
        &["patch"],
    );
    theirs["metadata"]["labels"] = json!({"mine": "1"});
    shared().deployment.cluster().apply(&theirs.to_string());
    let mut secret = tenant.secret_of("db", &[("a", "b")]);
    secret["metadata"]["labels"] = json!({"sealed": "1"});
    let made = tenant.deliver(&tenant.seal(&secret, &[])).await;
    assert_eq!(
        data(&made),
        [("a".into(), b"b".into()), ("mine".into(), b"1".into())].into()
    );
    assert_eq!(made.labels()["mine"], "1");
    assert_eq!(made.labels()["sealed"], "1");
    assert!(!is_owned(&made));
    // What others add stays, what was sealed is put back.
    tenant
        .patch(
            &tenant.secrets,
            "db",
            &json!({"stringData": {"a": "edited", "more": "2"}}),
        )
        .await;
    let healed = tenant
        .until_secret("it is healed", "db", |secret| data(secret)["a"] == b"b")
        .await;
    assert_eq!(data(&healed)["more"], b"2");
}

#[tokio::test]
async fn a_patched_and_managed_secret_is_owned_too() {
    let tenant = tenant("both").await;
    let theirs = annotated(
        tenant.secret_of("db", &[("mine", "1")]),
        &["patch", "managed"],
    );
    shared().deployment.cluster().apply(&theirs.to_string());
    let made = tenant
        .deliver(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    assert_eq!(data(&made).len(), 2);
    assert!(is_owned(&made));
}

/// Upstream: without `managed` in the template too, the Secret was made, and then reported as somebody else's.
#[tokio::test]
async fn a_secret_that_nobody_shall_own_is_made_and_kept_in_order() {
    let tenant = tenant("unowned").await;
    let secret = annotated(
        tenant.secret_of("db", &[("a", "b")]),
        &["skip-set-owner-references"],
    );
    let made = tenant.deliver(&tenant.seal(&secret, &[])).await;
    assert!(!is_owned(&made));
    let mut changed = tenant.secret_of("db", &[("a", "c")]);
    changed = annotated(changed, &["skip-set-owner-references"]);
    let made = tenant.deliver(&tenant.seal(&changed, &[])).await;
    assert_eq!(data(&made)["a"], b"c");
}

#[tokio::test]
async fn edits_and_deletions_are_healed_1336_1907() {
    let tenant = tenant("healed").await;
    let made = tenant
        .deliver(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    tenant
        .patch(
            &tenant.secrets,
            "db",
            &json!({"stringData": {"a": "edited", "foreign": "x"}}),
        )
        .await;
    let healed = tenant
        .until_secret("the edit is undone", "db", |secret| {
            data(secret) == [("a".into(), b"b".into())].into()
        })
        .await;
    assert_eq!(healed.uid(), made.uid());
    let note = tenant.event("db", "Healed").await;
    assert!(
        note.contains("`somebody`") && !note.contains("edited"),
        "{note}"
    );

    tenant
        .secrets
        .delete("db", &DeleteParams::default())
        .await
        .expect("it is deleted");
    tenant
        .until_secret("it is back", "db", |secret| secret.uid() != made.uid())
        .await;
}

//! Where a value opens, and what is said of one that lies elsewhere.

use bulla_core::reason::Reason;
use bulla_tests::tenant::data;
use serde_json::json;

use super::{NEW_KEY, OLD_KEY, tenant};

#[tokio::test]
async fn three_scopes_open_where_they_should() {
    let (home, abroad) = (tenant("home").await, tenant("abroad").await);
    for (scope, renamed, moved) in [
        ("strict", false, false),
        ("namespace-wide", true, false),
        ("cluster-wide", true, true),
    ] {
        let sealed = home.seal(&home.secret_of(scope, &[("a", scope)]), &["--scope", scope]);
        let made = home.deliver(&sealed).await;
        assert_eq!(data(&made)["a"], scope.as_bytes());

        let mut other = sealed.clone();
        other["metadata"]["name"] = json!(format!("{scope}-renamed"));
        home.apply(&other).await;
        let mut elsewhere = sealed.clone();
        elsewhere["metadata"]["namespace"] = json!(abroad.namespace);
        abroad.apply(&elsewhere).await;
        for (tenant, name, opens) in [
            (&home, format!("{scope}-renamed"), renamed),
            (&abroad, scope.to_owned(), moved),
        ] {
            if opens {
                tenant.synced(&name).await;
                assert_eq!(data(&tenant.secret(&name).await)["a"], scope.as_bytes());
            } else {
                tenant.failed(&name, "no key could decrypt").await;
            }
        }
    }
}

#[tokio::test]
async fn values_of_one_object_may_be_sealed_with_different_keys() {
    let tenant = tenant("mixed").await;
    let mut sealed = tenant.seal_for(OLD_KEY, &tenant.secret_of("db", &[("a", "old")]), &[]);
    let other = tenant.seal_for(NEW_KEY, &tenant.secret_of("db", &[("b", "new")]), &[]);
    sealed["spec"]["encryptedData"]["b"] = other["spec"]["encryptedData"]["b"].clone();
    let made = tenant.deliver(&sealed).await;
    assert_eq!(
        data(&made),
        [("a".into(), b"old".into()), ("b".into(), b"new".into())].into()
    );
    let status = tenant.synced("db").await.status.expect("a status");
    assert_eq!(status.opened_with.len(), 2);
}

#[tokio::test]
async fn a_value_in_the_wrong_place_is_told_what_it_was_sealed_for() {
    let (staging, prod) = (tenant("staging").await, tenant("prod").await);
    let (from, to) = (&staging.namespace, &prod.namespace);
    let secret = staging.secret_of("db", &[("password", "hunter2")]);
    // Renamed: the template has kept the name.
    let mut renamed = staging.seal(&secret, &[]);
    renamed["metadata"]["name"] = json!("renamed");
    staging.apply(&renamed).await;
    let found = format!("value `password` is sealed for `{from}/db`, found in `{from}/renamed`");
    staging.failed("renamed", &found).await;

    // Copied to another namespace, and its template rid of names: a resource of that name is there.
    let mut wide = staging.seal(&secret, &["--scope", "namespace-wide"]);
    staging.deliver(&wide).await;
    wide["metadata"]["namespace"] = json!(to);
    wide["spec"]["template"]["metadata"] = json!({});
    prod.apply(&wide).await;
    let found =
        format!("sealed for any name in namespace `{from}`, found in any name in namespace `{to}`");
    let message = prod.failed("db", &found).await;
    assert!(!message.contains("hunter2"), "{message}");

    // The annotation of the scope was lost.
    let mut lost = prod.seal(
        &prod.secret_of("lost", &[("password", "hunter2")]),
        &["--scope", "cluster-wide"],
    );
    lost["metadata"]["annotations"] = json!({});
    prod.apply(&lost).await;
    prod.failed("lost", "sealed for anywhere in the cluster")
        .await;
    let event = "ErrUnsealFailed";
    assert!(
        prod.event("lost", event)
            .await
            .starts_with("Failed to unseal: ")
    );
    // Our own condition has the word for it.
    let told = prod
        .sealed
        .get("lost")
        .await
        .expect("it is there")
        .status
        .expect("a status");
    let ready = told
        .conditions
        .iter()
        .find(|told| told.type_ == "Ready")
        .expect("it is told");
    assert_eq!(ready.reason.as_deref(), Some(Reason::WrongPlace.as_str()));
}

/// Upstream: an update was only looked at when `spec` had changed.
#[tokio::test]
async fn adding_the_scopes_annotation_later_is_noticed() {
    let tenant = tenant("annotate").await;
    let mut sealed = tenant.seal(
        &tenant.secret_of("db", &[("a", "b")]),
        &["--scope", "namespace-wide"],
    );
    sealed["metadata"]["annotations"] = json!({});
    tenant.apply(&sealed).await;
    tenant.failed("db", "no key could decrypt").await;
    let annotate =
        json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/namespace-wide": "true"}}});
    tenant.patch(&tenant.sealed, "db", &annotate).await;
    tenant.synced("db").await;
    assert_eq!(data(&tenant.secret("db").await)["a"], b"b");
}

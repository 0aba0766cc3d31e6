//! What is opened, put right, taken over, left alone and removed.

use bulla_tests::{
    Canary,
    wait::{DEADLINE, eventually},
};
use kube::{ResourceExt, api::DeleteParams};
use serde_json::json;

use super::{bench, encrypt_by, shared};

fn db() -> serde_json::Value {
    json!({"name": "db", "stringData": {"password": "hunter2"}})
}

#[tokio::test]
async fn several_secrets_are_made_of_what_sops_encrypted_and_nothing_else_shows_it() {
    let bench = bench("sops").await;
    let canary = Canary::new();
    let templates = [
        json!({
            "name": "db", "labels": {"app": "shop"}, "annotations": {"note": "n"},
            "stringData": {"password": canary.text(), "empty": ""},
        }),
        json!({"name": "login", "type": "kubernetes.io/basic-auth", "data": {"username": "c2hvcA==", "password": "eA=="}}),
    ];
    let resource = bench.deliver("secrets", &templates);
    canary.assert_absent("what is committed", resource.to_string());
    let resource = bench.ready("secrets").await;
    assert_eq!(resource["status"]["secrets"], 2);
    let secret = bench
        .secret("db", &[("password", canary.text()), ("empty", "")])
        .await;
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
    assert_eq!(secret.labels()["app"], "shop");
    // Theirs would take a label of ours away: each change of hands would write every Secret.
    assert_eq!((secret.labels().len(), secret.annotations().len()), (1, 1));
    let owner = &secret.owner_references()[0];
    assert_eq!((&*owner.kind, owner.controller), ("SopsSecret", Some(true)));
    let login = bench
        .secret("login", &[("username", "shop"), ("password", "x")])
        .await;
    assert_eq!(login.type_.as_deref(), Some("kubernetes.io/basic-auth"));
    assert_eq!(bench.names().await, ["db", "login"], "none for the place");
    bench.event("secrets", "Created", "`db`").await;
    bench.event("secrets", "Created", "`login`").await;
    bench.event("secrets", "Applied", "").await;

    canary.assert_absent("what the cluster shows", bench.shown());
    let controller = &shared().controller;
    canary.assert_absent("the log", controller.log());
    canary.assert_absent("the metrics", controller.metrics().text());
    let metrics = controller.metrics();
    let kind = [("kind", "SopsSecret")];
    assert!(metrics.sum("bulla_opened_values_total", &kind) >= 4.0);
}

#[tokio::test]
async fn drift_is_put_right_and_said() {
    let bench = bench("sops-heal").await;
    let other = json!({"name": "other", "stringData": {"token": "t"}});
    bench.deliver("secrets", &[db(), other]);
    bench.ready("secrets").await;
    let untouched = bench.secret("other", &[("token", "t")]).await;
    bench
        .intrude("db", json!({"stringData": {"password": "x", "more": "y"}}))
        .await;
    bench.secret("db", &[("password", "hunter2")]).await;
    bench.event("secrets", "Healed", "by `kubectl-edit`").await;
    let deleted = bench.secrets.delete("db", &DeleteParams::default()).await;
    deleted.expect("it can be deleted");
    bench.secret("db", &[("password", "hunter2")]).await;
    bench
        .event("secrets", "Healed", "`db`: the Secret was deleted")
        .await;
    let still = bench.secret("other", &[("token", "t")]).await;
    assert_eq!(untouched.resource_version(), still.resource_version());
}

#[tokio::test]
async fn a_template_that_is_gone_takes_its_own_secret_along_and_no_other() {
    let bench = bench("sops-gone").await;
    bench.cluster.apply(
        &json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"password": "theirs"},
            "metadata": {
                "name": "adopted", "namespace": bench.namespace,
                "annotations": {"bulla.dev/adopt": "SopsSecret/secrets"},
            },
        })
        .to_string(),
    );
    let named = |name: &str| json!({"name": name, "stringData": {"password": "hunter2"}});
    bench.deliver("secrets", &[db(), named("old"), named("adopted")]);
    bench.ready("secrets").await;
    for name in ["db", "old", "adopted"] {
        bench.secret(name, &[("password", "hunter2")]).await;
    }
    let db_before = bench.secret("db", &[("password", "hunter2")]).await;
    bench.deliver("secrets", &[db()]);
    bench.no_secret("old").await;
    bench.event("secrets", "Removed", "`old`").await;
    let resource = bench.ready("secrets").await;
    assert_eq!(resource["status"]["secrets"], 1);
    assert_eq!(bench.names().await, ["adopted", "db"]);
    let db_after = bench.secret("db", &[("password", "hunter2")]).await;
    assert_eq!(db_before.resource_version(), db_after.resource_version());

    let deleted = bench
        .resources
        .delete("secrets", &DeleteParams::default())
        .await;
    deleted.expect("it can be deleted");
    bench.no_secret("db").await;
    bench.secret("adopted", &[("password", "hunter2")]).await;
}

#[tokio::test]
async fn a_foreign_secret_is_taken_over_only_when_somebody_says_so() {
    let bench = bench("sops-adopt").await;
    let foreign = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"theirs": "x"},
        "metadata": {"name": "db", "namespace": bench.namespace},
    });
    bench.cluster.apply(&foreign.to_string());
    let other = json!({"name": "other", "stringData": {"token": "t"}});
    bench.deliver("secrets", &[db(), other]);
    let refused = bench.refused("secrets", "NotOwned").await;
    let message = &refused["status"]["message"];
    assert_eq!(message, "Child secret is not owned by controller error");
    bench.secret("db", &[("theirs", "x")]).await;
    // What is refused does not keep the others from being made.
    bench.secret("other", &[("token", "t")]).await;
    bench
        .intrude(
            "db",
            json!({"metadata": {"annotations": {"sopssecret/managed": "true"}}}),
        )
        .await;
    bench.ready("secrets").await;
    let secret = bench.secret("db", &[("password", "hunter2")]).await;
    assert!(
        !secret.annotations().contains_key("sopssecret/managed"),
        "it is used up"
    );
    assert_eq!(secret.owner_references().len(), 1);
    bench.event("secrets", "Adopted", "`db`").await;

    // Somebody else's, by their controller: not even when the resource asks for it.
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "n", "namespace": bench.namespace},
    });
    bench.cluster.apply(&map.to_string());
    let uid = [
        "get",
        "configmap",
        "n",
        "-n",
        &bench.namespace,
        "-o",
        "jsonpath={.metadata.uid}",
    ];
    let uid = bench.cluster.kubectl_ok(&uid);
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "n", "uid": uid, "controller": true});
    let mut owned = foreign.clone();
    owned["metadata"]["name"] = json!("owned");
    owned["metadata"]["ownerReferences"] = json!([owner]);
    let mut free = foreign;
    free["metadata"]["name"] = json!("free");
    bench.cluster.apply(&owned.to_string());
    bench.cluster.apply(&free.to_string());
    let named = |name: &str| json!({"name": name, "stringData": {"password": "hunter2"}});
    let templates = [named("owned"), named("free"), bench.place("taker")];
    let mut taker = bench.encrypt("taker", &templates);
    taker["spec"]["enforceOwnership"] = json!(true);
    bench.cluster.apply(&taker.to_string());
    let refused = bench.refused("taker", "NotOwned").await.to_string();
    assert!(refused.contains("it belongs to ConfigMap `n`"), "{refused}");
    bench.secret("free", &[("password", "hunter2")]).await;
    bench.secret("owned", &[("theirs", "x")]).await;
}

#[tokio::test]
async fn the_status_does_not_show_which_secrets_are_the_same() {
    let bench = bench("sops-same").await;
    let named = |name: &str| json!({"name": name, "stringData": {"password": "hunter2"}});
    bench.deliver("secrets", &[named("a"), named("b")]);
    let resource = bench.ready("secrets").await;
    let applied = resource["status"]["applied"].as_str().expect("records");
    let (a, b) = applied.split_once(',').expect("two of them");
    // Of 32 bytes the first half is the content.
    assert_ne!(a[..20], b[..20]);
}

#[tokio::test]
async fn a_suspended_resource_leaves_its_secrets_alone() {
    let bench = bench("sops-suspend").await;
    bench.deliver("secrets", &[db()]);
    bench.ready("secrets").await;
    bench
        .patch("secrets", json!({"spec": {"suspend": true}}))
        .await;
    let suspended =
        |it: &serde_json::Value| it["status"]["message"] == "Reconciliation is suspended";
    bench.until("secrets", "it is suspended", suspended).await;
    bench
        .intrude("db", json!({"stringData": {"password": "x"}}))
        .await;
    // Another resource that is applied later is done: this one was looked at before.
    let later = json!({"name": "later", "stringData": {"token": "t"}});
    bench.deliver("later", &[later]);
    bench.ready("later").await;
    bench.secret("db", &[("password", "x")]).await;
    bench
        .patch("secrets", json!({"spec": {"suspend": null}}))
        .await;
    bench.ready("secrets").await;
    bench.secret("db", &[("password", "hunter2")]).await;
}

#[tokio::test]
async fn what_others_select_opens_as_well() {
    let bench = bench("sops-select").await;
    let selectors = [
        ["--encrypted-regex", "^(data|stringData)$"],
        [
            "--unencrypted-regex",
            "^(apiVersion|kind|metadata|name|LOG_LEVEL)$",
        ],
    ];
    for (number, selector) in selectors.iter().enumerate() {
        let name = format!("s{number}");
        let secret = format!("db{number}");
        let template =
            json!({"name": secret, "stringData": {"password": "hunter2", "LOG_LEVEL": "debug"}});
        let resource = json!({
            "apiVersion": "isindir.github.com/v1alpha3", "kind": "SopsSecret",
            "metadata": {"name": name, "namespace": bench.namespace},
            "spec": {"secretTemplates": [template, bench.place(&name)]},
        });
        let resource = encrypt_by(bench.cluster, &resource, &bench.recipient, selector);
        assert_eq!(
            resource["spec"]["secretTemplates"][0]["name"], secret,
            "plain"
        );
        bench.cluster.apply(&resource.to_string());
        bench.ready(&name).await;
        let expected = [("password", "hunter2"), ("LOG_LEVEL", "debug")];
        bench.secret(&secret, &expected).await;
    }
}

#[tokio::test]
async fn the_use_of_a_key_counts_sops_secrets() {
    let bench = bench("sops-use").await;
    bench.deliver("secrets", &[db()]);
    bench.ready("secrets").await;
    let keys = kube::Api::<bulla_core::api::SealingKey>::all(bench.client.clone());
    eventually("the key is in use", DEADLINE, async || {
        let keys = keys.list(&Default::default()).await.ok()?;
        let used = |key: &bulla_core::api::SealingKey| {
            let status = key.status.clone().unwrap_or_default();
            status.used_by.is_some_and(|used| used.resources > 0)
        };
        keys.iter().any(used).then_some(())
    })
    .await;
}

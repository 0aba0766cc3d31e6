//! The place: without it nothing opens, and a copy opens nowhere else, whatever is done to it.

use bulla_tests::Canary;
use serde_json::{Value, json};

use super::{bench, shared};

/// Puts a resource somewhere else, as whoever may write there can.
fn moved(resource: &Value, namespace: &str, name: &str) -> Value {
    let mut copy = resource.clone();
    copy["metadata"] = json!({"namespace": namespace, "name": name});
    copy
}

#[tokio::test]
async fn without_a_place_nothing_is_opened() {
    let bench = bench("sops-unbound").await;
    let canary = Canary::new();
    let template = json!({"name": "db", "stringData": {"password": canary.text()}});
    let resource = bench.encrypt("secrets", &[template]);
    bench.cluster.apply(&resource.to_string());
    let refused = bench.refused("secrets", "NoPlace").await;
    assert_eq!(refused["status"]["message"], "Decryption error");
    assert!(bench.names().await.is_empty());
    bench
        .event("secrets", "NoPlace", "docs/sops-secret.md")
        .await;
    canary.assert_absent("what the cluster shows", bench.shown());
}

#[tokio::test]
async fn a_copy_opens_neither_in_another_namespace_nor_under_another_name() {
    let (bench, evil) = (bench("sops-shop").await, bench("sops-evil").await);
    let canary = Canary::new();
    let template = json!({"name": "db", "stringData": {"password": canary.text()}});
    let resource = bench.deliver("secrets", &[template]);
    bench.ready("secrets").await;

    let copies = [
        (
            &evil,
            moved(&resource, &evil.namespace, "secrets"),
            "WrongPlace",
        ),
        (
            &bench,
            moved(&resource, &bench.namespace, "copy"),
            "WrongPlace",
        ),
        (&evil, without_place(&resource, &evil.namespace), "NoPlace"),
        (
            &evil,
            with_place_of_another_key(&resource, &evil),
            "Damaged",
        ),
        (
            &evil,
            with_plain_place(&resource, &evil.namespace),
            "NotSealed",
        ),
    ];
    for (target, copy, reason) in copies {
        let name = copy["metadata"]["name"]
            .as_str()
            .expect("a name")
            .to_owned();
        target.cluster.apply(&copy.to_string());
        let refused = target.refused(&name, reason).await;
        if reason == "WrongPlace" {
            let closed_for = format!("`{}/secrets`", bench.namespace);
            let message = super::condition(&refused, "Ready")["message"].to_string();
            assert!(message.contains(&closed_for), "{message}");
        }
    }
    assert!(evil.names().await.is_empty());
    assert_eq!(bench.names().await, ["db"]);
    canary.assert_absent("what the cluster shows", evil.shown());
    canary.assert_absent("the log", shared().controller.log());
}

fn without_place(resource: &Value, namespace: &str) -> Value {
    let mut copy = moved(resource, namespace, "without");
    let templates = copy["spec"]["secretTemplates"].as_array_mut();
    templates.expect("templates").truncate(1);
    copy
}

/// A place that the thief encrypted, under a data key of their own.
fn with_place_of_another_key(resource: &Value, evil: &super::Bench) -> Value {
    let mut copy = moved(resource, &evil.namespace, "forged");
    let own = evil.encrypt("forged", &[evil.place("forged")]);
    copy["spec"]["secretTemplates"][1] = own["spec"]["secretTemplates"][0].clone();
    copy
}

/// A selector that leaves the place out, so that it stands there plain.
fn with_plain_place(resource: &Value, namespace: &str) -> Value {
    let mut copy = moved(resource, namespace, "plain");
    let place =
        json!({"name": "x", "stringData": {"bulla.dev.place": format!("{namespace}/plain")}});
    copy["spec"]["secretTemplates"][1] = place;
    let block = copy["sops"].as_object_mut().expect("a block");
    block.remove("encrypted_suffix");
    block.insert(
        "unencrypted_regex".into(),
        json!(r"^(name|bulla\.dev\.place)$"),
    );
    copy
}

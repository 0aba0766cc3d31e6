//! The resource definitions and the deployment on a real API server: what is accepted, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Output;

use bulla_core::api::SecretEnvelope;
use bulla_tests::{Cluster, Options, target};
use serde_json::{Value, json};

/// A vector as a manifest for namespace `shop`.
fn vector(name: &str) -> Value {
    let path = target::workspace().join(format!("core/tests/vectors/envelope/{name}.json"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    vector["envelope"].clone()
}

/// A cluster of its own: definitions are cluster-wide.
fn cluster_with(folder: &str) -> Cluster {
    let cluster = Cluster::start(Options {
        controller_manager: false,
        ..Options::default()
    });
    let folder = target::workspace().join(folder).display().to_string();
    // Twice: the second time finds everything as it is.
    cluster.kubectl_ok(&["apply", "-k", &folder]);
    cluster.kubectl_ok(&[
        "wait",
        "--for=condition=Established",
        "crd",
        "--all",
        "--timeout=30s",
    ]);
    let again = cluster.kubectl_ok(&["apply", "-k", &folder]);
    assert!(
        !again.contains("created") && !again.contains("configured"),
        "{again}"
    );
    cluster
}

fn apply(cluster: &Cluster, manifest: &Value, extra: &[&str]) -> Output {
    let arguments = [&["apply", "-f", "-"][..], extra].concat();
    cluster.kubectl_with_stdin(&arguments, &manifest.to_string())
}

#[test]
fn sealed_values_are_accepted_and_plaintext_is_refused() {
    let cluster = cluster_with("deploy/crds");
    cluster.kubectl_ok(&["create", "namespace", "shop"]);
    let apply = |manifest: &Value, extra: &[&str]| apply(&cluster, manifest, extra);

    let good = vector("good-mixed");
    assert!(apply(&good, &[]).status.success());
    let stored: SecretEnvelope = serde_json::from_str(
        &cluster.kubectl_ok(&["get", "senv", "db", "-n", "shop", "-o", "json"]),
    )
    .unwrap();
    let status = stored
        .status
        .expect("the definition gives a status by default");
    assert_eq!(
        status.observed_generation,
        Some(-1),
        "a wait must not pass before the controller has looked"
    );
    assert_eq!(
        serde_json::to_value(&stored.spec).unwrap(),
        good["spec"],
        "nothing is added to the spec"
    );

    let mut plain = good.clone();
    plain["spec"]["data"]["password"] = json!("plainly-visible-password");
    for extra in [&["--dry-run=server"][..], &[]] {
        let refused = apply(&plain, extra);
        assert!(!refused.status.success());
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(text.contains("refusing plaintext"), "{text}");
        assert!(
            !text.contains("plainly-visible"),
            "the refusal quotes the value: {text}"
        );
    }
    // A prefix alone is too short to pass for a sealed value.
    plain["spec"]["data"]["password"] = json!("bulla1.hunter2");
    assert!(!apply(&plain, &["--dry-run=server"]).status.success());
    assert!(
        !apply(&vector("too-many-data-keys"), &["--dry-run=server"])
            .status
            .success()
    );
    assert!(
        !apply(&vector("unknown-scope"), &["--dry-run=server"])
            .status
            .success()
    );
    assert!(
        !apply(&vector("no-recipient"), &["--dry-run=server"])
            .status
            .success()
    );
    let duplicate = apply(
        &vector("duplicate-id"),
        &["--dry-run=server", "--validate=false"],
    );
    assert!(!duplicate.status.success(), "two data keys with one id");

    let key = |state: &str, suite: &str| {
        json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "k"},
            "spec": {"suite": suite, "state": state}})
    };
    assert!(apply(&key("Active", "X25519"), &[]).status.success());
    assert!(
        !apply(&key("Active", "MLKEM768-X25519"), &[])
            .status
            .success(),
        "the suite can't be changed"
    );
    assert!(
        !apply(&key("Retired", "X25519"), &[]).status.success(),
        "not by way of nothing"
    );
    assert!(
        !apply(&key("Active", "RSA"), &["--dry-run=server"])
            .status
            .success(),
        "RSA needs its bits"
    );
    for state in ["OpenOnly", "Retired", "Compromised"] {
        assert!(
            apply(&key(state, "X25519"), &[]).status.success(),
            "{state}"
        );
    }
    assert!(
        !apply(&key("Active", "X25519"), &[]).status.success(),
        "compromised is for good"
    );
}

#[test]
fn the_deployment_is_accepted_and_its_pod_is_restricted() {
    let cluster = cluster_with("deploy");
    let deployment = [
        "get",
        "deployment",
        "bulla-controller",
        "-n",
        "bulla-system",
        "-o",
        "json",
    ];
    let deployment: Value = serde_json::from_str(&cluster.kubectl_ok(&deployment)).unwrap();
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("restricted-check");
    pod["metadata"]["namespace"] = json!("bulla-system");
    let created = apply(&cluster, &pod, &[]);
    let text = String::from_utf8_lossy(&created.stderr);
    assert!(
        created.status.success() && !text.contains("would violate"),
        "{text}"
    );
}

#[test]
fn a_sealed_secret_is_stored_as_kubeseal_writes_it() {
    let cluster = Cluster::start(Options {
        controller_manager: false,
        ..Options::default()
    });
    let definition = target::workspace().join("deploy/crds/sealedsecrets.yaml");
    cluster.kubectl_ok(&["apply", "-f", &definition.display().to_string()]);
    cluster.kubectl_ok(&[
        "wait",
        "--for=condition=Established",
        "crd",
        "--all",
        "--timeout=30s",
    ]);
    let manifest = json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "default"},
        "spec": {
            "encryptedData": {"password": "AgA="},
            "template": {
                "metadata": {"name": "db", "creationTimestamp": null, "labels": {"a": "b"}},
                "type": "Opaque",
                "data": {"password": null, "url": "{{ .password }}"},
            },
        },
    });
    // Not `apply`: kubectl takes a null there for something to remove.
    let applied = cluster.kubectl_with_stdin(&["create", "-f", "-"], &manifest.to_string());
    assert!(
        applied.status.success(),
        "{}",
        String::from_utf8_lossy(&applied.stderr)
    );
    let status = json!({"status": {"observedGeneration": 1, "openedWith": ["fp-0000000000000000"], "conditions": [
        {"type": "Synced", "status": "False", "message": "no key", "lastUpdateTime": "2026-11-21T00:00:00Z"},
        {"type": "Ready", "status": "False", "observedGeneration": 1, "reason": "NoKey"},
    ]}});
    cluster.kubectl_ok(&[
        "patch",
        "sealedsecret",
        "db",
        "--subresource=status",
        "--type=merge",
        "-p",
        &status.to_string(),
    ]);
    let table = cluster.kubectl_ok(&["get", "sealedsecret", "db"]);
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["NAME", "STATUS", "SYNCED", "AGE"]);
    assert!(
        table.contains("no key") && table.contains("False"),
        "{table}"
    );
    let stored: bulla_core::api::SealedSecret =
        serde_json::from_str(&cluster.kubectl_ok(&["get", "sealedsecret", "db", "-o", "json"]))
            .unwrap();
    let kept = stored.status.as_ref().unwrap();
    assert_eq!(kept.opened_with, ["fp-0000000000000000"]);
    assert_eq!(kept.conditions[1].observed_generation, Some(1));
    let sealed = bulla_core::sealed_secrets::SealedSecret::try_from(&stored).unwrap();
    let templates: Vec<_> = sealed
        .template()
        .data
        .values()
        .map(Option::is_some)
        .collect();
    assert_eq!(templates, [false, true], "a null of a template survives");
}

//! The resource definitions and the deployment on a real API server: what is accepted, and what is refused.

use bulla_core::api::SecretEnvelope;
use bulla_tests::{Cluster, Options, target};
use serde_json::{Value, json};

/// A vector as a manifest for namespace `shop`.
fn vector(name: &str) -> Value {
    let path = target::workspace().join(format!("core/tests/vectors/envelope/{name}.json"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    vector["envelope"].clone()
}

fn deployed() -> Cluster {
    let cluster = Cluster::start(Options::default());
    let deploy = target::workspace().join("deploy");
    // Twice: the second finds everything as it is. The definitions need a moment to be served.
    cluster.kubectl_ok(&["apply", "-k", &deploy.display().to_string()]);
    cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    let again = cluster.kubectl_ok(&["apply", "-k", &deploy.display().to_string()]);
    assert!(!again.contains("created") && !again.contains("configured"), "{again}");
    cluster.kubectl_ok(&["create", "namespace", "shop"]);
    cluster
}

#[test]
fn the_deployment_is_accepted_and_plaintext_is_not() {
    let cluster = deployed();
    let apply = |manifest: &Value, extra: &[&str]| {
        let arguments = [&["apply", "-f", "-"][..], extra].concat();
        cluster.kubectl_with_stdin(&arguments, &manifest.to_string())
    };

    let good = vector("good-mixed");
    assert!(apply(&good, &[]).status.success());
    let stored: SecretEnvelope =
        serde_json::from_str(&cluster.kubectl_ok(&["get", "senv", "db", "-n", "shop", "-o", "json"])).unwrap();
    let status = stored.status.expect("the definition gives a status by default");
    assert_eq!(status.observed_generation, Some(-1), "a wait must not pass before the controller has looked");
    assert_eq!(serde_json::to_value(&stored.spec).unwrap(), good["spec"], "nothing is added to the spec");

    let mut plain = good.clone();
    plain["spec"]["data"]["password"] = json!("plainly-visible-password");
    for extra in [&["--dry-run=server"][..], &[]] {
        let refused = apply(&plain, extra);
        assert!(!refused.status.success());
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(text.contains("refusing plaintext"), "{text}");
        assert!(!text.contains("plainly-visible"), "the refusal quotes the value: {text}");
    }
    // A prefix alone is too short to pass for a sealed value.
    plain["spec"]["data"]["password"] = json!("bulla1.hunter2");
    assert!(!apply(&plain, &["--dry-run=server"]).status.success());
    assert!(!apply(&vector("too-many-data-keys"), &["--dry-run=server"]).status.success());
    assert!(!apply(&vector("unknown-scope"), &["--dry-run=server"]).status.success());
    assert!(!apply(&vector("no-recipient"), &["--dry-run=server"]).status.success());
    let duplicate = apply(&vector("duplicate-id"), &["--dry-run=server", "--validate=false"]);
    assert!(!duplicate.status.success(), "two data keys with one id");

    let key = |state: &str, suite: &str| {
        json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "k"},
            "spec": {"suite": suite, "state": state}})
    };
    assert!(apply(&key("Active", "X25519"), &[]).status.success());
    assert!(!apply(&key("Active", "MLKEM768-X25519"), &[]).status.success(), "the suite can't be changed");
    assert!(!apply(&key("Retired", "X25519"), &[]).status.success(), "not by way of nothing");
    assert!(!apply(&key("Active", "RSA"), &["--dry-run=server"]).status.success(), "RSA needs its bits");
    for state in ["OpenOnly", "Retired", "Compromised"] {
        assert!(apply(&key(state, "X25519"), &[]).status.success(), "{state}");
    }
    assert!(!apply(&key("Active", "X25519"), &[]).status.success(), "compromised is for good");

    // The pod template passes the namespace's own `restricted` profile.
    let deployment: Value = serde_json::from_str(
        &cluster.kubectl_ok(&["get", "deployment", "bulla-controller", "-n", "bulla-system", "-o", "json"]),
    )
    .unwrap();
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("restricted-check");
    pod["metadata"]["namespace"] = json!("bulla-system");
    let created = apply(&pod, &[]);
    let text = String::from_utf8_lossy(&created.stderr);
    assert!(created.status.success() && !text.contains("would violate"), "{text}");
}

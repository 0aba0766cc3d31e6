//! Tests that start and stop controllers: they take turns on a cluster of their own.

use std::{process::Command, sync::OnceLock};

use bulla_tests::{Canary, Cluster, Deployment, Options, metrics::Metrics, peers, process, target};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use super::{Bench, told};

/// Waits for the turn.
async fn turn() -> MutexGuard<'static, Deployment<'static>> {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static DEPLOYMENT: OnceLock<Mutex<Deployment<'static>>> = OnceLock::new();
    let deployment = DEPLOYMENT.get_or_init(|| {
        let cluster = CLUSTER.get_or_init(|| Cluster::start(Options::default()));
        let folder = "deploy/overlays/sops-secrets";
        Mutex::new(Deployment::install_from(cluster, folder))
    });
    deployment.lock().await
}

fn db() -> Value {
    json!({"name": "db", "stringData": {"password": "hunter2"}})
}

const STRICT: [&str; 2] = ["--sops-secrets", "--sops-require-place"];

#[tokio::test]
async fn a_restart_with_nothing_changed_opens_and_writes_nothing() {
    let deployment = turn().await;
    let controller = deployment.start(&STRICT);
    let bench = Bench::new(deployment.cluster(), "sops-restart").await;
    let other = json!({"name": "other", "stringData": {"token": "t"}});
    bench.deliver("secrets", &[db(), other.clone()]);
    let bad = bench.encrypt(
        "unbound",
        &[json!({"name": "no", "stringData": {"x": "y"}})],
    );
    bench.cluster.apply(&bad.to_string());
    let stranger = keygen(deployment.cluster());
    let closed = bench.encrypt_for(&stranger.1, "closed", &[other, bench.place("closed")]);
    bench.cluster.apply(&closed.to_string());
    let before = bench.ready("secrets").await;
    bench.refused("unbound", "NoPlace").await;
    bench.refused("closed", "NoKey").await;
    drop(controller);

    let controller = deployment.start(&STRICT);
    let looked = |metrics: &Metrics| {
        let of = |outcome: &str| {
            let labels = [("kind", "SopsSecret"), ("outcome", outcome)];
            metrics.sum("bulla_reconciles_total", &labels) >= 1.0
        };
        of("Ready") && of("NoPlace") && of("NoKey")
    };
    let metrics = controller.until_metrics("all were looked at", looked).await;
    for name in [
        "private_operations",
        "secret_writes",
        "secret_reads",
        "opened_values",
    ] {
        let name = format!("bulla_{name}_total");
        assert_eq!(metrics.sum(&name, &[]), 0.0, "{name}");
    }
    let after = bench.ready("secrets").await;
    let version = |it: &Value| it["metadata"]["resourceVersion"].clone();
    assert_eq!(version(&before), version(&after));

    // A change of one Secret takes one private operation, and a read of that Secret alone.
    bench
        .intrude("db", json!({"metadata": {"labels": {"theirs": "x"}}}))
        .await;
    let opened = |metrics: &Metrics| metrics.sum("bulla_private_operations_total", &[]) >= 1.0;
    let metrics = controller.until_metrics("it was opened", opened).await;
    assert_eq!(metrics.sum("bulla_private_operations_total", &[]), 1.0);
    assert_eq!(metrics.sum("bulla_secret_reads_total", &[]), 1.0);
    assert_eq!(metrics.sum("bulla_secret_writes_total", &[]), 0.0);
}

#[tokio::test]
async fn without_the_rule_an_unbound_resource_opens_and_says_so() {
    let deployment = turn().await;
    let bench = {
        let _controller = deployment.start(&["--sops-secrets", "--compat"]);
        let bench = Bench::new(deployment.cluster(), "sops-compat").await;
        let unbound = bench.encrypt("unbound", &[db()]);
        bench.cluster.apply(&unbound.to_string());
        let resource = bench.ready("unbound").await;
        assert!(told(&resource, "Unbound", "True", "NoPlace"), "{resource}");
        bench.secret("db", &[("password", "hunter2")]).await;
        // A place counts all the same, where there is one.
        let bound = json!({"name": "bound", "stringData": {"token": "t"}});
        let mut copy = bench.encrypt("bound", &[bound, bench.place("elsewhere")]);
        bench.cluster.apply(&copy.to_string());
        bench.refused("bound", "WrongPlace").await;
        copy["metadata"]["name"] = json!("elsewhere");
        bench.cluster.apply(&copy.to_string());
        let resource = bench.ready("elsewhere").await;
        assert!(
            super::condition(&resource, "Unbound").is_null(),
            "{resource}"
        );
        bench
    };
    // The rule comes into force: what was applied under the other one is looked at again.
    let _controller = deployment.start(&STRICT);
    bench.refused("unbound", "NoPlace").await;
    bench.secret("db", &[("password", "hunter2")]).await;
    bench.deliver("unbound", &[db()]);
    let resource = bench.ready("unbound").await;
    assert!(
        super::condition(&resource, "Unbound").is_null(),
        "{resource}"
    );
}

/// An identity and its recipient, by the real `age-keygen`.
pub(super) fn keygen(cluster: &Cluster) -> (String, String) {
    let mut command = Command::new(peers::age_keygen());
    command.env_clear().env("HOME", cluster.logs());
    let output = process::run(command, b"");
    let file = String::from_utf8(output.stdout).expect("a text");
    let recipient = file
        .lines()
        .find_map(|line| line.split("public key: ").nth(1));
    let recipient = recipient.expect("it names the public key").to_owned();
    (file, recipient)
}

#[tokio::test]
async fn an_identity_that_is_brought_opens_without_a_restart() {
    let deployment = turn().await;
    let controller = deployment.start(&STRICT);
    let bench = Bench::new(deployment.cluster(), "sops-brought").await;
    let (identity, recipient) = keygen(deployment.cluster());
    let closed = bench.encrypt_for(&recipient, "secrets", &[db(), bench.place("secrets")]);
    bench.cluster.apply(&closed.to_string());
    bench.refused("secrets", "NoKey").await;
    assert!(bench.names().await.is_empty());
    let brought = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"keys.txt": identity, "sops.vault-token": "x"},
        "metadata": {"name": "sops-age", "namespace": "bulla-system", "labels": {"bulla.dev/age-identities": "true"}},
    });
    bench.cluster.apply(&brought.to_string());
    bench.ready("secrets").await;
    bench.secret("db", &[("password", "hunter2")]).await;
    // It opens files of SOPS, and is nobody's to overwrite.
    let secret = json!({"name": "sops-age", "stringData": {"keys.txt": "x"}});
    let place = json!({"name": "p", "stringData": {"bulla.dev.place": "bulla-system/thief"}});
    let mut thief = bench.encrypt("thief", &[secret, place]);
    thief["metadata"]["namespace"] = json!("bulla-system");
    thief["spec"]["enforceOwnership"] = json!(true);
    bench.cluster.apply(&thief.to_string());
    controller
        .until_metrics("it is refused", |metrics| {
            metrics.sum("bulla_refusals_total", &[("reason", "TypeRefused")]) >= 1.0
        })
        .await;
    let secret = identity.lines().last().expect("the identity");
    assert!(!controller.log().contains(secret));
    bench
        .cluster
        .kubectl_ok(&["delete", "sopssecret", "thief", "-n", "bulla-system"]);
    bench
        .cluster
        .kubectl_ok(&["delete", "secret", "sops-age", "-n", "bulla-system"]);
}

#[tokio::test]
async fn it_works_under_the_definition_of_the_other_operator() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let overlay = target::workspace().join("deploy/overlays/sops-secrets/sopssecrets.yaml");
    let overlay = overlay.display().to_string();
    let crd = cluster.kubectl_ok(&["get", "crd", "sopssecrets.isindir.github.com", "-o", "json"]);
    let mut crd: Value = serde_json::from_str(&crd).expect("JSON");
    crd["metadata"] = json!({
        "name": crd["metadata"]["name"], "resourceVersion": crd["metadata"]["resourceVersion"],
    });
    let versions = crd["spec"]["versions"].as_array_mut().expect("versions");
    let version = versions.last_mut().expect("the newest");
    let properties = &mut version["schema"]["openAPIV3Schema"]["properties"];
    let text = json!({"type": "string"});
    properties["status"] = json!({"type": "object", "properties": {"message": text}});
    let age = json!({"type": "array", "items": {"type": "object", "properties": {"enc": text, "recipient": text}}});
    properties["sops"] = json!({"type": "object", "properties": {
        "age": age, "encrypted_suffix": text, "encrypted_regex": text, "lastmodified": text, "mac": text, "version": text,
    }});
    let replaced = cluster.kubectl_with_stdin(&["replace", "-f", "-"], &crd.to_string());
    assert!(replaced.status.success(), "{replaced:?}");

    let canary = Canary::new();
    {
        let _controller = deployment.start(&STRICT);
        let bench = Bench::new(cluster, "sops-theirs").await;
        let template = json!({"name": "db", "stringData": {"password": canary.text()}});
        bench.deliver("secrets", &[template]);
        let healthy = |it: &Value| it["status"]["message"] == "Healthy";
        let resource = bench.until("secrets", "it is healthy", healthy).await;
        assert!(resource["status"]["conditions"].is_null(), "{resource}");
        bench.secret("db", &[("password", canary.text())]).await;
        bench
            .intrude("db", json!({"stringData": {"password": "x"}}))
            .await;
        bench.secret("db", &[("password", canary.text())]).await;
        // Ours over theirs: the conditions come.
        cluster.kubectl_ok(&[
            "apply",
            "--server-side",
            "--force-conflicts",
            "-f",
            &overlay,
        ]);
        bench
            .patch(
                "secrets",
                json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}}),
            )
            .await;
        bench.ready("secrets").await;
    }
}

//! From the real controller to ours, and back, on one cluster.

use bulla_core::api::SealedSecret;
use bulla_tests::{
    SealedSecretsController,
    wait::{DEADLINE, eventually},
};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::{Bench, HOME, certificate};

/// A pod of the other controller, as its kubelet would report it.
fn pod(bench: &Bench) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "theirs", "namespace": HOME, "labels": {"name": "sealed-secrets-controller"}},
        "spec": {"containers": [{"name": "controller", "image": "example.invalid/sealed-secrets"}]},
    });
    bench.cluster.apply(&pod.to_string());
    let ready =
        json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}).to_string();
    let patch = ["--subresource=status", "--type=merge", "-p", &ready];
    bench
        .cluster
        .kubectl_ok(&[&["patch", "pod", "theirs", "-n", HOME], &patch[..]].concat());
}

fn theirs(bench: &Bench) -> SealedSecretsController {
    let account = "sealed-secrets-controller";
    let token = bench.cluster.service_account_token(HOME, account);
    let flags = ["--key-size=2048", "--key-renew-period=0"];
    SealedSecretsController::start(bench.cluster, HOME, &token, &flags)
}

#[tokio::test]
async fn either_controller_takes_over_from_the_other_and_no_secret_is_rewritten() {
    let bench = Bench::new().await;
    let account = "sealed-secrets-controller";
    bench
        .cluster
        .kubectl_ok(&["create", "serviceaccount", account, "-n", HOME]);
    let subject = format!("--serviceaccount={HOME}:{account}");
    let bind = [
        "create",
        "clusterrolebinding",
        "theirs",
        "--clusterrole=cluster-admin",
    ];
    bench.cluster.kubectl_ok(&[&bind[..], &[&subject]].concat());

    // Theirs makes the key and the first Secret.
    let controller = theirs(&bench);
    let certificate_of = |controller: &SealedSecretsController| {
        let (code, pem) = controller.get("/v1/cert.pem");
        assert_eq!(code, 200);
        pem
    };
    let their_certificate = certificate_of(&controller);
    bench.opens("first", &their_certificate).await;
    let before = bench.versions().await;
    assert_eq!(before.len(), 2, "{before:?}");

    // Ours waits until it is gone.
    pod(&bench);
    let ours = bench.start(&["--key-size=2048"]);
    eventually("it says for whom it waits", DEADLINE, async || {
        ours.log()
            .contains("the pod `theirs` of Sealed Secrets")
            .then_some(())
    })
    .await;
    assert!(bench.rsa_keys().await.is_empty(), "it has touched no key");
    eventually("envelopes are served meanwhile", DEADLINE, async || {
        (ours.get("/readyz")?.0 == 200).then_some(())
    })
    .await;
    drop(controller);
    bench.cluster.kubectl_ok(&[
        "delete",
        "pod",
        "theirs",
        "-n",
        HOME,
        "--grace-period=0",
        "--force",
    ]);

    let adopted = bench.closing("").await;
    assert_eq!(certificate(&adopted), their_certificate);
    bench.opens("second", &their_certificate).await;
    // It has looked at what theirs had made, and found its own key to it.
    let sealed = Api::<SealedSecret>::namespaced(bench.client.clone(), &bench.namespace);
    eventually("it knows what opened the first one", DEADLINE, async || {
        let status = sealed.get("first").await.ok()?.status?;
        (!status.opened_with.is_empty()).then_some(())
    })
    .await;
    let now = bench.versions().await;
    assert!(
        before
            .iter()
            .all(|(name, version)| now.get(name) == Some(version)),
        "{before:?} {now:?}"
    );
    drop(ours);

    // A key of ours is theirs too.
    let ours = bench.start(&["--key-size=2048", "--key-renew-period=2s"]);
    bench.closing(&adopted.name_any()).await;
    drop(ours);
    let ours = bench.start(&["--key-renew-period=0"]);
    let made = bench.closing(&adopted.name_any()).await;
    bench.opens("third", &certificate(&made)).await;
    let before = bench.versions().await;
    drop(ours);

    let controller = theirs(&bench);
    assert_eq!(
        certificate_of(&controller),
        certificate(&made),
        "it takes the newest for the newest"
    );
    bench.opens("fourth", &certificate(&made)).await;
    bench.opens("fifth", &their_certificate).await;
    eventually("it has looked at all of them", DEADLINE, async || {
        let requests = "sealed_secrets_controller_unseal_requests_total";
        (controller.metrics().sum(requests, &[]) >= 5.0).then_some(())
    })
    .await;
    let now = bench.versions().await;
    assert!(
        before
            .iter()
            .all(|(name, version)| now.get(name) == Some(version)),
        "{before:?} {now:?}"
    );
    let made = now.keys().filter(|name| name.starts_with(HOME)).count();
    let was = before.keys().filter(|name| name.starts_with(HOME)).count();
    assert_eq!(made, was, "and makes no key");
}

//! Keys that are there, and keys that come.

use bulla_core::api::KeyState;
use bulla_tests::wait::{DEADLINE, eventually};
use k8s_openapi::api::events::v1::Event;
use kube::{Api, ResourceExt, api::ListParams};
use serde_json::json;

use super::{Bench, BroughtKey, HOME, LABEL, certificate};

#[tokio::test]
async fn keys_are_adopted_as_they_are_and_what_is_said_of_them_holds_at_once() {
    let bench = Bench::new().await;
    let cluster = bench.cluster;
    let (newest, legacy, stolen) = (
        BroughtKey::new(60),
        BroughtKey::new(9000),
        BroughtKey::new(30),
    );
    for secret in [
        newest.secret("sealed-secrets-keyab2c4", "active"),
        // As the first releases left it.
        legacy.secret("sealed-secrets-key", ""),
        stolen.secret("sealed-secrets-keystole", "compromised"),
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "sealed-secrets-keybroke", "namespace": HOME, "labels": {LABEL: "active"}},
            "stringData": {"tls.key": "not a key", "tls.crt": newest.certificate.to_pem()},
        }),
    ] {
        cluster.apply(&secret.to_string());
    }
    let before = bench.versions().await;
    assert_eq!(before.len(), 3, "{before:?}");
    let controller = bench.start(&["--key-renew-period=0", "--key-size=2048"]);

    let key = bench
        .key("sealed-secrets-keyab2c4", "it closes", |_, status| {
            status.closes == Some(true)
        })
        .await;
    assert_eq!(
        (key.spec.bits, key.spec.state),
        (Some(2048), KeyState::Active)
    );
    assert_eq!(certificate(&key), newest.certificate.to_pem());
    let fingerprint = newest.private.fingerprint().to_string();
    let status = key.status.clone().unwrap_or_default();
    assert_eq!(status.fingerprint, Some(fingerprint));
    bench
        .key("sealed-secrets-key", "it opens", |key, status| {
            key.spec.state == KeyState::Active && status.closes == Some(false)
        })
        .await;
    bench
        .key(
            "sealed-secrets-keystole",
            "it is compromised",
            |key, status| key.spec.state == KeyState::Compromised && status.closes == Some(false),
        )
        .await;
    bench
        .key("sealed-secrets-keybroke", "it is told", |key, status| {
            let told = |word: &str| status.conditions.iter().any(|c| c.reason == word);
            key.spec.state == KeyState::OpenOnly && told("KeySecretMalformed")
        })
        .await;
    let events = Api::<Event>::namespaced(bench.client.clone(), "default");
    eventually("an Event tells of it", DEADLINE, async || {
        let fields = "regarding.name=sealed-secrets-keybroke,reason=KeySecretMalformed";
        let found = events
            .list(&ListParams::default().fields(fields))
            .await
            .ok()?;
        (!found.items.is_empty()).then_some(())
    })
    .await;

    bench.opens("newest", &newest.certificate.to_pem()).await;
    bench.opens("legacy", &legacy.certificate.to_pem()).await;
    bench.seal("stolen", &stolen.certificate.to_pem(), "hunter2");
    assert!(bench.synced("stolen", "False").await.is_none());
    let after = bench.versions().await;
    assert!(
        before
            .iter()
            .all(|(name, version)| after.get(name) == Some(version)),
        "no key Secret was written: {before:?} {after:?}"
    );
    bench
        .key("sealed-secrets-key", "its use is counted", |_, status| {
            status
                .used_by
                .is_some_and(|used| (used.resources, used.values) == (1, 1))
        })
        .await;

    // One that comes later opens, and closes when somebody says so.
    let late = BroughtKey::new(1);
    let name = "sealed-secrets-keylate2";
    cluster.apply(&late.secret(name, "active").to_string());
    bench
        .key(name, "it only opens", |key, status| {
            key.spec.state == KeyState::OpenOnly && status.closes == Some(false)
        })
        .await;
    bench.opens("late", &late.certificate.to_pem()).await;
    assert_eq!(
        bench.closing("").await.name_any(),
        "sealed-secrets-keyab2c4"
    );
    bench.say(name, "Active").await;
    bench
        .key(name, "it closes", |_, status| status.closes == Some(true))
        .await;

    // Sealed Secrets' way to say that others may have it; there is no way back.
    bench.label(name, "compromised");
    bench
        .key(name, "it is compromised", |key, status| {
            key.spec.state == KeyState::Compromised && status.closes == Some(false)
        })
        .await;
    assert_eq!(
        bench.closing("").await.name_any(),
        "sealed-secrets-keyab2c4"
    );
    bench.label(name, "active");
    bench.seal("too-late", &late.certificate.to_pem(), "hunter2");
    assert!(bench.synced("too-late", "False").await.is_none());
    eventually("the Secret says it again", DEADLINE, async || {
        let secret = bench.home.get(name).await.ok()?;
        (secret.labels().get(LABEL)? == "compromised").then_some(())
    })
    .await;
    assert!(
        !controller.log().contains("PRIVATE KEY"),
        "no private key is in the log"
    );
}

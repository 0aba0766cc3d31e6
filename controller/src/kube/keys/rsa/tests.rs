//! The keeper against a stand-in for the API server; the end-to-end tests have the real one.

use bulla_core::sealed_secrets::LegacyData;
use bulla_core::sealed_secrets::rotation::{KeyOrder, Policy};
use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::kube::stand_in::Stand;

const KEYS: &str = "/apis/bulla.dev/v1alpha1/sealingkeys";
const SECRETS: &str = "/api/v1/namespaces/bulla-system/secrets";
const PODS: &str = "/api/v1/namespaces/bulla-system/pods";

fn keeper(stand: &Stand, take_over: bool) -> (RsaKeeper, watch::Sender<bool>) {
    let (leading_sender, leading) = watch::channel(true);
    let settings = Settings {
        prefix: "sealed-secrets-key".to_owned(),
        bits: 2048,
        ttl: Duration::from_secs(86_400),
        common_name: String::new(),
        policy: Policy {
            order: KeyOrder::CertNotBefore,
            renew_period: 0,
            cutoff: None,
            require_existing_key: false,
        },
        annotations: BTreeMap::new(),
        labels: BTreeMap::new(),
        adopt_keys: false,
        take_over,
    };
    let publisher = Arc::new(Publisher::new((true, false), LegacyData::Accept).0);
    let check = Duration::from_secs(600);
    let cluster = stand.cluster.clone();
    let keeper = RsaKeeper::new(cluster, publisher, settings, check, leading, Arc::default());
    (keeper, leading_sender)
}

fn broken(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {RSA_KEY_LABEL: "active"}},
        "data": {"tls.key": "AAAA", "tls.crt": "AAAA"},
    })
}

fn objects(stand: &Stand, collection: &str) -> Vec<Value> {
    stand.server(|server| {
        let objects = server.objects.iter();
        let objects = objects.filter(|(path, _)| path.starts_with(collection));
        objects.map(|(_, object)| object.clone()).collect()
    })
}

fn stand(secrets: &[Value]) -> Stand {
    let stand = Stand::new();
    stand.put(&stand.cluster.sealing_keys, KEYS, &[]);
    stand.put(&stand.cluster.rsa_key_secrets, SECRETS, secrets);
    stand.put(&stand.cluster.legacy_key_secret, SECRETS, &[]);
    stand
}

#[tokio::test]
async fn one_that_is_malformed_is_told_and_a_key_is_made_beside_it() {
    let stand = stand(&[broken("sealed-secrets-keybroke")]);
    let (mut keeper, _leading) = keeper(&stand, true);
    for _ in 0..10 {
        if keeper.pass().await != Ok(Duration::ZERO) {
            break;
        }
    }
    let keys = objects(&stand, KEYS);
    let told: Vec<_> = keys
        .iter()
        .map(|key| (&key["spec"]["state"], &key["status"]["closes"]))
        .collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(
        told.contains(&(&json!("OpenOnly"), &json!(false))),
        "{told:?}"
    );
    assert!(told.contains(&(&json!("Active"), &json!(true))), "{told:?}");
    let secrets = objects(&stand, SECRETS);
    let made = secrets
        .iter()
        .find(|secret| !secret["stringData"].is_null());
    let made = made.expect("a key Secret was made");
    assert_eq!(made["type"], "kubernetes.io/tls");
    assert_eq!(made["metadata"]["generateName"], "sealed-secrets-key");
    assert_eq!(made["metadata"]["annotations"], Value::Null);
    assert!(
        stand
            .cluster
            .may_open_sealed_secrets
            .load(Ordering::Acquire)
    );
}

/// What Events said of pods: the pod, the reason and how it was meant.
fn told(stand: &Stand) -> Vec<(String, String, String)> {
    stand.server(|server| {
        let sent = server.asked.iter();
        let events = sent.filter(|(method, path, _)| {
            method == Method::POST
                && path == "/apis/events.k8s.io/v1/namespaces/bulla-system/events"
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let about = |(_, _, event): &(Method, String, Value)| {
            assert!(
                text(&event["note"]).contains("--sealed-secrets-take-over"),
                "{event}"
            );
            assert_eq!(event["regarding"]["kind"], "Pod");
            (
                text(&event["regarding"]["name"]),
                text(&event["reason"]),
                text(&event["type"]),
            )
        };
        events.map(about).collect()
    })
}

#[tokio::test]
async fn nothing_is_done_while_a_pod_of_the_other_controller_is_ready() {
    let stand = stand(&[]);
    let pod = |name: &str, image: &str| {
        json!({
            "metadata": {"name": name, "labels": {"name": "sealed-secrets-controller"}},
            "spec": {"containers": [{"image": image}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    };
    let list = |stand: &Stand, pods: Value| {
        let list = json!({"items": pods});
        stand.server(|server| server.objects.insert(PODS.to_owned(), list));
    };
    list(&stand, json!([pod("theirs", "sealed-secrets")]));
    let (mut keeper, _leading) = keeper(&stand, false);
    assert_eq!(keeper.pass().await, Ok(PEER_CHECK));
    assert!(objects(&stand, KEYS).is_empty());
    let standing_by = |name: &str| {
        let [reason, kind] = ["StandingBy", "Warning"].map(str::to_owned);
        (name.to_owned(), reason, kind)
    };
    assert_eq!(told(&stand), [standing_by("theirs")]);
    assert!(
        !stand
            .cluster
            .may_open_sealed_secrets
            .load(Ordering::Acquire)
    );
    // Its Deployment was given our image: this pod is one of ours.
    let own = format!("{PODS}/stand-in");
    stand.server(|server| server.objects.insert(own, pod("stand-in", "bulla")));
    assert_eq!(keeper.pass().await, Ok(PEER_CHECK));
    assert_eq!(told(&stand).len(), 1, "it is said once");
    list(&stand, json!([pod("another", "bulla")]));
    assert_eq!(keeper.pass().await, Ok(Duration::ZERO), "a key is made");
    // It comes back while this one is at work.
    while keeper.pass().await == Ok(Duration::ZERO) {}
    let gate = &stand.cluster.may_open_sealed_secrets;
    assert!(gate.load(Ordering::Acquire));
    list(&stand, json!([pod("theirs", "sealed-secrets")]));
    assert_ne!(keeper.pass().await, Ok(PEER_CHECK), "it was just asked");
    keeper.asked_at = None;
    assert_eq!(keeper.pass().await, Ok(PEER_CHECK));
    assert!(!gate.load(Ordering::Acquire));
    let twice = ["theirs", "theirs"].map(standing_by);
    assert_eq!(told(&stand), twice, "it is back, which is news");
    list(&stand, json!([]));
    while keeper.pass().await == Ok(Duration::ZERO) {}
    assert!(gate.load(Ordering::Acquire), "it is gone again");
    // Nobody answers: whoever has begun goes on.
    keeper.asked_at = None;
    stand.server(|server| server.failing = Some("/pods"));
    assert!(keeper.pass().await.is_ok() && gate.load(Ordering::Acquire));
    stand.server(|server| server.failing = None);
    gate.store(false, Ordering::Release);
    // Who may not look does not begin.
    list(&stand, json!([]));
    stand.server(|server| server.failing = Some("/pods"));
    assert!(keeper.pass().await.is_err());
    assert!(
        !stand
            .cluster
            .may_open_sealed_secrets
            .load(Ordering::Acquire)
    );
}

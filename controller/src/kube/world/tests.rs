use std::collections::BTreeMap;

use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::rotation::Timestamp;
use bulla_core::secret::SecretPolicy;
use http::{Method, StatusCode};
use rand_core::OsRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::engine::{Engine, Keys, RecordKey};
use crate::fixture::Sample;
use crate::kube::stand_in::Stand;

const SECRETS: &str = "/api/v1/namespaces/shop/secrets";
const ENVELOPES: &str = "/apis/bulla.dev/v1alpha1/namespaces/shop/secretenvelopes";

/// A reconcile of an envelope whose Secret must be made anew. What it asked of Secrets, and the version that it saw.
async fn replaced(refusing: Option<StatusCode>) -> (Stand, Vec<(Method, String, Value)>, Value) {
    let identity = Identity::generate(Suite::X25519, &mut OsRng);
    let mut wire = Sample::default().wire(identity.recipient());
    wire.metadata.uid = Some("2a1f".into());
    wire.metadata.generation = Some(1);
    let stand = Stand::new();
    let cluster = &stand.cluster;
    let object = serde_json::to_value(&wire).expect("it serializes");
    stand.put(&cluster.envelopes, ENVELOPES, &[object]);
    let owner = json!({"kind": "SecretEnvelope", "name": "db", "uid": "2a1f", "controller": true});
    let secret = json!({
        "metadata": {"name": "db", "namespace": "shop", "uid": "s1", "ownerReferences": [owner]},
        "type": "example.org/other", "data": BTreeMap::<String, String>::new(),
    });
    stand.put(&cluster.secrets, SECRETS, &[secret]);
    let version = stand.server(|server| {
        server.objects[&format!("{SECRETS}/db")]["metadata"]["resourceVersion"].clone()
    });
    stand.server(|server| server.refusing = refusing);
    let envelope = cluster.envelopes.all().remove(0);
    let world = ClusterWorld::new(cluster, &envelope);
    let engine = Engine::new(
        RecordKey::new(Zeroizing::new([7; 32])),
        SecretPolicy::default(),
    );
    let request = Request::from_envelope(&wire).expect("a request");
    let keys = Keys {
        age: KeyRing::new(vec![identity]),
        ..Keys::default()
    };

    let outcome = engine
        .reconcile(&world, &request, &keys, Timestamp(0))
        .await;

    drop(outcome);
    let asked = stand.server(|server| {
        let asked = server.asked.iter();
        let of_secrets = asked.filter(|(_, path, _)| path.starts_with(SECRETS));
        of_secrets.cloned().collect()
    });
    (stand, asked, version)
}

#[tokio::test]
async fn what_is_replaced_is_the_very_secret_that_was_looked_at() {
    let (stand, asked, version) = replaced(None).await;
    let writes: Vec<_> = asked
        .iter()
        .filter(|(method, ..)| method != Method::GET)
        .map(|(method, path, _)| (method.as_str(), path.strip_prefix(SECRETS).unwrap_or(path)))
        .collect();
    assert_eq!(
        writes,
        [("POST", "?dryRun"), ("DELETE", "/db"), ("POST", "")]
    );
    let deletion = asked.iter().find(|(method, ..)| method == Method::DELETE);
    let preconditions = deletion.map(|(_, _, options)| &options["preconditions"]);
    assert_eq!(
        preconditions,
        Some(&json!({"uid": "s1", "resourceVersion": version}))
    );
    let made = stand.server(|server| server.objects[&format!("{SECRETS}/db")].clone());
    assert_eq!(made["type"], "Opaque");
}

#[tokio::test]
async fn a_good_secret_stays_when_the_new_one_would_be_refused() {
    for code in [StatusCode::FORBIDDEN, StatusCode::UNPROCESSABLE_ENTITY] {
        let (stand, asked, _) = replaced(Some(code)).await;
        assert!(asked.iter().any(|(method, ..)| method == Method::POST));
        let kept = stand.server(|server| server.objects[&format!("{SECRETS}/db")].clone());
        assert_eq!(
            (&kept["metadata"]["uid"], &kept["type"]),
            (&json!("s1"), &json!("example.org/other"))
        );
    }
}

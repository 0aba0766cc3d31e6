use std::collections::BTreeMap;

use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::rotation::Timestamp;
use bulla_core::secret::SecretPolicy;
use http::Method;
use rand_core::OsRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::engine::{Engine, Keys, RecordKey};
use crate::fixture::Sample;
use crate::kube::stand_in::Stand;

const SECRETS: &str = "/api/v1/namespaces/shop/secrets";
const ENVELOPES: &str = "/apis/bulla.dev/v1alpha1/namespaces/shop/secretenvelopes";

#[tokio::test]
async fn what_is_replaced_is_the_very_secret_that_was_looked_at() {
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
    let deleted: Vec<Value> = stand.server(|server| {
        let asked = server.asked.iter();
        let deletions = asked.filter(|(method, ..)| method == Method::DELETE);
        deletions
            .map(|(_, _, options)| options["preconditions"].clone())
            .collect()
    });
    assert_eq!(deleted, [json!({"uid": "s1", "resourceVersion": version})]);
}

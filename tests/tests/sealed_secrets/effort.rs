//! What an object costs that nothing opens: a bounded number of private operations, once for each change.

use bulla_tests::{
    Cluster, Controller, Options,
    sealed_secrets::{SealedSecrets, SealedTenant},
    wait::{self, DEADLINE},
};
use serde_json::{Value, json};

use super::{NEW_KEY, OLD_KEY};

/// Values of an object, all sealed for a place that nobody would guess.
const VALUES: usize = 300;
/// Each key for the first value, and a bound for all others together.
const OPENING: u64 = 2 + 256;
/// What a diagnosis may take.
const DIAGNOSIS: u64 = 32;

#[tokio::test]
async fn what_nothing_opens_has_a_bound_and_is_tried_and_diagnosed_once_a_change() {
    let cluster = Cluster::start(Options::default());
    let never = ["--key-renew-period=0"];
    let mut ours = SealedSecrets::start(&cluster, &[OLD_KEY, NEW_KEY], &never);
    let tenant = ours.tenant("greedy").await;
    // Namespaces that hold a resource of that name are candidates: more of them than may be tried.
    for _ in 0..20 {
        let other = ours.tenant("near").await;
        let spec = json!({"encryptedData": {}, "template": {"data": {"a": "b"}}});
        other.apply(&object(&other, "big", &spec)).await;
        other.synced("big").await;
    }
    let sealed = tenant.seal_for(OLD_KEY, &tenant.secret_of("elsewhere", &[("a", "b")]), &[]);
    let value = &sealed["spec"]["encryptedData"]["a"];
    let values = (0..VALUES).map(|number| (format!("k{number:03}"), value.clone()));
    let values: serde_json::Map<_, _> = values.collect();
    let mut big = object(&tenant, "big", &json!({"encryptedData": values}));
    tenant.apply(&big).await;
    let message = tenant.failed("big", "no key could decrypt it").await;
    assert!(
        message.contains("not every key was tried on it, since others do not open"),
        "{message}"
    );
    let mut told = OPENING + DIAGNOSIS;
    took(&ours.controller, told);

    // Nobody else waits, and what is no change of it or of the keys begins nothing anew.
    told += deliver(&ours.controller, &tenant, "modest", told).await;
    let noted = json!({"metadata": {"annotations": {"note": "x"}}});
    tenant.patch(&tenant.sealed, "big", &noted).await;
    told += deliver(&ours.controller, &tenant, "second", told).await;

    big["spec"]["template"] = json!({"metadata": {"labels": {"changed": "yes"}}});
    tenant.apply(&big).await;
    told += OPENING + DIAGNOSIS;
    took(&ours.controller, told);
    told += deliver(&ours.controller, &tenant, "third", told).await;
    took(&ours.controller, told);

    // Nor does a restart.
    ours.controller.process().kill();
    let (again, _) = ours.start_another(&never);
    let fourth = deliver(&again, &tenant, "fourth", 0).await;
    took(&again, fourth);
    // Upstream every restart tells of every object.
    let told = tenant.events("modest").await;
    let told = told.iter().filter(|(reason, _)| reason == "Unsealed");
    assert_eq!(told.count(), 1);
}

/// Delivers an object of one value, and returns how many of the two keys it took.
async fn deliver(controller: &Controller, tenant: &SealedTenant, name: &str, before: u64) -> u64 {
    let sealed = tenant.seal_for(NEW_KEY, &tenant.secret_of(name, &[("a", "b")]), &[]);
    tenant.deliver(&sealed).await;
    let took = operations(controller) - before;
    assert!((1..=2).contains(&took), "{name}: {took}");
    took
}

fn took(controller: &Controller, expected: u64) {
    wait::eventually_blocking("the private operations are made", DEADLINE, || {
        (operations(controller) >= expected).then_some(())
    });
    assert_eq!(operations(controller), expected);
}

fn operations(controller: &Controller) -> u64 {
    let kind = [("kind", "SealedSecret")];
    controller
        .metrics()
        .sum("bulla_private_operations_total", &kind) as u64
}

fn object(tenant: &SealedTenant, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": name, "namespace": tenant.namespace}, "spec": spec,
    })
}

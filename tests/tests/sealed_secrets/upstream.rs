//! Defects of Sealed Secrets that concern the controller, by the number of the issue, where no other file has them.

use bulla_tests::{
    Cluster, Options,
    sealed_secrets::SealedSecrets,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use kube::{ResourceExt, api::DeleteParams};
use serde_json::json;

use super::{FOREIGN_KEY, OLD_KEY, shared, tenant};

/// 1833, 541: one worker, five requests a second. What waits is worked on side by side, as the API server's own log tells.
#[tokio::test]
async fn what_waits_is_worked_on_side_by_side_1833_541() {
    let cluster = Cluster::start(Options::default());
    let mut ours = SealedSecrets::start(&cluster, &[OLD_KEY], &["--key-renew-period=0"]);
    let tenant = ours.tenant("many").await;
    ours.controller.process().kill();
    let secret = tenant.secret_of("x", &[("a", "b")]);
    let sealed = tenant.seal_for(OLD_KEY, &secret, &["--scope", "namespace-wide"]);
    for number in 0..40 {
        let mut one = sealed.clone();
        one["metadata"]["name"] = json!(format!("x{number}"));
        tenant.apply(&one).await;
    }
    let (again, _) = ours.start_another(&["--key-renew-period=0"]);
    for number in 0..40 {
        tenant.synced(&format!("x{number}")).await;
    }
    let creates = async || {
        let mut made: Vec<_> = cluster.audit_events();
        made.retain(|event| {
            event.writes("secrets") && event.verb == "create" && again.asked(event)
        });
        let times = made
            .into_iter()
            .map(|event| (event.request_received_timestamp, event.stage_timestamp));
        Some(times.collect()).filter(|times: &Vec<_>| times.len() == 40)
    };
    let mut made = eventually("the log has them all", DEADLINE, creates).await;
    made.sort();
    // With one worker each begins when the one before has ended.
    let overlapping = made.windows(2).filter(|two| two[1].0 < two[0].1).count();
    assert!(overlapping > 0, "{made:?}");
}

/// 1354, 1355, 1470, 1516: the status said that no key was there while the Secret was fine.
#[tokio::test]
async fn the_status_is_about_the_last_generation_1354_1470_1516() {
    let tenant = tenant("flapping").await;
    let good = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let bad = tenant.seal_for(FOREIGN_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    for _ in 0..10 {
        tenant.apply(&bad).await;
        tenant.apply(&good).await;
    }
    let sealed = tenant.synced("db").await;
    let status = sealed.status.expect("a status");
    assert_eq!(status.observed_generation, sealed.metadata.generation);
    assert!(status.conditions.iter().all(|told| told.type_ != "Stalled"));
}

/// 1090: a Secret that was deleted and made again at once lost the race with the garbage collector.
#[tokio::test]
async fn an_object_that_is_deleted_and_made_again_gets_its_secret_1090_1314() {
    let tenant = tenant("again").await;
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    for _ in 0..3 {
        tenant.deliver(&sealed).await;
        tenant
            .sealed
            .delete("db", &DeleteParams::background())
            .await
            .expect("it is deleted");
        tenant.apply(&sealed).await;
    }
    let owner = tenant.synced("db").await.uid();
    tenant
        .until_secret("it is owned by the new one", "db", |secret| {
            let owners = secret.owner_references().iter();
            owners
                .map(|owner| Some(owner.uid.clone()))
                .any(|uid| uid == owner)
                && data(secret)["a"] == b"b"
        })
        .await;
}

/// A malformed key Secret was a crash loop.
#[tokio::test]
async fn a_malformed_key_secret_is_skipped() {
    let cluster = shared().deployment.cluster();
    let label = json!({"sealedsecrets.bitnami.com/sealed-secrets-key": "active"});
    let broken = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "broken-key", "namespace": "kube-system", "labels": label},
        "stringData": {"tls.crt": "", "tls.key": "no PEM"}});
    cluster.apply(&broken.to_string());
    let tenant = tenant("broken").await;
    let made = tenant
        .deliver(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    assert_eq!(data(&made)["a"], b"b");
    cluster.kubectl_ok(&["delete", "secret", "broken-key", "-n", "kube-system"]);
}

/// A type that is not given is `Opaque`: upstream wrote the Secret at each reconcile.
#[tokio::test]
async fn a_template_without_a_type_is_not_written_again() {
    let tenant = tenant("untyped").await;
    let mut sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let template = sealed["spec"]["template"]
        .as_object_mut()
        .expect("a template");
    template.remove("type");
    let made = tenant.deliver(&sealed).await;
    let touch = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    tenant.patch(&tenant.sealed, "db", &touch).await;
    tenant
        .until("the request is handled", "db", |sealed| {
            let status = sealed.status.as_ref();
            status.and_then(|status| status.last_handled_reconcile_at.as_deref()) == Some("now")
        })
        .await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        made.resource_version()
    );
}

/// 62, 1646: a second replica corrupted nothing only because there was none.
#[tokio::test]
async fn a_second_replica_serves_and_writes_nothing_62_1646() {
    let (second, endpoints) = shared().start_another(&[]);
    let tenant = tenant("replicas").await;
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    tenant.deliver(&sealed).await;
    let body = sealed.to_string();
    let verified = bulla_tests::http::post(endpoints, "/v1/verify", "", body.as_bytes());
    assert_eq!(verified.expect("an answer").0, 200);
    assert_eq!(second.metrics().sum("bulla_secret_writes_total", &[]), 0.0);
}

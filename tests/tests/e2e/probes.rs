//! What kubelets and scrapers ask for.

use bulla_core::{
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::{
    metrics::Metrics,
    wait::{DEADLINE, eventually},
};
use rand_core::OsRng;

use super::{shared, tenant};

#[tokio::test]
async fn probes_are_answered_and_nothing_else_is_served() {
    let controller = &shared().controller;
    assert_eq!(controller.get("/healthz").expect("an answer").0, 200);
    eventually("it is ready", DEADLINE, async || {
        (controller.get("/readyz")?.0 == 200).then_some(())
    })
    .await;
    for path in ["/", "/debug/pprof", "/metrics/../etc/passwd"] {
        assert_eq!(controller.get(path).expect("an answer").0, 404, "{path}");
    }
}

#[tokio::test]
async fn metrics_count_what_happened_and_name_no_resource() {
    let tenant = tenant("metrics").await;
    let draft = tenant.draft("counted").value("password", "hunter2");
    tenant.deliver(&draft).await;
    let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
    let sealed = draft
        .clone()
        .named("refused")
        .seal_for(&[elsewhere.recipient().clone()]);
    tenant.apply(&sealed).await;
    tenant.refused("refused", Reason::NoKey).await;

    // The status is told first, and counted when the Event is written too.
    let counted =
        |metrics: &Metrics| metrics.sum("bulla_refusals_total", &[("reason", "NoKey")]) > 0.0;
    let controller = &shared().controller;
    let metrics = controller.until_metrics("it is counted", counted).await;
    let kind = ("kind", "SecretEnvelope");
    for (name, labels) in [
        ("bulla_reconciles_total", &[kind, ("outcome", "Ready")][..]),
        ("bulla_reconciles_total", &[kind, ("outcome", "NoKey")]),
        ("bulla_reconcile_duration_seconds_count", &[kind]),
        ("bulla_opened_values_total", &[kind]),
        ("bulla_private_operations_total", &[kind]),
        ("bulla_refusals_total", &[("reason", "NoKey")]),
        ("bulla_secret_writes_total", &[("action", "Created")]),
        ("bulla_resources", &[kind, ("reason", "Applied")]),
        (
            "bulla_sealing_key_age_seconds",
            &[("suite", "MLKEM768-X25519"), ("state", "Active")],
        ),
        ("bulla_leader", &[]),
    ] {
        assert!(
            metrics.sum(name, labels) > 0.0,
            "{name} {labels:?} in\n{}",
            metrics.text()
        );
    }
    for name in [
        "bulla_queue_depth",
        "bulla_drift_healed_total",
        "bulla_sealing_key_resources",
    ] {
        assert!(metrics.has(name), "{name} in\n{}", metrics.text());
    }
    // Closed lists only: names of resources would grow without bound, and tell who has which secrets.
    for name in [&tenant.namespace, "counted", "refused\""] {
        assert!(
            !metrics.text().contains(name),
            "{name} in\n{}",
            metrics.text()
        );
    }
}

//! What dashboards and alerts that were made for Sealed Secrets read.

use bulla_tests::http;
use serde_json::json;

use super::{FOREIGN_KEY, shared, tenant};

#[tokio::test]
async fn conditions_requests_and_errors_have_their_names_543() {
    let tenant = tenant("metrics").await;
    let mut sealed = tenant.seal(&tenant.secret_of("good", &[("a", "b")]), &[]);
    sealed["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "shop"});
    tenant.deliver(&sealed).await;
    let bad = tenant.seal_for(FOREIGN_KEY, &tenant.secret_of("bad", &[("a", "b")]), &[]);
    tenant.apply(&bad).await;
    tenant.failed("bad", "").await;

    let namespace = tenant.namespace.as_str();
    let info = |metrics: &bulla_tests::metrics::Metrics, name, instance| {
        let labels = [
            ("namespace", namespace),
            ("name", name),
            ("condition", "Synced"),
            ("ss_app_kubernetes_io_instance", instance),
        ];
        metrics.sum("sealed_secrets_controller_condition_info", &labels)
    };
    let errors = [("reason", "unseal"), ("namespace", namespace)];
    let metrics = shared()
        .controller
        .until_metrics("both are shown", |metrics| {
            info(metrics, "good", "shop") == 1.0
                && info(metrics, "bad", "") == -1.0
                && metrics.sum("sealed_secrets_controller_unseal_errors_total", &errors) >= 1.0
                && metrics.sum("sealed_secrets_controller_unseal_requests_total", &[]) >= 2.0
        })
        .await;
    assert!(metrics.has("sealed_secrets_controller_build_info"));
    for reason in ["fetch", "status", "unmanaged", "unseal", "update"] {
        let line = format!("unseal_errors_total{{reason=\"{reason}\",namespace=\"\"}} 0");
        assert!(metrics.text().contains(&line), "{line}");
    }
}

#[tokio::test]
async fn names_are_left_out_where_that_is_asked_for_ghsa_mx74() {
    let tenant = tenant("hidden").await;
    tenant
        .deliver(&tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]))
        .await;
    let (controller, endpoints) = shared().start_another(&["--metrics-omit-secret-labels"]);
    http::post(endpoints, "/v1/verify", "", b"x").expect("an answer");
    let metrics = controller.metrics();
    assert!(!metrics.has("sealed_secrets_controller_condition_info"));
    assert!(!metrics.text().contains(&tenant.namespace));
    let answered = [("path", "/v1/verify"), ("code", "500"), ("method", "post")];
    assert_eq!(
        metrics.sum("sealed_secrets_controller_http_requests_total", &answered),
        1.0
    );
    assert!(metrics.has("sealed_secrets_controller_http_request_duration_seconds_bucket"));
}

#[tokio::test]
async fn events_have_their_reasons_and_words() {
    let tenant = tenant("events").await;
    tenant
        .deliver(&tenant.seal(&tenant.secret_of("good", &[("a", "b")]), &[]))
        .await;
    assert_eq!(
        tenant.event("good", "Unsealed").await,
        "SealedSecret unsealed successfully"
    );

    let bad = tenant.seal_for(
        FOREIGN_KEY,
        &tenant.secret_of("bad", &[("a", "hunter2")]),
        &[],
    );
    tenant.apply(&bad).await;
    let note = tenant.event("bad", "ErrUnsealFailed").await;
    assert!(
        note.starts_with("Failed to unseal: ") && note.contains("`a`"),
        "{note}"
    );

    let taken = tenant.secret_of("taken", &[("a", "other")]);
    shared().deployment.cluster().apply(&taken.to_string());
    tenant
        .apply(&tenant.seal(&tenant.secret_of("taken", &[("a", "b")]), &[]))
        .await;
    let note = tenant.event("taken", "ErrUpdateFailed").await;
    assert!(!note.contains("other"), "{note}");
}

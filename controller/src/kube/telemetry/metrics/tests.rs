//! What stands in the text of `/metrics`.

use std::iter::empty;

use super::*;
use crate::engine::Effort;

fn text(metrics: &Metrics, conditions: impl Iterator<Item = ConditionInfo>) -> String {
    metrics.text(3, empty(), empty(), conditions)
}

#[test]
fn counters_are_there_before_they_count() {
    let text = text(&Metrics::new(), empty());
    for line in [
        "bulla_queue_depth 3",
        "bulla_leader 0",
        "bulla_refusals_total{reason=\"NoKey\"} 0",
        "bulla_private_operations_total{kind=\"SecretEnvelope\"} 0",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("sealed_secrets_controller"), "{text}");
}

#[test]
fn sealed_secrets_metrics_have_its_names_543() {
    let metrics = Metrics::new().with_sealed_secrets(false);
    let outcome = Outcome {
        verdict: Verdict::Refused {
            reason: Reason::NotOwned,
            detail: String::new(),
        },
        action: None,
        drift: None,
        writes: Vec::new(),
        effort: Effort::default(),
        varies: None,
        unbound: None,
        reported: Ok(()),
    };
    let took = Duration::from_millis(7);
    metrics.reconciled::<SealedSecrets>("shop", &outcome, took);
    metrics.answered("/v1/verify", &Method::POST, 409, took);
    let info = || ConditionInfo {
        namespace: "shop".to_owned(),
        name: "db".to_owned(),
        instance: String::new(),
        value: -1,
    };
    let shown = text(&metrics, std::iter::once(info()));
    for line in [
        "sealed_secrets_controller_unseal_requests_total 1",
        "sealed_secrets_controller_unseal_errors_total{reason=\"unseal\",namespace=\"\"} 0",
        "sealed_secrets_controller_unseal_errors_total{reason=\"fetch\",namespace=\"\"} 0",
        "sealed_secrets_controller_unseal_errors_total{reason=\"unmanaged\",namespace=\"shop\"} 1",
        "sealed_secrets_controller_condition_info{namespace=\"shop\",name=\"db\",condition=\"Synced\",ss_app_kubernetes_io_instance=\"\"} -1",
        "sealed_secrets_controller_http_requests_total{path=\"/v1/verify\",code=\"409\",method=\"post\"} 1",
        "sealed_secrets_controller_http_request_duration_seconds_bucket{le=\"0.01\",path=\"/v1/verify\",method=\"post\"} 1",
        "sealed_secrets_controller_build_info{revision=",
    ] {
        assert!(shown.contains(line), "{line} is not in:\n{shown}");
    }
    assert_eq!(shown.matches("# EOF").count(), 1);
    assert!(!text(&metrics, empty()).contains("condition_info{"));

    let silent = Metrics::new().with_sealed_secrets(true);
    silent.reconciled::<SealedSecrets>("shop", &outcome, took);
    assert!(!text(&silent, std::iter::once(info())).contains("shop"));
}

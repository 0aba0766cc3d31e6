//! Leaks that the test itself plants: the search that found nothing finds these.

use std::{fs::File, io::Write};

use bulla_tests::{
    Canary, Controller,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::{core::v1::ConfigMap, events::v1::Event};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::{
    super::search::{haystacks, sightings},
    Trial,
};

/// Plants a leak in each place, and expects the search to name it.
pub(super) async fn leaks_are_found(trial: &Trial<'_>, controllers: &[&Controller]) {
    let leak = Canary::new();
    let tenant = &trial.tenant;
    // In the log: at the end of the file that the controller writes to.
    let mut log = File::options()
        .append(true)
        .open(controllers[0].log_file())
        .expect("the log is a file");
    writeln!(log, "ERROR failed to write {:?}", leak.bytes()).expect("it can be written to");
    // In an Event.
    let events = Api::<Event>::namespaced(tenant.client.clone(), &tenant.namespace);
    let event: Event = serde_json::from_value(json!({
        "metadata": {"name": "planted"}, "type": "Warning", "reason": "Planted", "action": "Plant",
        "eventTime": NOW, "note": format!("can't use {:?}", leak.text()),
        "reportingController": "example.com/test", "reportingInstance": "test",
        "regarding": {"kind": "SecretEnvelope", "name": "success", "namespace": tenant.namespace},
    }))
    .expect("an Event");
    events
        .create(&PostParams::default(), &event)
        .await
        .expect("it can be created");
    // In a status, from where the controller counts reasons into its metrics.
    let core = leak
        .text()
        .split(' ')
        .nth(1)
        .expect("the middle of the text");
    let condition = json!({
        "type": "Ready", "status": "False", "reason": core, "message": "planted",
        "lastTransitionTime": NOW,
    });
    let status = json!({"status": {"conditions": [condition]}});
    tenant
        .annotate("success", bulla_core::api::SUSPEND_ANNOTATION, Some("true"))
        .await;
    let patched = tenant
        .envelopes
        .patch_status("success", &PatchParams::default(), &Patch::Merge(&status))
        .await;
    patched.expect("the status can be patched");
    // In the audit log: in the body of a request.
    let config_maps = Api::<ConfigMap>::namespaced(tenant.client.clone(), &tenant.namespace);
    let config_map = json!({"metadata": {"name": "planted"}, "binaryData": {"key": k8s_openapi::ByteString(leak.bytes().to_vec())}});
    let config_map: ConfigMap = serde_json::from_value(config_map).expect("a ConfigMap");
    config_maps
        .create(&PostParams::default(), &config_map)
        .await
        .expect("it can be created");

    let planted = [
        "the logs",
        "the metrics",
        "the audit log",
        "Events",
        "envelopes and their status",
    ];
    let mut found = Vec::new();
    let all = tokio::time::timeout(
        DEADLINE,
        eventually("all leaks are found", DEADLINE * 2, async || {
            found = sightings(&leak, &haystacks(trial.cluster, controllers).await);
            planted
                .iter()
                .all(|place| found.contains(place))
                .then_some(())
        }),
    );
    assert!(all.await.is_ok(), "found in {found:?} only");
    assert!(sightings(&trial.canary, &haystacks(trial.cluster, controllers).await).is_empty());
}

const NOW: &str = "2026-11-21T12:00:00.000000Z";

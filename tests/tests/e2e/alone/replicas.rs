//! Two replicas: one writes, and one that thinks it still does can't.

use std::time::Duration;

use bulla_tests::{
    Controller, Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use kube::Client;
use serde_json::json;

use super::{envelopes, holder, turn, until_idle};

/// Long enough to keep on a loaded machine, short enough to wait for.
pub(super) const SHORT_LEASE: &[&str] = &[
    "--lease-duration=5s",
    "--lease-renew-deadline=3s",
    "--lease-retry-period=1s",
];

async fn until_leads(controller: &Controller, client: &Client) {
    eventually(
        &format!("{} leads", controller.pod()),
        DEADLINE,
        async || {
            holder(client)
                .await?
                .contains(controller.pod())
                .then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn a_leader_that_was_stopped_past_its_lease_writes_nothing_after_the_takeover() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let client = cluster.client().await;
    let mut stopped = deployment.start(SHORT_LEASE);
    until_leads(&stopped, &client).await;
    let successor = deployment.start(SHORT_LEASE);
    let tenant = Tenant::new(cluster, "replicas").await;
    let draft = tenant
        .draft("db")
        .value("password", "hunter2")
        .templated("url", "{{ .password }}@db");
    let name = |index: usize| format!("db-{index}");
    tenant.deliver(&draft.clone().named("first")).await;

    // It stands still in the middle of its work, and wakes up to more of it.
    for index in 0..40 {
        tenant
            .apply(&tenant.seal(&draft.clone().named(&name(index))))
            .await;
        if index == 20 {
            stopped.process().stop();
        }
    }
    until_leads(&successor, &client).await;
    for index in 0..40 {
        tenant.ready(&name(index)).await;
    }
    tenant
        .intrude(
            "intruder",
            &name(0),
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    stopped.process().cont();

    let healed = |secret: &_| data(secret).get("password") == draft.values().get("password");
    tenant
        .until_secret("the successor heals", &name(0), healed)
        .await;
    stopped
        .process()
        .wait_for_line("lost the lease", Duration::from_secs(30));
    for index in 1..4 {
        tenant
            .intrude(
                "intruder",
                &name(index),
                &json!({"stringData": {"password": "edited"}}),
            )
            .await;
        tenant
            .until_secret("the successor heals", &name(index), healed)
            .await;
    }
    until_leads(&successor, &client).await;

    let events = cluster.audit_events();
    let taken = |event: &&_| successor.asked(event) && event.writes("leases") && event.succeeded();
    let takeover = events
        .iter()
        .find(taken)
        .expect("the successor wrote the lease");
    let written = |by: &Controller| {
        events
            .iter()
            .filter(|event| by.asked(event) && event.writes("secrets"))
            .count()
    };
    assert!(
        written(&stopped) > 0 && written(&successor) > 0,
        "both wrote while they led"
    );
    let late: Vec<_> = events
        .iter()
        .filter(|event| stopped.asked(event) && event.is_write() && !event.writes("leases"))
        .filter(|event| event.request_received_timestamp >= takeover.request_received_timestamp)
        .collect();
    assert!(
        late.is_empty(),
        "written after {}: {late:#?}",
        takeover.request_received_timestamp
    );
}

#[tokio::test]
async fn a_follower_takes_over_at_once_when_the_leader_is_told_to_go() {
    let deployment = turn().await;
    let client = deployment.cluster().client().await;
    // With the lease that is the default, waiting until it runs out would take longer.
    let mut leader = deployment.start(&[]);
    until_leads(&leader, &client).await;
    let follower = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "handover").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.deliver(&draft).await;
    // What other tests left behind is the leader's to open, and recorded before it goes.
    until_idle(&leader, envelopes(&client).await).await;
    let code = follower.get("/readyz").map(|(code, _)| code);
    assert_eq!(code, Some(200), "a follower with warm caches is ready");
    let metrics = follower.metrics();
    assert_eq!(
        metrics.sum("bulla_private_operations_total", &[]),
        0.0,
        "a follower opens nothing"
    );

    leader.process().term();
    assert_eq!(
        leader.process().wait(Duration::from_secs(30)).code(),
        Some(0)
    );
    until_leads(&follower, &client).await;

    tenant.deliver(&draft.clone().named("after")).await;
    let count = envelopes(&client).await;
    let metrics = until_idle(&follower, count).await;
    assert_eq!(
        metrics.sum("bulla_private_operations_total", &[]),
        1.0,
        "only what is new was opened"
    );
}

#[tokio::test]
async fn a_leader_that_is_told_to_go_in_the_middle_of_its_work_leaves_the_rest_to_the_next() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let client = cluster.client().await;
    let mut leader = deployment.start(&["--concurrency=2"]);
    until_leads(&leader, &client).await;
    let tenant = Tenant::new(cluster, "leaving").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let name = |index: usize| format!("db-{index}");
    for index in 0..30 {
        tenant
            .apply(&tenant.seal(&draft.clone().named(&name(index))))
            .await;
        if index == 15 {
            leader.process().term();
        }
    }
    let status = leader.process().wait(Duration::from_secs(30));
    assert_eq!(status.code(), Some(0), "{}", leader.log());
    assert_eq!(holder(&client).await.as_deref(), Some(""));

    let successor = deployment.start(&[]);
    for index in 0..30 {
        tenant.ready(&name(index)).await;
        assert_eq!(&data(&tenant.secret(&name(index)).await), draft.values());
    }
    let events = cluster.audit_events();
    let writes = |by: &Controller, resource: &str| {
        let mut times: Vec<_> = events
            .iter()
            .filter(|event| by.asked(event) && event.writes(resource))
            .map(|event| event.request_received_timestamp.clone())
            .collect();
        times.sort();
        times
    };
    let (secrets, leases) = (writes(&leader, "secrets"), writes(&leader, "leases"));
    assert!(!secrets.is_empty() && !writes(&successor, "secrets").is_empty());
    assert!(secrets.last() < leases.last(), "the lease goes last");
}

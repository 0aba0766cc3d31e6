//! The API server dies, or stands still, in the middle of everything.

use bulla_tests::{
    Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use futures::{StreamExt, stream};
use kube::api::ListParams;
use serde_json::json;

use super::{replicas::SHORT_LEASE, turn};

#[tokio::test]
async fn nothing_is_lost_when_the_api_server_dies_in_mid_convergence() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    // The first one makes the key and leaves.
    let first = deployment.start(&[]);
    let tenant = Tenant::new(cluster, "outage").await;
    drop(first);
    let named = |index: usize| format!("db-{index}");
    let drafts: Vec<_> = (0..ENVELOPES)
        .map(|index| {
            tenant
                .draft(&named(index))
                .value("password", format!("hunter-{index}"))
        })
        .collect();
    let sealed = drafts.iter().map(|draft| tenant.seal(draft));
    stream::iter(sealed)
        .for_each_concurrent(8, |envelope| {
            let tenant = tenant.clone();
            async move { drop(tenant.apply(&envelope).await) }
        })
        .await;

    let controller = deployment.start(&["--concurrency=2"]);
    eventually("there are some Secrets", DEADLINE, async || {
        let secrets = tenant.secrets.list_metadata(&ListParams::default()).await;
        secrets
            .is_ok_and(|secrets| !secrets.items.is_empty())
            .then_some(())
    })
    .await;
    cluster.stop_api_server();
    let health = controller.get("/healthz").map(|(code, _)| code);
    assert_eq!(health, Some(200), "it is no fault of the controller's");
    let written =
        |event: &_| controller.asked(event) && event.writes("secrets") && event.succeeded();
    let before = cluster
        .audit_events()
        .iter()
        .filter(|event| written(event))
        .count();
    cluster.start_api_server();

    for (index, draft) in drafts.iter().enumerate() {
        tenant.ready(&named(index)).await;
        assert_eq!(
            &data(&tenant.secret(&named(index)).await),
            draft.values(),
            "{index}"
        );
    }
    assert!(
        (1..ENVELOPES).contains(&before),
        "the API server died in the middle: {before} were written"
    );
    drop(controller);
    // The tests after this one need not look at them.
    cluster.kubectl_ok(&["delete", "namespace", &tenant.namespace, "--wait=false"]);
}

#[tokio::test]
async fn a_leader_stops_writing_while_the_api_server_stands_still_and_goes_on_afterwards() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let controller = deployment.start(SHORT_LEASE);
    let tenant = Tenant::new(cluster, "frozen").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.deliver(&draft).await;
    let leads = |leads: f64| {
        controller.until_metrics("it has noticed", move |metrics| {
            metrics.sum("bulla_leader", &[]) == leads
        })
    };
    leads(1.0).await;

    cluster.pause_api_server();
    leads(0.0).await;
    assert_eq!(controller.get("/healthz").map(|(code, _)| code), Some(200));
    cluster.resume_api_server();

    leads(1.0).await;
    tenant
        .intrude(
            "intruder",
            "db",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    tenant
        .until_secret("it is healed", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;
    tenant.deliver(&draft.clone().named("after")).await;
}

const ENVELOPES: usize = 100;

//! The controller stops and starts: nothing is opened, read or written twice.

use std::time::Duration;

use bulla_core::{
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::{
    Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use kube::ResourceExt;
use rand_core::OsRng;
use serde_json::json;

use super::{envelopes, holder, turn, until_counted, until_idle, versions};

#[tokio::test]
async fn a_restart_with_nothing_changed_opens_nothing_and_writes_only_its_lease() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let mut first = deployment.start(&[]);
    let tenant = Tenant::new(cluster, "restart").await;
    let draft = tenant
        .draft("db")
        .value("password", "hunter2")
        .templated("url", "{{ .password }}@db");
    for index in 0..20 {
        tenant
            .apply(&tenant.seal(&draft.clone().named(&format!("db-{index}"))))
            .await;
    }
    for index in 0..20 {
        tenant.ready(&format!("db-{index}")).await;
    }
    let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
    tenant
        .apply(
            &draft
                .clone()
                .named("stalled")
                .seal_for(&[elsewhere.recipient().clone()]),
        )
        .await;
    tenant.refused("stalled", Reason::NoKey).await;
    // Opened once, to find out.
    let mut moved = tenant.seal(&draft.clone().named("elsewhere"));
    moved.metadata.name = Some("moved".to_owned());
    tenant.apply(&moved).await;
    tenant.refused("moved", Reason::WrongPlace).await;
    // Refused by what anybody can see of them.
    let token = "kubernetes.io/service-account-token";
    let special = draft.clone().named("special").of_type(token);
    tenant.apply(&tenant.seal(&special)).await;
    tenant.refused("special", Reason::TypeRefused).await;
    let foreign = ["create", "secret", "generic", "foreign", "-n"];
    cluster.kubectl_ok(&[&foreign[..], &[&tenant.namespace]].concat());
    tenant
        .apply(&tenant.seal(&draft.clone().named("foreign")))
        .await;
    tenant.refused("foreign", Reason::NotOwned).await;

    // It ends as it was asked to, and leaves the lease to whoever comes next.
    let count = envelopes(&tenant.client).await;
    until_idle(&first, count).await;
    until_counted(&tenant.client).await;
    first.process().term();
    assert_eq!(
        first.process().wait(Duration::from_secs(30)).code(),
        Some(0),
        "{}",
        first.log()
    );
    assert_eq!(holder(&tenant.client).await.as_deref(), Some(""));
    let before = versions(&tenant.client).await;

    let second = deployment.start(&[]);
    let metrics = until_idle(&second, count).await;

    assert_eq!(
        metrics.sum("bulla_private_operations_total", &[]),
        0.0,
        "{}",
        metrics.text()
    );
    assert_eq!(metrics.sum("bulla_opened_values_total", &[]), 0.0);
    let after = versions(&tenant.client).await;
    let changed: Vec<_> = after.symmetric_difference(&before).collect();
    assert!(changed.is_empty(), "{changed:?}");
    let asked = cluster
        .audit_events()
        .into_iter()
        .filter(|event| second.asked(event));
    let asked: Vec<_> = asked.collect();
    assert!(
        asked.iter().any(|event| event.writes("leases")),
        "the audit log knows this controller"
    );
    for event in &asked {
        assert!(
            !event.is_write() || event.writes("leases"),
            "it wrote: {event:?}"
        );
        let object = event.object_ref.clone().unwrap_or_default();
        assert!(
            event.verb != "get"
                || object.resource != "secrets"
                || object.namespace != tenant.namespace
                // Whose it is stands in the Secret itself.
                || object.name == "foreign",
            "it read a Secret: {event:?}"
        );
    }

    // It is awake all the same.
    tenant
        .intrude(
            "intruder",
            "db-0",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    let expected = |secret: &_| data(secret).get("password") == draft.values().get("password");
    tenant
        .until_secret("the edit is undone", "db-0", expected)
        .await;
}

#[tokio::test]
async fn a_secret_that_was_touched_meanwhile_is_compared_without_opening_it() {
    let deployment = turn().await;
    let first = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "touched").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.deliver(&draft).await;
    tenant.deliver(&draft.clone().named("edited")).await;
    drop(first);
    let touched = tenant
        .intrude(
            "labeller",
            "db",
            &json!({"metadata": {"labels": {"team": "blue"}}}),
        )
        .await;
    tenant
        .intrude(
            "intruder",
            "edited",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    let applied = |envelope: bulla_core::api::SecretEnvelope| {
        envelope.status.and_then(|status| status.applied)
    };
    let before = applied(tenant.ready("db").await);

    let second = deployment.start(&[]);

    tenant
        .until_secret("the edit is undone", "edited", |secret| {
            &data(secret) == draft.values()
        })
        .await;
    tenant.event("edited", "Healed", "`intruder`").await;
    tenant
        .until("the record is brought up to date", "db", |envelope| {
            applied(envelope.clone()) != before
        })
        .await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        touched.resource_version()
    );
    let metrics = second.metrics();
    assert_eq!(
        metrics.sum("bulla_private_operations_total", &[]),
        1.0,
        "only the edited one was opened"
    );
}

#[tokio::test]
async fn a_crash_leaves_the_lease_to_run_out_and_nothing_else() {
    let deployment = turn().await;
    let mut first = deployment.start(super::replicas::SHORT_LEASE);
    let tenant = Tenant::new(deployment.cluster(), "crash").await;
    tenant
        .deliver(&tenant.draft("before").value("password", "hunter2"))
        .await;
    let crashed = holder(&tenant.client).await;
    first.process().kill();
    first.process().wait(Duration::from_secs(10));

    let _second = deployment.start(super::replicas::SHORT_LEASE);
    tenant
        .deliver(&tenant.draft("after").value("password", "hunter2"))
        .await;

    let now = eventually("somebody holds the lease", DEADLINE, async || {
        holder(&tenant.client).await
    })
    .await;
    assert_ne!(Some(now), crashed);
}

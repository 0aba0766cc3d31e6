//! What the controller tells of an envelope, and what an envelope can ask of it.

use bulla_core::{
    api::{ConditionStatus, REQUESTED_AT_ANNOTATION, SUSPEND_ANNOTATION},
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::tenant::{condition, data, is_current};
use kube::ResourceExt;
use rand_core::OsRng;
use serde_json::json;

use super::tenant;

#[tokio::test]
async fn conditions_follow_the_rules_of_kstatus() {
    let tenant = tenant("kstatus").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.apply(&tenant.seal(&draft)).await;

    // Current: nothing but Ready, at this generation.
    let ready = tenant.ready("db").await;
    assert!(
        condition(&ready, "Stalled").is_none() && condition(&ready, "Reconciling").is_none(),
        "{:?}",
        ready.status
    );
    let told = condition(&ready, "Ready").expect("it is ready");
    assert_eq!(
        (told.observed_generation, told.reason.as_str()),
        (Some(1), "Applied")
    );
    let status = ready.status.as_ref().expect("it has a status");
    assert_eq!(
        (status.observed_generation, status.keys),
        (Some(1), Some(1))
    );

    // Current again at the next generation; the transition was earlier.
    tenant
        .apply(&tenant.seal(&draft.clone().value("username", "shop")))
        .await;
    let again = tenant.ready("db").await;
    assert_eq!(again.metadata.generation, Some(2));
    assert_eq!(
        again.status.as_ref().and_then(|status| status.keys),
        Some(2)
    );
    let transition =
        |envelope| condition(envelope, "Ready").map(|told| told.last_transition_time.clone());
    assert_eq!(transition(&ready), transition(&again));

    // Failed: Stalled, at this generation. Nothing says that it is being worked on.
    let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
    tenant
        .apply(&draft.seal_for(&[elsewhere.recipient().clone()]))
        .await;
    let stalled = tenant.refused("db", Reason::NoKey).await;
    assert!(condition(&stalled, "Reconciling").is_none());
    for type_ in ["Ready", "Stalled"] {
        let told = condition(&stalled, type_).expect("it is told");
        assert_eq!(told.observed_generation, Some(3));
        assert!(!told.last_transition_time.is_empty() && !told.message.is_empty());
    }
}

#[tokio::test]
async fn a_suspended_envelope_leaves_its_secret_as_it_is() {
    let tenant = tenant("suspended").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.deliver(&draft).await;
    tenant.deliver(&draft.clone().named("witness")).await;
    tenant
        .annotate("db", SUSPEND_ANNOTATION, Some("true"))
        .await;
    // The annotation came in on the same watch, before this.
    tenant
        .apply(&tenant.seal(&draft.clone().named("after")))
        .await;
    tenant.ready("after").await;

    let edit = json!({"stringData": {"password": "edited"}});
    let edited = tenant.intrude("admin", "db", &edit).await;
    tenant.intrude("admin", "witness", &edit).await;
    // Both edits came in on the same watch, this one later.
    tenant
        .until_secret("the other is healed", "witness", |secret| {
            &data(secret) == draft.values()
        })
        .await;
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        edited.resource_version()
    );

    tenant.annotate("db", SUSPEND_ANNOTATION, None).await;
    tenant
        .until_secret("it is healed", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;
}

#[tokio::test]
async fn a_request_is_answered_whether_or_not_the_envelope_opens() {
    let tenant = tenant("requested").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let before = tenant.deliver(&draft).await;
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

    for time in ["2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z"] {
        for name in ["db", "stalled"] {
            tenant
                .annotate(name, REQUESTED_AT_ANNOTATION, Some(time))
                .await;
            let answered = tenant
                .until("the request is answered", name, |envelope| {
                    let status = envelope.status.as_ref();
                    status.and_then(|status| status.last_handled_reconcile_at.as_deref())
                        == Some(time)
                })
                .await;
            assert!(is_current(&answered));
            let ready = condition(&answered, "Ready").map(|told| told.status);
            let expected = if name == "db" {
                ConditionStatus::True
            } else {
                ConditionStatus::False
            };
            assert_eq!(ready, Some(expected));
        }
    }
    assert_eq!(
        tenant.secret("db").await.resource_version(),
        before.resource_version(),
        "nothing had to be written"
    );
}

#[tokio::test]
async fn events_come_on_transitions_only() {
    let tenant = tenant("events").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.deliver(&draft).await;
    tenant.event("db", "Created", "").await;
    let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
    for _ in 0..2 {
        // Another ciphertext, the same reason.
        tenant
            .apply(&draft.seal_for(&[elsewhere.recipient().clone()]))
            .await;
        tenant.refused("db", Reason::NoKey).await;
    }
    tenant.apply(&tenant.seal(&draft)).await;
    tenant.ready("db").await;
    tenant.event("db", "Applied", "").await;

    let mut reasons: Vec<_> = tenant
        .events("db")
        .await
        .into_iter()
        .filter_map(|event| event.reason)
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["Applied", "Created", "NoKey"]);
}

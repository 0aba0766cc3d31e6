//! What opens, and must not become a Secret; and what can't become one yet.

use bulla_core::{
    api::{SEALING_KEY_LABEL, TemplateMetadataSpec, TemplateSpec},
    reason::Reason,
};
use bulla_tests::{
    Tenant,
    deployment::NAMESPACE,
    tenant::{condition, data},
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::{ResourceQuota, Secret};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::{assert_unchanged, message, refuses};
use crate::{shared, tenant};

#[tokio::test]
async fn types_that_give_rights_to_their_maker() {
    for secret_type in bulla_core::secret::REFUSED_TYPES {
        let refused = refuses("special", Reason::TypeRefused, |tenant, draft| {
            tenant.seal(&draft.clone().of_type(secret_type))
        })
        .await;
        assert!(message(&refused).contains(secret_type));
    }
}

#[tokio::test]
async fn labels_that_make_a_secret_a_sealing_key() {
    for label in [
        SEALING_KEY_LABEL,
        "sealedsecrets.bitnami.com/sealed-secrets-key",
    ] {
        // No tool of ours seals that, so it is written in by hand.
        let refused = refuses("labelled", Reason::Malformed, |tenant, draft| {
            let mut envelope = tenant.seal(draft);
            let labels = [(label.to_owned(), "active".to_owned())].into();
            let metadata = Some(TemplateMetadataSpec {
                labels,
                ..Default::default()
            });
            envelope.spec.template = Some(TemplateSpec {
                metadata,
                ..Default::default()
            });
            envelope
        })
        .await;
        assert!(message(&refused).contains(label), "{}", message(&refused));
    }
}

#[tokio::test]
async fn the_name_of_a_key_secret_in_the_controllers_namespace() {
    let home = Tenant::existing(shared().deployment.cluster(), NAMESPACE).await;
    let keys = ListParams::default().labels(SEALING_KEY_LABEL);
    let keys = home
        .secrets
        .list(&keys)
        .await
        .expect("the key Secrets can be listed");
    let key = keys.items.first().expect("there is a key Secret");
    let name = key.name_any();

    home.apply(&home.seal(&home.draft(&name).value("identity", "planted")))
        .await;

    home.refused(&name, Reason::TypeRefused).await;
    assert_unchanged(key, &home.secret(&name).await);
    home.envelopes
        .delete(&name, &Default::default())
        .await
        .expect("it can be deleted");
}

#[tokio::test]
async fn labels_that_no_secret_can_have() {
    let refused = refuses("labels", Reason::Malformed, |tenant, draft| {
        // No tool of ours seals that either.
        let mut envelope = tenant.seal(draft);
        let labels = [("app".to_owned(), "no such thing as a value".to_owned())];
        let template = envelope.spec.template.get_or_insert_default();
        template.metadata = Some(TemplateMetadataSpec {
            labels: labels.into(),
            ..TemplateMetadataSpec::default()
        });
        envelope
    })
    .await;
    assert!(message(&refused).contains("malformed label or annotation `app`"));
}

#[tokio::test]
async fn more_than_a_secret_holds() {
    refuses("large", Reason::LimitExceeded, |tenant, draft| {
        let many = "{{ .password }}".repeat(20);
        let draft = draft.clone().value("password", vec![b'x'; 32 << 10]);
        tenant.seal(&draft.templated("url", &many).templated("again", &many))
    })
    .await;
}

#[tokio::test]
async fn a_quota_is_waited_for() {
    let tenant = tenant("quota").await;
    let quotas = Api::<ResourceQuota>::namespaced(tenant.client.clone(), &tenant.namespace);
    let hard = json!({"count/secrets": "0"});
    let quota = json!({"metadata": {"name": "none"}, "spec": {"hard": hard}});
    let quota: ResourceQuota = serde_json::from_value(quota).expect("a quota");
    quotas
        .create(&PostParams::default(), &quota)
        .await
        .expect("the quota can be created");
    // No quota controller runs here to do it.
    let status = json!({"status": {"hard": hard, "used": {"count/secrets": "0"}}});
    quotas
        .patch_status("none", &PatchParams::default(), &Patch::Merge(&status))
        .await
        .expect("it has a status");
    // The admission plugin learns of the quota by a watch.
    let probe: Secret =
        serde_json::from_value(json!({"metadata": {"name": "probe"}})).expect("a Secret");
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    eventually("the quota is in force", DEADLINE, async || {
        tenant.secrets.create(&dry, &probe).await.err()
    })
    .await;

    let draft = tenant.draft("db").value("password", "hunter2");
    tenant.apply(&tenant.seal(&draft)).await;
    let waiting = tenant
        .until("it waits", "db", |envelope| {
            condition(envelope, "Reconciling").is_some_and(|told| told.reason == "Forbidden")
        })
        .await;
    assert!(
        condition(&waiting, "Stalled").is_none(),
        "it may yet come right: {:?}",
        waiting.status
    );

    quotas
        .delete("none", &Default::default())
        .await
        .expect("it can be deleted");
    tenant.ready("db").await;
    assert_eq!(&data(&tenant.secret("db").await), draft.values());
}

#[tokio::test]
async fn one_malformed_envelope_among_many_stops_nobody() {
    let tenant = tenant("many").await;
    let draft = |name: &str| tenant.draft(name).value("password", name);
    for index in 0..5 {
        let mut bad = tenant.seal(&draft(&format!("bad-{index}")));
        match index {
            0 => bad.spec.data_keys.clear(),
            1 => bad.spec.data_keys[0].commitment = "short".to_owned(),
            2 => bad.spec.data_keys[0].closed_for[0].key = "not base64!".to_owned(),
            3 => bad.spec.data_keys[0].template_tag = Some("short".to_owned()),
            _ => drop(
                bad.spec
                    .data
                    .insert("../../x".to_owned(), bad.spec.data["password"].clone()),
            ),
        }
        tenant.apply(&bad).await;
        tenant
            .apply(&tenant.seal(&draft(&format!("good-{index}"))))
            .await;
    }
    for index in 0..5 {
        tenant.ready(&format!("good-{index}")).await;
        tenant
            .until(
                "the bad one is refused",
                &format!("bad-{index}"),
                |envelope| condition(envelope, "Stalled").is_some(),
            )
            .await;
    }
}

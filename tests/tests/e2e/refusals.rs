//! What does not open, or must not be written, is refused for the right reason, and the last good Secret stays.

use bulla_core::{
    api::{SEALING_KEY_LABEL, SecretEnvelope, TemplateMetadataSpec, TemplateSpec},
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::{
    Draft, Tenant,
    deployment::NAMESPACE,
    tenant::{condition, data},
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::{ResourceQuota, Secret};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use rand_core::OsRng;
use serde_json::json;

use super::{shared, tenant};

/// Applies a good envelope, then what `tamper` makes of it, and expects a refusal that changes nothing; then
/// applies the good one again, and expects that this changes nothing either.
async fn refuses(
    prefix: &str,
    reason: Reason,
    tamper: impl FnOnce(&Tenant, &Draft) -> SecretEnvelope,
) -> SecretEnvelope {
    let tenant = tenant(prefix).await;
    let draft = tenant
        .draft("db")
        .value("username", "shop")
        .value("password", "hunter2")
        .templated("url", "{{ .username }}@db");
    let good = tenant.seal(&draft);
    tenant.apply(&good).await;
    tenant.ready("db").await;
    let before = tenant.secret("db").await;

    tenant.apply(&tamper(&tenant, &draft)).await;

    let refused = tenant.refused("db", reason).await;
    tenant.event("db", reason.as_str(), "").await;
    assert_unchanged(&before, &tenant.secret("db").await);
    tenant.apply(&good).await;
    tenant.ready("db").await;
    assert_unchanged(&before, &tenant.secret("db").await);
    refused
}

fn assert_unchanged(before: &Secret, after: &Secret) {
    assert_eq!(
        (before.uid(), before.resource_version()),
        (after.uid(), after.resource_version())
    );
}

fn message(envelope: &SecretEnvelope) -> &str {
    condition(envelope, "Ready").map_or("", |condition| &condition.message)
}

/// The envelope of `draft`, under the name of another one.
fn moved(tenant: &Tenant, sealed: &Draft, to: &Draft) -> SecretEnvelope {
    let mut envelope = tenant.seal(to);
    envelope.spec = tenant.seal(sealed).spec;
    envelope
}

#[tokio::test]
async fn an_envelope_from_another_namespace() {
    let refused = refuses("moved", Reason::WrongPlace, |tenant, draft| {
        moved(tenant, &draft.clone().in_namespace("staging"), draft)
    })
    .await;
    let (message, here) = (message(&refused), refused.namespace().unwrap_or_default());
    assert!(
        message.contains("`staging/db`") && message.contains(&format!("`{here}/db`")),
        "{message}"
    );
}

#[tokio::test]
async fn a_renamed_envelope() {
    let refused = refuses("renamed", Reason::WrongPlace, |tenant, draft| {
        moved(tenant, &draft.clone().named("cache"), draft)
    })
    .await;
    assert!(
        message(&refused).contains("/cache`"),
        "{}",
        message(&refused)
    );
}

#[tokio::test]
async fn a_value_under_another_key() {
    let refused = refuses("swapped", Reason::WrongKeyName, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        let username = envelope.spec.data["username"].clone();
        let password = envelope.spec.data.insert("password".to_owned(), username);
        envelope.spec.data.insert(
            "username".to_owned(),
            password.expect("there is a password"),
        );
        envelope
    })
    .await;
    assert!(
        message(&refused).contains("was sealed for key"),
        "{}",
        message(&refused)
    );
}

#[tokio::test]
async fn a_damaged_value() {
    refuses("damaged", Reason::Damaged, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        let value = envelope
            .spec
            .data
            .get_mut("password")
            .expect("there is a password");
        let middle = value.len() / 2;
        let other = if value.as_bytes()[middle] == b'A' {
            "B"
        } else {
            "A"
        };
        value.replace_range(middle..=middle, other);
        envelope
    })
    .await;
}

#[tokio::test]
async fn a_key_that_this_cluster_does_not_have() {
    refuses("nokey", Reason::NoKey, |_, draft| {
        let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
        draft.seal_for(&[elsewhere.recipient().clone()])
    })
    .await;
}

#[tokio::test]
async fn an_altered_template() {
    refuses("altered", Reason::TemplateUntrusted, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        let template = envelope.spec.template.as_mut().expect("it has a template");
        template
            .data
            .insert("url".to_owned(), "{{ .password }}".to_owned());
        envelope
    })
    .await;
}

#[tokio::test]
async fn a_value_that_a_template_would_copy_into_an_annotation() {
    refuses("annotated", Reason::TemplateUntrusted, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        let annotations = [("copied".to_owned(), "{{ .password }}".to_owned())].into();
        let template = envelope.spec.template.as_mut().expect("it has a template");
        template.metadata = Some(TemplateMetadataSpec {
            annotations,
            ..Default::default()
        });
        envelope
    })
    .await;
}

#[tokio::test]
async fn a_data_key_that_was_not_committed_to() {
    refuses("commitment", Reason::CommitmentMismatch, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        envelope.spec.data_keys[0].commitment =
            tenant.seal(draft).spec.data_keys[0].commitment.clone();
        envelope
    })
    .await;
}

#[tokio::test]
async fn a_value_without_its_data_key() {
    refuses("orphaned", Reason::Malformed, |tenant, draft| {
        let mut envelope = tenant.seal(draft);
        let other = tenant.seal(draft).spec.data["password"].clone();
        envelope.spec.data.insert("password".to_owned(), other);
        envelope
    })
    .await;
}

#[tokio::test]
async fn a_template_that_does_not_render() {
    let refused = refuses("template", Reason::TemplateError, |tenant, draft| {
        tenant.seal(&draft.clone().templated("url", "{{ .nobody }}"))
    })
    .await;
    assert!(message(&refused).contains("`url`"), "{}", message(&refused));
}

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
async fn what_the_api_server_does_not_take() {
    refuses("rejected", Reason::Rejected, |tenant, draft| {
        tenant.seal(
            &draft
                .clone()
                .label("app", "no such thing as a label's value"),
        )
    })
    .await;
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
            3 => bad.spec.data_keys[0].closed_for[0].name = "Not A Name".to_owned(),
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

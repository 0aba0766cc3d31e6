//! What does not open, or must not be written, is refused for the right reason, and the last good Secret stays.

mod unwritten;

use bulla_core::{
    api::{SecretEnvelope, TemplateMetadataSpec},
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::{Draft, Tenant, tenant::condition};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use rand_core::OsRng;

use super::tenant;

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

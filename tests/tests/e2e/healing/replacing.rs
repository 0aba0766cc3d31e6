//! A Secret that can't be changed in place is deleted and made anew.

use bulla_core::api::SUSPEND_ANNOTATION;
use bulla_core::reason::Reason;
use bulla_tests::{
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    ResourceExt,
    api::{DeleteParams, PostParams},
};
use serde_json::json;

use super::delivered;
use crate::{shared, tenant};

#[tokio::test]
async fn a_changed_type_is_put_back() {
    let (tenant, draft) = delivered("type").await;
    // Left alone for a moment, as the type can only be changed by making the Secret anew, with the same owner.
    tenant
        .annotate("db", SUSPEND_ANNOTATION, Some("true"))
        .await;
    let mut other = tenant.secret("db").await;
    other.type_ = Some("example.com/other".to_owned());
    other.metadata.resource_version = None;
    other.metadata.uid = None;
    other.metadata.managed_fields = None;
    let intruder = PostParams {
        field_manager: Some("intruder".to_owned()),
        ..PostParams::default()
    };
    eventually("the Secret has another type", DEADLINE, async || {
        tenant
            .secrets
            .delete("db", &DeleteParams::default())
            .await
            .ok();
        tenant.secrets.create(&intruder, &other).await.ok()
    })
    .await;

    tenant.annotate("db", SUSPEND_ANNOTATION, None).await;

    let healed = tenant
        .until_secret("the type is put back", "db", |secret| {
            secret.type_.as_deref() == Some("Opaque")
        })
        .await;
    assert_eq!(&data(&healed), draft.values());
    tenant.event("db", "Healed", "type").await;
}

#[tokio::test]
async fn an_immutable_secret_is_replaced() {
    let tenant = tenant("immutable").await;
    let draft = tenant.draft("db").value("password", "hunter2").immutable();
    let before = tenant.deliver(&draft).await;
    assert_eq!(before.immutable, Some(true));

    let changed = draft.clone().value("password", "correct horse");
    let after = tenant.deliver(&changed).await;

    assert_ne!(after.uid(), before.uid(), "it was made anew");
    assert_eq!(after.immutable, Some(true));
    assert_eq!(&data(&after), changed.values());
    tenant.event("db", "Replaced", "immutable").await;

    // Made immutable behind our back, with a wrong value.
    let open = tenant.draft("open").value("password", "hunter2");
    tenant.deliver(&open).await;
    let wrong = ByteString(b"wrong".to_vec());
    tenant
        .intrude(
            "intruder",
            "open",
            &json!({"immutable": true, "data": {"password": wrong}}),
        )
        .await;
    let healed = tenant
        .until_secret("it is put back", "open", |secret| {
            &data(secret) == open.values()
        })
        .await;
    assert_ne!(healed.immutable, Some(true));
}

#[tokio::test]
async fn a_type_that_the_envelope_changes_replaces_the_secret() {
    let tenant = tenant("retyped").await;
    let draft = tenant
        .draft("db")
        .value("username", "shop")
        .value("password", "hunter2");
    let before = tenant.deliver(&draft).await;

    let after = tenant
        .deliver(&draft.clone().of_type("kubernetes.io/basic-auth"))
        .await;

    assert_eq!(
        (before.type_.as_deref(), after.type_.as_deref()),
        (Some("Opaque"), Some("kubernetes.io/basic-auth"))
    );
    assert_ne!(after.uid(), before.uid());
    assert_eq!(data(&after), data(&before));
    tenant.event("db", "Replaced", "type").await;
}

/// What the controller takes for granted when it rehearses a creation under a name that is taken.
#[tokio::test]
async fn that_a_name_is_taken_is_found_after_validation_and_admission() {
    let tenant = tenant("rehearsed").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let before = tenant.deliver(&draft).await;
    let rehearsed = async |metadata: serde_json::Value, of_type: &str| {
        let secret = json!({"metadata": metadata, "type": of_type});
        let secret: Secret = serde_json::from_value(secret).expect("a Secret");
        let dry = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        match tenant.secrets.create(&dry, &secret).await {
            Err(kube::Error::Api(status)) => (status.code, status.reason.clone()),
            other => panic!("the name is taken: {other:?}"),
        }
    };
    let taken = (409, "AlreadyExists".to_owned());
    let refused = (422, "Invalid".to_owned());
    assert_eq!(rehearsed(json!({"name": "db"}), "Opaque").await, taken);
    let labels = json!({"name": "db", "labels": {"app": "no label"}});
    assert_eq!(rehearsed(labels, "Opaque").await, refused);
    let incomplete = rehearsed(json!({"name": "db"}), "kubernetes.io/tls").await;
    assert_eq!(incomplete, refused);

    // A policy that refuses a type says so before it as well, and the good Secret stays.
    let condition = format!("object.metadata.namespace == '{}'", tenant.namespace);
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-such-type"},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]},
            ]},
            "matchConditions": [{"name": "here", "expression": condition}],
            "validations": [{"expression": "object.type != 'example.org/unwanted'"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-such-type"},
        "spec": {"policyName": "no-such-type", "validationActions": ["Deny"]},
    });
    let both = json!({"apiVersion": "v1", "kind": "List", "items": [policy, binding]});
    shared().deployment.cluster().apply(&both.to_string());
    eventually("the policy is in force", DEADLINE, async || {
        let answer = rehearsed(json!({"name": "db"}), "example.org/unwanted").await;
        (answer == refused).then_some(())
    })
    .await;
    tenant
        .apply(&tenant.seal(&draft.clone().of_type("example.org/unwanted")))
        .await;
    tenant.refused("db", Reason::Rejected).await;
    let after = tenant.secret("db").await;
    assert_eq!(after.uid(), before.uid(), "it was not made anew");
    assert_eq!(&data(&after), draft.values());
}

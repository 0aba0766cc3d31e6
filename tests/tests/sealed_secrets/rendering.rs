//! Templates, by the rules of Sealed Secrets 0.40, without what its errors gave away.

use std::collections::BTreeMap;

use bulla_tests::tenant::data;
use serde_json::json;

use super::tenant;

#[tokio::test]
async fn sealed_values_win_siblings_are_seen_raw_and_null_takes_a_value_out() {
    let tenant = tenant("rules").await;
    let secret = tenant.secret_of("db", &[("a", "1"), ("b", "2"), ("c", "3")]);
    let mut sealed = tenant.seal(&secret, &[]);
    sealed["spec"]["template"]["data"] = json!({
        "url": "{{ .a }}-{{ .c }}-{{ .raw }}-{{ .missing }}",
        "raw": "<{{ .a }}>",
        "b": "ignored",
        "c": null,
    });
    let made = tenant.deliver(&sealed).await;
    let expected = [
        ("a", "1"),
        ("b", "2"),
        ("url", "1-3-<{{ .a }}>-<no value>"),
        ("raw", "<1>"),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()))
        .collect();
    assert_eq!(data(&made), expected);
}

#[tokio::test]
async fn a_template_without_values_makes_a_secret() {
    let tenant = tenant("plain").await;
    let made = tenant
        .deliver(&json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": "db", "namespace": tenant.namespace},
            "spec": {"encryptedData": {}, "template": {"data": {"a": "{{ upper \"b\" }}"}}},
        }))
        .await;
    assert_eq!(data(&made)["a"], b"B");
}

/// Upstream the error, with the value in it, went into the status and an Event.
#[tokio::test]
async fn a_template_that_fails_shows_no_value() {
    let tenant = tenant("fails").await;
    for (name, template) in [
        ("fail", "{{ fail .password }}"),
        ("index", "{{ index .password 99 }}"),
        ("atoi", "{{ .password | mustToDate \"x\" }}"),
        ("call", "{{ template \"missing\" .password }}"),
        ("json", "{{ .password | mustFromJson }}"),
        ("parse", "{{ .password"),
    ] {
        let mut sealed = tenant.seal(&tenant.secret_of(name, &[("password", "hunter2")]), &[]);
        sealed["spec"]["template"]["data"] = json!({"leak": template});
        tenant.apply(&sealed).await;
        let message = tenant.failed(name, "leak").await;
        let status = tenant.sealed.get(name).await.expect("it is there").status;
        let status = serde_json::to_string(&status).expect("JSON");
        let note = tenant.event(name, "ErrUnsealFailed").await;
        for text in [message, status, note] {
            assert!(
                !text.contains("hunter2") && !text.contains("aHVudGVyMg"),
                "{name}: {text}"
            );
        }
        assert!(
            tenant
                .secrets
                .get_opt(name)
                .await
                .expect("an answer")
                .is_none()
        );
    }
    assert!(!super::shared().controller.log().contains("hunter2"));
}

#[tokio::test]
async fn the_template_says_type_labels_annotations_and_immutability() {
    let tenant = tenant("shape").await;
    let mut secret = tenant.secret_of("db", &[("a", "b")]);
    secret["type"] = json!("example.com/x");
    secret["immutable"] = json!(true);
    secret["metadata"]["labels"] = json!({"l": "1"});
    secret["metadata"]["annotations"] = json!({"n": "2"});
    let made = tenant.deliver(&tenant.seal(&secret, &[])).await;
    assert_eq!(
        (made.type_.as_deref(), made.immutable),
        (Some("example.com/x"), Some(true))
    );
    let labels = made.metadata.labels.expect("labels");
    assert_eq!(labels, [("l".to_owned(), "1".to_owned())].into());
    assert_eq!(made.metadata.annotations.expect("annotations")["n"], "2");
}

/// A template that looks at chance is rendered once for each change of the resource, not at every look at it.
#[tokio::test]
async fn a_template_that_varies_is_rendered_once_and_a_condition_warns_of_it() {
    let tenant = tenant("varies").await;
    let mut sealed = tenant.seal(&tenant.secret_of("db", &[("a", "1")]), &[]);
    sealed["spec"]["template"]["data"] = json!({"token": "{{ randAlphaNum 24 }}{{ .a }}"});
    let made = tenant.deliver(&sealed).await;
    let token = data(&made)["token"].clone();
    assert_eq!(token.len(), 25);
    let status = tenant.sealed.get("db").await.expect("it is there").status;
    let status = serde_json::to_value(status).expect("JSON");
    let conditions = status["conditions"].as_array().expect("conditions").clone();
    let varies = conditions.iter().find(|c| c["type"] == "Varies");
    assert_eq!(varies.expect("a warning")["status"], "True");
    // A change of the Secret that nobody minds brings another look at it.
    let label = json!({"metadata": {"labels": {"looked": "at"}}});
    tenant.patch(&tenant.secrets, "db", &label).await;
    let edit = json!({"stringData": {"a": "edited"}});
    tenant.patch(&tenant.secrets, "db", &edit).await;
    let healed = tenant
        .until_secret("it is healed", "db", |secret| data(secret)["a"] == b"1")
        .await;
    // Healed once, with another token; were it rendered at each look, it would never stay as it is.
    let version = healed.metadata.resource_version.clone();
    tenant
        .patch(
            &tenant.secrets,
            "db",
            &json!({"metadata": {"labels": {"looked": "again"}}}),
        )
        .await;
    tenant.event("db", "Healed").await;
    let now = tenant.secrets.get("db").await.expect("it is there");
    assert_eq!(data(&now)["token"], data(&healed)["token"]);
    assert_ne!(now.metadata.resource_version, version);
}

/// Upstream each reconcile rendered anew, and wrote.
#[tokio::test]
async fn a_template_whose_result_changes_is_rendered_once_for_each_change() {
    let tenant = tenant("random").await;
    let mut sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    sealed["spec"]["template"]["data"] = json!({"token": "{{ randAlphaNum 24 }}"});
    let made = tenant.deliver(&sealed).await;
    let token = data(&made)["token"].clone();
    assert_eq!(token.len(), 24);

    // The Secret has another version, and the same content.
    let touch = json!({"metadata": {"labels": {"touched": "1"}}});
    tenant.patch(&tenant.secrets, "db", &touch).await;
    let after = tenant.seal(&tenant.secret_of("after", &[("a", "b")]), &[]);
    tenant.deliver(&after).await;
    let secret = tenant.secret("db").await;
    assert_eq!(data(&secret)["token"], token);
    assert!(
        tenant
            .events("db")
            .await
            .iter()
            .all(|(reason, _)| reason != "Healed")
    );

    sealed["spec"]["template"]["data"] = json!({"token": "{{ randAlphaNum 25 }}"});
    let again = tenant.deliver(&sealed).await;
    assert_eq!(data(&again)["token"].len(), 25);
}

/// Upstream from 0.27 to 0.29 a template read the environment of the controller.
#[tokio::test]
async fn a_template_reads_nothing_of_the_controller_1703() {
    let tenant = tenant("env").await;
    for (name, template) in [
        ("env", "{{ env \"PATH\" }}"),
        ("expandenv", "{{ expandenv \"$HOME\" }}"),
        ("host", "{{ getHostByName \"localhost\" }}"),
    ] {
        let mut sealed = tenant.seal(&tenant.secret_of(name, &[("a", "b")]), &[]);
        sealed["spec"]["template"]["data"] = json!({"x": template});
        tenant.apply(&sealed).await;
        tenant.failed(name, "template `x`, line 1").await;
        let made = tenant.secrets.get_opt(name).await.expect("an answer");
        assert!(made.is_none(), "{name}");
    }
}

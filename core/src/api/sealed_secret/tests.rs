use serde_json::json;

use super::*;
use crate::scope::Scope;

fn read(spec: Value, annotations: Value) -> Result<Domain, SealedSecretError> {
    let wire: SealedSecret = serde_json::from_value(json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "shop", "annotations": annotations},
        "spec": spec,
    }))
    .unwrap();
    Domain::try_from(&wire)
}

#[test]
fn a_value_that_is_no_text_is_an_error_of_its_own() {
    let sealed = read(
        json!({"encryptedData": {"a": null, "b": 7, "c": "!", "d": "AQA="}}),
        json!(null),
    )
    .unwrap();
    let SealedData::Items(items) = sealed.sealed() else {
        panic!("items")
    };
    let errors: Vec<_> = items
        .values()
        .map(|item| item.clone().unwrap_err())
        .collect();
    assert_eq!(
        errors,
        [
            ItemError::NotText,
            ItemError::NotText,
            ItemError::NotBase64 { at: 0 },
            ItemError::TooShort
        ]
    );
}

#[test]
fn the_scope_is_that_of_the_objects_own_annotations() {
    let wide = json!({"sealedsecrets.bitnami.com/namespace-wide": "true"});
    let spec = json!({"encryptedData": {}, "template": {"metadata": {"annotations": wide}}});
    assert_eq!(
        read(spec.clone(), json!({})).unwrap().scope(),
        Scope::Strict
    );
    let sealed = read(spec, wide).unwrap();
    assert_eq!(sealed.scope(), Scope::Namespace);
    assert_eq!(sealed.label().place().namespace(), "shop");
}

#[test]
fn the_deprecated_form_is_known_by_the_field() {
    for data in [json!(""), json!("AQA="), json!(7)] {
        let sealed = read(json!({"data": data, "encryptedData": null}), json!({})).unwrap();
        assert!(matches!(sealed.sealed(), SealedData::Legacy(Err(_))));
    }
    let both = read(json!({"data": "", "encryptedData": {"a": ""}}), json!({}));
    assert_eq!(both, Err(SealedSecretError::BothForms));
    let neither = read(json!({"data": null}), json!({})).unwrap();
    assert_eq!(neither.keys().count(), 0);
}

#[test]
fn templates_are_read_with_their_nulls_and_refused_with_their_path() {
    let spec = json!({"encryptedData": {}, "template": {
        "type": "", "immutable": true, "data": {"a": null, "b": "{{ .a }}"},
        "metadata": {"name": "other", "creationTimestamp": null, "labels": {"x": "y"},
            "annotations": {"sealedsecrets.bitnami.com/skip-set-owner-references": "true"}, "finalizers": ["f/g"]},
    }});
    let sealed = read(spec, json!({})).unwrap();
    let template = sealed.template();
    assert!(template.skips_owner_reference() && template.secret_type.is_none());
    assert_eq!(template.immutable, Some(true));
    assert_eq!(template.finalizers, ["f/g"]);
    assert_eq!(template.labels["x"], "y");
    let data: Vec<_> = template.data.values().map(Option::as_deref).collect();
    assert_eq!(data, [None, Some("{{ .a }}")]);
    for (metadata, path) in [
        (json!({"labels": {"x": 1}}), "spec.template.metadata.labels"),
        (
            json!({"annotations": []}),
            "spec.template.metadata.annotations",
        ),
        (
            json!({"finalizers": "f"}),
            "spec.template.metadata.finalizers",
        ),
    ] {
        let refused = read(
            json!({"encryptedData": {}, "template": {"metadata": metadata}}),
            json!({}),
        );
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(path), "{text}");
    }
    let ours = json!({"encryptedData": {}, "template": {"metadata": {"annotations": {"bulla.dev/adopted-by": "u"}}}});
    assert!(matches!(
        read(ours, json!({})),
        Err(SealedSecretError::ReservedMetadata { .. })
    ));
}

#[test]
fn names_are_checked_and_debug_shows_no_spec() {
    let bad = read(json!({"encryptedData": {"a b": "x"}}), json!({}));
    assert!(matches!(
        bad,
        Err(SealedSecretError::Name {
            path: "spec.encryptedData",
            ..
        })
    ));
    let missing = |metadata: Value| {
        let wire: SealedSecret = serde_json::from_value(json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata,
            "spec": {"encryptedData": {"password": "hunter2"}},
        }))
        .unwrap();
        assert!(!format!("{wire:?}").contains("hunter2"));
        Domain::try_from(&wire)
    };
    assert!(missing(json!({"namespace": "shop"})).is_err());
    assert!(missing(json!({"name": "db"})).is_err());
    let wide =
        json!({"name": "db", "annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}});
    assert!(missing(wide).unwrap().namespace().is_none());
}

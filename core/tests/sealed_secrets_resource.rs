//! From a SealedSecret as the API server has it to the Secret as it is planned; keys out of backups; what
//! is said of a value that lies in the wrong place.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bulla_core::api;
use bulla_core::names::{Namespace, ResourceName};
use bulla_core::plaintext::Plaintext;
use bulla_core::plan::{Consent, Live, Owner, Plan, Write, plan};
use bulla_core::reason::Reason;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    BackupError, ItemError, KeyBackup, Label, LegacyData, MAX_DIAGNOSIS_OPERATIONS, RsaKeyRing,
    RsaPrivateKey, SealedItem, SealedSecret, Search, SkippedKey, UnsealError, Unsealed, diagnose,
};
use bulla_core::secret::{ContentError, SecretContent, SecretPolicy};
use rand_core::OsRng;
use serde_json::{Value, json};

fn file(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/sealed-secrets");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

fn key(name: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pem(file(&format!("{name}.pem")).as_bytes()).unwrap()
}

fn ring() -> RsaKeyRing {
    RsaKeyRing::new(vec![key("generated-2048")])
}

fn place() -> (Namespace, ResourceName) {
    ("shop".parse().unwrap(), "db".parse().unwrap())
}

fn label(scope: Scope, namespace: &str, name: &str) -> Label {
    Label::new(scope, &namespace.parse().unwrap(), &name.parse().unwrap())
}

fn sealed_value(label: &Label, value: &str) -> SealedItem {
    let value = Plaintext::from(value.as_bytes());
    SealedItem::seal(key("generated-2048").public(), label, &value, &mut OsRng).unwrap()
}

fn resource(items: Value, template: Value) -> SealedSecret {
    let wire: api::SealedSecret = serde_json::from_value(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"encryptedData": items, "template": template},
    }))
    .unwrap();
    SealedSecret::try_from(&wire).unwrap()
}

fn unsealed(template: Value) -> Unsealed {
    let item = sealed_value(&label(Scope::Strict, "shop", "db"), "hunter2").to_string();
    resource(json!({"password": item}), template)
        .unseal(&ring(), &mut Search::default(), LegacyData::Refuse)
        .unwrap()
}

fn content(template: Value) -> Result<SecretContent, ContentError> {
    let (namespace, name) = place();
    SecretContent::of_sealed_secret(
        &namespace,
        &name,
        unsealed(template),
        &SecretPolicy::default(),
    )
}

#[test]
fn the_content_is_planned_as_an_envelopes_is() {
    let made = content(json!({
        "type": "example.com/t", "immutable": true, "data": {"url": "u:{{ .password }}", "password": null},
        "metadata": {"name": "elsewhere", "namespace": "elsewhere", "finalizers": ["a.b/c"],
            "labels": {"app": "shop", "app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "x"},
            "annotations": {"sealedsecrets.bitnami.com/managed": "true"}},
    }))
    .unwrap();
    let outline = made.outline();
    assert_eq!(
        (outline.namespace().as_str(), outline.name().as_str()),
        ("shop", "db")
    );
    assert_eq!(
        (outline.secret_type(), outline.immutable()),
        ("example.com/t", true)
    );
    assert_eq!(outline.finalizers(), ["a.b/c"]);
    assert_eq!(outline.labels()["app.kubernetes.io/managed-by"], "Helm");
    assert!(!outline.labels().contains_key("argocd.argoproj.io/instance"));
    assert_eq!(outline.annotations().len(), 1);
    let data: Vec<_> = made
        .data()
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    assert_eq!(data, [("url", &Plaintext::from(&b"u:hunter2"[..]))]);
    let owner = Owner {
        api_version: api::SEALED_SECRETS_API_VERSION.to_owned(),
        kind: api::SEALED_SECRET.to_owned(),
        name: "db".parse().unwrap(),
        uid: "u".to_owned(),
        consent: Consent::SealedSecrets { unowned: false },
    };
    assert!(matches!(
        plan(&made, &owner, None),
        Plan::Write(Write::Create, _)
    ));
    let foreign = Live {
        uid: "s".to_owned(),
        ..Live::default()
    };
    assert!(matches!(
        plan(&made, &owner, Some(&foreign)),
        Plan::Refuse(_)
    ));
}

#[test]
fn what_no_resource_may_make_is_refused_here_too() {
    let label =
        json!({"metadata": {"labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}});
    assert!(matches!(content(label), Err(ContentError::KeyLabel { .. })));
    let token = json!({"type": "kubernetes.io/service-account-token"});
    assert!(matches!(content(token), Err(ContentError::Type { .. })));
    let failing = content(json!({"data": {"a": "{{ fail .password }}"}})).unwrap_err();
    assert_eq!(failing.reason(), Reason::TemplateError);
    assert!(!format!("{failing} {failing:?}").contains("hunter2"));
}

#[test]
fn every_value_that_does_not_open_is_named() {
    let here = sealed_value(&label(Scope::Strict, "shop", "db"), "a").to_string();
    let there = sealed_value(&label(Scope::Strict, "prod", "db"), "b").to_string();
    let sealed = resource(
        json!({"good": here, "b": there, "c": there, "q": "!", "n": 7}),
        json!({}),
    );
    let mut search = Search::default();
    let error = sealed
        .unseal(&ring(), &mut search, LegacyData::Refuse)
        .unwrap_err();
    assert_eq!(search.operations(), 3);
    assert_eq!(error.reason(), Reason::NotSealed);
    let text = error.to_string();
    assert!(
        text.contains("values `b`, `c`: no key could decrypt"),
        "{text}"
    );
    assert!(
        text.contains("value `q`: illegal base64 data at input byte 0"),
        "{text}"
    );
    assert!(!text.contains("good"), "{text}");
    let UnsealError::Items(errors) = error else {
        panic!("{error}")
    };
    assert_eq!(errors.0[&"n".parse().unwrap()], ItemError::NotText);
}

/// The deprecated form, made by the code of Sealed Secrets itself.
#[test]
fn the_deprecated_form_opens_unless_it_is_switched_off() {
    let mut wire: Value = serde_json::from_str(&file("legacy.json")).unwrap();
    wire["apiVersion"] = json!("bitnami.com/v1alpha1");
    wire["kind"] = json!("SealedSecret");
    let skip = "sealedsecrets.bitnami.com/skip-set-owner-references";
    wire["spec"]["template"] =
        json!({"metadata": {"annotations": {skip: "true"}, "labels": {"not": "taken"}}});
    let wire: api::SealedSecret = serde_json::from_value(wire).unwrap();
    let sealed = SealedSecret::try_from(&wire).unwrap();
    let open = |legacy| sealed.unseal(&ring(), &mut Search::default(), legacy);
    assert_eq!(
        open(LegacyData::Refuse).unwrap_err(),
        UnsealError::LegacyRefused
    );
    let unsealed = open(LegacyData::Accept).unwrap();
    assert!(unsealed.template().skips_owner_reference());
    assert_eq!(
        unsealed.template().labels,
        [("app".to_owned(), "shop".to_owned())].into()
    );
    assert_eq!(
        unsealed.template().secret_type.as_deref(),
        Some("example.com/t")
    );
    let value = |name: &str| &unsealed.values()[&name.parse().unwrap()];
    assert_eq!(value("password"), &Plaintext::from(&b"hunter2"[..]));
    assert_eq!(value("binary"), &Plaintext::from(&[0u8, 255][..]));
    assert!(value("empty").is_empty());
    // What opens and is no Secret is not quoted.
    let mut odd: Value = serde_json::to_value(&wire).unwrap();
    for blob in [
        "hunter2",
        "{\"kind\":\"ConfigMap\"}",
        "{\"data\":{\"a\":\"hunter2!\"}}",
        "{\"data\":{\"a/b\":\"\"}}",
    ] {
        odd["spec"]["data"] =
            json!(sealed_value(&label(Scope::Strict, "shop", "db"), blob).to_string());
        let odd: api::SealedSecret = serde_json::from_value(odd.clone()).unwrap();
        let odd = SealedSecret::try_from(&odd).unwrap();
        let error = odd
            .unseal(&ring(), &mut Search::default(), LegacyData::Accept)
            .unwrap_err();
        assert!(matches!(error, UnsealError::NoSecret(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn a_value_in_the_wrong_place_is_told_within_32_operations() {
    let found_in = label(Scope::Strict, "prod", "db");
    let sealed_for = label(Scope::Namespace, "staging", "db");
    let item = sealed_value(&sealed_for, "hunter2");
    let ring = RsaKeyRing::new(vec![
        key("generated-4096"),
        key("generated-2048-named"),
        key("generated-2048"),
    ]);
    let candidates = [
        found_in.clone(),
        label(Scope::Namespace, "prod", "db"),
        Label::cluster(),
        Label::cluster(),
        sealed_for.clone(),
    ];
    let told = diagnose(&item, &found_in, &candidates, &ring);
    assert_eq!(
        told.sealed_for,
        Some((sealed_for, key("generated-2048").fingerprint()))
    );
    assert_eq!(told.operations, 6, "three places, two keys of the size");
    assert_eq!(
        told.to_string(),
        "sealed for any name in namespace `staging`, found in `prod/db`"
    );
    let many: Vec<Label> = (0..40)
        .map(|n| label(Scope::Namespace, &format!("n{n}"), "db"))
        .collect();
    let told = diagnose(&item, &found_in, &many, &ring);
    assert_eq!(
        (told.operations, told.complete),
        (MAX_DIAGNOSIS_OPERATIONS, false)
    );
    assert!(told.sealed_for.is_none() && told.to_string().contains("not at hand"));
}

fn key_secret(name: &str) -> Value {
    use base64::Engine as _;
    let text = file(&format!("{name}.pem"));
    let at = text.find("-----BEGIN RSA").unwrap();
    let encode = |part: &str| base64::engine::general_purpose::STANDARD.encode(part);
    json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": "kube-system", "creationTimestamp": "2026-11-21T00:00:00Z"},
        "data": {"tls.crt": encode(&text[..at]), "tls.key": encode(&text[at..])}})
}

#[test]
fn keys_come_out_of_every_form_of_a_backup() {
    let (first, second) = (key_secret("generated-2048"), key_secret("generated-4096"));
    let list = |extra: Value| {
        let mut list = json!({"items": [first]});
        list.as_object_mut()
            .unwrap()
            .append(&mut extra.as_object().unwrap().clone());
        list.to_string()
    };
    let typed = list(json!({"apiVersion": "v1", "kind": "List"}));
    let mut untyped = first.clone();
    untyped.as_object_mut().unwrap().remove("kind");
    let secret_list =
        json!({"apiVersion": "v1", "kind": "SecretList", "items": [untyped]}).to_string();
    for (form, text, expected) in [
        ("PEM", file("generated-2048.pem"), 1),
        (
            "PEM with attributes",
            format!("Bag Attributes\n  : x\n{}", file("generated.key")),
            1,
        ),
        ("a Secret", first.to_string(), 1),
        ("documents", format!("---\n{first}\n---\n{second}\n"), 2),
        ("JSON in a row", format!("{first}\n{second}\n"), 2),
        ("a list", typed.clone(), 1),
        ("a list without kind", list(json!({})), 1),
        ("a SecretList", secret_list, 1),
        // `kubectl get secret -l …; echo ---; kubectl get secret sealed-secrets-key`
        (
            "the documented two parts",
            format!("{typed}\n---\n{second}\n"),
            2,
        ),
        ("the second part empty", format!("{typed}\n---\n"), 1),
    ] {
        let backup =
            KeyBackup::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(
            (backup.keys.len(), backup.skipped.len()),
            (expected, 0),
            "{form}"
        );
        if expected == 2 {
            let newest = key("generated-4096").fingerprint();
            assert_eq!(backup.keys[0].fingerprint(), newest, "{form}");
        }
    }
}

#[test]
fn a_backup_without_a_key_says_what_is_in_it() {
    for (text, expected) in [
        (
            "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}",
            "ConfigMap x: it is no Secret",
        ),
        (
            "kind: Secret\nmetadata: {name: x}\ndata: {a: aHVudGVyMg==}\n",
            "Secret x: it has no key `tls.key`",
        ),
        (
            "kind: Secret\nmetadata: {name: x}\nstringData: {tls.key: hunter2}\n",
            "Secret x: its `tls.key` is not usable",
        ),
        ("", "there is no sealing key in it"),
        ("a: [", "neither a private key in PEM nor a manifest"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n",
            "failed to read the private key",
        ),
    ] {
        let error = KeyBackup::parse(text.as_bytes()).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains(expected) && !shown.contains("hunter2"),
            "{shown}"
        );
    }
    let mixed = format!(
        "{}\n---\nkind: Secret\nmetadata: {{name: x}}\n",
        key_secret("generated-2048")
    );
    let backup = KeyBackup::parse(mixed.as_bytes()).unwrap();
    assert_eq!(backup.keys.len(), 1);
    assert_eq!(
        backup.skipped,
        [("Secret x".to_owned(), SkippedKey::NoTlsKey)]
    );
    assert!(matches!(
        KeyBackup::parse(b"a: ["),
        Err(BackupError::Manifest(_))
    ));
}

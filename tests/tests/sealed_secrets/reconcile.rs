//! What is taken, and what is told of it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bulla_core::{
    plaintext::Plaintext,
    scope::Scope,
    sealed_secrets::{Label, RsaPrivateKey, SealedItem},
};
use bulla_tests::{
    Cluster, Options, peers,
    sealed_secrets::{SealedSecrets, SealedTenant, key_file, key_secret, synced},
    tenant::data,
};
use kube::ResourceExt;
use rand_core::OsRng;
use serde_json::{Value, json};

use super::{FOREIGN_KEY, OLD_KEY, shared, tenant};

fn of_spec(tenant: &SealedTenant, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": name, "namespace": tenant.namespace}, "spec": spec,
    })
}

#[tokio::test]
async fn synced_stands_first_with_times_and_the_generation() {
    let tenant = tenant("status").await;
    let object = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    tenant.deliver(&object).await;
    let sealed = tenant.synced("db").await;
    let told = synced(&sealed).expect("it is told");
    assert_eq!((&*told.status, told.message.as_deref()), ("True", None));
    assert!(told.last_update_time.is_some() && told.last_transition_time.is_some());
    let status = sealed.status.as_ref().expect("a status");
    assert_eq!(status.observed_generation, sealed.metadata.generation);
    let types: Vec<_> = status.conditions.iter().map(|told| &*told.type_).collect();
    assert_eq!(types, ["Synced", "Ready"]);
    // The columns of theirs.
    let columns = || {
        let get = ["get", "sealedsecret", "db", "-n", &tenant.namespace];
        let table = shared().deployment.cluster().kubectl_ok(&get);
        let mut lines = table.lines().map(str::to_owned);
        (
            lines.next().unwrap_or_default(),
            lines.next().unwrap_or_default(),
        )
    };
    let (head, line) = columns();
    let head: Vec<_> = head.split_whitespace().collect();
    assert_eq!(head, ["NAME", "STATUS", "SYNCED", "AGE"]);
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[..2], ["db", "True"], "no message: {line}");

    // A failure is told at its own generation, and recovery too: the message is never an old one (upstream 739, 1354).
    let foreign = tenant.seal_for(FOREIGN_KEY, &tenant.secret_of("db", &[("a", "c")]), &[]);
    tenant.apply(&foreign).await;
    tenant.failed("db", "value `a`").await;
    let (_, line) = columns();
    assert!(
        line.contains("value `a`") && line.contains("False"),
        "{line}"
    );
    assert_eq!(
        data(&tenant.secret("db").await)["a"],
        b"b",
        "the last good one stays"
    );
    let mut garbage = foreign.clone();
    garbage["spec"]["encryptedData"]["a"] = json!("*");
    tenant.apply(&garbage).await;
    tenant
        .failed("db", "illegal base64 data at input byte 0")
        .await;
    tenant.apply(&object).await;
    let again = tenant.synced("db").await;
    assert_eq!(
        synced(&again).and_then(|told| told.message.as_deref()),
        None
    );
}

#[tokio::test]
async fn the_deprecated_form_is_opened() {
    let tenant = tenant("legacy").await;
    let text = std::fs::read(key_file(OLD_KEY)).expect("a key");
    let key = RsaPrivateKey::from_pem(&text).expect("a key");
    let names = (
        tenant.namespace.parse().expect("a name"),
        "db".parse().expect("a name"),
    );
    let label = Label::new(Scope::Strict, &names.0, &names.1);
    let blob = json!({"kind": "Secret", "apiVersion": "v1", "type": "x/y", "metadata": {"name": "other",
        "labels": {"l": "1"}}, "data": {"a": STANDARD.encode("hunter2")}});
    let blob = Plaintext::from(blob.to_string().as_bytes());
    let item = SealedItem::seal(key.public(), &label, &blob, &mut OsRng).expect("it seals");
    let spec = json!({"data": item.to_string(), "encryptedData": {}});
    let made = tenant.deliver(&of_spec(&tenant, "db", &spec)).await;
    assert_eq!(data(&made)["a"], b"hunter2");
    assert_eq!(
        (made.type_.as_deref(), &*made.labels()["l"]),
        (Some("x/y"), "1")
    );
    assert_eq!(made.name_any(), "db");

    let both = json!({"data": item.to_string(), "encryptedData": {"a": "AgA="}});
    tenant.apply(&of_spec(&tenant, "both", &both)).await;
    tenant
        .failed("both", "can't be used at the same time")
        .await;
}

#[tokio::test]
async fn what_is_no_sealed_value_is_named_by_its_key_and_not_quoted() {
    let tenant = tenant("garbage").await;
    for (name, value, says) in [
        (
            "plain",
            json!("hunter2!"),
            "illegal base64 data at input byte",
        ),
        ("short", json!("AgA="), "too short"),
        ("prefix", json!(STANDARD.encode([0xff; 600])), "too short"),
    ] {
        tenant
            .apply(&of_spec(
                &tenant,
                name,
                &json!({"encryptedData": {"the-key": value}}),
            ))
            .await;
        let message = tenant.failed(name, says).await;
        assert!(
            message.contains("`the-key`") && !message.contains("hunter2"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn line_breaks_within_base64_are_skipped() {
    let tenant = tenant("wrapped").await;
    let mut sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let value = sealed["spec"]["encryptedData"]["a"]
        .as_str()
        .expect("a text")
        .to_owned();
    let (start, end) = value.split_at(100);
    sealed["spec"]["encryptedData"]["a"] = json!(format!("{start}\r\n{end}\n"));
    let made = tenant.deliver(&sealed).await;
    assert_eq!(data(&made)["a"], b"b");
}

/// Upstream five quick retries, then silence until a restart (1599, 1605); and keys only at a restart (414).
#[tokio::test]
async fn a_key_that_comes_later_opens_what_waits_for_it_414_1599_1605() {
    let cluster = Cluster::start(Options::default());
    let sealed_secrets = SealedSecrets::start(&cluster, &[OLD_KEY], &[]);
    let tenant = sealed_secrets.tenant("late").await;
    let secret = tenant.secret_of("db", &[("a", "b")]);
    tenant
        .apply(&tenant.seal_for("generated-2048-named", &secret, &[]))
        .await;
    tenant.failed("db", "no key could decrypt").await;
    cluster.apply(&key_secret("generated-2048-named").to_string());
    tenant.synced("db").await;
    assert_eq!(data(&tenant.secret("db").await)["a"], b"b");
}

#[tokio::test]
async fn it_works_with_their_definition_in_place_too() {
    let cluster = Cluster::start(Options::default());
    let sealed_secrets = SealedSecrets::start(&cluster, &[OLD_KEY], &[]);
    let theirs = peers::sealed_secrets_source()
        .join("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml");
    let theirs = theirs.display().to_string();
    cluster.kubectl_ok(&["replace", "-f", &theirs]);
    let definition = cluster.kubectl_ok(&["get", "crd", "sealedsecrets.bitnami.com", "-o", "json"]);
    assert!(!definition.contains("openedWith"), "it is theirs");
    let tenant = sealed_secrets.tenant("theirs").await;
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let made = tenant.deliver(&sealed).await;
    assert_eq!(data(&made)["a"], b"b");
    let mut moved = sealed.clone();
    moved["metadata"]["name"] = json!("other");
    tenant.apply(&moved).await;
    tenant.failed("other", "is sealed for").await;
    tenant
        .patch(
            &tenant.secrets,
            "db",
            &json!({"stringData": {"a": "edited"}}),
        )
        .await;
    tenant
        .until_secret("it is healed", "db", |secret| data(secret)["a"] == b"b")
        .await;
}

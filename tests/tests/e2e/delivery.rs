//! The main job: what was sealed arrives as a Secret, byte for byte.

mod by_cli;

use bulla_core::scope::Scope;
use bulla_tests::tenant::data;
use kube::ResourceExt;

use super::tenant;

#[tokio::test]
async fn every_byte_arrives() {
    let tenant = tenant("bytes").await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let draft = tenant
        .draft("db")
        .value("every-byte", &every_byte)
        .value("empty", "")
        .value("newline", "\n")
        .value("lines", "first\r\nsecond\n\n")
        .value("unicode", "pässwörd \u{1f512}\u{0}")
        .value("base64", "aHVudGVyMg==")
        .value("template", "{{ .password }}")
        .value("large", every_byte.repeat(2000));

    let secret = tenant.deliver(&draft).await;

    assert!(&data(&secret) == draft.values(), "the bytes differ");
    assert_eq!(
        (secret.type_.as_deref(), secret.immutable.unwrap_or(false)),
        (Some("Opaque"), false)
    );
    let labels: Vec<_> = secret.labels().iter().collect();
    assert_eq!(
        labels,
        [(
            &"app.kubernetes.io/managed-by".to_owned(),
            &"bulla".to_owned()
        )]
    );
}

#[tokio::test]
async fn type_labels_annotations_immutable_and_templated_keys_arrive() {
    let tenant = tenant("template").await;
    let draft = tenant
        .draft("db")
        .value("username", "shop")
        .value("password", "p@ss/w:rd")
        .of_type("kubernetes.io/basic-auth")
        .immutable()
        .label("app", "shop")
        .annotation("jenkins.io/credentials-description", "the shop's")
        .annotation("argocd.argoproj.io/tracking-id", "shop:/Secret:shop/db")
        .templated(
            "url",
            "postgres://{{ .username }}:{{ .password | urlquery }}@db/shop",
        );

    let secret = tenant.deliver(&draft).await;

    let mut expected = draft.values().clone();
    expected.insert(
        "url".to_owned(),
        b"postgres://shop:p%40ss%2Fw%3Ard@db/shop".to_vec(),
    );
    assert_eq!(data(&secret), expected);
    assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/basic-auth"));
    assert_eq!(secret.immutable, Some(true));
    assert_eq!(secret.labels()["app"], "shop");
    assert_eq!(
        secret.annotations()["jenkins.io/credentials-description"],
        "the shop's"
    );
    assert!(
        !secret
            .annotations()
            .contains_key("argocd.argoproj.io/tracking-id"),
        "it would be pruned as Argo CD's own"
    );
}

#[tokio::test]
async fn wider_scopes_open_where_they_say() {
    let (here, there) = (tenant("scope").await, tenant("scope").await);
    let draft = here.draft("db").value("password", "hunter2");
    let moved = |sealed: &bulla_core::api::SecretEnvelope, namespace: &str, name: &str| {
        let mut envelope = sealed.clone();
        envelope.metadata.namespace = Some(namespace.to_owned());
        envelope.metadata.name = Some(name.to_owned());
        envelope
    };
    let namespaced = here.seal(&draft.clone().scope(Scope::Namespace));
    here.apply(&moved(&namespaced, &here.namespace, "renamed"))
        .await;
    here.ready("renamed").await;
    there
        .apply(&moved(&namespaced, &there.namespace, "db"))
        .await;
    there
        .refused("db", bulla_core::reason::Reason::WrongPlace)
        .await;

    let wide = here.seal(&draft.clone().scope(Scope::Cluster));
    there.apply(&moved(&wide, &there.namespace, "db")).await;
    there.ready("db").await;
    assert_eq!(&data(&there.secret("db").await), draft.values());
}

#[tokio::test]
async fn an_update_arrives_and_keys_that_left_go() {
    let tenant = tenant("update").await;
    let draft = tenant
        .draft("db")
        .value("username", "shop")
        .value("old", "x")
        .label("app", "shop")
        .annotation("a", "b");
    let before = tenant.deliver(&draft).await;

    let updated = tenant
        .draft("db")
        .value("username", "shopkeeper")
        .value("new", "y");
    let after = tenant.deliver(&updated).await;

    assert_eq!(after.uid(), before.uid());
    assert_eq!(&data(&after), updated.values());
    assert!(
        !after.labels().contains_key("app") && !after.annotations().contains_key("a"),
        "{:?}",
        after.metadata
    );
    tenant.event("db", "Updated", "").await;
}

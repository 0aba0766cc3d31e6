//! Envelopes among what Flux applies: its waits, health checks and substitutions.

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{Tenant, flux::Kustomization, tenant::data};
use rand_core::OsRng;
use serde_json::json;

use crate::support::shared;

async fn tenant(prefix: &str) -> Tenant {
    Tenant::new(shared().flux.cluster(), prefix).await
}

#[tokio::test]
async fn a_kustomization_that_waits_is_ready_when_its_envelopes_are_opened() {
    let tenant = tenant("flux-wait").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let envelope = serde_json::to_string(&tenant.seal(&draft)).expect("it serializes");
    let kustomization = Kustomization::new(&tenant.namespace, "shop")
        .with(json!({"wait": true, "decryption": null}))
        .file("db.yaml", envelope);
    assert_eq!(shared().flux.deliver(&kustomization).await, Ok(()));
    // At once: that is what it has waited for.
    assert_eq!(&data(&tenant.secret("db").await), draft.values());
}

#[tokio::test]
async fn an_envelope_that_does_not_open_fails_the_wait_before_its_timeout() {
    let tenant = tenant("flux-stalled").await;
    let another = Identity::generate(Suite::X25519, &mut OsRng);
    let draft = tenant.draft("db").value("password", "hunter2");
    let envelope = draft.seal_for(&[another.recipient().clone()]);
    let envelope = serde_json::to_string(&envelope).expect("it serializes");
    let kustomization = Kustomization::new(&tenant.namespace, "shop")
        .with(json!({"wait": true, "timeout": "1h", "decryption": null}))
        .file("db.yaml", envelope);
    let error = shared().flux.deliver(&kustomization).await;
    let error = error.expect_err("no key opens it");
    let resource = format!("SecretEnvelope/{}/db", tenant.namespace);
    assert!(
        error.contains(&resource) && error.contains("Failed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_kustomization_that_depends_on_another_finds_its_secrets() {
    let tenant = tenant("flux-depends").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let envelope = serde_json::to_string(&tenant.seal(&draft)).expect("it serializes");
    let secrets = Kustomization::new(&tenant.namespace, "secrets")
        .with(json!({"wait": true, "decryption": null}))
        .file("db.yaml", envelope);
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {user: \"${password}\"}\n";
    let app = Kustomization::new(&tenant.namespace, "app")
        .with(json!({
            "decryption": null,
            "dependsOn": [{"name": "secrets"}],
            "postBuild": {"substituteFrom": [{"kind": "Secret", "name": "db"}]},
        }))
        .file("app.yaml", config);
    let flux = &shared().flux;
    let (app, secrets) = tokio::join!(flux.deliver(&app), flux.deliver(&secrets));
    assert_eq!((secrets, app), (Ok(()), Ok(())));
    let shown = [
        "get",
        "configmap",
        "app",
        "-n",
        &tenant.namespace,
        "-o",
        "jsonpath={.data.user}",
    ];
    assert_eq!(flux.cluster().kubectl_ok(&shown), "hunter2");
}

#[tokio::test]
async fn substitution_leaves_an_envelope_alone_that_says_so() {
    let tenant = tenant("flux-substitution").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let draft = draft.templated("url", "${NOT_FLUX}-{{ .password }}");
    let mut envelope = tenant.seal(&draft);
    let spec = json!({
        "wait": true, "decryption": null,
        "postBuild": {"substitute": {"NOT_FLUX": "changed"}},
    });
    let of = |envelope: &_, name: &str| {
        let envelope = serde_json::to_string(envelope).expect("it serializes");
        let kustomization = Kustomization::new(&tenant.namespace, name);
        kustomization.with(spec.clone()).file("db.yaml", envelope)
    };
    let flux = &shared().flux;
    let error = flux.deliver(&of(&envelope, "substituted")).await;
    let error = error.expect_err("its template was changed");
    assert!(error.contains("SecretEnvelope"), "{error}");
    let annotation = "kustomize.toolkit.fluxcd.io/substitute".to_owned();
    let annotations = [(annotation, "disabled".to_owned())];
    envelope.metadata.annotations = Some(annotations.into());
    assert_eq!(flux.deliver(&of(&envelope, "left-alone")).await, Ok(()));
    let secret = data(&tenant.secret("db").await);
    assert_eq!(secret["url"], b"${NOT_FLUX}-hunter2");
}

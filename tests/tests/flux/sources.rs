//! Files that kustomize makes Secrets of: Flux decrypts them before it builds.

use bulla_core::{recipient::Suite, sops::Store};

use crate::support::{Team, encrypted, flux, key_pair};

#[tokio::test]
async fn files_of_generators_are_decrypted_before_the_build() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-generators", &[("age", &key)]).await;
    let sealed = |store, plain: &str| encrypted(store, plain, &recipient);
    let generators = "\
secretGenerator:
  - name: generated
    options: {disableNameSuffixHash: true}
    envs: [settings.env]
    files:
      - values.yaml
      - config.json=settings.json
      - token
      - plain.txt
";
    let settings = r#"{"data":{"token":"t"}}"#;
    let kustomization = team
        .kustomization("shop")
        .file("kustomization.yaml", generators)
        .file("settings.env", sealed(Store::Dotenv, "A=1\nB=two words\n"))
        .file("values.yaml", sealed(Store::Yaml, "data:\n  token: t\n"))
        .file("settings.json", sealed(Store::Json, settings))
        .file("token", sealed(Store::Binary, "\u{1}binary\n"))
        .file("plain.txt", "plain");
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    let secret = team.secret("generated").await.expect("it is generated");
    let found = |key: &str| String::from_utf8_lossy(&secret[key]).into_owned();
    assert_eq!(found("A"), "1");
    assert_eq!(found("B"), "two words");
    assert_eq!(found("values.yaml"), "data:\n    token: t\n");
    let parsed: serde_json::Value = serde_json::from_str(&found("config.json")).expect("JSON");
    assert_eq!(parsed.to_string(), settings);
    assert_eq!(found("token"), "\u{1}binary\n");
    assert_eq!(found("plain.txt"), "plain");
}

#[tokio::test]
async fn a_patch_is_decrypted_before_the_build() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-patch", &[("age", &key)]).await;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  a: base\n";
    let patch = secret.replace("base", "patched");
    let kustomization = team
        .kustomization("shop")
        .file(
            "kustomization.yaml",
            "resources: [db.yaml]\npatches: [{path: patch.yaml}]\n",
        )
        .file("db.yaml", secret)
        .file("patch.yaml", encrypted(Store::Yaml, patch, &recipient));
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    let secret = team.secret("db").await.expect("the Secret is there");
    assert_eq!(secret["a"], b"patched");
}

#[tokio::test]
async fn a_file_in_the_data_of_a_secret_is_decrypted() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-entry", &[("age", &key)]).await;
    let file = encrypted(Store::Yaml, "data:\n  token: t\n", &recipient);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\ndata:\n  values.yaml: {}\n",
        STANDARD.encode(file)
    );
    let kustomization = team.kustomization("shop").file("db.yaml", secret);
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    let secret = team.secret("db").await.expect("the Secret is there");
    assert_eq!(secret["values.yaml"], b"data:\n    token: t\n");
}

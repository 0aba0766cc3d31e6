//! Secrets that are sealed here as SOPS files.

use bulla_core::{recipient::Suite, sops::Store};

use crate::support::{Team, encrypted, flux, key_pair};

const SECRET: &str = "\
# for the shop
apiVersion: v1
kind: Secret
metadata:
  name: db
  labels: {app: shop}
type: Opaque
stringData:
  # of the server
  username: 'shop'
  password: \"p\\u00e4ss: {word}\"
  empty: \"\"
  certificate: |
    -----BEGIN-----
    line \t
    -----END-----
data:
  blob: AAEC/w==
";

fn expected() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("blob", b"\x00\x01\x02\xff"),
        ("certificate", b"-----BEGIN-----\nline \t\n-----END-----\n"),
        ("empty", b""),
        ("password", "p\u{e4}ss: {word}".as_bytes()),
        ("username", b"shop"),
    ]
}

#[tokio::test]
async fn a_secret_sealed_here_is_applied_in_plaintext() {
    for suite in [Suite::X25519, Suite::MlKem768X25519] {
        let (recipient, key) = key_pair(suite);
        let team = Team::new("flux-sealed", &[("age", &key)]).await;
        let file = encrypted(Store::Yaml, SECRET, &recipient);
        let kustomization = team.kustomization("shop").file("db.yaml", &file);
        assert_eq!(flux().deliver(&kustomization).await, Ok(()), "{suite}");
        let secret = team.secret("db").await.expect("the Secret is there");
        let secret: Vec<_> = secret
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice()))
            .collect();
        assert_eq!(secret, expected(), "{suite}");
    }
}

#[tokio::test]
async fn a_secret_in_json_is_applied_in_plaintext() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-json", &[("age", &key)]).await;
    let plain = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"stringData":{"a":"1","b":"x"}}"#;
    let file = encrypted(Store::Json, plain, &recipient);
    let kustomization = team.kustomization("shop").file("db.json", &file);
    // Flux lists YAML only where there is no kustomization.yaml.
    let kustomization = kustomization.file("kustomization.yaml", "resources: [db.json]\n");
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    let secret = team.secret("db").await.expect("the Secret is there");
    assert_eq!(secret["a"], b"1");
    assert_eq!(secret["b"], b"x");
}

#[tokio::test]
async fn two_documents_of_one_file_are_two_secrets() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-documents", &[("age", &key)]).await;
    let second = SECRET.replace("name: db", "name: other");
    let file = encrypted(Store::Yaml, format!("{SECRET}---\n{second}"), &recipient);
    let kustomization = team.kustomization("shop").file("db.yaml", &file);
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    for name in ["db", "other"] {
        let secret = team.secret(name).await.expect("the Secret is there");
        assert_eq!(secret["username"], b"shop", "{name}");
    }
}

#[tokio::test]
async fn the_mac_is_not_looked_at() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-mac", &[("age", &key)]).await;
    let file = encrypted(Store::Yaml, SECRET, &recipient);
    let text = String::from_utf8(file).expect("it is text");
    let changed = text.replace("app: shop", "app: another");
    assert_ne!(changed, text);
    let kustomization = team.kustomization("shop").file("db.yaml", changed);
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    assert!(team.secret("db").await.is_some());
}

#[tokio::test]
async fn a_key_that_opens_nothing_fails_the_kustomization() {
    let (recipient, _) = key_pair(Suite::X25519);
    let (_, another) = key_pair(Suite::X25519);
    let team = Team::new("flux-no-key", &[("age", &another)]).await;
    let file = encrypted(Store::Yaml, SECRET, &recipient);
    let kustomization = team.kustomization("shop").file("db.yaml", &file);
    let error = flux()
        .deliver(&kustomization)
        .await
        .expect_err("no key opens it");
    assert!(error.contains("cannot get sops data key"), "{error}");
    assert_eq!(team.secret("db").await, None);
}

#[tokio::test]
async fn encrypted_secrets_are_never_applied_as_they_are() {
    let (recipient, key) = key_pair(Suite::X25519);
    let team = Team::new("flux-refused", &[("age", &key)]).await;
    let file = encrypted(Store::Yaml, SECRET, &recipient);
    let without = team
        .kustomization("without")
        .with(serde_json::json!({"decryption": null}))
        .file("db.yaml", &file);
    let error = flux()
        .deliver(&without)
        .await
        .expect_err("nothing decrypts it");
    assert!(error.contains("is SOPS encrypted"), "{error}");
    let text = String::from_utf8(file).expect("it is text");
    let annotation = "annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}";
    let disabled = text.replace("labels: {app: shop}", annotation);
    let disabled = team.kustomization("disabled").file("db.yaml", disabled);
    let error = flux()
        .deliver(&disabled)
        .await
        .expect_err("it is left as it is");
    assert!(error.contains("sops"), "{error}");
    assert_eq!(team.secret("db").await, None);
}

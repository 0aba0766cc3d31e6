//! SealedSecrets between `bulla` and the real `kubeseal`: what it seals is converted, and what comes back it opens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use bulla_tests::Repository;
use bulla_tests::{peers, process, target};
use serde_json::{Value, json};

/// What `kubeseal` prints.
fn kubeseal(repo: &Repository, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(peers::kubeseal());
    command
        .args(arguments)
        .current_dir(repo.path(""))
        .env("KUBECONFIG", "/dev/null");
    let output = process::run(command, input.as_bytes());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The Secret that `kubeseal` makes of a SealedSecret, without what only a live object has.
fn recovered(repo: &Repository, sealed: &str) -> Value {
    let arguments = ["--recovery-unseal", "--recovery-private-key", KEYS];
    let text = kubeseal(repo, &arguments, sealed);
    let mut secret: Value = serde_json::from_str(&text).unwrap();
    let metadata = secret["metadata"].as_object_mut().unwrap();
    metadata.remove("ownerReferences");
    // It says so in two places, and only the one on the SealedSecret counts.
    if let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.retain(|name, _| !name.starts_with("sealedsecrets.bitnami.com/"));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    secret
}

fn repository() -> Repository {
    let repo = Repository::new();
    let keys = target::workspace().join("core/tests/vectors/sealed-secrets/generated-2048.pem");
    std::fs::copy(keys, repo.path(KEYS)).unwrap();
    let key = repo.bulla_with_stdin(&["key", "generate", "-o", "alice.key"], "");
    let recipient = String::from_utf8(key.stderr).unwrap();
    let at = recipient.find("age1").unwrap();
    let end = recipient[at..]
        .find(char::is_whitespace)
        .unwrap_or(recipient.len() - at);
    let recipient = &recipient[at..at + end];
    repo.write(
        ".bulla.yaml",
        format!("clusters: {{prod: {{certificate: {KEYS}, recipients: [{recipient}]}}}}\nrules: [{{path: '**', for: [prod]}}]\n"),
    );
    repo
}

fn secret(annotations: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "example.com/t", "immutable": true,
        "metadata": {"name": "db", "namespace": "shop", "labels": {"app": "shop"}, "annotations": annotations},
        "data": {"password": "aHVudGVyMg==", "binary": "AP8KDQ==", "empty": ""},
    })
}

#[test]
fn what_kubeseal_sealed_comes_back_to_kubeseal_as_the_same_secret() {
    let repo = repository();
    for annotations in [
        json!({"note": "x"}),
        json!({"note": "x", "sealedsecrets.bitnami.com/namespace-wide": "true"}),
        json!({"sealedsecrets.bitnami.com/cluster-wide": "true"}),
    ] {
        let arguments = ["--cert", KEYS, "-o", "yaml"];
        let sealed = kubeseal(&repo, &arguments, &secret(&annotations).to_string());
        let templated = "  template:\n    data:\n      url: db://{{ .password }}@{{ index . \"binary\" | b64enc }}\n";
        assert!(sealed.contains("  template:\n"), "{sealed}");
        let sealed = sealed.replacen("  template:\n", templated, 1);
        let expected = recovered(&repo, &sealed);
        assert!(expected["data"]["url"].is_string(), "{expected}");

        repo.write("db.yaml", &sealed);
        repo.bulla_ok(&["convert", "--to", "envelope", "-i", "db.yaml", "-I", KEYS]);
        let envelope = repo.read("db.yaml");
        assert!(envelope.contains("kind: SecretEnvelope"), "{envelope}");
        let opened = repo.bulla_ok(&["open", "db.yaml", "-o", "json", "-I", "alice.key"]);
        let opened: Value = serde_json::from_str(&opened).unwrap();
        assert_eq!(
            without_null(&opened["data"]),
            without_null(&expected["data"])
        );

        repo.bulla_ok(&[
            "convert",
            "--to",
            "sealed-secret",
            "-i",
            "db.yaml",
            "-I",
            "alice.key",
        ]);
        let back = repo.read("db.yaml");
        assert_eq!(recovered(&repo, &back), expected);
    }
}

#[test]
fn kubeseal_opens_what_is_sealed_and_set_here() {
    let repo = repository();
    repo.write("db.json", secret(&json!({})).to_string());
    repo.bulla_ok(&["seal", "-i", "db.json", "--format", "sealed-secret"]);
    let before = recovered(&repo, &repo.read("db.json"));
    assert_eq!(before["data"]["password"], "aHVudGVyMg==");
    assert_eq!(before["metadata"]["labels"]["app"], "shop");
    let output = repo.bulla_with_stdin(&["set", "db.json", "token"], "fresh");
    assert!(output.status.success(), "{output:?}");
    let after = recovered(&repo, &repo.read("db.json"));
    assert_eq!(after["data"]["token"], "ZnJlc2g=");
    assert_eq!(after["data"]["password"], before["data"]["password"]);
}

/// To Go, an empty value is null.
fn without_null(data: &Value) -> Value {
    let entries = data.as_object().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|(key, value)| (key.clone(), Value::from(text(value))))
        .collect()
}

/// A certificate and its private key, in one file.
const KEYS: &str = "keys.pem";

//! Bulla's own commands and the real `sops` on the same files: what one writes, the other reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damaged;

use std::process::Command;

use bulla_tests::{Repository, peers, process};

/// A repository with a key of its user, known to both tools.
fn repository(sops_yaml: bool) -> Repository {
    let mut repository = Repository::new();
    let key = repository.path("home/key.txt");
    let suite = ["key", "generate", "--suite", "X25519", "--output"];
    let mut words: Vec<&str> = suite.to_vec();
    let shown = key.display().to_string();
    words.push(&shown);
    repository.bulla_ok(&words);
    let text = repository.bulla_ok(&["key", "show", &shown, "--public"]);
    let public = text
        .split_whitespace()
        .find(|word| word.starts_with("age1"))
        .unwrap()
        .to_owned();
    repository.set("SOPS_AGE_KEY_FILE", &key);
    if sops_yaml {
        repository.write(
            ".sops.yaml",
            format!(
                "creation_rules:\n- {{path_regex: ^values, age: {public}, encrypted_regex: '^(password|token)$'}}\n- {{age: {public}}}\n"
            ),
        );
    } else {
        repository.write(
            ".bulla.yaml",
            format!(
                "people: {{me: {{recipients: [{public}]}}}}\nrules:\n- {{path: values*, for: [me], format: sops, encryptedRegex: '^(password|token)$'}}\n- {{path: '**', for: [me], format: sops}}\n"
            ),
        );
    }
    repository
}

/// Runs the real tool; what it prints.
fn sops(repository: &Repository, words: &[&str]) -> String {
    let mut command = Command::new(peers::sops());
    command
        .args(words)
        .current_dir(repository.path(""))
        .env_clear()
        .env("HOME", repository.path("home"))
        .env("SOPS_AGE_KEY_FILE", repository.path("home/key.txt"));
    let output = process::run(command, b"");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

const FILES: [(&str, &str); 6] = [
    (
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData:\n  # why\n  password: \"a: b\"   # what\n  text: |\n    two\n    lines\n",
    ),
    (
        "values.yaml",
        "image: {tag: v1}\ndb:\n    password: s3cret\n    port: 0x1F\n    hosts: [a, b]\n",
    ),
    (
        "plain.json",
        "{\"a\": 1, \"b\": [\"x\", null, true], \"c\": {\"d\": 1.5}}\n",
    ),
    ("app.env", "A=1\n# c\nB=two\\nlines\n"),
    ("app.ini", "[s]\nk = v\n"),
    ("key.bin", "any \u{1F600} text\n\n"),
];

/// What `sops` says of a file, without the formatting that it gives to YAML.
fn values(repository: &Repository, name: &str) -> serde_json::Value {
    let words = ["decrypt", "--output-type", "json", name];
    serde_json::from_str(&sops(repository, &words)).unwrap()
}

/// What it must say.
fn expected(name: &str) -> serde_json::Value {
    match name {
        "secret.yaml" => serde_json::json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "db", "namespace": "shop"},
            "stringData": {"password": "a: b", "text": "two\nlines\n"},
        }),
        "values.yaml" => serde_json::json!({
            "image": {"tag": "v1"},
            "db": {"password": "s3cret", "port": 31, "hosts": ["a", "b"]},
        }),
        _ => serde_json::json!({"a": 1, "b": ["x", null, true], "c": {"d": 1.5}}),
    }
}

fn is_tree(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".json")
}

#[test]
fn what_seal_writes_the_real_sops_reads() {
    for sops_yaml in [false, true] {
        let repository = repository(sops_yaml);
        for (name, plaintext) in FILES {
            repository.write(name, plaintext);
            repository.bulla_ok(&["seal", "-i", name]);
            assert!(repository.read(name).contains("ENC[AES256_GCM,"), "{name}");
            match is_tree(name) {
                true => assert_eq!(values(&repository, name), expected(name), "{name}"),
                false => assert_eq!(sops(&repository, &["decrypt", name]), plaintext, "{name}"),
            }
        }
    }
}

#[test]
fn what_the_real_sops_writes_every_command_takes() {
    let repository = repository(true);
    for (name, plaintext) in FILES {
        repository.write(name, plaintext);
        sops(&repository, &["encrypt", "-i", name]);
        repository.bulla_ok(&["inspect", name]);
        if !is_tree(name) {
            assert_eq!(repository.bulla_ok(&["open", name]), plaintext, "{name}");
        }
        repository.bulla_ok(&["reseal", name]);
        match is_tree(name) {
            true => assert_eq!(values(&repository, name), expected(name), "{name}"),
            false => assert_eq!(sops(&repository, &["decrypt", name]), plaintext, "{name}"),
        }
    }
    let text = ["open", "secret.yaml", "--key", "text"];
    assert_eq!(repository.bulla_ok(&text), "two\nlines\n");
    repository.bulla_ok(&["check"]);
    repository.bulla_ok(&["rewrap", "-R", "."]);
}

#[test]
fn values_set_by_turns_are_read_by_both() {
    let repository = repository(false);
    for (name, plaintext) in FILES.into_iter().take(3) {
        repository.write(name, plaintext);
        repository.bulla_ok(&["seal", "-i", name]);
    }
    let set = |name: &str, key: &str, value: &str| {
        repository.bulla_ok(&["set", name, key, "--literal", value]);
        sops(&repository, &["decrypt", name])
    };
    assert!(set("secret.yaml", "password", "new").contains("password: new"));
    assert!(set("values.yaml", "[\"db\"][\"token\"]", "t").contains("token: t"));
    assert!(set("plain.json", "[\"b\"][0]", "y").contains("\"y\""));
    sops(
        &repository,
        &[
            "set",
            "secret.yaml",
            "[\"stringData\"][\"user\"]",
            "\"root\"",
        ],
    );
    assert_eq!(
        repository.bulla_ok(&["open", "secret.yaml", "--key", "user"]),
        "root"
    );
    repository.bulla_ok(&["unset", "secret.yaml", "user"]);
    assert!(!sops(&repository, &["decrypt", "secret.yaml"]).contains("user"));
    sops(&repository, &["rotate", "-i", "values.yaml"]);
    let token = ["open", "values.yaml", "--key", "[\"db\"][\"token\"]"];
    assert_eq!(repository.bulla_ok(&token), "t");
    repository.bulla_ok(&["check"]);
}

//! Bulla's own commands and the real `sops` on the same files: what one writes, the other reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

/// What `sops` prints of a file that it encrypted itself: its own formatting of the same values.
fn printed_by_sops(repository: &Repository, name: &str, plaintext: &str) -> String {
    let copy = format!("values-{name}");
    repository.write(&copy, plaintext);
    let encrypted = sops(
        repository,
        &["encrypt", "--age", &recipient(repository), &copy],
    );
    repository.write(&copy, encrypted);
    sops(repository, &["decrypt", &copy])
}

fn recipient(repository: &Repository) -> String {
    let key = repository.path("home/key.txt").display().to_string();
    let text = repository.bulla_ok(&["key", "show", &key, "--public"]);
    let found = text
        .split_whitespace()
        .find(|word| word.starts_with("age1"));
    found.unwrap().to_owned()
}

#[test]
fn what_seal_writes_the_real_sops_reads() {
    for sops_yaml in [false, true] {
        let repository = repository(sops_yaml);
        for (name, plaintext) in FILES {
            repository.write(name, plaintext);
            repository.bulla_ok(&["seal", "-i", name]);
            assert!(repository.read(name).contains("ENC[AES256_GCM,"), "{name}");
            let expected = match name {
                // The real one has no rule by which a Secret's own fields stay plaintext; formatting is the same.
                "secret.yaml" | "values.yaml" | "plain.json" => None,
                _ => Some(plaintext.to_owned()),
            };
            let read = sops(&repository, &["decrypt", name]);
            match expected {
                Some(expected) => assert_eq!(read, expected, "{name}"),
                None => assert_eq!(
                    read,
                    printed_by_sops(&repository, name, plaintext),
                    "{name}"
                ),
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
        let read = sops(&repository, &["decrypt", name]);
        assert_eq!(repository.bulla_ok(&["open", name]), read, "{name}");
        repository.bulla_ok(&["inspect", name]);
        repository.bulla_ok(&["reseal", name]);
        assert_eq!(sops(&repository, &["decrypt", name]), read, "{name}");
    }
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
    assert!(set("secret.yaml", "password", "new").contains("password: new # what"));
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

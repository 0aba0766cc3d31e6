//! `bulla seal` and `bulla reseal` write the place, and the real `sops` reads the files all the same.

use std::process::Command;

use bulla_tests::{Repository, peers, process};
use serde_json::json;

use super::{Bench, alone::keygen, bench};

const SEALED: &str = "secrets.yaml";

/// A work tree with the cluster's key and a person's, and the file of the latter.
fn repository(bench: &Bench) -> (Repository, String) {
    let repository = Repository::new();
    let (identity, recipient) = keygen(bench.cluster);
    repository.write("key.txt", identity);
    let config = format!(
        "clusters:\n  test: {{recipients: [{}]}}\npeople:\n  alice: {{recipients: [{recipient}]}}\n\
         rules:\n  - path: \"*.yaml\"\n    for: [test, alice]\n    format: sops\n",
        bench.recipient
    );
    repository.write(".bulla.yaml", config);
    (repository, recipient)
}

fn manifest(bench: &Bench) -> String {
    format!(
        "# The shop's.\n\
         apiVersion: isindir.github.com/v1alpha3\n\
         kind: SopsSecret\n\
         metadata:\n\
         \x20 name: secrets\n\
         \x20 namespace: {}\n\
         spec:\n\
         \x20 secretTemplates:\n\
         \x20   - name: db   # the database\n\
         \x20     stringData:\n\
         \x20       password: hunter2\n",
        bench.namespace
    )
}

/// What the real `sops` reads, with the MAC checked.
fn decrypted(bench: &Bench, repository: &Repository, file: &str) -> String {
    sops(bench, repository, &["decrypt", file])
}

fn sops(bench: &Bench, repository: &Repository, arguments: &[&str]) -> String {
    let mut command = Command::new(peers::sops());
    command
        .env_clear()
        .env("HOME", bench.cluster.logs())
        .env("SOPS_AGE_KEY_FILE", repository.path("key.txt"))
        .current_dir(repository.path("."))
        .arg("--disable-version-check")
        .args(arguments);
    let output = process::run(command, b"");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn what_is_sealed_has_its_place() {
    let bench = bench("sops-cli").await;
    let (repository, _) = repository(&bench);
    repository.write(SEALED, manifest(&bench));
    repository.bulla_ok(&["seal", "-i", SEALED]);
    let sealed = repository.read(SEALED);
    assert!(sealed.contains("bulla.dev.place: ENC["), "{sealed}");
    assert!(sealed.starts_with("# The shop's.\n") && !sealed.contains("hunter2"));
    bench.cluster.apply(&sealed);
    bench.ready("secrets").await;
    bench.secret("db", &[("password", "hunter2")]).await;
    assert_eq!(bench.names().await, ["db"]);
    let place = format!("bulla.dev.place: {}/secrets", bench.namespace);
    let plain = decrypted(&bench, &repository, SEALED);
    assert!(
        plain.contains(&place) && plain.contains("name: secrets-bulla-place"),
        "{plain}"
    );
}

#[tokio::test]
async fn what_sops_encrypted_gets_its_place_under_a_new_data_key() {
    let bench = bench("sops-reseal").await;
    let (repository, recipient) = repository(&bench);
    let template = json!({"name": "db", "stringData": {"password": "hunter2"}});
    let both = format!("{recipient},{}", bench.recipient);
    let unbound = bench.encrypt_for(&both, "secrets", &[template]);
    let old = unbound["sops"]["age"][0]["enc"]
        .as_str()
        .expect("an age file")
        .to_owned();
    repository.write(SEALED, serde_saphyr::to_string(&unbound).expect("YAML"));
    repository.bulla_ok(&["reseal", "-I", "key.txt", SEALED]);
    let resealed = repository.read(SEALED);
    assert!(!resealed.contains(old.lines().nth(2).expect("a line of it")));
    bench.cluster.apply(&resealed);
    bench.ready("secrets").await;
    bench.secret("db", &[("password", "hunter2")]).await;

    // Moved in Git: the old place does not open it, and the new one is under another key again. The name counts for the
    // MAC, so that `sops` has to change it.
    let name = [
        "set",
        "secrets.yaml",
        "[\"metadata\"][\"name\"]",
        "\"moved\"",
    ];
    sops(&bench, &repository, &name);
    let moved = repository.read(SEALED);
    bench.cluster.apply(&moved);
    bench.refused("moved", "WrongPlace").await;
    // Whoever moves it says so: metadata alone is not believed.
    let place = format!("{}/moved", bench.namespace);
    let quoted = format!("\"{place}\"");
    let at = "[\"spec\"][\"secretTemplates\"][1][\"stringData\"][\"bulla.dev.place\"]";
    sops(&bench, &repository, &["set", "secrets.yaml", at, &quoted]);
    repository.bulla_ok(&["reseal", "-I", "key.txt", SEALED]);
    let plain = decrypted(&bench, &repository, SEALED);
    assert!(plain.contains(&place) && !plain.contains(&format!("{}/secrets", bench.namespace)));
    let mixed = mixed(&repository.read(SEALED), &resealed);
    bench
        .cluster
        .kubectl_ok(&["delete", "sopssecret", "secrets", "-n", &bench.namespace]);
    bench.cluster.apply(&mixed);
    bench.refused("secrets", "Damaged").await;
}

/// The new file at the old place, with the place that the old file had.
fn mixed(new: &str, old: &str) -> String {
    let place = |text: &str| {
        let line = text.lines().find(|line| line.contains("bulla.dev.place:"));
        let (_, place) = line
            .expect("it has a place")
            .split_once("ENC[")
            .expect("closed");
        place.trim_end_matches('"').to_owned()
    };
    let mixed = new.replace(&place(new), &place(old));
    assert_ne!(mixed, new);
    mixed.replace("name: moved\n", "name: secrets\n")
}

#[tokio::test]
async fn a_place_that_would_stay_plaintext_is_refused() {
    let bench = bench("sops-plain").await;
    let (repository, _) = repository(&bench);
    let config = repository.read(".bulla.yaml");
    repository.write(
        ".bulla.yaml",
        format!("{config}    encryptedRegex: ^password$\n"),
    );
    repository.write(SEALED, manifest(&bench));
    let output = repository.bulla_with_stdin(&["seal", "-i", SEALED], "");
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert_eq!(repository.read(SEALED), manifest(&bench));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("bulla.dev.place") && said.contains("hint:"),
        "{said}"
    );
}

//! `sops publish` to directories of this machine.

use crate::support::{CANARY, Repo, Run, run};
use crate::world::repo;

/// A file of values, encrypted for alice, and a rule of destinations.
fn published(rule: &str) -> Repo {
    let repo = repo();
    repo.write("src/db.yaml", plain());
    let alice = repo.recipient("alice");
    sops(
        &repo,
        &format!("encrypt -i --encrypted-regex ^password$ --age {alice} src/db.yaml"),
        "",
    )
    .ok();
    let rule = rule.replace("{SAFE}", &repo.recipient("safe"));
    repo.write(".sops.yaml", format!("destination_rules:\n- {rule}\n"));
    repo
}

fn plain() -> String {
    format!("# kept\nuser: {{name: 'root'}}\npassword: {CANARY}\n")
}

fn sops(repo: &Repo, line: &str, stdin: &str) -> Run {
    let mut command = repo.command();
    command
        .env("SOPS_AGE_KEY_FILE", repo.path("alice.key"))
        .arg("sops")
        .args(line.split_whitespace());
    run(command, stdin.as_bytes())
}

fn opened_by(repo: &Repo, file: &str, who: &str) -> Run {
    let mut command = repo.command();
    command
        .env("SOPS_AGE_KEY_FILE", repo.path(&format!("{who}.key")))
        .args(["sops", "decrypt", file]);
    run(command, b"")
}

#[test]
fn a_file_goes_as_it_is_and_needs_no_key_for_it() {
    let repo = published("{path_regex: ^src/, local_path: ../out/prod, omit_extensions: true}");
    let mut command = repo.command();
    command.args(["sops", "publish", "-y", "src/db.yaml"]);
    run(command, b"").ok();
    assert_eq!(repo.read("../out/prod/db"), repo.read("src/db.yaml"));
    assert_eq!(repo.names("../out/prod"), ["db"]);
    // What is there and encrypted is written over.
    repo.write(".sops.yaml", "destination_rules: [{local_path: out}]\n");
    sops(&repo, "publish -y src/db.yaml", "").ok();
    sops(&repo, "set src/db.yaml [\"password\"] \"other\"", "").ok();
    sops(&repo, "publish -y src/db.yaml", "").ok();
    assert_eq!(repo.read("out/db.yaml"), repo.read("src/db.yaml"));
}

#[test]
fn a_recreation_rule_closes_it_for_others_on_the_way() {
    let repo = published("{local_path: out, recreation_rule: {age: '{SAFE}'}}");
    let before = repo.read("src/db.yaml");
    let told = sops(&repo, "publish -y src/db.yaml", "").ok();
    let (safe, alice) = (repo.recipient("safe"), repo.recipient("alice"));
    assert_eq!(
        told,
        format!(
            "The following changes will be made to the file's key groups:\nGroup 1\n+++ {safe}\n--- {alice}\n"
        )
    );
    assert_eq!(repo.read("src/db.yaml"), before);
    assert_eq!(opened_by(&repo, "out/db.yaml", "safe").ok(), plain());
    assert_eq!(opened_by(&repo, "out/db.yaml", "alice").status, 128);
    // What is encrypted stays what it was.
    let out = repo.read("out/db.yaml");
    assert!(out.contains("name: 'root'") && out.contains("encrypted_regex: ^password$"));
}

#[test]
fn it_asks_and_a_no_publishes_nothing_of_all() {
    let repo = published("{local_path: out}");
    repo.write("src/a/copy.yaml", repo.read("src/db.yaml"));
    let run = sops(&repo, "publish --recursive src", "y\nn\n");
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("Publish canceled"), "{}", run.stderr);
    let asked = format!(
        "uploading `{0}/src/a/copy.yaml` to `{0}/out/a/copy.yaml` ? (y/n): ",
        repo.file("").display()
    )
    .replace("//", "/");
    assert!(run.stdout.starts_with(&asked), "{} {asked}", run.stdout);
    assert!(!repo.file("out").exists());
    let run = sops(&repo, "publish src --recursive", "y\nx\ny\n");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(repo.names("out"), ["a", "db.yaml"]);
    assert_eq!(repo.read("out/a/copy.yaml"), repo.read("src/db.yaml"));
    // The end of the input is no answer.
    assert_eq!(sops(&repo, "publish src/db.yaml", "").status, 1);
}

#[test]
fn what_is_not_encrypted_stops_all_of_a_directory() {
    let repo = published("{local_path: out}");
    repo.write("src/plain.yaml", plain());
    let message = sops(&repo, "publish -y --recursive src", "").fails(1);
    assert!(
        message.contains("sops metadata not found") && message.contains("src/plain.yaml"),
        "{message}"
    );
    assert!(!repo.file("out").exists());
    // A value that somebody wrote into an encrypted file by hand.
    let sealed = repo.read("src/db.yaml");
    let start = sealed.find("ENC[").unwrap();
    let end = start + sealed[start..].find('\n').unwrap();
    repo.write(
        "src/plain.yaml",
        format!("{}{CANARY}{}", &sealed[..start], &sealed[end..]),
    );
    let message = sops(&repo, "publish -y --recursive src", "").fails(1);
    assert!(
        message.contains("value in clear that should be encrypted: `password`"),
        "{message}"
    );
    assert!(!repo.file("out").exists());
}

#[test]
fn places_elsewhere_and_files_in_the_way_are_refused() {
    for (rule, line, expected) in [
        (
            "{s3_bucket: b, s3_prefix: p/}",
            "src/db.yaml",
            "it goes to s3://b/p/, and nobody is asked from here",
        ),
        ("{gcs_bucket: b}", "src/db.yaml", "it goes to gs://b/"),
        (
            "{vault_path: v, vault_address: https://v}",
            "src/db.yaml",
            "it goes to Vault at https://v, v",
        ),
        (
            "{local_path: out, s3_bucket: b}",
            "src/db.yaml",
            "more than one destinations",
        ),
        (
            "{path_regex: ^other/, local_path: out}",
            "src/db.yaml",
            "no destination rule in .sops.yaml matches",
        ),
        ("{local_path: src}", "src/db.yaml", "where it would go"),
        ("{local_path: src}", "--recursive src", "where it would go"),
        (
            "{local_path: taken}",
            "src/db.yaml",
            "refusing to write over",
        ),
        ("{local_path: out}", "src", "without --recursive"),
    ] {
        let repo = published(rule);
        repo.write("taken/db.yaml", "mine: 1\n");
        let before = repo.read("src/db.yaml");
        let message = sops(&repo, &format!("publish -y {line}"), "").fails(1);
        assert!(message.contains(expected), "{rule}: {message}");
        assert_eq!(repo.read("src/db.yaml"), before);
        assert_eq!(repo.read("taken/db.yaml"), "mine: 1\n");
        assert!(!repo.file("out").exists());
    }
    let repo = published("{local_path: out, omit_extensions: true}");
    repo.write("src/db.json", repo.read("src/db.yaml"));
    let run = sops(&repo, "publish -y --recursive src", "");
    assert_ne!(run.status, 0);
    assert!(!repo.file("out").exists());
}

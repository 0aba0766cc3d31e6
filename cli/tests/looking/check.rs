//! `bulla check`: what it finds, and how it says so.

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, secret};

#[test]
fn plaintext_is_found_at_its_key_with_the_command_that_mends_it() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.write("elsewhere/db.yaml", secret("db"));
    repo.write("readme.md", "a Secret\n");
    let run = repo.bulla("check").ends(1);
    assert_data_eq!(
        &run.stdout,
        str![[r#"
clusters/db.yaml:7:3: error[plaintext-secret]: refusing plaintext: Secret `shop/db` has a readable value under `password`
clusters/db.yaml:8:3: error[plaintext-secret]: refusing plaintext: Secret `shop/db` has a readable value under `username`
  hint: `bulla seal -i clusters/db.yaml` closes it
elsewhere/db.yaml:7:3: error[plaintext-secret]: refusing plaintext: Secret `shop/db` has a readable value under `password`
elsewhere/db.yaml:8:3: error[plaintext-secret]: refusing plaintext: Secret `shop/db` has a readable value under `username`
  hint: add a rule for this path to .bulla.yaml; then `bulla seal -i elsewhere/db.yaml` closes it

"#]]
    );
    assert_eq!(
        run.stderr,
        "4 findings: 2 files looked at, 2 of them with Secrets or envelopes\n"
    );
    repo.bulla("check clusters --quiet")
        .ends(1)
        .says(&["clusters/db.yaml:7:3"]);
}

#[test]
fn sealed_files_are_in_order() {
    let repo = Repo::new();
    repo.envelope("strict/db.yaml", "db");
    let run = repo.bulla("check").ends(0);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        "no findings: 1 file looked at, 1 of them with Secrets or envelopes\n"
    );
    repo.envelope("clusters/db.yaml", "db");
    repo.bulla("check")
        .ends(0)
        .says(&["no findings", "1 note (-v shows them)"]);
    repo.bulla("check -v")
        .ends(0)
        .says(&["note[classic-recipient]", "`alice`"]);
}

#[test]
fn programs_get_json() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", format!("---\n{}", secret("db")));
    let report = repo.bulla("check -o json").ends(1).json();
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "plaintext-secret");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["path"], "clusters/db.yaml");
    assert_eq!(
        (finding["line"].as_u64(), finding["column"].as_u64()),
        (Some(8), Some(3))
    );
    assert_eq!(finding["key"], "password");
    assert_eq!(report["files"], 1);
    repo.write("strict/map.yaml", "kind: ConfigMap\n");
    let report = repo.bulla("check -o json strict").ends(0).json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn recipients_other_than_the_rules_are_found() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.bulla("seal -i clusters/db.yaml --for prod,mallory")
        .ends(0);
    repo.bulla("check").ends(1).says(&[
        "wrong-recipients",
        "`alice`",
        "`mallory`",
        "bulla rewrap clusters/db.yaml",
    ]);
    repo.write("strict/db.yaml", secret("db"));
    let stranger = repo.public("mallory");
    let config = repo.config("").replace("postQuantum: required, ", "");
    repo.write(".bulla.yaml", config);
    repo.bulla(&format!("seal -i strict/db.yaml --for prod,{stranger}"))
        .ends(0);
    repo.write(".bulla.yaml", repo.config(""));
    repo.bulla("check strict")
        .ends(1)
        .says(&["wrong-recipients", "not-post-quantum"]);
}

#[test]
fn damage_is_found() {
    let repo = Repo::new();
    repo.envelope("strict/db.yaml", "db");
    let good = repo.read("strict/db.yaml");
    repo.write(
        "strict/db.yaml",
        good.replace("    username: bulla1.", "    username: bulla9."),
    );
    repo.bulla("check")
        .ends(1)
        .says(&["damaged-envelope", "format version"]);
    repo.write("strict/db.yaml", format!("{}    more: {CANARY}\n", good));
    repo.bulla("check").ends(1).says(&[
        "strict/db.yaml",
        "plaintext-value",
        "`more`",
        "bulla set strict/db.yaml more",
    ]);
    repo.write("strict/db.yaml", format!("<<<<<<< ours\n{good}=======\n"));
    repo.bulla("check").ends(1).says(&["unreadable-manifest"]);
}

#[test]
fn a_configuration_that_must_not_count_is_found() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.write("clusters/.bulla.yaml", repo.config(""));
    repo.bulla("check").ends(1).says(&[
        "clusters/.bulla.yaml: error[nested-config]",
        "`.bulla.yaml`",
    ]);
    std::fs::remove_file(repo.file("clusters/.bulla.yaml")).unwrap();

    repo.write(
        ".bulla.yaml",
        repo.config("- {path: '**', for: [mallory]}\n"),
    );
    repo.bulla("check").ends(1).says(&[
        ".bulla.yaml:8:10: error[invalid-config]",
        "this rule never counts",
    ]);
    repo.write(".bulla.yaml", "rules: [\n");
    repo.write("clusters/plain.yaml", secret("x"));
    // Plaintext is found whatever the state of the rules.
    repo.bulla("check")
        .ends(1)
        .says(&[".bulla.yaml:", "invalid-config", "plaintext-secret"]);
}

#[test]
fn a_rule_for_nothing_is_found() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    std::fs::create_dir(repo.file("other")).unwrap();
    std::fs::rename(repo.file("clusters/db.yaml"), repo.file("other/db.yaml")).unwrap();
    repo.bulla("check")
        .ends(1)
        .says(&["other/db.yaml:1:1: error[no-rule]", "add a rule"]);
}

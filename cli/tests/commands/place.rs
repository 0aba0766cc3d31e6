//! Whom to close for: rules, `--for`, and configurations that must not count.

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, run, secret};

#[test]
fn no_rule_is_an_error_and_never_plaintext() {
    let repo = Repo::new();
    repo.write("apps/db.yaml", secret("db"));
    assert_data_eq!(
        repo.bulla("seal -i apps/db.yaml").fails(5),
        str![[r#"
error: refusing `apps/db.yaml`: no rule in .bulla.yaml matches it

hint: add a rule for this path to .bulla.yaml

"#]]
    );
    assert_eq!(repo.read("apps/db.yaml"), secret("db"));
}

#[test]
fn no_configuration_needs_public_keys() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    assert_data_eq!(
        repo.bulla("seal clusters/db.yaml").fails(2),
        str![[r#"
error: nothing says whom to close `clusters/db.yaml` for: there is no .bulla.yaml

hint: `bulla init` writes one; `--for age1…` names a public key for this run

"#]]
    );
    let out = repo
        .bulla(&format!(
            "seal clusters/db.yaml --for {}",
            repo.recipient("safe")
        ))
        .ok();
    assert!(out.contains("- name: fp-"), "{out}");
    let named = repo
        .bulla(&format!(
            "seal clusters/db.yaml --for bob={}",
            repo.recipient("safe")
        ))
        .ok();
    assert!(named.contains("- name: bob\n"), "{named}");
}

#[test]
fn recipients_by_name_replace_the_rules_own_and_say_so() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    let run = repo.bulla("seal clusters/db.yaml --for alice,safe");
    assert_data_eq!(
        &run.stderr,
        str![[r#"
warning: `clusters/db.yaml` is not closed for prod, whom its rule names
sealed `clusters/db.yaml`: Secret `shop/db`, 2 values, for alice, safe

"#]]
    );
    let out = run.ok();
    assert!(out.contains("- name: safe\n") && !out.contains("- name: prod\n"));
}

#[test]
fn a_recipient_that_is_mistyped_is_named() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    assert_data_eq!(
        repo.bulla("seal clusters/db.yaml --for alcie").fails(2),
        str![[r#"
error: nobody is called `alcie`: known are `prod`, `alice`, `safe`

hint: `bulla key list` prints the names; a whole public key works as well

"#]]
    );
    let mut key = repo.recipient("safe");
    key.replace_range(20..21, if &key[20..21] == "q" { "p" } else { "q" });
    let message = repo
        .bulla(&format!("seal clusters/db.yaml --for {key}"))
        .fails(2);
    assert!(message.contains("checksum does not match"), "{message}");
}

#[test]
fn a_rule_that_demands_post_quantum_keys_is_obeyed_by_for_too() {
    let repo = Repo::new();
    repo.write("strict/db.yaml", secret("db"));
    let message = repo.bulla("seal strict/db.yaml --for alice").fails(5);
    assert!(
        message.contains("the rule `strict/**` says `postQuantum: required`"),
        "{message}"
    );
}

#[test]
fn a_nested_configuration_is_refused() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.write("clusters/.bulla.yaml", "rules: []\n");
    let message = repo.bulla("seal -i clusters/db.yaml").fails(5);
    assert!(message.starts_with("error: refusing `"), "{message}");
    assert!(
        message.contains("clusters/.bulla.yaml`: it lies below `"),
        "{message}"
    );
    assert!(
        message.contains("hint: move its rules into the outer one"),
        "{message}"
    );
}

#[test]
fn a_configuration_above_the_work_tree_does_not_count() {
    let repo = Repo::new();
    std::fs::rename(repo.file(".bulla.yaml"), repo.path(".bulla.yaml")).unwrap();
    repo.write("clusters/db.yaml", secret("db"));
    assert!(
        repo.bulla("seal clusters/db.yaml")
            .fails(2)
            .contains("there is no .bulla.yaml")
    );
    let config = repo.path(".bulla.yaml").display().to_string();
    // Rules are relative to the directory of the file that is named.
    let out = repo
        .bulla(&format!(
            "seal clusters/db.yaml --config {config} --for alice"
        ))
        .ok();
    assert!(out.contains("- name: alice"));
}

#[test]
fn a_faulty_configuration_is_named_with_line_and_column() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    let good = repo.read(".bulla.yaml");
    repo.write(
        ".bulla.yaml",
        good.clone() + "- {path: clusters/a/**, for: [alice]}\n",
    );
    let message = repo.bulla("seal -i clusters/db.yaml").fails(2);
    assert!(
        message.contains(".bulla.yaml`\n  caused by: line 7, column 10: this rule never counts"),
        "{message}"
    );
    assert!(message.contains("hint: the first match wins"), "{message}");
}

#[test]
fn flags_have_variables_and_the_program_follows_its_name() {
    let repo = Repo::new();
    repo.write("x.yaml", secret("db"));
    let mut command = repo.command();
    command
        .args(["seal", "x.yaml"])
        .env("BULLA_FOR", "alice,safe")
        .env("BULLA_QUIET", "yes");
    let sealed = run(command, b"");
    assert_eq!(sealed.stderr, "");
    assert!(sealed.ok().contains("- name: safe\n"));

    let plugin = repo.path("kubectl-bulla");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bulla"), &plugin).unwrap();
    let mut command = repo.around(&plugin);
    command.args(["seal", "--help"]);
    let help = run(command, b"").ok();
    assert!(help.contains("Usage: kubectl bulla seal"), "{help}");
    assert!(help.contains("[env: BULLA_SCOPE]"), "{help}");
}

#[test]
fn colours_follow_flag_and_environment() {
    let repo = Repo::new();
    let red = |line: &str| repo.bulla(line).fails(2).contains('\u{1b}');
    assert!(!red("seal nope.yaml"));
    assert!(red("seal nope.yaml --color always"));
    assert!(red("seal --color=always --no-such-flag"));
    let mut command = repo.command();
    command
        .args(["seal", "nope.yaml", "--color=auto"])
        .env("NO_COLOR", "1");
    assert!(!run(command, b"").fails(2).contains('\u{1b}'));
    assert!(!CANARY.is_empty());
}

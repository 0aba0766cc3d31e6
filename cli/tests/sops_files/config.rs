//! Repositories with a `.sops.yaml` and no `.bulla.yaml`.

use std::fs;

use crate::support::{Repo, secret};
use crate::world::with_git;

fn repo(config: &str) -> Repo {
    let repo = with_git();
    fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    let config = ["prod", "alice", "safe"]
        .iter()
        .fold(config.to_owned(), |text, name| {
            text.replace(&format!("<{name}>"), &repo.recipient(name))
        });
    repo.write(".sops.yaml", config);
    repo
}

#[test]
fn its_rules_say_for_whom_and_what() {
    let repo = repo(
        "keys: [&alice <alice>]
creation_rules:
- {path_regex: ^k8s/, age: '<prod>,<alice>'}
- {path_regex: values, age: [*alice], encrypted_suffix: word, mac_only_encrypted: true}
",
    );
    repo.write("k8s/db.yaml", secret("db"));
    repo.bulla("seal -i k8s/db.yaml").ok();
    assert!(
        repo.read("k8s/db.yaml")
            .contains("encrypted_regex: ^(data|stringData)$")
    );
    repo.bulla("open k8s/db.yaml -I @prod").ok();
    repo.write("a/values.yaml", "password: x\nuser: y\n");
    repo.bulla("seal -i a/values.yaml").ok();
    let text = repo.read("a/values.yaml");
    assert!(
        text.contains("user: y\n") && text.contains("encrypted_suffix: word"),
        "{text}"
    );
    assert!(text.contains("mac_only_encrypted: true"), "{text}");
    repo.bulla("check").ok();
    repo.write("a/other.yaml", secret("x"));
    let message = repo.bulla("seal -i a/other.yaml").fails(5);
    assert!(
        message.contains("no creation rule in .sops.yaml matches it"),
        "{message}"
    );
}

#[test]
fn the_nearest_one_counts_and_misnamed_ones_are_told() {
    let repo = repo("creation_rules: [{age: <alice>}]\n");
    repo.write(
        "sub/.sops.yaml",
        format!("creation_rules: [{{age: {}}}]\n", repo.recipient("safe")),
    );
    repo.write("sub/deep/.sops.yml", "");
    repo.write("sub/deep/db.yaml", secret("db"));
    let run = repo.bulla("seal -i sub/deep/db.yaml");
    assert!(
        run.stderr.contains("`sub/deep/.sops.yml` is not read")
            || run.stderr.contains(".sops.yml` is not read"),
        "{}",
        run.stderr
    );
    run.ok();
    repo.bulla("open sub/deep/db.yaml -I @safe").ok();
    repo.bulla("open sub/deep/db.yaml -I @alice").fails(3);
}

#[test]
fn what_could_leave_a_value_in_clear_is_refused_with_its_place() {
    for (config, expected) in [
        (
            "creation_rules: [{age: <alice>, encrypted_regexp: a}]\n",
            "unknown field `encrypted_regexp`",
        ),
        (
            "creation_rules: [{age: <alice>, encrypted_regex: '('}]\n",
            "refusing encrypted_regex",
        ),
        (
            "creation_rules: [{path_regex: 'a(?=b)', age: <alice>}]\n",
            "invalid `path_regex`",
        ),
        (
            "creation_rules: [{age: <alice>, encrypted_regex: a, encrypted_suffix: b}]\n",
            "refusing more than one of the six selectors",
        ),
        (
            "creation_rules: [{age: 'age1nope'}]\n",
            "a recipient can't be read",
        ),
        ("creation_rules: [{encrypted_regex: a}]\n", "names nobody"),
        (
            "creation_rules: [{pgp: ABCD}]\n",
            "the rule closes with pgp too",
        ),
    ] {
        let repo = repo(config);
        repo.write("db.yaml", secret("db"));
        let message = repo.bulla("seal -i db.yaml").fails(2);
        assert!(message.contains(expected), "{message}");
        assert!(
            message.contains("line 1")
                || config.contains("pgp")
                || config.contains("[{encrypted_regex"),
            "{message}"
        );
        assert!(message.contains("hint: "), "{message}");
        assert_eq!(repo.read("db.yaml"), secret("db"));
    }
}

#[test]
fn key_groups_share_the_key() {
    let repo = repo(
        "creation_rules:\n- shamir_threshold: 2\n  key_groups: [{age: [<alice>]}, {age: [<safe>]}, {age: [<prod>]}]\n",
    );
    repo.write("db.yaml", secret("db"));
    repo.bulla("seal -i db.yaml").ok();
    repo.bulla("open db.yaml -I @alice").fails(3);
    assert_eq!(
        repo.bulla("open db.yaml -I @alice -I @prod").ok(),
        secret("db")
    );
    let text = repo.bulla("inspect db.yaml").ok();
    assert!(text.contains("2 of 3 groups"), "{text}");
    repo.bulla("check db.yaml").ok();
    let config = repo
        .read(".sops.yaml")
        .replace("shamir_threshold: 2", "shamir_threshold: 3");
    repo.write(".sops.yaml", config);
    let out = repo.bulla("check db.yaml");
    assert!(
        out.stdout
            .contains("its key groups are not those of its rule"),
        "{}",
        out.stdout
    );
    repo.bulla("rewrap db.yaml -I @alice -I @prod").ok();
    repo.bulla("open db.yaml -I @alice -I @prod").fails(3);
    repo.bulla("check db.yaml").ok();
}

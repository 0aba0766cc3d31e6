//! `rewrap` and `reseal`.

use crate::support::{CANARY, Repo, secret};
use crate::world::{line, repo, rules, sealed};

/// The lines of the values.
fn values(repo: &Repo, file: &str) -> [String; 3] {
    let text = repo.read(file);
    ["password:", "username:", "mac:"].map(|word| line(&text, word))
}

#[test]
fn somebody_more_is_added_and_no_other_byte_changes() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = repo.read(&file);
    rules(&repo, "prod, alice, safe");
    let out = repo.bulla(&format!("rewrap --dry-run {file} -I @alice"));
    assert!(
        out.stderr
            .contains("would rewrap `k8s/db.yaml`: added safe"),
        "{}",
        out.stderr
    );
    assert_eq!(repo.read(&file), before);
    repo.bulla(&format!("rewrap {file} -I @alice")).ok();
    let after = repo.read(&file);
    let kept = before.lines().filter(|line| !after.contains(line)).count();
    assert_eq!(kept, 0, "{after}");
    repo.bulla(&format!("open {file} -I @safe")).ok();
    let out = repo.bulla(&format!("rewrap {file} -I @alice"));
    assert!(
        out.stderr
            .contains("1 file of SOPS is closed for the right recipients already"),
        "{}",
        out.stderr
    );
    assert_eq!(repo.read(&file), after);
}

#[test]
fn whoever_leaves_gets_no_new_key_and_what_they_saw_is_told() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = values(&repo, &file);
    rules(&repo, "prod, safe");
    let run = repo.bulla(&format!("rewrap {file} -I @alice"));
    for part in [
        "added safe; removed alice, under a new data key",
        "alice could read in `k8s/db.yaml`: `stringData.password`, `stringData.username`",
        "warning: alice could read these values",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    run.ok();
    let after = values(&repo, &file);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before != after)
    );
    repo.bulla(&format!("open {file} -I @alice")).fails(3);
    assert_eq!(
        repo.bulla(&format!("open {file} -I @safe")).ok(),
        secret("db")
    );
}

#[test]
fn reseal_makes_every_ciphertext_anew() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = values(&repo, &file);
    repo.bulla(&format!("reseal {file} -I @alice")).ok();
    let after = values(&repo, &file);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before != after)
    );
    assert_eq!(repo.value(&file, "password"), CANARY);
    let out = repo
        .bulla_with("rewrap - --as-path k8s/db.yaml -I @alice", repo.read(&file))
        .ok();
    assert_eq!(out, repo.read(&file));
}

#[test]
fn keys_of_other_tools_stay_and_stand_in_the_way_of_a_new_data_key() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let pgp = "sops:\n    pgp:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: x\n          fp: ABCD\n";
    let text = repo.read(&file).replacen("sops:\n", pgp, 1);
    repo.write(&file, &text);
    assert!(repo.bulla(&format!("inspect {file}")).ok().contains("pgp"));
    rules(&repo, "prod, alice, safe");
    repo.bulla(&format!("rewrap {file} -I @alice")).ok();
    assert!(repo.read(&file).contains("          fp: ABCD\n"));
    rules(&repo, "prod, safe");
    let before = repo.read(&file);
    for command in ["rewrap", "reseal"] {
        let message = repo.bulla(&format!("{command} {file} -I @alice")).fails(2);
        assert!(message.contains("also closed with pgp"), "{message}");
    }
    assert_eq!(repo.read(&file), before);
}

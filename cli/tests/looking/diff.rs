//! `bulla diff`: what is not committed yet.

use crate::support::{CANARY, Repo};

fn sealed() -> Repo {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.commit();
    repo
}

#[test]
fn what_differs_is_told_without_a_key() {
    let repo = sealed();
    repo.bulla("diff").ends(0).says(&["no envelope differs"]);
    repo.bulla_in("", "set clusters/db.yaml password", "other")
        .ends(0);
    repo.bulla("unset clusters/db.yaml username").ends(0);
    let run = repo.bulla("diff").ends(1).says(&[
        "`clusters/db.yaml`, line 1: SecretEnvelope `shop/db`",
        "removed: username; sealed anew: password",
        "1 envelope differs from `HEAD`",
    ]);
    assert!(!run.stdout.contains("other"));
    let report = repo.bulla("diff -o json clusters").ends(1).json();
    assert_eq!(report[0]["values"]["password"], "resealed");
    repo.commit();
    repo.bulla("diff").ends(0);
    repo.bulla("diff --against HEAD~1").ends(1);
    repo.bulla("diff --against HEAD~1 --exclude clusters/")
        .ends(0);
    repo.bulla_in("clusters", "diff --against HEAD~1 --exclude /db.yaml", "")
        .ends(0);
}

#[test]
fn values_are_shown_to_whoever_asks_and_holds_a_key() {
    let repo = sealed();
    repo.bulla_in("", "set clusters/db.yaml password", "one\ntwo\n")
        .ends(0);
    repo.bulla_in("", "set clusters/db.yaml token", "\u{0}")
        .ends(0);
    let run = repo.bulla("diff --reveal -I @alice");
    assert_eq!(run.status, 1);
    let run = run.says(&[
        "sealed anew: password",
        &format!("  password:\n    -{CANARY}\n    +one\n    +two\n"),
        "  token:\n    values that are no text differ\n",
    ]);
    assert!(!run.stdout.contains("username:"));
    // Without being asked, nothing is shown, and somebody else's key opens nothing.
    repo.bulla("diff -I @alice").ends(2).says(&["`--reveal`"]);
    repo.bulla("diff --reveal -o json -I @alice").ends(2);
    repo.bulla("diff --reveal -I @mallory").ends(3);
    repo.bulla("diff --reveal -I @nobody").ends(2);
}

#[test]
fn a_value_that_was_sealed_anew_and_is_the_same_is_not_shown() {
    let repo = sealed();
    repo.bulla("reseal clusters/db.yaml -I @alice").ends(0);
    repo.bulla("diff --reveal -I @alice")
        .ends(1)
        .says(&["sealed anew: password, username", "no value differs"]);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let repo = sealed();
    repo.bulla("diff --against nowhere").ends(2);
    repo.bulla("diff nothing.yaml").ends(2);
}

#[test]
fn before_the_first_commit_nothing_can_differ_from_it() {
    let repo = Repo::new();
    repo.bulla("diff").ends(2).says(&["no commit yet"]);
}

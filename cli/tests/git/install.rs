//! `bulla git install` and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{CANARY, Repo};

const HOOK: &str = ".git/hooks/pre-commit";
const ATTRIBUTES: &str = ".git/info/attributes";

#[test]
fn the_hook_keeps_plaintext_out_of_commits() {
    let repo = Repo::new();
    repo.commit();
    repo.bulla("git install")
        .ends(0)
        .says(&[HOOK, "check --staged"]);
    let mode = fs::metadata(repo.file(HOOK)).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData: {{password: {CANARY}}}\n"
    );
    repo.write("clusters/db.yaml", secret);
    repo.git("add -A");
    let mut commit = repo.command("git");
    commit.args(["commit", "--quiet", "-m", "x"]);
    let refused = crate::support::run(commit, "");
    assert_ne!(refused.status, 0);
    refused.says(&["clusters/db.yaml", "plaintext"]);
    repo.bulla("seal -i clusters/db.yaml").ends(0);
    repo.commit();
}

#[test]
fn every_place_is_told_and_a_second_time_that_nothing_changed() {
    let repo = Repo::new();
    let places = [".git/config", ATTRIBUTES, HOOK];
    let run = repo.bulla("git install").ends(0);
    assert!(!run.stderr.contains("already"), "{}", run.stderr);
    run.says(
        &places
            .map(|place| format!("{place}`: "))
            .each_ref()
            .map(String::as_str),
    );
    let run = repo.bulla("git install").ends(0);
    run.says(
        &places
            .map(|place| format!("{place}`: already: "))
            .each_ref()
            .map(String::as_str),
    );
}

#[test]
fn everything_is_taken_away_again() {
    let repo = Repo::new();
    let config = repo.read(".git/config");
    for flags in ["", "--shared", "--reveal"] {
        repo.bulla(&format!("git install {flags}")).ends(0);
        // A second time changes nothing.
        let after = repo.read(".git/config");
        repo.bulla(&format!("git install {flags}")).ends(0);
        assert_eq!(repo.read(".git/config"), after);
        assert_eq!(repo.file(".gitattributes").exists(), flags == "--shared");
        assert_eq!(repo.file(ATTRIBUTES).exists(), flags != "--shared");
        repo.bulla("git install --uninstall").ends(0);
        assert_eq!(repo.read(".git/config").trim(), config.trim());
        for gone in [HOOK, ".gitattributes", ATTRIBUTES] {
            assert!(!repo.file(gone).exists(), "{gone} after `{flags}`");
        }
    }
}

#[test]
fn a_hook_of_others_stays_and_is_told_of() {
    let repo = Repo::new();
    repo.write(HOOK, "#!/bin/sh\nexit 0\n");
    let run = repo.bulla("git install").ends(0);
    run.says(&[
        "pre-commit` is there, and was left as it is",
        "check --staged",
    ]);
    assert_eq!(repo.read(HOOK), "#!/bin/sh\nexit 0\n");
    repo.bulla("git install --uninstall").ends(0);
    assert_eq!(repo.read(HOOK), "#!/bin/sh\nexit 0\n");
}

#[test]
fn the_directory_of_hooks_is_the_one_that_git_uses() {
    let repo = Repo::new();
    repo.git("config core.hooksPath .hooks");
    repo.bulla("git install").ends(0);
    assert!(repo.file(".hooks/pre-commit").exists() && !repo.file(HOOK).exists());

    // One for all repositories is not this one's to write to.
    let repo = Repo::new();
    let global = repo.beside("gitconfig");
    let hooks = repo.beside("hooks");
    fs::write(
        &global,
        format!("[core]\n\thooksPath = {}\n", hooks.display()),
    )
    .unwrap();
    let mut install = repo.command(env!("CARGO_BIN_EXE_bulla"));
    install
        .env("GIT_CONFIG_GLOBAL", &global)
        .args(["git", "install"]);
    let run = crate::support::run(install, "").ends(0);
    run.says(&[
        "`core.hooksPath` is one for all repositories",
        "check --staged",
    ]);
    assert!(!hooks.exists());
}

#[test]
fn a_linked_work_tree_is_taught_with_its_clone() {
    let repo = Repo::new();
    repo.commit();
    repo.git("worktree add --quiet linked");
    repo.bulla_in("linked", "git install", "").ends(0);
    assert!(repo.file(HOOK).exists() && repo.file(ATTRIBUTES).exists());
    let outside = tempfile::tempdir().unwrap();
    let mut install = repo.command(env!("CARGO_BIN_EXE_bulla"));
    install.current_dir(outside.path()).args(["git", "install"]);
    crate::support::run(install, "")
        .ends(2)
        .says(&["is not in a Git work tree"]);
}

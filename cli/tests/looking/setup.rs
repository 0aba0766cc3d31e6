//! `bulla install`, `completion`, `man`, and the name as a plug-in of kubectl.

use crate::support::{Repo, run};

#[test]
fn install_prints_the_manifests_with_the_image() {
    let repo = Repo::bare();
    let run = repo
        .bulla("install --image registry.example:5000/bulla@sha256:0a1b")
        .ends(0);
    assert!(
        run.stdout
            .contains("image: registry.example:5000/bulla@sha256:0a1b\n")
    );
    for kind in [
        "CustomResourceDefinition",
        "ClusterRole",
        "Deployment",
        "ServiceAccount",
        "NetworkPolicy",
    ] {
        assert!(run.stdout.contains(&format!("kind: {kind}\n")), "{kind}");
    }
    // The guide says what is installed: each role by its name, and that `edit` is extended.
    let guide = include_str!("../../../docs/install.md");
    let roles: Vec<_> = run
        .stdout
        .split("---\n")
        .filter(|object| object.contains("\nkind: ClusterRole\n"))
        .filter_map(|object| {
            object
                .lines()
                .find_map(|line| line.strip_prefix("  name: "))
        })
        .collect();
    assert!(roles.len() >= 5, "{roles:?}");
    for role in roles {
        assert!(guide.contains(&format!("`{role}`")), "{role}");
    }
    assert!(!guide.contains("the manifests do not extend them"));
    repo.bulla("install").ends(2).says(&["--image"]);
    repo.bulla("install --image x:{y}")
        .ends(2)
        .says(&["not the reference of an image"]);
}

#[test]
fn shells_get_their_scripts() {
    let repo = Repo::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell", "kubectl"] {
        assert!(
            repo.bulla(&format!("completion {shell}"))
                .ends(0)
                .stdout
                .contains("bulla"),
            "{shell}"
        );
    }
    repo.bulla("completion tcsh").ends(2);
    let script = repo.bulla("completion kubectl").ends(0).stdout;
    assert!(script.starts_with("#!/bin/sh\n"));
}

#[test]
fn keys_of_an_envelope_are_completed() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    command.args(["__complete", "set", "clusters/db.yaml", "pa"]);
    assert_eq!(run(command, "").ends(0).stdout, "password\n:4\n");
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    command.args(["__complete", "seal", "--for", "a"]);
    assert_eq!(run(command, "").ends(0).stdout, "alice\tpeople\n:4\n");
}

#[test]
fn pages_are_written_for_every_command() {
    let repo = Repo::bare();
    assert!(repo.bulla("man").ends(0).stdout.contains(".TH bulla 1"));
    repo.bulla("man pages").ends(0);
    for page in [
        "bulla.1",
        "bulla-check.1",
        "bulla-key-fetch.1",
        "bulla-sops-set.1",
        "sops-set.1",
        "kubeseal.1",
    ] {
        assert!(
            repo.read(&format!("pages/{page}")).contains(".SH SYNOPSIS"),
            "{page}"
        );
    }
}

#[test]
fn usage_follows_the_name_that_it_is_called_by() {
    let repo = Repo::bare();
    let plugin = repo.beside("kubectl-bulla");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bulla"), &plugin).unwrap();
    let mut command = repo.command(&plugin);
    command.args(["check", "--help"]);
    run(command, "")
        .ends(0)
        .says(&["Usage: kubectl bulla check"]);
}

#[test]
fn a_store_is_told_both_ways_to_run() {
    let repo = Repo::new();
    repo.bulla("store ../store")
        .ends(2)
        .says(&["--once", "--watch"]);
    repo.bulla("store ../store --once --watch").ends(2);
}

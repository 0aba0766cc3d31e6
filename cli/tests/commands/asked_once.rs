//! Many files of SOPS in one run: a passphrase is asked for once, and each distinct data key is unwrapped once.

use std::fs;
use std::path::Path;

use crate::plugins::{RECIPIENT, Stage};
use crate::ssh_keys::lock_alices_key;
use crate::support::{CANARY, Repo, has, secret};
use crate::terminal::on_terminal;

const FILES: [&str; 4] = ["a", "b", "c", "d"];

fn names() -> impl Iterator<Item = String> {
    FILES.iter().map(|name| format!("k8s/{name}.yaml"))
}

/// Git knows it, for `check`.
fn with_git(repo: &Repo) {
    let mut git = repo.around(Path::new("git"));
    assert!(git.args(["init", "-q"]).status().unwrap().success());
}

/// Envelopes and files of SOPS, side by side.
fn repository(repo: &Repo, whom: &str) {
    with_git(repo);
    let parties = ["prod", "alice", "safe"].map(|name| repo.recipient(name));
    let [prod, alice, safe] = parties;
    repo.write(
        ".bulla.yaml",
        format!(
            "clusters: {{prod: {{recipients: [{prod}]}}}}\n\
             people: {{alice: {{recipients: [{alice}]}}}}\n\
             recovery: {{safe: {{recipients: [{safe}]}}}}\n\
             rules:\n\
             - {{path: k8s/**, for: [{whom}], format: sops}}\n\
             - {{path: clusters/**, for: [{whom}]}}\n"
        ),
    );
}

#[test]
fn a_passphrase_is_asked_for_once_over_many_files() {
    if !has("script") {
        return;
    }
    let repo = Repo::new();
    repository(&repo, "prod, alice");
    for file in names() {
        repo.write(&file, secret("db"));
    }
    repo.bulla("seal -i -R k8s").ok();
    repo.envelope("one");
    lock_alices_key(&repo);
    let question = "locked.key`: ";
    for (line, says) in [
        ("open -R . --reveal -I @locked", CANARY),
        ("rewrap -R . -I @locked", "added safe"),
        ("reseal -R . -I @locked", "resealed"),
        ("rewrap -R . -I @locked", "removed safe"),
    ] {
        let whom = match says {
            "added safe" | "resealed" => "prod, alice, safe",
            _ => "prod, alice",
        };
        repository(&repo, whom);
        let run = on_terminal(&repo, line, &[(question, "correct horse\n")]);
        assert!(run.contains("status=0"), "{line}: {run}");
        assert_eq!(run.matches("Passphrase of").count(), 1, "{line}: {run}");
        assert!(run.matches(says).count() >= FILES.len(), "{line}: {run}");
    }
    // What needs no key asks nobody.
    for line in ["check -R .", "inspect -R .", "rewrap -R . -I @locked"] {
        let run = on_terminal(&repo, line, &[]);
        assert!(run.contains("status=0"), "{line}: {run}");
        assert!(!run.contains("Passphrase of"), "{line}: {run}");
    }
}

#[test]
fn each_distinct_data_key_is_unwrapped_once() {
    let stage = Stage::new();
    let repo = &stage.repo;
    with_git(repo);
    let rules = |others: &str| {
        let safe = repo.recipient("safe");
        repo.write(
            ".bulla.yaml",
            format!(
                "people:\n  alice: {{recipients: [{RECIPIENT}]}}\n  safe: {{recipients: [{safe}]}}\n\
                 rules:\n- {{path: k8s/**, for: [alice{others}], format: sops}}\n"
            ),
        );
    };
    rules("");
    for file in names() {
        repo.write(&file, secret("db"));
    }
    let allowed = [("BULLA_PLUGINS", "shtest"), ("BULLA_PLUGIN_TIMEOUT", "30")];
    stage.run("seal -i -R k8s", &allowed).ok();
    // Copies share its data key.
    for copy in ["e", "f", "g", "h"] {
        let copy = repo.file(&format!("k8s/{copy}.yaml"));
        fs::copy(repo.file("k8s/a.yaml"), copy).unwrap();
    }
    let unwrapped = |line: &str| {
        let _ = fs::remove_file(repo.path("log"));
        let run = stage.run(line, &allowed);
        assert_eq!(run.status, 0, "{line}: {}", run.stderr);
        let log = fs::read_to_string(repo.path("log")).unwrap_or_default();
        (log.matches("identity-v1").count(), run.stdout)
    };
    let (times, opened) = unwrapped("open -R k8s -I @shtest");
    assert_eq!((times, opened.matches(CANARY).count()), (FILES.len(), 8));
    assert_eq!(unwrapped("check -R").0, 0);
    assert_eq!(unwrapped("inspect -R k8s").0, 0);
    assert_eq!(unwrapped("rewrap --dry-run -R k8s -I @shtest").0, 0);
    rules(", safe");
    assert_eq!(unwrapped("rewrap -R k8s -I @shtest").0, FILES.len());
    // Closed for everybody already.
    assert_eq!(unwrapped("rewrap -R k8s -I @shtest").0, 0);
    assert_eq!(unwrapped("reseal -R k8s -I @shtest").0, FILES.len());
    // From now on each has its own.
    assert_eq!(unwrapped("open -R k8s -I @shtest").0, 8);
}

//! `bulla store`: the engine on a directory.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{CANARY, Repo};

/// A repository that is closed for a store beside it.
fn with_store() -> Repo {
    let repo = Repo::new();
    repo.bulla("store --once ../store")
        .ends(0)
        .says(&["made sealing key fp-"]);
    repo.bulla("key fetch --store ../store --name prod").ends(0);
    repo.envelope("clusters/db.yaml", "db");
    repo
}

fn stored(repo: &Repo, key: &str) -> String {
    std::fs::read_to_string(repo.beside("store/shop/db").join(key)).unwrap_or_default()
}

#[test]
fn secrets_become_files_and_are_healed() {
    let repo = with_store();
    repo.bulla("store --once ../store")
        .ends(0)
        .says(&["created shop/db"]);
    assert_eq!(stored(&repo, "password"), CANARY);
    std::fs::write(repo.beside("store/shop/db/password"), "other").unwrap();
    repo.bulla("store --once ../store")
        .ends(0)
        .says(&["healed shop/db", "`password`"]);
    assert_eq!(stored(&repo, "password"), CANARY);
    repo.bulla("store --once ../store")
        .ends(0)
        .says(&["1 Secret unchanged"]);
    std::fs::remove_file(repo.file("clusters/db.yaml")).unwrap();
    repo.bulla("store --once ../store")
        .ends(0)
        .says(&["removed shop/db"]);
    assert!(!repo.beside("store/shop/db").exists());
}

#[test]
fn what_is_refused_is_told_with_its_reason_and_exit_code() {
    let repo = with_store();
    repo.bulla("store --once ../store").ends(0);
    repo.write(
        "clusters/db.yaml",
        repo.read("clusters/db.yaml")
            .replace("namespace: shop", "namespace: prod"),
    );
    repo.bulla("store --once ../store").ends(3).says(&[
        "warning",
        "prod/db: WrongPlace",
        "`shop/db`",
    ]);
    repo.write("clusters/db.yaml", "kind: SecretEnvelope\n  broken: [");
    repo.bulla("store --once ../store")
        .ends(1)
        .says(&["clusters/db.yaml"]);
    repo.bulla("store --once ../store --from nowhere")
        .ends(2)
        .says(&["nowhere", "hint: "]);
    repo.bulla("store ../store").ends(2).says(&["--once"]);
    repo.write("file", "");
    repo.bulla("store --once file").ends(2);
}

#[test]
fn a_key_can_be_asked_for_once_an_hour() {
    let repo = with_store();
    repo.write("strict/map.yaml", "kind: ConfigMap\n");
    repo.bulla("store --once ../store --renew-key")
        .ends(0)
        .says(&["made sealing key fp-"]);
    repo.bulla("store --once ../store --renew-key")
        .ends(5)
        .says(&["less than an hour ago"]);
    repo.bulla("store --once ../empty --require-existing-key --from strict")
        .ends(1)
        .says(&["none is to be made"]);
}

#[test]
fn a_key_is_fetched_beside_one_that_does_not_read() {
    let repo = with_store();
    std::fs::write(repo.beside("store/.bulla/keys/broken.yaml"), "[").unwrap();
    repo.bulla("key fetch --store ../store --print").ends(0);
}

#[test]
fn a_watching_store_follows_changes_and_ends_when_asked() {
    let repo = with_store();
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    command.args(["store", "--watch", "../store"]);
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(|line| line.unwrap());
    assert!(lines.any(|line| line == "created shop/db"));
    // Another process has to wait; the key can be read all the same.
    repo.bulla("store --once ../store")
        .ends(2)
        .says(&["another process works on the store"]);
    repo.bulla("key fetch --store ../store --print").ends(0);
    // A new key is made by the process that holds the lock; the hour that must pass begins with it.
    repo.bulla("store --once ../store --renew-key")
        .ends(0)
        .says(&["made sealing key asked-", "at work"]);
    let keys = std::fs::read_dir(repo.beside("store/.bulla/keys")).unwrap();
    let mut names = keys.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.starts_with("asked-") && name.ends_with(".txt")));
    repo.bulla_in("", "set clusters/db.yaml token", "new")
        .ends(0);
    assert!(lines.any(|line| line == "updated shop/db"));
    assert_eq!(stored(&repo, "token"), "new");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => panic!("it does not end"),
            None => std::thread::yield_now(),
        }
    };
    assert_eq!(status.code(), Some(0));
}

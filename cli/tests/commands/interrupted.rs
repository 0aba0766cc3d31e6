//! Runs that are killed at each write, fsync and rename, or interrupted: old bytes or new ones, never
//! others, and the next run cleans up.

use std::fs;
use std::path::Path;

use crate::killed::killed_everywhere;
use crate::support::{Repo, has};

/// Kills a command line at every call in turn. `fresh` gives the repository to run it in, and `next` is run after it.
fn kill_everywhere(fresh: impl Fn() -> Repo, line: &str, next: &str, files: &[&str]) {
    let repo = fresh();
    let is_done = |file: &str| is_sealed(&repo.read(file));
    killed_everywhere(&repo, line, ("clusters", files), is_done, || {
        repo.bulla(next).ok();
    });
}

/// Complete, and another one than before.
fn is_sealed(text: &str) -> bool {
    let complete = text.ends_with('\n')
        && text.starts_with("apiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\n");
    complete && text.matches("bulla1.").count() >= 1 && text.contains("\n  data:\n")
}

fn with_secrets() -> Repo {
    let repo = Repo::new();
    for name in ["a", "b"] {
        repo.write(
            &format!("clusters/{name}.yaml"),
            crate::support::secret(name),
        );
    }
    repo
}

fn with_envelopes() -> Repo {
    let repo = Repo::new();
    for name in ["a", "b"] {
        repo.envelope(name);
    }
    repo
}

#[test]
fn seal_is_killed_everywhere() {
    if has("strace") {
        let line = "seal -i -R clusters";
        kill_everywhere(
            with_secrets,
            line,
            line,
            &["clusters/a.yaml", "clusters/b.yaml"],
        );
    }
}

#[test]
fn set_and_unset_are_killed_everywhere() {
    if has("strace") {
        let set = "set clusters/a.yaml token --literal x";
        kill_everywhere(with_envelopes, set, set, &["clusters/a.yaml"]);
        kill_everywhere(
            with_envelopes,
            "unset clusters/a.yaml username",
            set,
            &["clusters/a.yaml"],
        );
    }
}

#[test]
fn reseal_and_rewrap_are_killed_everywhere() {
    if has("strace") {
        let files = ["clusters/a.yaml", "clusters/b.yaml"];
        let reseal = "reseal -R clusters -I @alice";
        kill_everywhere(with_envelopes, reseal, reseal, &files);
        kill_everywhere(
            with_envelopes,
            "rewrap -R clusters -I @alice --for alice,safe",
            reseal,
            &files,
        );
    }
}

#[test]
fn an_interrupt_while_files_are_written_leaves_no_trace() {
    if !has("strace") {
        return;
    }
    for (signal, status) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let repo = with_secrets();
        let (a, b) = (repo.read("clusters/a.yaml"), repo.read("clusters/b.yaml"));
        let mut command = repo.around(Path::new("strace"));
        // While the first file is made durable: none has been replaced by then.
        let inject = format!("inject=fsync:signal={signal}:when=1");
        command.args(["-o", "/dev/null", "-e", "trace=fsync", "-e", &inject]);
        command
            .arg(env!("CARGO_BIN_EXE_bulla"))
            .args(["seal", "-i", "-R", "clusters"]);
        let output = command.output().unwrap();
        let ended = std::os::unix::process::ExitStatusExt::signal(&output.status);
        assert_eq!(
            ended,
            Some(status),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(
            (repo.read("clusters/a.yaml"), repo.read("clusters/b.yaml")),
            (a, b)
        );
        assert_eq!(repo.names("clusters"), ["a.yaml", "b.yaml"], "{signal}");
    }
}

#[test]
fn an_editor_that_is_open_when_bulla_is_told_to_end_leaves_no_plaintext() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let ready = repo.path("ready");
    let script = format!(
        "#!/bin/sh\nprintf %s \"$1\" > {0}.new; mv {0}.new {0}; exec sleep 600\n",
        ready.display()
    );
    let editor = repo.path("editor");
    fs::write(&editor, script).unwrap();
    fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = repo.command();
    command
        .args(repo.words(&format!("edit {file} -I @alice")))
        .env("EDITOR", &editor);
    let mut child = command.stdin(std::process::Stdio::null()).spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !ready.exists() {
        assert!(
            std::time::Instant::now() < deadline,
            "the editor was never started"
        );
        std::thread::yield_now();
    }
    let scratch = fs::read_to_string(&ready).unwrap();
    assert!(Path::new(&scratch).exists());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(15)
    );
    assert!(!Path::new(&scratch).parent().unwrap().exists());
}

//! `bulla demo`: the transcript is what happened.

use std::process::Stdio;

use crate::support::Repo;

#[test]
fn the_whole_main_job_is_shown() {
    let repo = Repo::bare();
    // The user's own settings don't get in its way.
    repo.write(".bulla.yaml", "not: valid\n");
    let run = repo.bulla("demo ../demo");
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(run.stderr, "");
    run.says(&[
        "$ bulla check",
        "error[plaintext-secret]",
        "(exit code 1)",
        "$ bulla seal -i clusters/prod/db.yaml",
        "sealed ",
        "no findings",
        "bulla1.",
        "created shop/db",
        "correct horse battery staple",
        "healed shop/db",
        "made sealing key",
        "+ prod fp-",
        "rewrapped ",
        "no value changed",
        "formerly prod",
        "# Where to look",
    ]);
    assert!(repo.beside("demo/store/shop/db/password").exists());
    let sealed = std::fs::read_to_string(repo.beside("demo/shop/clusters/prod/db.yaml")).unwrap();
    assert!(!sealed.contains("staple") && sealed.contains("# Credentials"));
}

#[test]
fn a_directory_that_is_not_empty_is_left_alone() {
    let repo = Repo::bare();
    repo.write("mine", "x");
    repo.bulla("demo .").ends(2).says(&["not empty", "hint: "]);
    assert_eq!(repo.read("mine"), "x");
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let repo = Repo::bare();
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    command.args(["demo", "../demo"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(repo.beside("demo/store/shop/db/password").exists());
}

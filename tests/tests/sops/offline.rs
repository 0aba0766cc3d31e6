//! Commands on files start no thread and no process, and open no socket.

use std::process::Command;

use bulla_tests::process;

use crate::run::{Place, Whose};

#[test]
fn files_are_worked_on_by_one_thread_without_a_socket() {
    if Command::new("strace").arg("-V").output().is_err() {
        return;
    }
    for arguments in [
        &["decrypt", "e.yaml"][..],
        &["-d", "--extract", "[\"a\"]", "e.json"],
        &["encrypt", "-i", "--age", "{A}", "p.yaml"],
        &["set", "e.yaml", "[\"a\"]", "\"x\""],
        &["unset", "e.yaml", "[\"a\"]"],
        &["rotate", "-i", "e.env"],
        &["filestatus", "e.ini"],
        &["exec-env", "--same-process", "eflat.yaml", "true"],
        &["--version"],
    ] {
        let place = Place::new();
        let traced = place.command(Whose::Ours, arguments);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-o"])
            .arg(place.path("trace"))
            .args(["-e", "trace=process,network"])
            .arg(traced.get_program())
            .args(traced.get_args())
            .current_dir(place.path("."))
            .env("SOPS_AGE_KEY_FILE", place.path("a.txt"))
            .env("HOME", place.path("home"));
        let output = process::run(command, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        let calls = std::fs::read_to_string(place.path("trace")).unwrap();
        assert!(calls.contains("execve("), "{calls}");
        for call in ["clone", "fork(", "socket(", "socketpair(", "connect("] {
            assert!(!calls.contains(call), "{arguments:?}: {call}: {calls}");
        }
    }
}

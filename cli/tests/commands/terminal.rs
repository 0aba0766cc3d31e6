//! Prompts, and plaintext on terminals: run inside of `script`, which gives a program a terminal of its own.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use crate::support::{CANARY, Repo, has};

/// Runs a command line on a terminal, and types each answer once its question is there.
pub(crate) fn on_terminal(repo: &Repo, line: &str, answers: &[(&str, &str)]) -> String {
    on_terminal_with(repo, line, answers, &[])
}

/// The same with these variables.
pub(crate) fn on_terminal_with(
    repo: &Repo,
    line: &str,
    answers: &[(&str, &str)],
    variables: &[(&str, &str)],
) -> String {
    let words: Vec<_> = repo
        .words(line)
        .iter()
        .map(|word| format!("'{word}'"))
        .collect();
    let line = format!(
        "trap : INT; {} {}; echo status=$?; stty -a",
        env!("CARGO_BIN_EXE_bulla"),
        words.join(" ")
    );
    let mut command = repo.around(Path::new("script"));
    command.env("EDITOR", repo.path("editor"));
    command.envs(variables.iter().copied());
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut seen, mut from) = (Vec::new(), 0);
    let mut buffer = [0; 4096];
    let mut answers = answers.iter().peekable();
    loop {
        let read = stdout.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen[from..]).into_owned();
        if answers
            .peek()
            .is_some_and(|(question, _)| text.contains(question))
        {
            let (_, answer) = answers.next().unwrap();
            from = seen.len();
            stdin.write_all(answer.as_bytes()).unwrap();
        }
    }
    child.wait().unwrap();
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn plaintext_is_shown_on_a_terminal_only_when_asked_for() {
    if !has("script") {
        return;
    }
    let repo = Repo::new();
    let file = repo.envelope("db");
    let refused = on_terminal(&repo, &format!("open {file} -I @alice"), &[]);
    assert!(
        refused.contains("refusing to show plaintext on a terminal")
            && refused.contains("status=2"),
        "{refused}"
    );
    assert!(!refused.contains(CANARY));
    let shown = on_terminal(
        &repo,
        &format!("open {file} -I @alice -k password --reveal"),
        &[],
    );
    assert!(
        shown.starts_with(&format!("{CANARY}\r\nstatus=0")),
        "{shown}"
    );
}

#[test]
fn a_value_is_asked_for_twice_and_not_shown() {
    if !has("script") {
        return;
    }
    let repo = Repo::new();
    let file = repo.envelope("db");
    let asked = on_terminal(
        &repo,
        &format!("set {file} token"),
        &[(FIRST, "typed-canary\n"), (SECOND, "typed-canary\n")],
    );
    assert!(asked.contains(FIRST) && asked.contains(SECOND), "{asked}");
    assert!(
        !asked.contains("typed-canary") && asked.contains("status=0"),
        "{asked}"
    );
    assert_eq!(repo.value(&file, "token"), "typed-canary");
    let before = repo.read(&file);
    let differ = on_terminal(
        &repo,
        &format!("set {file} token"),
        &[(FIRST, "one\n"), (SECOND, "two\n")],
    );
    assert!(
        differ.contains("the two entries differ") && differ.contains("status=2"),
        "{differ}"
    );
    let interrupted = on_terminal(&repo, &format!("set {file} token"), &[(FIRST, "one\u{3}")]);
    assert!(interrupted.contains("status=130"), "{interrupted}");
    assert!(
        interrupted.contains(" echo "),
        "the terminal echoes again: {interrupted}"
    );
    assert_eq!(repo.read(&file), before);
}

#[test]
fn a_bad_edit_can_be_mended() {
    if !has("script") {
        return;
    }
    let repo = Repo::new();
    let file = repo.envelope("db");
    let editor = repo.path("editor");
    let script = "#!/bin/sh\nif grep -q kidn \"$1\"; then sed -i 's/kidn: x//; s/username: .*/username: root/' \"$1\"; else echo 'kidn: x' >> \"$1\"; fi\n";
    std::fs::write(&editor, script).unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let edit = |answer| on_terminal(&repo, &format!("edit {file}"), &[("[Y/n]", answer)]);
    let dropped = edit("n\n");
    assert!(
        dropped.contains("unknown field `kidn`") && dropped.contains("Edit again? [Y/n]"),
        "{dropped}"
    );
    assert!(
        dropped.contains("the edit was dropped") && dropped.contains("status=2"),
        "{dropped}"
    );
    let mended = edit("\n");
    assert!(
        mended.contains("set `username`") && mended.contains("status=0"),
        "{mended}"
    );
    assert_eq!(repo.value(&file, "username"), "root");
}

const FIRST: &str = "Value of token: ";
const SECOND: &str = "The same again: ";

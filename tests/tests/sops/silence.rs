//! No value in any message: a value goes through every way of being wrong.

use crate::run::{Place, Whose};
use bulla_tests::process;

const CANARY: &str = "hunter2canary";

#[test]
fn errors_repeat_no_value() {
    let lines: &[&[&str]] = &[
        &["set", "e.yaml", "[\"a\"]", CANARY],
        &["set", "e.yaml", "[\"a\"", CANARY],
        &["set", "e.yaml", CANARY],
        &["set", "nope.yaml", "[\"a\"]", CANARY],
        &["set", "p.yaml", "[\"a\"]", "\"hunter2canary\""],
        &["set", "e.yaml", "[\"a\"]", "1", CANARY],
        &["set", "--hunter2canary", "e.yaml"],
        &["--set", "[\"a\"] hunter2canary", "e.yaml"],
        &["--set", CANARY, "e.yaml"],
        &["--sett=hunter2canary", "e.yaml"],
        &["set", "-hunter2canary"],
        &["encrypt", "--age", "{A}", "secret.yaml"],
        &["encrypt", "--age", "{A}", "secret.json"],
        &["encrypt", "--age", "{A}", "secret.env"],
        &["encrypt", "--age", "{A}", "secret.ini"],
        &["decrypt", "secret.yaml"],
        &["decrypt", "secret.json"],
        &["decrypt", "secret.env"],
        &["decrypt", "plain.yaml"],
        &["exec-env", "secret.yaml", "true"],
        &[
            "encrypt",
            "--age",
            "AGE-SECRET-KEY-1HUNTER2CANARY",
            "p.yaml",
        ],
    ];
    let place = Place::new();
    let write = |name: &str, text: &str| std::fs::write(place.path(name), text).unwrap();
    write("secret.yaml", "a: [hunter2canary\n");
    write("secret.json", "{\"a\": hunter2canary");
    write("secret.env", "hunter2canary\n");
    write("secret.ini", "[a]\nhunter2canary\n");
    let sound = std::fs::read_to_string(place.path("e.yaml")).unwrap();
    let line = sound.lines().next().unwrap();
    write("plain.yaml", &sound.replace(line, "a: hunter2canary"));
    for arguments in lines {
        let command = place.command(Whose::Ours, arguments);
        let output = process::run(command, b"");
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!said.is_empty(), "{arguments:?}");
        assert!(!said.contains(CANARY), "{arguments:?}: {said}");
    }
}

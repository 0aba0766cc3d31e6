//! `.sops.yaml` in the personality: what sops passes over is told, and obeyed as it obeys it.

use std::fs;

use bulla_tests::process;

use crate::run::{Place, Whose, with_recipients};

/// Encrypts by a configuration; with the exit code comes what is said.
fn encrypt(config: &str) -> (Option<i32>, String, String) {
    let place = Place::new();
    fs::write(place.path(".sops.yaml"), with_recipients(config)).unwrap();
    let output = process::run(place.command(Whose::Ours, &["encrypt", "p.yaml"]), b"");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn what_nobody_knows_is_a_warning() {
    for (config, said) in [
        (
            "creation_rules: [{encrypted_regexp: ^a$, age: '{A}'}]\n",
            "line 1, column 19: unknown field `encrypted_regexp`",
        ),
        (
            "creation_rule: []\ncreation_rules: [{age: '{A}'}]\n",
            "line 1, column 1: unknown field `creation_rule`",
        ),
        (
            "creation_rules: [{age: '{A}'}]\n---\ncreation_rules: []\n",
            "a second document",
        ),
        ("creation_rules: [null, {age: '{A}'}]\n", ""),
    ] {
        let (code, file, stderr) = encrypt(config);
        assert_eq!(code, Some(0), "{config}: {stderr}");
        assert!(
            file.contains("\na: ENC[") || file.starts_with("a: ENC["),
            "{file}"
        );
        let warned = stderr.contains("warning:") && stderr.contains(said);
        assert!(warned || said.is_empty(), "{config}: {stderr}");
    }
}

#[test]
fn rules_that_no_path_reaches_may_be_broken() {
    let sound = "creation_rules: [{age: '{A}'}, {path_regex: '(', age: '{A}'}]\n";
    assert_eq!(encrypt(sound).0, Some(0));
    let reached = "creation_rules: [{path_regex: '(', age: '{A}'}, {age: '{A}'}]\n";
    let (code, file, said) = encrypt(reached);
    assert_eq!((code, file.as_str()), (Some(1), ""));
    assert!(said.contains("path_regex"), "{said}");
}

#[test]
fn two_selectors_are_refused() {
    let two = "creation_rules: [{encrypted_regex: a, encrypted_suffix: b, age: '{A}'}]\n";
    let (code, file, said) = encrypt(two);
    assert_eq!((code, file.as_str()), (Some(1), ""), "{said}");
    assert!(
        said.contains("encrypted_regex and encrypted_suffix"),
        "{said}"
    );
}

/// Thirty recipients are not thirty lines, for whoever has none of their keys.
#[test]
fn no_screenful_of_recipients() {
    use bulla_core::recipient::{Identity, Suite};
    let all: Vec<String> = (0..30)
        .map(|_| Identity::generate(Suite::X25519, &mut rand_core::OsRng))
        .map(|identity| identity.recipient().to_string())
        .collect();
    let place = Place::new();
    let command = place.command(
        Whose::Ours,
        &["encrypt", "-i", "--age", &all.join(","), "p.yaml"],
    );
    assert!(process::run(command, b"").status.success());
    let output = process::run(place.command(Whose::Ours, &["decrypt", "p.yaml"]), b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(128), "{said}");
    assert!(said.lines().count() <= 16, "{said}");
    assert!(said.contains("27 more"), "{said}");
}

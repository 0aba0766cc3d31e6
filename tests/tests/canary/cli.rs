//! The commands on their way to an error, each with a secret in the input: none repeats it.

use std::{os::unix::fs::PermissionsExt, process::Output};

use base64::{Engine, engine::general_purpose::STANDARD};
use bulla_tests::{Canary, Repository};

/// A work tree with a key, a rule, and a secret to be kept.
struct Trial {
    canary: Canary,
    repository: Repository,
    failures: Vec<String>,
}

impl Trial {
    fn new() -> Self {
        let repository = Repository::new();
        repository.bulla_ok(&["key", "generate", "--suite", "x25519", "-o", "key.txt"]);
        let public = repository.bulla_ok(&["key", "show", "--public", "key.txt"]);
        repository.bulla_ok(&["init", "--cluster", &format!("test={}", public.trim())]);
        Self {
            canary: Canary::new(),
            repository,
            failures: Vec::new(),
        }
    }

    /// The text as YAML and JSON quote it.
    fn quoted(&self) -> String {
        serde_json::to_string(self.canary.text()).expect("text is JSON")
    }

    /// A Secret whose `stringData` is this.
    fn secret(&self, data: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n{data}\n"
        )
    }

    /// Writes `input` to a file and expects every command on it to fail in silence about the secret.
    fn fails(&mut self, what: &str, input: impl AsRef<[u8]>, commands: &[&[&str]]) {
        self.repository.write("input.yaml", input);
        for command in commands {
            let output = self
                .repository
                .bulla_with_stdin(command, self.canary.bytes());
            self.kept(&format!("{what}: bulla {}", command.join(" ")), &output);
            if output.status.success() {
                self.failures
                    .push(format!("{what}: `bulla {}` succeeded", command.join(" ")));
            }
        }
    }

    /// Notes what an output shows of the secret, and a panic.
    fn kept(&mut self, what: &str, output: &Output) {
        let all = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8_lossy(&output.stderr);
        let sightings = self.canary.find(&all);
        if !sightings.is_empty() {
            self.failures
                .push(format!("{what} shows the secret: {sightings:?}\n{text}"));
        }
        if output.status.code().is_none_or(|code| code > 5) || text.contains("panicked") {
            self.failures
                .push(format!("{what} ended with {:?}\n{text}", output.status));
        }
    }

    fn finish(self) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n\n"));
    }
}

const SEAL: &[&str] = &["seal", "input.yaml"];
const SEAL_IN_PLACE: &[&str] = &["seal", "-i", "input.yaml"];
const CHECK: &[&str] = &["check", "input.yaml"];
const INSPECT: &[&str] = &["inspect", "input.yaml"];
const OPEN: &[&str] = &["open", "-I", "key.txt", "input.yaml"];
const RESEAL: &[&str] = &["reseal", "-I", "key.txt", "input.yaml"];
const STORE: &[&str] = &["store", "--once", "--from", ".", "store"];

#[test]
fn malformed_manifests_are_not_quoted() {
    let mut trial = Trial::new();
    let text = trial.quoted();
    let core = trial
        .canary
        .text()
        .split(' ')
        .nth(1)
        .expect("the middle of the text")
        .to_owned();
    let binary = STANDARD.encode(trial.canary.bytes());
    let inputs = [
        (
            "a broken document",
            trial.secret(&format!("  password: {text}: {text}\n  - {text}")),
        ),
        (
            "an open quote",
            trial.secret(&format!("  password: \"{core}")),
        ),
        ("a tab", trial.secret(&format!("\tpassword: {text}"))),
        (
            "a duplicate key",
            trial.secret(&format!("  password: {text}\n  password: {text}")),
        ),
        (
            "a list",
            trial.secret(&format!("  password: [{text}, {text}]")),
        ),
        (
            "a map",
            trial.secret(&format!("  password: {{{text}: {text}}}")),
        ),
        (
            "an unknown anchor",
            trial.secret(&format!("  password: *{core}")),
        ),
        (
            "an unknown tag",
            trial.secret(&format!("  password: !{core} {text}")),
        ),
        (
            "an escape",
            trial.secret(&format!("  password: \"{core}\\q\"")),
        ),
        (
            "a scalar that is read in two ways",
            trial.secret(&format!("  password: {text}\n  other: no")),
        ),
        (
            "base64 that is none",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\ndata: {{password: {text}}}\n"
            ),
        ),
        (
            "base64 that is cut off",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\ndata: {{password: \"{binary}=\"}}\n"
            ),
        ),
        (
            "JSON that ends early",
            format!(
                "{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"stringData\": {{\"password\": {text}"
            ),
        ),
    ];
    for (what, input) in inputs {
        trial.fails(what, input, &[SEAL, SEAL_IN_PLACE, CHECK]);
    }
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\ndata: {text}\n"
    );
    trial.fails("data that is a text", text, &[SEAL, SEAL_IN_PLACE]);
    let bytes = [
        trial.secret("  password: ").as_bytes(),
        trial.canary.bytes(),
        b"\n",
    ]
    .concat();
    trial.fails("a file that is no text", bytes, &[SEAL, CHECK]);
    trial.finish();
}

#[test]
fn plaintext_in_envelopes_is_not_quoted() {
    let mut trial = Trial::new();
    let text = trial.quoted();
    trial.repository.write(
        "input.yaml",
        trial.secret(&format!("  password: {text}\n  username: shop")),
    );
    trial.repository.bulla_ok(SEAL_IN_PLACE);
    let sealed = trial.repository.read("input.yaml");
    trial.canary.assert_absent("the sealed file", &sealed);
    let opened = trial.repository.bulla_with_stdin(OPEN, "");
    assert!(
        !trial.canary.find(&opened.stdout).is_empty(),
        "what is printed on purpose is found"
    );
    trial
        .canary
        .assert_absent("what `open` says", &opened.stderr);

    let line = sealed
        .lines()
        .find(|line| line.contains("password: bulla1."))
        .expect("it is sealed")
        .to_owned();
    let key = sealed
        .lines()
        .find(|line| line.contains("key: "))
        .expect("it has a closed key")
        .to_owned();
    let commitment = sealed
        .lines()
        .find(|line| line.contains("commitment: "))
        .expect("it has one")
        .to_owned();
    let indent = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
    let field = |line: &str, name: &str| format!("{}{name}: {text}", indent(line));
    let replaced = |line: &str, with: String| sealed.replace(line, &with);
    let inputs = [
        (
            "plaintext among sealed values",
            replaced(&line, field(&line, "password")),
        ),
        (
            "plaintext with a prefix",
            replaced(
                &line,
                format!(
                    "{}password: bulla1.{}",
                    indent(&line),
                    trial.canary.text().split(' ').nth(1).expect("a word")
                ),
            ),
        ),
        (
            "plaintext for a commitment",
            replaced(&commitment, field(&commitment, "commitment")),
        ),
        (
            "plaintext for a closed key",
            replaced(
                &key,
                field(
                    &key,
                    if key.trim_start().starts_with('-') {
                        "- key"
                    } else {
                        "key"
                    },
                ),
            ),
        ),
        ("an unknown field", format!("{sealed}  extra: {text}\n")),
    ];
    for (what, input) in inputs {
        trial.fails(what, input, &[CHECK, OPEN, RESEAL]);
        for command in [INSPECT, STORE, &["verify", "input.yaml"]] {
            let output = trial.repository.bulla_with_stdin(command, "");
            trial.kept(&format!("{what}: bulla {}", command.join(" ")), &output);
        }
    }
    trial.finish();
}

#[test]
fn templates_that_fail_in_the_store_are_not_quoted() {
    let mut trial = Trial::new();
    let text = trial.quoted();
    std::fs::create_dir(trial.repository.path("store")).expect("the work tree is writable");
    let public = trial
        .repository
        .bulla_ok(&["key", "fetch", "--store", "store", "--print"]);
    for (index, source) in [
        "{{ fail .password }}",
        "{{ index .password 999 }}",
        "{{ .password.x }}",
        "{{ atoi .password }}",
    ]
    .iter()
    .enumerate()
    {
        let manifest = trial
            .secret(&format!("  password: {text}"))
            .replace("name: db", &format!("name: db-{index}"));
        let name = format!("{index}.yaml");
        trial.repository.write(&name, manifest);
        trial.repository.bulla_ok(&[
            "seal",
            "-i",
            "--unbound-template",
            "--for",
            &format!("store={}", public.trim()),
            &name,
        ]);
        let sealed = trial.repository.read(&name);
        trial.repository.write(
            &name,
            format!(
                "{}\n  template: {{data: {{made: {source:?}}}}}\n",
                sealed.trim_end()
            ),
        );
    }
    let output = trial.repository.bulla_with_stdin(STORE, "");
    assert!(!output.status.success());
    trial.kept("the store", &output);
    let status = walk(&trial.repository.path("store/.bulla"));
    let leaks = trial.canary.find(&status);
    assert!(
        leaks.is_empty(),
        "the store's own files show the secret: {leaks:?}"
    );
    trial.finish();
}

#[test]
fn secrets_in_the_wrong_place_are_not_repeated() {
    let mut trial = Trial::new();
    let text = trial.quoted();
    let identity = trial.repository.read("key.txt");
    let private = identity
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-"))
        .expect("a private key")
        .to_owned();
    trial
        .repository
        .write("input.yaml", trial.secret(&format!("  password: {text}")));
    trial
        .repository
        .write("plain.yaml", trial.repository.read("input.yaml"));
    trial.repository.bulla_ok(SEAL_IN_PLACE);
    let value = trial.canary.text().to_owned();

    // On the command line, where a public key or nothing belongs. (A name or a path has to be repeated.)
    let (pair, named) = (format!("password={value}"), format!("safe={value}"));
    let commands: [&[&str]; 5] = [
        &["set", "input.yaml", "password", &value],
        &["set", "input.yaml", &pair],
        &["seal", "--for", &value, "plain.yaml"],
        &["seal", "--for", &named, "plain.yaml"],
        &[
            "seal",
            "--name",
            "db",
            "-n",
            "shop",
            "--from-literal",
            &value,
        ],
    ];
    for command in commands {
        let output = trial.repository.bulla_with_stdin(command, "");
        trial.kept(&format!("bulla {}", command[0]), &output);
        assert!(!output.status.success(), "{command:?}: {output:?}");
    }
    // A private key where a public one belongs, and in the configuration.
    let half = &private[private.len() / 2..];
    let config = trial.repository.read(".bulla.yaml");
    let first = config
        .lines()
        .find(|line| line.contains("age1"))
        .expect("a public key")
        .to_owned();
    let start = first.find("age1").expect("it is in this line");
    let end = first[start..]
        .find(|c: char| !c.is_ascii_alphanumeric())
        .map_or(first.len(), |end| start + end);
    for command in [
        &["seal", "--for", &private, "plain.yaml"][..],
        &["key", "list"],
        &["check", "."],
        &["key", "show", &private],
    ] {
        if command[0] == "key" && command[1] == "list" {
            trial
                .repository
                .write(".bulla.yaml", config.replace(&first[start..end], &private));
        }
        let output = trial.repository.bulla_with_stdin(command, "");
        let all = [&output.stdout[..], &output.stderr].concat();
        let shown = String::from_utf8_lossy(&all).to_uppercase();
        assert!(
            !shown.contains(half),
            "bulla {} shows a private key: {shown}",
            command[0]
        );
    }
    trial.repository.write(".bulla.yaml", config);
    // A file of private keys that is none.
    for content in [
        format!("AGE-SECRET-KEY-1{text}\n"),
        format!("{value}\n"),
        format!("{}{text}\n", identity.trim_end()),
    ] {
        trial.repository.write("broken.txt", content);
        for command in [
            &["open", "-I", "broken.txt", "input.yaml"][..],
            &["key", "show", "broken.txt"],
        ] {
            let output = trial.repository.bulla_with_stdin(command, "");
            trial.kept(&format!("bulla {}", command[0]), &output);
            assert!(!output.status.success());
        }
    }
    trial.finish();
}

#[test]
fn an_editor_that_breaks_the_file_is_not_quoted() {
    let mut trial = Trial::new();
    let text = trial.quoted();
    trial.repository.write(
        "input.yaml",
        trial.secret(&format!("  password: {text}\n  username: shop")),
    );
    trial.repository.bulla_ok(SEAL_IN_PLACE);
    let before = trial.repository.read("input.yaml");
    let editor = trial.repository.path("editor");
    trial.repository.set("EDITOR", &editor);
    for breakage in ["password: [", "  - x", "\\tpassword", "password: \\001"] {
        std::fs::write(
            &editor,
            format!("#!/bin/sh\nprintf '{breakage}\\n' >> \"$1\"\n"),
        )
        .expect("it can be written");
        std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o755)).expect("it is ours");
        let output = trial
            .repository
            .bulla_with_stdin(&["edit", "-I", "key.txt", "input.yaml"], "");
        trial.kept(&format!("an editor that writes `{breakage}`"), &output);
        assert_eq!(
            trial.repository.read("input.yaml"),
            before,
            "nothing is written: {output:?}"
        );
    }
    trial.finish();
}

/// All that is in the files below a directory, but the values that applications are to read.
fn walk(directory: &std::path::Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.ends_with("data") {
            continue;
        }
        all.extend(path.display().to_string().into_bytes());
        match path.is_dir() {
            true => all.extend(walk(&path)),
            false => all.extend(std::fs::read(&path).unwrap_or_default()),
        }
    }
    all
}

//! FORMAT.md's page of Python and the real `age` open what this project seals, and refuse what it refuses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bulla_tests::{peers, target};
use serde_json::Value;

#[test]
fn the_page_in_format_md_opens_every_good_vector_and_no_attack() {
    let vectors = target::workspace().join("core/tests/vectors/envelope");
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("open.py");
    std::fs::write(&program, page()).unwrap();
    let python = python_with_cryptography();
    let age = peers::age();
    let path = format!(
        "{}:{}",
        age.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let open = |envelope: &Value| -> Output {
        let file = folder.path().join("envelope.json");
        std::fs::write(&file, envelope.to_string()).unwrap();
        Command::new(&python)
            .arg(&program)
            .arg(vectors.join("identities.txt"))
            .arg(file)
            .env("PATH", &path)
            .output()
            .unwrap()
    };
    let attacks = [
        "moved-name",
        "moved-namespace",
        "altered-template",
        "wrong-commitment",
        "replayed-payload",
        "swapped-keys",
        "damaged-value",
        "padding-not-minimal",
        "stripped-recipient",
        "widened-scope",
    ];
    let (mut good, mut refused) = (0, 0);
    for entry in std::fs::read_dir(&vectors).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|ext| ext != "json") {
            continue;
        }
        let vector: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if name.starts_with("good-") {
            let output = open(&vector["envelope"]);
            assert!(
                output.status.success(),
                "{name}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let opened: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(opened["data"], vector["values"], "{name}");
            good += 1;
        } else if attacks.contains(&name.as_str()) {
            assert!(!open(&vector["envelope"]).status.success(), "{name} opened");
            refused += 1;
        }
    }
    assert!(
        good >= 10 && refused == attacks.len(),
        "{good} good, {refused} refused"
    );
}

/// The one Python block of FORMAT.md.
fn page() -> String {
    let text = std::fs::read_to_string(target::workspace().join("FORMAT.md")).unwrap();
    let (_, rest) = text
        .split_once("```python\n")
        .expect("FORMAT.md has a block of Python");
    rest.split_once("```").expect("the block ends").0.to_owned()
}

/// A Python that has the `cryptography` package: the machine's own, or one made under `target/`.
fn python_with_cryptography() -> PathBuf {
    let has = |python: &Path| {
        Command::new(python)
            .args(["-c", "import cryptography"])
            .output()
            .is_ok_and(|o| o.status.success())
    };
    let own = PathBuf::from("python3");
    if has(&own) {
        return own;
    }
    let folder = target::directory().join("tools/python");
    let python = folder.join("bin/python");
    if !has(&python) {
        let run = |command: &mut Command| {
            let output = command.output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "cryptography"]));
    }
    python
}

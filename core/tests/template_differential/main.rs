//! 20,000 templates made at random, rendered by Go's own engine with sprig and by Bulla's.
//!
//! Output, and success or failure, must be the same, in both ways of treating missing keys. The seed is
//! printed; `BULLA_SEED` repeats a run, `BULLA_TEMPLATES` sets the number. Needs Go.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its own steps fail, and says what it leaves out"
)]

mod generate;
mod vocabulary;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, MissingKeys};
use serde_json::{Value, json};

use generate::Generator;
use vocabulary::VALUES;

#[test]
fn random_templates_render_as_in_go() {
    let Some(oracle) = built() else {
        assert!(env::var_os("CI").is_none(), "Go is needed");
        say("left out: Go could not build the oracle");
        return;
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let seed = number("BULLA_SEED").unwrap_or(now);
    let count = number("BULLA_TEMPLATES").unwrap_or(20_000);
    say(&format!("BULLA_SEED={seed}"));
    let mut generator = Generator::new(seed);
    let sources: Vec<String> = (0..count).map(|_| generator.template()).collect();
    let values = values();
    let mut differences = String::new();
    let mut rendered = 0;
    for (source, answer) in sources.iter().zip(answers(&oracle, &sources)) {
        for (column, missing) in [("go", MissingKeys::AsGo), ("strict", MissingKeys::Refuse)] {
            let expected = outcome(&answer[column]);
            let found = render(source, &values, missing);
            rendered += usize::from(expected.is_some());
            if found != expected {
                writeln!(differences, "{column} {source:?}").unwrap();
                writeln!(differences, "  Go    {}", shown(expected.as_deref())).unwrap();
                writeln!(differences, "  Bulla {}", shown(found.as_deref())).unwrap();
            }
        }
    }
    assert!(
        rendered > sources.len() / 2,
        "most templates fail: {rendered}"
    );
    assert!(differences.is_empty(), "BULLA_SEED={seed}\n{differences}");
}

fn say(text: &str) {
    eprintln!("{text}");
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// The values that the templates see.
fn values() -> BTreeMap<KeyName, Plaintext> {
    let entry = |(key, value): (&str, &[u8])| (key.parse().unwrap(), Plaintext::from(value));
    VALUES.iter().copied().map(entry).collect()
}

/// The oracle, built from `tests/oracles/template`.
fn built() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracles/template");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template-oracle");
    let mut build = Command::new("go");
    build
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(source);
    build
        .status()
        .is_ok_and(|status| status.success())
        .then_some(program)
}

/// What the oracle answers, one by one.
fn answers(oracle: &Path, sources: &[String]) -> Vec<Value> {
    let mut child = Command::new(oracle)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let values: BTreeMap<_, _> = VALUES.map(|(k, v)| (k, STANDARD.encode(v))).into();
    let lines = sources
        .iter()
        .map(|source| json!({"template": source, "values": values}));
    let questions: Vec<String> = lines.map(|line| format!("{line}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        for question in questions {
            stdin.write_all(question.as_bytes()).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(answers.len(), sources.len());
    answers
}

fn outcome(answer: &Value) -> Option<Vec<u8>> {
    let output = answer["output"].as_str().unwrap_or_default();
    answer["ok"]
        .as_bool()
        .unwrap()
        .then(|| STANDARD.decode(output).unwrap())
}

fn render(
    source: &str,
    values: &BTreeMap<KeyName, Plaintext>,
    missing: MissingKeys,
) -> Option<Vec<u8>> {
    let template = template::parse(&"url".parse().unwrap(), source).ok()?;
    let output = template.render_with(values, missing).ok()?;
    Some(output.reveal().to_vec())
}

fn shown(output: Option<&[u8]>) -> String {
    let text = |bytes| format!("{:.300?}", String::from_utf8_lossy(bytes));
    output.map_or("fails".to_owned(), text)
}

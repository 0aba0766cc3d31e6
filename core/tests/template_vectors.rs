//! Templates against what Go's `text/template` with sprig makes of them.
//!
//! The vectors are written by `tests/oracles/template`: add a line `{"template": …}` to a file and run
//! `go run . update FILE…` there. `go` is the output as Sealed Secrets would render it, `strict` the one
//! for envelopes; where there is none, Go fails, and so must Bulla.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, Functions, MissingKeys};
use serde_json::Value;

#[test]
fn renders_as_go_does() {
    let mut differences = String::new();
    let mut cases = 0;
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let mut values = BTreeMap::new();
        for (n, line) in text.lines().enumerate() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let Some(source) = vector["template"].as_str() else {
                values = opened(&vector["values"]);
                continue;
            };
            cases += 1;
            for (column, missing) in [("go", MissingKeys::AsGo), ("strict", MissingKeys::Refuse)] {
                let expected = outcome(&vector, column);
                let found = rendered(source, &values, missing);
                if found.as_ref().ok() != expected.as_ref() {
                    let name = path.file_name().unwrap().display();
                    writeln!(differences, "{name}:{} {column} {source:?}", n + 1).unwrap();
                    writeln!(differences, "  Go    {}", shown(expected.as_deref())).unwrap();
                    let found = found.as_ref().map(|out| shown(Some(out)));
                    writeln!(differences, "  Bulla {found:?}").unwrap();
                }
            }
        }
    }
    assert!(cases > 0);
    assert!(
        differences.is_empty(),
        "of {cases} cases these differ:\n{differences}"
    );
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/template");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    paths
}

fn opened(values: &Value) -> BTreeMap<KeyName, Plaintext> {
    let values = values.as_object().unwrap().iter();
    values
        .map(|(key, value)| {
            let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
            (key.parse().unwrap(), Plaintext::new(bytes))
        })
        .collect()
}

fn outcome(vector: &Value, column: &str) -> Option<Vec<u8>> {
    let bytes = &vector[format!("{column}Bytes")];
    match (vector[column].as_str(), bytes.as_str()) {
        (Some(text), _) => Some(text.into()),
        (None, Some(bytes)) => Some(STANDARD.decode(bytes).unwrap()),
        (None, None) => None,
    }
}

fn rendered(
    source: &str,
    values: &BTreeMap<KeyName, Plaintext>,
    missing: MissingKeys,
) -> Result<Vec<u8>, String> {
    let key = "url".parse().unwrap();
    let template = template::parse_with(&key, source, Functions::All).map_err(|e| e.to_string())?;
    let output = template
        .render_with(values, missing, None)
        .map_err(|e| e.to_string())?;
    Ok(output.output.reveal().to_vec())
}

fn shown(output: Option<&[u8]>) -> String {
    let text = |bytes| format!("{:.300?}", String::from_utf8_lossy(bytes));
    output.map_or("fails".to_owned(), text)
}

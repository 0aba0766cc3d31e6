//! The corpus: tricky files that read as Go's `sigs.k8s.io/yaml` reads them, and files that are refused.
//!
//! `read/NAME` has its values in `expected/NAME.json`, one for each document that isn't empty; those of single YAML
//! documents were made by Go. `refused/VARIANT.LINE-COLUMN.WHY.EXT` names the error and its place.

use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::manifest::{ManifestError, Stream, read_secret};
use serde_json::Value;

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus/manifest")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(root)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (name(&path), fs::read(&path).expect("a file")))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn name(path: &Path) -> String {
    path.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

fn values(stream: &Stream) -> Result<Vec<Value>, ManifestError> {
    stream
        .documents()
        .filter_map(|document| document.root)
        .map(|root| root.to_value())
        .collect()
}

#[test]
fn files_read_as_expected() {
    let expected: Vec<_> = files("expected");
    for (name, bytes) in files("read") {
        let stream = Stream::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = values(&stream).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (_, json) = expected
            .iter()
            .find(|(file, _)| *file == format!("{name}.json"))
            .unwrap_or_else(|| panic!("{name} has no expected values"));
        let json: Value = serde_json::from_slice(json).expect("JSON");
        assert_eq!(Value::from(read), json, "{name}");
    }
}

#[test]
fn spans_hold_what_they_name() {
    for (name, bytes) in files("read") {
        let stream = Stream::parse(&bytes).expect("readable");
        for root in stream.documents().filter_map(|document| document.root) {
            let mut nodes = vec![root];
            while let Some(node) = nodes.pop() {
                let (span, outer) = (node.span(), node.outer_span());
                assert!(
                    outer.start <= span.start && outer.end == span.end,
                    "{name} {node:?}"
                );
                assert!(stream.source().get(outer).is_some(), "{name} {node:?}");
                for child in node.children() {
                    let inside = child.outer_span();
                    assert!(
                        span.start <= inside.start && inside.end <= span.end,
                        "{name} {node:?} {child:?}"
                    );
                    nodes.push(child);
                }
            }
        }
    }
}

#[test]
fn refused_files_say_where_and_never_what() {
    let mut wrong = Vec::new();
    for (name, bytes) in files("refused") {
        let error = refusal(&bytes).unwrap_or_else(|| panic!("{name} is accepted"));
        let variant: String = format!("{error:?}")
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let place = format!("{}.{}-{}", variant, error.line(), error.column());
        if !name.starts_with(&format!("{place}.")) {
            wrong.push(format!("{name} is {place}: {error}"));
        }
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(
            !shown.contains("hunter2") && !shown.contains("aHVudGVyMg"),
            "{name}: {shown}"
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The first thing that is wrong: in the grammar, in a Secret, or else in any value.
fn refusal(bytes: &[u8]) -> Option<ManifestError> {
    let stream = match Stream::parse(bytes) {
        Ok(stream) => stream,
        Err(error) => return Some(error),
    };
    let secret = stream
        .objects()
        .into_iter()
        .find(|object| object.is("v1", "Secret"));
    match secret {
        Some(secret) => read_secret(&secret).err(),
        None => values(&stream).err(),
    }
}

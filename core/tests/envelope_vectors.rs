//! The vectors under `vectors/envelope/`: good envelopes with their values, and a bad one for each
//! way of being wrong, named after the reason that it must give.
//!
//! They were made once by `make_vectors` and are read by anyone who implements FORMAT.md.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::{SecretEnvelope, from_value};
use bulla_core::envelope::Envelope;
use bulla_core::recipient::{KeyRing, parse_identity_file};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[path = "envelope_vectors/make.rs"]
mod make;

/// One vector file.
#[derive(Serialize, Deserialize)]
struct Vector {
    /// What it shows.
    about: String,
    /// The reason that parsing or opening must give; absent when it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// The values in base64, when it opens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    /// The resource.
    envelope: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/envelope")
}

fn ring() -> KeyRing {
    let text = std::fs::read_to_string(folder().join("identities.txt")).unwrap();
    KeyRing::new(parse_identity_file(&text).unwrap())
}

fn outcome(vector: &Vector) -> Result<BTreeMap<String, String>, String> {
    let wire: SecretEnvelope = from_value(&vector.envelope).map_err(|e| e.reason().to_string())?;
    let envelope = Envelope::try_from(&wire).map_err(|e| e.reason().to_string())?;
    let opened = envelope.open(&ring()).map_err(|e| e.reason().to_string())?;
    Ok(opened
        .values()
        .iter()
        .map(|(k, v)| (k.to_string(), STANDARD.encode(v.reveal())))
        .collect())
}

#[test]
fn every_vector_gives_its_values_or_its_reason() {
    let mut seen = BTreeSet::new();
    let mut good = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "json") {
            continue;
        }
        let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let outcome = outcome(&vector);
        match &vector.refused {
            None => {
                assert_eq!(outcome.as_ref(), Ok(&vector.values), "{}", path.display());
                good += 1;
            }
            Some(reason) => {
                assert_eq!(outcome.as_ref().unwrap_err(), reason, "{}", path.display());
                seen.insert(reason.clone());
            }
        }
    }
    assert!(good >= 10, "{good} good vectors");
    for reason in [
        "Malformed",
        "LimitExceeded",
        "NotSealed",
        "UnknownVersion",
        "Damaged",
        "NoKey",
        "WrongPlace",
        "WrongKeyName",
        "CommitmentMismatch",
        "TemplateUntrusted",
    ] {
        assert!(seen.contains(reason), "no vector for {reason}");
    }
}

/// Writes the vectors anew: `cargo test -p bulla-core --features api -- --ignored make_vectors`.
#[test]
#[ignore = "its output is committed"]
fn make_vectors() {
    make::write(&folder());
}

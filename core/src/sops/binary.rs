//! Files of any bytes: one value, `data`, in an object of JSON. Selectors don't apply to them.

use std::borrow::Cow;

use rand_core::RngCore;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::manifest::{Format, Stream};
use crate::plaintext::Plaintext;

use super::cipher::DataKey;
use super::close::close;
use super::document;
use super::error::SopsError;
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy, Outcome, open};
use super::value::Value;
use super::walk::{Form, Step};

/// Reads the block.
pub(super) fn metadata(file: &[u8]) -> Result<Metadata, SopsError> {
    document::metadata(file, Format::Json)
}

/// Opens a file.
pub(super) fn decrypt(
    file: &[u8],
    metadata: &Metadata,
    key: &DataKey,
    policy: MacPolicy,
) -> Result<(Plaintext, Ciphertexts), SopsError> {
    let steps = {
        let stream = Stream::parse_sops(file, Format::Json)?;
        let root = stream.documents().find_map(|document| document.root);
        let data = root
            .and_then(|root| root.get(DATA))
            .and_then(|data| data.text());
        steps(data.ok_or(SopsError::NotEncrypted)?.as_bytes())
    };
    let (outcomes, known) = open(&steps, metadata, None, key, policy)?;
    let bytes = outcomes.into_iter().find_map(|outcome| match outcome {
        Outcome::Value(value) => Some(Plaintext::from(value.bytes())),
        _ => None,
    });
    Ok((bytes.unwrap_or_else(|| Plaintext::new(Vec::new())), known))
}

/// Closes a file.
pub(super) fn encrypt(
    file: &[u8],
    metadata: &mut Metadata,
    key: &DataKey,
    known: &mut Ciphertexts,
    now: &str,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, SopsError> {
    let closed = close(&steps(file), metadata, None, key, known, now, rng)?;
    let data = closed.into_iter().flatten().next();
    let data = data.map(|closed| closed.text).unwrap_or_default();
    Ok(write(&data, metadata))
}

/// Writes another block.
pub(super) fn replace_metadata(file: &[u8], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
    let stream = Stream::parse_sops(file, Format::Json)?;
    let root = stream.documents().find_map(|document| document.root);
    let data = root
        .and_then(|root| root.get(DATA))
        .and_then(|data| data.text());
    Ok(write(data.ok_or(SopsError::NotEncrypted)?, metadata))
}

fn steps(data: &[u8]) -> Vec<Step<'static>> {
    let leaf = Step::Leaf(
        Some(Cow::Borrowed(DATA)),
        Some(Value::text(data)),
        Form::Bare,
    );
    vec![Step::Open(None), leaf, Step::Close]
}

fn write(data: &str, metadata: &Metadata) -> Vec<u8> {
    #[derive(Serialize)]
    struct File<'f> {
        data: &'f str,
        sops: &'f serde_json::Map<String, serde_json::Value>,
    }
    let mut out = Vec::with_capacity(data.len() + 4096);
    let mut writer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"\t"));
    let file = File {
        data,
        sops: metadata.raw(),
    };
    file.serialize(&mut writer)
        .expect("texts serialize into memory");
    out.push(b'\n');
    out
}

const DATA: &str = "data";

//! What is in the deprecated `spec.data`: a Secret in JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::template::SecretTemplate;
use crate::names::KeyName;
use crate::plaintext::Plaintext;

/// Why what was opened is no Secret. It never quotes what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyFault {
    /// Not JSON, or a field is of the wrong type.
    #[error("it is not a Secret in JSON")]
    Shape,
    /// Another kind of object.
    #[error("it is another kind of object than a Secret")]
    Kind,
    /// A key that no Secret can have.
    #[error("it has a key that no Secret can have")]
    Key,
    /// A value that is not base64.
    #[error("one of its values is not base64")]
    Base64,
    /// Metadata that no template may have.
    #[error("its labels or annotations are refused")]
    Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    kind: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(rename = "type")]
    secret_type: Option<String>,
    immutable: Option<bool>,
    data: Option<BTreeMap<String, Option<Text>>>,
    string_data: Option<BTreeMap<String, Text>>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
}

/// A value, wiped when it is dropped.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Text(Zeroizing<String>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// Takes the Secret apart: its values, and the rest as a template without templated keys.
pub(super) fn read(
    blob: &Plaintext,
) -> Result<(BTreeMap<KeyName, Plaintext>, SecretTemplate), LegacyFault> {
    // Parsed where it lies; the error, which may quote it, is dropped.
    let blob: Blob = serde_json::from_slice(blob.reveal()).map_err(|_| LegacyFault::Shape)?;
    if blob.kind.as_deref().is_some_and(|kind| kind != "Secret") {
        return Err(LegacyFault::Kind);
    }
    let mut values = BTreeMap::new();
    for (key, text) in blob.data.into_iter().flatten() {
        let key: KeyName = key.parse().map_err(|_| LegacyFault::Key)?;
        let bytes = match text {
            Some(text) => STANDARD
                .decode(text.0.as_bytes())
                .map_err(|_| LegacyFault::Base64)?,
            None => Vec::new(),
        };
        values.insert(key, Plaintext::new(bytes));
    }
    for (key, text) in blob.string_data.into_iter().flatten() {
        let key: KeyName = key.parse().map_err(|_| LegacyFault::Key)?;
        values.insert(key, Plaintext::from(text.0.as_bytes()));
    }
    let template = SecretTemplate {
        secret_type: blob.secret_type.filter(|text| !text.is_empty()),
        immutable: blob.immutable,
        labels: blob.metadata.labels.unwrap_or_default(),
        annotations: blob.metadata.annotations.unwrap_or_default(),
        finalizers: blob.metadata.finalizers.unwrap_or_default(),
        data: BTreeMap::new(),
    };
    template.check().map_err(|_| LegacyFault::Metadata)?;
    Ok((values, template))
}

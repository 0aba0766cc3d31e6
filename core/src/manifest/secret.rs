//! A Secret as the API server would store it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::error::{ManifestError, Place};
use super::node::{Kind, Node};
use super::object::Object;
use super::plain::{Plain, classify};
use super::value::key_text;
use crate::names::KeyName;
use crate::plaintext::Plaintext;

/// What a Secret's manifest says.
#[derive(Debug, Default)]
pub struct SecretSource {
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `type`.
    pub secret_type: Option<String>,
    /// `immutable`.
    pub immutable: Option<bool>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
    /// `data` and `stringData`; where both have a key, the one of `stringData`.
    pub values: BTreeMap<KeyName, SecretValue>,
    /// The other fields of `metadata`, in the order of the file.
    pub other_metadata: Vec<String>,
    /// The other fields at the top, in the order of the file.
    pub other_fields: Vec<String>,
}

/// One value of a Secret.
pub struct SecretValue {
    /// What the API server would store.
    pub plaintext: Plaintext,
    /// In which field it stands.
    pub field: Field,
    /// Where its key stands.
    pub place: Place,
}

/// The two fields of a Secret that hold values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// In base64.
    Data,
    /// As text.
    StringData,
}

impl Field {
    /// Its name in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::StringData => "stringData",
        }
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, place, .. } = self;
        f.debug_struct("SecretValue")
            .field("field", field)
            .field("place", place)
            .finish_non_exhaustive()
    }
}

/// Reads a Secret; the caller has looked at `apiVersion` and `kind`.
///
/// # Errors
///
/// What the API server would refuse or readers of YAML disagree on: `Ambiguous`, `Null`, `Tag`,
/// `Expected`, `KeyName`, `KeyNotString`, `Base64`, `MergeKey`, `OddCharacter`.
pub fn read_secret(object: &Object<'_>) -> Result<SecretSource, ManifestError> {
    let mut secret = SecretSource::default();
    let node = object.node;
    node.stream.refuse_odd_characters(node.span().start)?;
    for (key, value) in fields(node)? {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => read_metadata(value, &mut secret)?,
            "type" => secret.secret_type = optional(value)?,
            "immutable" => secret.immutable = boolean(value)?,
            "data" => read_values(value, Field::Data, &mut secret.values)?,
            "stringData" => read_values(value, Field::StringData, &mut secret.values)?,
            _ => secret.other_fields.push(key),
        }
    }
    Ok(secret)
}

fn read_metadata(node: Node<'_>, secret: &mut SecretSource) -> Result<(), ManifestError> {
    for (key, value) in fields(node)? {
        match key.as_str() {
            "name" => secret.name = optional(value)?,
            "namespace" => secret.namespace = optional(value)?,
            "labels" => secret.labels = strings(value)?,
            "annotations" => secret.annotations = strings(value)?,
            _ => secret.other_metadata.push(key),
        }
    }
    Ok(())
}

fn read_values(
    node: Node<'_>,
    field: Field,
    values: &mut BTreeMap<KeyName, SecretValue>,
) -> Result<(), ManifestError> {
    for (key, value) in mapping(node)? {
        let place = key.place();
        let name: KeyName = key_text(key)?
            .parse()
            .map_err(|source| ManifestError::KeyName {
                at: place,
                path: node.path(),
                source,
            })?;
        let text = value.as_plain_string()?;
        let plaintext = match field {
            Field::StringData => Plaintext::from(text.as_bytes()),
            Field::Data => decode(text).ok_or_else(|| ManifestError::Base64 {
                at: value.place(),
                path: value.path(),
            })?,
        };
        if field == Field::StringData || !values.contains_key(&name) {
            values.insert(
                name,
                SecretValue {
                    plaintext,
                    field,
                    place,
                },
            );
        }
    }
    Ok(())
}

/// Base64 as Go's `encoding/json` reads it: padded, line breaks ignored, spare bits too.
fn decode(text: &str) -> Option<Plaintext> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&STANDARD, config);
    let unbroken = Zeroizing::new(text.replace(['\r', '\n'], ""));
    let mut bytes = Zeroizing::new(vec![0; unbroken.len() / 4 * 3]);
    let length = engine.decode_slice(unbroken.as_bytes(), &mut bytes).ok()?;
    Some(Plaintext::from(&bytes[..length]))
}

fn strings(node: Node<'_>) -> Result<BTreeMap<String, String>, ManifestError> {
    mapping(node)?
        .map(|(key, value)| Ok((key_text(key)?, value.as_plain_string()?.to_owned())))
        .collect()
}

fn fields<'s>(node: Node<'s>) -> Result<Vec<(String, Node<'s>)>, ManifestError> {
    mapping(node)?
        .map(|(key, value)| Ok((key_text(key)?, value)))
        .collect()
}

/// The entries of a mapping; null has none.
fn mapping<'s>(
    node: Node<'s>,
) -> Result<impl Iterator<Item = (Node<'s>, Node<'s>)>, ManifestError> {
    let found = node.resolved();
    match found.kind() {
        Kind::Mapping if found.tag().is_some() => Err(ManifestError::Tag {
            at: node.place(),
            path: node.path(),
        }),
        Kind::Mapping => Ok(found.entries()),
        _ if node.is_null() => Ok(found.entries()),
        _ => Err(node.expected("a mapping")),
    }
}

fn optional(node: Node<'_>) -> Result<Option<String>, ManifestError> {
    if node.is_null() {
        Ok(None)
    } else {
        node.as_plain_string().map(|text| Some(text.to_owned()))
    }
}

fn boolean(node: Node<'_>) -> Result<Option<bool>, ManifestError> {
    let plain =
        matches!(node.resolved().kind(), Kind::Scalar(super::Style::Plain)) && node.tag().is_none();
    match node
        .text()
        .filter(|_| plain)
        .map(|text| classify(text, node.stream.format()))
    {
        Some(Plain::Bool(truth)) => Ok(Some(truth)),
        Some(Plain::Null) => Ok(None),
        Some(other @ Plain::Disputed(_)) => Err(ManifestError::Ambiguous {
            at: node.place(),
            path: node.path(),
            read_as: other.described(),
        }),
        _ => Err(node.expected("true or false")),
    }
}

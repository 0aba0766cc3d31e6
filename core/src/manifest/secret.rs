//! A Secret as the API server would store it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::error::{ManifestError, Place};
use super::node::{Kind, Node, Style};
use super::object::Object;
use super::plain::{Plain, classify};
use super::value::{MAX_ALIASED_BYTES, MAX_ALIASED_NODES, key_text};
use crate::names::KeyName;
use crate::plaintext::Plaintext;

/// What a Secret's manifest says.
#[derive(Default)]
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

/// Shows names only: even an annotation can hold the values (`last-applied-configuration` does).
impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            namespace,
            values,
            ..
        } = self;
        f.debug_struct("SecretSource")
            .field("name", name)
            .field("namespace", namespace)
            .field("values", values)
            .finish_non_exhaustive()
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
/// `Expected`, `KeyName`, `KeyNotString`, `Base64`, `MergeKey`, `OddCharacter`, `AliasBudget`.
pub fn read_secret(object: &Object<'_>) -> Result<SecretSource, ManifestError> {
    let node = object.node;
    node.stream.refuse_odd_characters(node.span().start)?;
    let mut reader = Reader {
        secret: SecretSource::default(),
        budget: MAX_ALIASED_BYTES,
    };
    for (key, value) in entries(node)? {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => reader.metadata(value)?,
            "type" => reader.secret.secret_type = optional(value)?,
            "immutable" => reader.secret.immutable = boolean(value)?,
            "data" => reader.values(value, Field::Data)?,
            "stringData" => reader.values(value, Field::StringData)?,
            _ => reader.secret.other_fields.push(key),
        }
    }
    Ok(reader.secret)
}

struct Reader {
    secret: SecretSource,
    /// How many more bytes of text aliases may repeat.
    budget: usize,
}

impl Reader {
    fn metadata(&mut self, node: Node<'_>) -> Result<(), ManifestError> {
        for (key, value) in entries(node)? {
            match key.as_str() {
                "name" => self.secret.name = optional(value)?,
                "namespace" => self.secret.namespace = optional(value)?,
                "labels" => self.secret.labels = self.strings(value)?,
                "annotations" => self.secret.annotations = self.strings(value)?,
                _ => self.secret.other_metadata.push(key),
            }
        }
        Ok(())
    }

    fn values(&mut self, node: Node<'_>, field: Field) -> Result<(), ManifestError> {
        for (key, value) in mapping(node)? {
            let place = key.place();
            let name: KeyName =
                key_text(key)?
                    .parse()
                    .map_err(|source| ManifestError::KeyName {
                        at: place,
                        path: node.path(),
                        source,
                    })?;
            let text = self.text(value)?;
            let plaintext = match field {
                Field::StringData => Plaintext::from(text.as_bytes()),
                Field::Data => decode_data(text).ok_or_else(|| ManifestError::Base64 {
                    at: value.place(),
                    path: value.path(),
                })?,
            };
            if field == Field::StringData || !self.secret.values.contains_key(&name) {
                self.secret.values.insert(
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

    fn strings(&mut self, node: Node<'_>) -> Result<BTreeMap<String, String>, ManifestError> {
        entries(node)?
            .into_iter()
            .map(|(key, value)| Ok((key, self.text(value)?.to_owned())))
            .collect()
    }

    fn text<'s>(&mut self, value: Node<'s>) -> Result<&'s str, ManifestError> {
        let text = value.as_plain_string()?;
        if value.kind() == Kind::Alias {
            let refused = || ManifestError::AliasBudget {
                at: value.place(),
                limit: MAX_ALIASED_NODES,
            };
            self.budget = self.budget.checked_sub(text.len()).ok_or_else(refused)?;
        }
        Ok(text)
    }
}

/// Reads base64 as the API server reads a Secret's `data`: padded, line breaks ignored, spare bits too.
pub fn decode_data(text: &str) -> Option<Plaintext> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&STANDARD, config);
    let unbroken = Zeroizing::new(text.replace(['\r', '\n'], ""));
    let mut bytes = Zeroizing::new(vec![0; unbroken.len() / 4 * 3]);
    let length = engine.decode_slice(unbroken.as_bytes(), &mut bytes).ok()?;
    Some(Plaintext::from(&bytes[..length]))
}

/// The entries of a mapping, with keys as text.
fn entries<'s>(node: Node<'s>) -> Result<Vec<(String, Node<'s>)>, ManifestError> {
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
        matches!(node.resolved().kind(), Kind::Scalar(Style::Plain)) && node.tag().is_none();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Stream;

    fn read(source: &str) -> Result<SecretSource, ManifestError> {
        let stream = Stream::parse(source.as_bytes())?;
        read_secret(&stream.objects()[0])
    }

    fn revealed<'v>(secret: &'v SecretSource, key: &str) -> &'v [u8] {
        // A test looks at what was read.
        secret.values[&key.parse().expect("a key")]
            .plaintext
            .reveal()
    }

    #[test]
    fn string_data_beats_data_and_base64_is_gos() {
        let secret = read(
            "stringData: {a: text}\ndata:\n  a: aHVudGVyMg==\n  b: |\n    aHVu\n    dGVyMg==\n  c: \"\"\n  d: YR==\n",
        )
        .expect("a Secret");
        assert_eq!(revealed(&secret, "a"), b"text");
        assert_eq!(
            secret.values[&"a".parse().expect("a key")].field,
            Field::StringData
        );
        assert_eq!(revealed(&secret, "b"), b"hunter2");
        assert_eq!(revealed(&secret, "c"), b"");
        assert_eq!(revealed(&secret, "d"), b"a");
        for bad in [
            "aHVudGVyMg",
            "aHVud GVyMg==",
            "aHVudGVyMg==!",
            "aHVudGVyMg==é",
            "=",
            "a",
            "_-8=",
        ] {
            let error = read(&format!("data:\n  k: \"{bad}\"\n")).expect_err(bad);
            assert!(
                matches!(error, ManifestError::Base64 { .. }),
                "{bad}: {error}"
            );
            assert_eq!((error.line(), error.column()), (2, 6));
            assert!(bad.len() < 5 || !error.to_string().contains(bad));
        }
    }

    #[test]
    fn metadata_is_sorted_into_what_goes_where() {
        let secret = read(
            "apiVersion: v1\nkind: Secret\ntype: Opaque\nimmutable: true\nstatus: {}\nmetadata:\n  name: db\n  \
             namespace: shop\n  uid: x\n  labels: {a: b}\n  annotations:\n  generateName: y\nstringData:\n",
        )
        .expect("a Secret");
        assert_eq!(secret.name.as_deref(), Some("db"));
        assert_eq!(secret.namespace.as_deref(), Some("shop"));
        assert_eq!(secret.secret_type.as_deref(), Some("Opaque"));
        assert_eq!(secret.immutable, Some(true));
        assert_eq!(secret.labels["a"], "b");
        assert_eq!(secret.other_metadata, ["uid", "generateName"]);
        assert_eq!(secret.other_fields, ["status"]);
        assert!(secret.annotations.is_empty() && secret.values.is_empty());
    }

    #[test]
    fn aliases_repeat_values_within_a_budget() {
        let secret = read("stringData:\n  a: &pw hunter2\n  b: *pw\n").expect("a Secret");
        assert_eq!(revealed(&secret, "b"), b"hunter2");
        let big = format!("x: &x {}\nstringData:\n", "x".repeat(1 << 20));
        let bomb = (0..5).fold(big, |bomb, nth| format!("{bomb}  k{nth}: *x\n"));
        assert!(matches!(
            read(&bomb),
            Err(ManifestError::AliasBudget { .. })
        ));
    }

    #[test]
    fn debug_shows_no_value() {
        let secret = read("metadata: {annotations: {x: hunter2}}\nstringData: {a: hunter2}\n")
            .expect("a Secret");
        let shown = format!("{secret:?}");
        assert!(
            !shown.contains("hunter2") && shown.contains("StringData"),
            "{shown}"
        );
    }
}

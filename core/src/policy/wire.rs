//! `.bulla.yaml` as it is written; nothing in it has been checked yet but its shape.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::{Error, Spanned};

use super::error::{At, ConfigError};

/// The whole file.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ConfigFile {
    /// Clusters by name, with the public halves of their sealing keys. `bulla key fetch` writes them.
    #[serde(default)]
    pub(super) clusters: Entries<ClusterFile>,
    /// People by name, with their public keys.
    #[serde(default)]
    pub(super) people: Entries<PartyFile>,
    /// Keys that are kept offline for the day when all others are lost.
    #[serde(default)]
    pub(super) recovery: Entries<PartyFile>,
    /// Whom to close for, by path. The first rule that matches counts; a file without a rule is never sealed.
    pub(super) rules: Option<Vec<Located<RuleFile>>>,
}

/// A cluster.
#[derive(Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ClusterFile {
    /// Public keys: `age1pq1…` (post-quantum) or `age1…`.
    #[serde(default)]
    pub(super) recipients: Vec<Located<String>>,
    /// The file with the certificate of its Sealed Secrets keys, relative to this one.
    pub(super) certificate: Option<String>,
}

/// A person, or a key that is kept for recovery.
#[derive(Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PartyFile {
    /// Public keys: `age1pq1…` (post-quantum), `age1…`, `ssh-ed25519 …`.
    pub(super) recipients: Vec<Located<String>>,
}

/// A rule.
#[derive(Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RuleFile {
    /// Which files: a glob relative to this file. `**` crosses `/`, `*` does not.
    pub(super) path: Located<String>,
    /// Names of clusters, people and recovery keys that can open what the files hold.
    #[serde(rename = "for")]
    pub(super) closed_for: Vec<Located<String>>,
    /// `required` refuses recipients that are not post-quantum.
    pub(super) post_quantum: Option<PostQuantumFile>,
    /// The widest scope that values may have, and the one that they get; `Strict` unless given.
    pub(super) scope: Option<ScopeFile>,
    /// The format that `seal` writes; `envelope` unless given.
    pub(super) format: Option<FormatFile>,
    /// With `format: sops`: the keys whose values are closed, and all below them (an expression of RE2, not anchored).
    /// Without it, `^(data|stringData)$` for Secrets, and everything in other files.
    pub(super) encrypted_regex: Option<Located<String>>,
}

/// Whether recipients must be post-quantum.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum PostQuantumFile {
    /// Every recipient must be.
    Required,
}

/// Where a value may be opened.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
pub(super) enum ScopeFile {
    /// This namespace and name only.
    Strict,
    /// Any name in this namespace.
    Namespace,
    /// Anywhere in the cluster.
    Cluster,
}

/// The format of sealed files.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "api", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum FormatFile {
    /// `SecretEnvelope`.
    Envelope,
    /// `SealedSecret` of Sealed Secrets.
    SealedSecret,
    /// Files of SOPS.
    Sops,
}

/// A value with its place in the file.
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: At,
}

/// The entries of a mapping in the order of the file, names with their places.
pub(super) struct Entries<T>(pub(super) Vec<(Located<String>, T)>);

/// Reads the file.
///
/// # Errors
/// [`ConfigError::Syntax`], [`ConfigError::UnknownField`] and the like: its shape is wrong.
pub(super) fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
    // Snippets would print lines of a file that somebody may have put a private key into.
    let options = serde_saphyr::options! { with_snippet: false };
    let parsed: Option<ConfigFile> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ConfigError::of(&error))?;
    Ok(parsed.unwrap_or_default())
}

impl ConfigError {
    /// Keeps place and kind of the error, and of its text only names of fields: the rest may quote the file.
    fn of(error: &Error) -> Self {
        let error = error.without_snippet();
        let at = At::from(error.location());
        match error {
            Error::SerdeUnknownField {
                field, expected, ..
            } => Self::UnknownField {
                at,
                field: field.clone(),
                expected: expected.join("`, `"),
            },
            Error::SerdeMissingField { field, .. } => Self::MissingField { at, field },
            Error::SerdeUnknownVariant { expected, .. } => Self::UnknownWord {
                at,
                expected: expected.join("`, `"),
            },
            Error::DuplicateMappingKey { .. } => Self::DuplicateKey { at },
            Error::SerdeInvalidType { expected, .. } => Self::WrongType {
                at,
                expected: expected.clone(),
            },
            Error::Unexpected { expected, .. } => {
                let expected = match *expected {
                    "mapping start" => "a mapping",
                    "sequence start" => "a list",
                    other => other,
                };
                Self::WrongType {
                    at,
                    expected: expected.to_owned(),
                }
            }
            Error::MultipleDocuments { .. } => Self::MultipleDocuments { at },
            _ => Self::Syntax { at },
        }
    }
}

impl From<Option<serde_saphyr::Location>> for At {
    fn from(location: Option<serde_saphyr::Location>) -> Self {
        let (line, column) = location.map_or((1, 1), |at| (at.line(), at.column()));
        let number = |n: u64| usize::try_from(n.max(1)).unwrap_or(usize::MAX);
        Self {
            line: number(line),
            column: number(column),
        }
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value, referenced, ..
        } = Spanned::deserialize(deserializer)?;
        Ok(Self {
            value,
            at: At::from(Some(referenced)),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Entries::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Entries::default())
    }
}

#[cfg(feature = "api")]
mod schema {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use schemars::{JsonSchema, Schema, SchemaGenerator};

    use super::{ConfigFile, Entries, Located};

    impl<T: JsonSchema> JsonSchema for Located<T> {
        fn inline_schema() -> bool {
            T::inline_schema()
        }

        fn schema_name() -> Cow<'static, str> {
            T::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            T::json_schema(generator)
        }
    }

    impl<T: JsonSchema> JsonSchema for Entries<T> {
        fn schema_name() -> Cow<'static, str> {
            BTreeMap::<String, T>::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            BTreeMap::<String, T>::json_schema(generator)
        }
    }

    /// The JSON Schema of `.bulla.yaml`, for editors.
    pub fn json_schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(ConfigFile);
        schema.insert(
            "title".to_owned(),
            "Configuration of Bulla (.bulla.yaml)".into(),
        );
        schema.to_value()
    }
}

#[cfg(feature = "api")]
pub use schema::json_schema;

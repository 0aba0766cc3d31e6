//! What an envelope says of the Secret that it makes: type, labels, annotations, templated keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::canonical::canonical_json;
use super::error::EnvelopeError;
use super::metadata;
use crate::names::KeyName;

/// `spec.template`, checked for shape and reserved names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputTemplate {
    secret_type: Option<String>,
    immutable: Option<bool>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    data: BTreeMap<KeyName, String>,
}

/// Prefixes of labels and annotations that belong to tools, and that no template may set.
pub const RESERVED_PREFIXES: [&str; 3] = [
    "bulla.dev/",
    "sealedsecrets.bitnami.com/",
    "kubectl.kubernetes.io/",
];

impl OutputTemplate {
    /// Puts a template together.
    ///
    /// # Errors
    /// [`EnvelopeError::ReservedMetadata`] for a label or annotation of [`RESERVED_PREFIXES`],
    /// [`EnvelopeError::Metadata`] for one that the API server would refuse.
    pub fn new(
        secret_type: Option<String>,
        immutable: Option<bool>,
        labels: BTreeMap<String, String>,
        annotations: BTreeMap<String, String>,
        data: BTreeMap<KeyName, String>,
    ) -> Result<Self, EnvelopeError> {
        for name in labels.keys().chain(annotations.keys()) {
            if RESERVED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                return Err(EnvelopeError::ReservedMetadata { name: name.clone() });
            }
        }
        metadata::check(&labels, &annotations)?;
        let secret_type = secret_type.filter(|text| !text.is_empty());
        Ok(Self {
            secret_type,
            immutable,
            labels,
            annotations,
            data,
        })
    }

    /// The `type` of the Secret; `Opaque` when absent.
    pub fn secret_type(&self) -> Option<&str> {
        self.secret_type.as_deref()
    }

    /// Whether the Secret is immutable.
    pub fn immutable(&self) -> Option<bool> {
        self.immutable
    }

    /// The Secret's labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The Secret's annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// Templates in Go syntax, by the key that they make.
    pub fn data(&self) -> &BTreeMap<KeyName, String> {
        &self.data
    }

    /// The template as JSON, empty parts left out.
    pub fn to_json(&self) -> Value {
        let mut metadata = Map::new();
        insert_map(&mut metadata, "annotations", &self.annotations);
        insert_map(&mut metadata, "labels", &self.labels);
        let mut out = Map::new();
        if let Some(secret_type) = &self.secret_type {
            out.insert("type".into(), secret_type.as_str().into());
        }
        if let Some(immutable) = self.immutable {
            out.insert("immutable".into(), immutable.into());
        }
        if !metadata.is_empty() {
            out.insert("metadata".into(), metadata.into());
        }
        insert_map(&mut out, "data", &self.data);
        out.into()
    }

    /// The bytes that a template tag covers (RFC 8785).
    pub fn canonical_json(&self) -> String {
        canonical_json(&self.to_json())
    }
}

fn insert_map<K: AsRef<str>>(out: &mut Map<String, Value>, name: &str, map: &BTreeMap<K, String>) {
    if !map.is_empty() {
        let map: Map<_, _> = map
            .iter()
            .map(|(k, v)| (k.as_ref().to_owned(), v.as_str().into()))
            .collect();
        out.insert(name.to_owned(), map.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parts_are_left_out_of_the_canonical_form() {
        assert_eq!(OutputTemplate::default().canonical_json(), "{}");
        let template = OutputTemplate::new(
            Some("Opaque".into()),
            None,
            [("app".to_owned(), "shop".to_owned())].into(),
            BTreeMap::new(),
            [("url".parse().unwrap(), "{{ .password }}".to_owned())].into(),
        );
        let expected = r#"{"data":{"url":"{{ .password }}"},"metadata":{"labels":{"app":"shop"}},"type":"Opaque"}"#;
        assert_eq!(template.unwrap().canonical_json(), expected);
    }

    #[test]
    fn reserved_names_are_refused() {
        for name in [
            "bulla.dev/sealing-key",
            "sealedsecrets.bitnami.com/managed",
            "kubectl.kubernetes.io/x",
        ] {
            let labels = BTreeMap::from([(name.to_owned(), "x".to_owned())]);
            let made = OutputTemplate::new(None, None, labels, BTreeMap::new(), BTreeMap::new());
            assert!(
                matches!(made, Err(EnvelopeError::ReservedMetadata { .. })),
                "{name}"
            );
        }
    }
}

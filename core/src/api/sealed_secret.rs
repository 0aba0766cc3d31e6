//! `SealedSecret` on the wire, as Sealed Secrets defines it.
//!
//! These types take what the API server has stored, however odd: what is wrong with a value, or with
//! the metadata of a template, is said by `TryFrom`, so that one field does not hide the object.

use std::collections::BTreeMap;
use std::fmt;

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::names::{KeyName, NameError};
use crate::sealed_secrets::{
    ItemError, SealedData, SealedItem, SealedSecret as Domain, SealedSecretError, SecretTemplate,
    scope_of,
};

/// A "sealed Secret": values sealed with the public key of a controller.
#[derive(CustomResource, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "bitnami.com",
    version = "v1alpha1",
    kind = "SealedSecret",
    plural = "sealedsecrets",
    singular = "sealedsecret",
    namespaced,
    status = "SealedSecretStatus",
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretSpec {
    /// What the Secret gets besides its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<SecretTemplateSpec>,
    /// Deprecated: a whole Secret in one sealed value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Sealed values; each should be a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_data: Option<BTreeMap<String, Value>>,
}

/// What the Secret gets besides its values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SecretTemplateSpec {
    /// The Secret's metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// The Secret's type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Whether the Secret is immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Templates in Go syntax; null takes the sealed value of that name out of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, Option<String>>>,
}

/// What the controller last saw and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretStatus {
    /// `Synced` first: columns and dashboards read it by its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<SealedSecretCondition>,
    /// The generation that was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ours: the last `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// Ours: how many keys the Secret has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<i32>,
    /// Ours: the record of what was applied, an HMAC under a key that only the controller has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// Ours: the record of what did not open, an HMAC as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Ours: fingerprints of the keys that opened the values, to be tried first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened_with: Vec<String>,
}

/// One condition: `Synced` as Sealed Secrets writes it, and our own for kstatus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretCondition {
    /// `Synced`, `Ready`, `Reconciling`, `Stalled`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// When it was last written, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<String>,
    /// When the status last changed, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
    /// A CamelCase word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence for people; never a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Ours: the generation that this was observed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Shows no part of the spec: somebody may have put plaintext into it.
impl fmt::Debug for SealedSecretSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSecretSpec").finish_non_exhaustive()
    }
}

impl TryFrom<&SealedSecret> for Domain {
    type Error = SealedSecretError;

    fn try_from(wire: &SealedSecret) -> Result<Self, SealedSecretError> {
        let (metadata, spec) = (&wire.metadata, &wire.spec);
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = given(&metadata.name).ok_or_else(|| field("metadata.name", "it is missing"))?;
        let namespace = given(&metadata.namespace)
            .map(|text| text.parse().map_err(named("metadata.namespace")))
            .transpose()?;
        let annotations = metadata.annotations.clone().unwrap_or_default();
        let template = spec.template.as_ref().map(SecretTemplate::try_from);
        Self::new(
            namespace,
            name.parse().map_err(named("metadata.name"))?,
            scope_of(&annotations),
            sealed_data(spec)?,
            template.transpose()?.unwrap_or_default(),
        )
    }
}

fn sealed_data(spec: &SealedSecretSpec) -> Result<SealedData, SealedSecretError> {
    let items = spec.encrypted_data.iter().flatten();
    if let Some(legacy) = &spec.data {
        return match items.count() {
            0 => Ok(SealedData::Legacy(item(legacy))),
            _ => Err(SealedSecretError::BothForms),
        };
    }
    let mut parsed = BTreeMap::new();
    for (key, value) in items {
        let key: KeyName = key.parse().map_err(named("spec.encryptedData"))?;
        parsed.insert(key, item(value));
    }
    Ok(SealedData::Items(parsed))
}

fn item(value: &Value) -> Result<SealedItem, ItemError> {
    SealedItem::parse(value.as_str().ok_or(ItemError::NotText)?)
}

impl TryFrom<&SecretTemplateSpec> for SecretTemplate {
    type Error = SealedSecretError;

    fn try_from(spec: &SecretTemplateSpec) -> Result<Self, SealedSecretError> {
        let metadata = spec.metadata.as_ref();
        let part = |name: &str| {
            metadata
                .and_then(|map| map.get(name))
                .unwrap_or(&Value::Null)
        };
        let mut data = BTreeMap::new();
        for (key, text) in spec.data.iter().flatten() {
            let key: KeyName = key.parse().map_err(named("spec.template.data"))?;
            data.insert(key, text.clone());
        }
        Ok(Self {
            secret_type: spec.type_.clone().filter(|text| !text.is_empty()),
            immutable: spec.immutable,
            labels: strings("spec.template.metadata.labels", part("labels"))?,
            annotations: strings("spec.template.metadata.annotations", part("annotations"))?,
            finalizers: list("spec.template.metadata.finalizers", part("finalizers"))?,
            data,
        })
    }
}

fn strings(path: &str, value: &Value) -> Result<BTreeMap<String, String>, SealedSecretError> {
    let wrong = || field(path, "texts by name belong there");
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.as_str().ok_or_else(wrong)?.to_owned())))
            .collect(),
        _ => Err(wrong()),
    }
}

fn list(path: &str, value: &Value) -> Result<Vec<String>, SealedSecretError> {
    let wrong = || field(path, "a list of texts belongs there");
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items
            .iter()
            .map(|item| Ok(item.as_str().ok_or_else(wrong)?.to_owned()))
            .collect(),
        _ => Err(wrong()),
    }
}

fn field(path: &str, rule: &'static str) -> SealedSecretError {
    SealedSecretError::Field {
        path: path.to_owned(),
        rule,
    }
}

fn named(path: &'static str) -> impl Fn(NameError) -> SealedSecretError {
    move |source| SealedSecretError::Name { path, source }
}

#[cfg(test)]
mod tests;

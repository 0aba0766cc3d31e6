//! `SopsSecret` on the wire, as sops-secrets-operator defines it.
//!
//! The `sops` block stands beside `spec`, and holds whatever SOPS wrote. What is wrong with it is said by `TryFrom`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Condition, ObjectMeta};
use crate::names::NameError;
use crate::sops::Metadata;
use crate::sops_secret::{SopsSecret as Domain, SopsSecretError, Template, place};

/// Several Secrets in one file of SOPS.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SopsSecret {
    /// The metadata of the object.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What is made.
    pub spec: SopsSecretSpec,
    /// Who can open it, and what is encrypted in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sops: Option<Map<String, Value>>,
    /// What the controller last saw and did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SopsSecretStatus>,
}

/// What is made of a SopsSecret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SopsSecretSpec {
    /// A Secret each.
    #[serde(default)]
    pub secret_templates: Vec<SopsSecretTemplate>,
    /// Leaves its Secrets as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// Takes over Secrets of these names that nobody controls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_ownership: Option<bool>,
    /// Whether `namespace` must be that of the object.
    #[serde(
        rename = "enforce_namespace",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub enforce_namespace: Option<bool>,
    /// The namespace that somebody meant it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What one Secret is made of.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SopsSecretTemplate {
    /// The name of the Secret.
    #[serde(default)]
    pub name: String,
    /// Its type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Values in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    /// Values as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_data: Option<BTreeMap<String, String>>,
}

/// What the controller last saw and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SopsSecretStatus {
    /// As sops-secrets-operator words it: `Healthy`, `Decryption error`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Ours: the generation that was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ours: `Ready`, `Stalled`, `Reconciling`, `Unbound`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Ours: the last `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// Ours: how many Secrets it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<i32>,
    /// Ours: the record of what was applied, HMACs under a key that only the controller has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// Ours: the record of what did not open, an HMAC as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Shows the names alone: somebody may have put plaintext into it.
impl fmt::Debug for SopsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SopsSecret")
            .field("namespace", &self.metadata.namespace)
            .field("name", &self.metadata.name)
            .finish_non_exhaustive()
    }
}

/// Shows nothing.
impl fmt::Debug for SopsSecretSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SopsSecretSpec").finish_non_exhaustive()
    }
}

impl TryFrom<&SopsSecret> for Domain {
    type Error = SopsSecretError;

    fn try_from(wire: &SopsSecret) -> Result<Self, SopsSecretError> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (namespace, name) = (text(&wire.metadata.namespace), text(&wire.metadata.name));
        let namespace = namespace.parse().map_err(named("metadata.namespace"))?;
        let name = name.parse().map_err(named("metadata.name"))?;
        let spec = &wire.spec;
        if spec.enforce_namespace == Some(true) {
            let meant: Option<crate::names::Namespace> =
                spec.namespace.as_deref().and_then(|text| text.parse().ok());
            if meant.as_ref() != Some(&namespace) {
                return Err(SopsSecretError::WrongPlace {
                    closed_for: "another namespace, by `spec.namespace`".to_owned(),
                    found_in: place(&namespace, &name),
                });
            }
        }
        let block = wire.sops.clone().filter(|block| !block.is_empty());
        let metadata = Metadata::of_resource(block.ok_or(SopsSecretError::NotEncrypted)?);
        let templates = spec.secret_templates.iter().map(Template::from).collect();
        let resource = Self::new((namespace, name), metadata, templates)?;
        Ok(resource.with_switches(
            spec.suspend == Some(true),
            spec.enforce_ownership == Some(true),
        ))
    }
}

impl From<&SopsSecretTemplate> for Template {
    fn from(wire: &SopsSecretTemplate) -> Self {
        Self {
            name: wire.name.clone(),
            secret_type: wire.type_.clone(),
            labels: wire.labels.clone().unwrap_or_default(),
            annotations: wire.annotations.clone().unwrap_or_default(),
            data: wire.data.clone().unwrap_or_default(),
            string_data: wire.string_data.clone().unwrap_or_default(),
        }
    }
}

fn named(path: &'static str) -> impl Fn(NameError) -> SopsSecretError {
    move |source| SopsSecretError::Name { path, source }
}

//! `SecretEnvelope` on the wire.

use std::collections::BTreeMap;
use std::fmt;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;
use crate::envelope::{
    ClosedFor, ClosedKey, Commitment, DataKeyEntry, Envelope, EnvelopeError, OutputTemplate,
    RecipientHint, SealedValue, TemplateTag,
};
use crate::names::NameError;
use crate::scope::Scope;

/// A Secret that is safe to commit: values closed by data keys, data keys closed for recipients.
#[derive(CustomResource, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "bulla.dev",
    version = "v1alpha1",
    kind = "SecretEnvelope",
    plural = "secretenvelopes",
    singular = "secretenvelope",
    shortname = "senv",
    category = "sealed",
    namespaced,
    status = "SecretEnvelopeStatus",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason"}"#,
    printcolumn = r#"{"name":"Keys","type":"integer","jsonPath":".status.keys"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct SecretEnvelopeSpec {
    /// Where the values may be opened.
    pub scope: ScopeSpec,
    /// The data keys that close the values.
    pub data_keys: Vec<DataKeySpec>,
    /// Sealed values, one line each.
    pub data: BTreeMap<String, String>,
    /// What else the Secret gets: type, labels, annotations, templated keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateSpec>,
}

/// Where values may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ScopeSpec {
    /// This namespace and name only.
    Strict,
    /// Any name in this namespace.
    Namespace,
    /// Anywhere in the cluster.
    Cluster,
}

/// A data key, closed for each recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataKeySpec {
    /// Its id.
    pub id: String,
    /// What it must derive before a value is opened.
    pub commitment: String,
    /// Its tag over the template; absent when the template is unbound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_tag: Option<String>,
    /// The data key, closed once for each recipient.
    pub closed_for: Vec<ClosedForSpec>,
    /// Recipients that held it once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formerly: Vec<RecipientSpec>,
}

/// A data key closed for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClosedForSpec {
    /// What people call the recipient.
    pub name: String,
    /// The fingerprint of its public key: a hint for finding the private one.
    pub recipient: String,
    /// An age file in base64.
    pub key: String,
}

/// A recipient that held a data key once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipientSpec {
    /// What people called it.
    pub name: String,
    /// The fingerprint of its public key.
    pub recipient: String,
}

/// What the Secret gets besides its values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateSpec {
    /// The Secret's type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Whether the Secret is immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Labels and annotations of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadataSpec>,
    /// Templates in Go syntax, by the key that they make.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

/// Labels and annotations of the Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateMetadataSpec {
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What the controller last saw and did; never a value or anything computed from one without a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretEnvelopeStatus {
    /// The generation that was last looked at; -1 before the controller has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, `Reconciling`, `Stalled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The last `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// How many keys the Secret has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<i32>,
    /// The record of what was applied: an HMAC under a key that only the controller has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// The record of what did not open, in the same way: with the same keys it is not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Shows no part of the spec: somebody may have put plaintext into it.
impl fmt::Debug for SecretEnvelopeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretEnvelopeSpec")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl TryFrom<&SecretEnvelope> for Envelope {
    type Error = EnvelopeError;

    fn try_from(wire: &SecretEnvelope) -> Result<Self, EnvelopeError> {
        let field = |path: &str, rule| EnvelopeError::Field {
            path: path.to_owned(),
            rule,
        };
        let namespace = wire
            .metadata
            .namespace
            .as_deref()
            .ok_or_else(|| field("metadata.namespace", "it is missing"))?;
        let name = wire
            .metadata
            .name
            .as_deref()
            .ok_or_else(|| field("metadata.name", "it is missing"))?;
        let spec = &wire.spec;
        let mut data = BTreeMap::new();
        for (key, text) in &spec.data {
            let key = key.parse().map_err(named("spec.data"))?;
            let value = SealedValue::parse(&key, text)?;
            data.insert(key, value);
        }
        Envelope::new(
            namespace.parse().map_err(named("metadata.namespace"))?,
            name.parse().map_err(named("metadata.name"))?,
            spec.scope.into(),
            spec.data_keys
                .iter()
                .map(DataKeyEntry::try_from)
                .collect::<Result<_, _>>()?,
            data,
            spec.template
                .as_ref()
                .map(OutputTemplate::try_from)
                .transpose()?
                .unwrap_or_default(),
        )
    }
}

impl TryFrom<&DataKeySpec> for DataKeyEntry {
    type Error = EnvelopeError;

    fn try_from(spec: &DataKeySpec) -> Result<Self, EnvelopeError> {
        let id = spec.id.parse().map_err(named("spec.dataKeys[].id"))?;
        let closed_for = spec
            .closed_for
            .iter()
            .map(|closed| {
                let key = ClosedKey::parse(&id, &closed.key)?;
                Ok(ClosedFor {
                    recipient: hint(&closed.name, &closed.recipient)?,
                    key,
                })
            })
            .collect::<Result<_, EnvelopeError>>()?;
        Ok(Self {
            commitment: Commitment(tag("spec.dataKeys[].commitment", &spec.commitment)?),
            template_tag: spec
                .template_tag
                .as_ref()
                .map(|text| tag("spec.dataKeys[].templateTag", text).map(TemplateTag))
                .transpose()?,
            closed_for,
            formerly: spec
                .formerly
                .iter()
                .map(|r| hint(&r.name, &r.recipient))
                .collect::<Result<_, _>>()?,
            id,
        })
    }
}

impl TryFrom<&TemplateSpec> for OutputTemplate {
    type Error = EnvelopeError;

    fn try_from(spec: &TemplateSpec) -> Result<Self, EnvelopeError> {
        let metadata = spec.metadata.clone().unwrap_or_default();
        let mut data = BTreeMap::new();
        for (key, text) in &spec.data {
            data.insert(
                key.parse().map_err(named("spec.template.data"))?,
                text.clone(),
            );
        }
        Self::new(
            spec.type_.clone(),
            spec.immutable,
            metadata.labels,
            metadata.annotations,
            data,
        )
    }
}

impl From<&Envelope> for SecretEnvelopeSpec {
    fn from(envelope: &Envelope) -> Self {
        Self {
            scope: envelope.scope().into(),
            data_keys: envelope.data_keys().iter().map(DataKeySpec::from).collect(),
            data: envelope
                .data()
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            template: TemplateSpec::of(envelope.template()),
        }
    }
}

impl From<&DataKeyEntry> for DataKeySpec {
    fn from(entry: &DataKeyEntry) -> Self {
        let spec = |hint: &RecipientHint| RecipientSpec {
            name: hint.name.to_string(),
            recipient: hint.fingerprint.to_string(),
        };
        Self {
            id: entry.id.to_string(),
            commitment: encode(&entry.commitment.0),
            template_tag: entry.template_tag.as_ref().map(|tag| encode(&tag.0)),
            closed_for: entry
                .closed_for
                .iter()
                .map(|closed| {
                    let RecipientSpec { name, recipient } = spec(&closed.recipient);
                    ClosedForSpec {
                        name,
                        recipient,
                        key: closed.key.to_string(),
                    }
                })
                .collect(),
            formerly: entry.formerly.iter().map(spec).collect(),
        }
    }
}

impl TemplateSpec {
    /// The wire form; nothing for an empty template.
    fn of(template: &OutputTemplate) -> Option<Self> {
        let metadata = TemplateMetadataSpec {
            labels: template.labels().clone(),
            annotations: template.annotations().clone(),
        };
        let spec = Self {
            type_: template.secret_type().map(str::to_owned),
            immutable: template.immutable(),
            metadata: (metadata != TemplateMetadataSpec::default()).then_some(metadata),
            data: template
                .data()
                .iter()
                .map(|(key, text)| (key.to_string(), text.clone()))
                .collect(),
        };
        (spec != Self::default()).then_some(spec)
    }
}

impl From<ScopeSpec> for Scope {
    fn from(spec: ScopeSpec) -> Self {
        match spec {
            ScopeSpec::Strict => Self::Strict,
            ScopeSpec::Namespace => Self::Namespace,
            ScopeSpec::Cluster => Self::Cluster,
        }
    }
}

impl From<Scope> for ScopeSpec {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Strict => Self::Strict,
            Scope::Namespace => Self::Namespace,
            Scope::Cluster => Self::Cluster,
        }
    }
}

fn hint(name: &str, fingerprint: &str) -> Result<RecipientHint, EnvelopeError> {
    Ok(RecipientHint {
        name: name
            .parse()
            .map_err(named("spec.dataKeys[].closedFor[].name"))?,
        fingerprint: fingerprint.parse().map_err(|_| EnvelopeError::Field {
            path: "spec.dataKeys[].closedFor[].recipient".to_owned(),
            rule: "`fp-` and 16 lower-case hex digits belong there",
        })?,
    })
}

fn named(path: &str) -> impl Fn(NameError) -> EnvelopeError + '_ {
    move |source| EnvelopeError::Name {
        path: path.to_owned(),
        source,
    }
}

fn tag(path: &str, text: &str) -> Result<[u8; 32], EnvelopeError> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| EnvelopeError::Field {
            path: path.to_owned(),
            rule: "43 characters of base64url belong there",
        })
}

fn encode(bytes: &[u8; 32]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

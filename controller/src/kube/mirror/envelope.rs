//! An envelope as it is kept: its spec as one string, what is asked often beside it.

use std::collections::{BTreeMap, HashMap};

use bulla_core::api::{
    ConditionStatus, REQUESTED_AT_ANNOTATION, SUSPEND_ANNOTATION, ScopeSpec, SecretEnvelope,
    SecretEnvelopeSpec, SecretEnvelopeStatus,
};
use bulla_core::envelope::EnvelopeError;
use bulla_core::recipient::Fingerprint;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Meta, Mirrored};
use crate::kube::queue::Key;
use crate::kube::watch::Versioned;

/// A `SecretEnvelope` in memory: about as large as its JSON, where the typed form takes three times that.
#[derive(Clone)]
pub(crate) struct SeenEnvelope {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) version: Box<str>,
    pub(crate) generation: i64,
    pub(crate) deleting: bool,
    pub(crate) suspended: bool,
    pub(crate) requested_at: Option<Box<str>>,
    /// `spec`, as JSON. Whatever somebody wrote: it may hold plaintext, and is shown nowhere.
    spec: Box<str>,
    pub(crate) status: SecretEnvelopeStatus,
    /// Whom its data keys are closed for, once each.
    pub(crate) recipients: Box<[Fingerprint]>,
    /// How many values it has.
    pub(crate) values: u32,
}

impl SeenEnvelope {
    /// Its namespace and name.
    pub(crate) fn key(&self) -> Key {
        Key {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// The same envelope after a write of its status, to which the API server answered with `meta`.
    ///
    /// Nothing when somebody changed something else meanwhile: the answer has no spec, and the watch will tell.
    pub(crate) fn after_report(&self, meta: Meta, status: SecretEnvelopeStatus) -> Option<Self> {
        let same = meta.uid == self.uid
            && meta.generation == self.generation
            && meta.deletion_timestamp.is_some() == self.deleting
            && (meta.annotations.suspend.as_deref() == Some("true")) == self.suspended
            && meta.annotations.requested_at == self.requested_at;
        same.then(|| Self {
            version: meta.resource_version,
            status,
            ..self.clone()
        })
    }

    /// The wire form that the engine reads; the error says that the spec has another shape, as after a downgrade of the
    /// definition, and stands for an envelope with an empty spec.
    pub(crate) fn wire(&self) -> (SecretEnvelope, Option<EnvelopeError>) {
        let spec = serde_json::from_str(&self.spec).ok();
        let error = spec.is_none().then(|| EnvelopeError::Field {
            path: "spec".to_owned(),
            rule: "it is not what the definition of the resource says",
        });
        let empty = || SecretEnvelopeSpec {
            scope: ScopeSpec::Strict,
            data_keys: Vec::new(),
            data: BTreeMap::new(),
            template: None,
        };
        let mut wire = SecretEnvelope::new(&self.name, spec.unwrap_or_else(empty));
        wire.metadata.namespace = Some(self.namespace.to_string());
        wire.metadata.uid = Some(self.uid.to_string());
        wire.metadata.generation = Some(self.generation);
        let mut annotations = BTreeMap::new();
        if self.suspended {
            annotations.insert(SUSPEND_ANNOTATION.to_owned(), "true".to_owned());
        }
        if let Some(requested_at) = &self.requested_at {
            annotations.insert(REQUESTED_AT_ANNOTATION.to_owned(), requested_at.to_string());
        }
        wire.metadata.annotations = Some(annotations);
        wire.status = Some(self.status.clone());
        (wire, error)
    }

    /// The reason of the `Ready` condition, and whether it is true.
    pub(crate) fn ready(&self) -> (bool, &str) {
        let ready = self
            .status
            .conditions
            .iter()
            .find(|condition| condition.type_ == "Ready");
        ready.map_or((false, "Unknown"), |ready| {
            (ready.status == ConditionStatus::True, &ready.reason)
        })
    }
}

/// Parsed without a tree in between: thousands come at once when the controller starts.
impl<'de> Deserialize<'de> for SeenEnvelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
            #[serde(default)]
            spec: Option<Box<RawValue>>,
            #[serde(default)]
            status: Option<Box<RawValue>>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let meta = wire.metadata;
        let spec = wire.spec.map_or("null".into(), Box::<str>::from);
        let shape: Shape = serde_json::from_str(&spec).unwrap_or_default();
        let closed_for = shape.data_keys.iter().flat_map(|key| &key.closed_for);
        let mut recipients: Vec<Fingerprint> = closed_for
            .filter_map(|closed| closed.recipient.parse().ok())
            .collect();
        recipients.sort_unstable();
        recipients.dedup();
        // A status that can't be read is one that nobody has written yet.
        let status = wire
            .status
            .and_then(|status| serde_json::from_str(status.get()).ok());
        Ok(Self {
            recipients: recipients.into(),
            values: shape.data.len() as u32,
            spec,
            status: status.unwrap_or_default(),
            suspended: meta.annotations.suspend.as_deref() == Some("true"),
            requested_at: meta.annotations.requested_at,
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            version: meta.resource_version,
            generation: meta.generation,
            deleting: meta.deletion_timestamp.is_some(),
        })
    }
}

/// What is counted of a spec; the rest is passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Shape {
    data_keys: Vec<ClosedKeys>,
    data: HashMap<String, IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ClosedKeys {
    closed_for: Vec<ClosedKey>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClosedKey {
    recipient: String,
}

impl Versioned for SeenEnvelope {
    fn version(&self) -> &str {
        &self.version
    }
}

impl Mirrored for SeenEnvelope {
    fn key(&self) -> Key {
        Self::key(self)
    }

    fn is_report_on(&self, older: &Self) -> bool {
        self.uid == older.uid
            && self.generation == older.generation
            && self.deleting == older.deleting
            && self.suspended == older.suspended
            && self.requested_at == older.requested_at
    }
}

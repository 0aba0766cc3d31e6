//! `SecretEnvelope`s.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bulla_core::api::{
    API_VERSION, SECRET_ENVELOPE, ScopeSpec, SecretEnvelope, SecretEnvelopeSpec,
    SecretEnvelopeStatus,
};
use bulla_core::envelope::EnvelopeError;
use bulla_core::recipient::Fingerprint;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::Kind;
use crate::engine::{Request, RequestError, Status};
use crate::kube::cluster::Cluster;
use crate::kube::mirror::{Mirror, SeenResource};

/// The kind `SecretEnvelope`.
pub(crate) enum Envelopes {}

impl Kind for Envelopes {
    const API_VERSION: &'static str = API_VERSION;
    const KIND: &'static str = SECRET_ENVELOPE;
    const COLLECTION: &'static str = "secretenvelopes";
    type Spec = SecretEnvelopeSpec;

    fn mirror(cluster: &Cluster) -> &Arc<Mirror<SeenResource<Self>>> {
        &cluster.envelopes
    }

    fn count(spec: &str) -> (Box<[Fingerprint]>, u32) {
        let shape: Shape = serde_json::from_str(spec).unwrap_or_default();
        let closed_for = shape.data_keys.iter().flat_map(|key| &key.closed_for);
        let mut recipients: Vec<Fingerprint> = closed_for
            .filter_map(|closed| closed.recipient.parse().ok())
            .collect();
        recipients.sort_unstable();
        recipients.dedup();
        (recipients.into(), shape.data.len() as u32)
    }

    fn read_status(wire: &str) -> Option<Status> {
        let status: SecretEnvelopeStatus = serde_json::from_str(wire).ok()?;
        Some(status.into())
    }

    fn write_status(status: &Status) -> Value {
        json!({
            "observedGeneration": status.observed_generation,
            "conditions": status.conditions,
            "lastHandledReconcileAt": status.last_handled_reconcile_at,
            "keys": status.keys,
            "applied": status.applied,
            "refused": status.refused,
        })
    }

    fn request(seen: &SeenResource<Self>) -> Result<Request, RequestError> {
        let spec = seen.spec();
        let unreadable = spec.is_none();
        let empty = || SecretEnvelopeSpec {
            scope: ScopeSpec::Strict,
            data_keys: Vec::new(),
            data: BTreeMap::new(),
            template: None,
        };
        let mut wire = SecretEnvelope::new(&seen.name, spec.unwrap_or_else(empty));
        wire.metadata = seen.metadata();
        let request = Request::from_envelope(&wire)?.with_status(seen.status.clone());
        Ok(match unreadable {
            true => request.refused(EnvelopeError::Field {
                path: "spec".to_owned(),
                rule: "it is not what the definition of the resource says",
            }),
            false => request,
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
